"""Scene: what a picture shows, as plain values. It knows no renderer, and a renderer knows nothing but Scenes."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Scale = Literal["linear", "log"]
Role = Literal["data", "fit", "truth", "guess", "path", "start", "end", "valley", "finding"]
"""What a mark stands for; renderers choose colour and shape by it."""


@dataclass(frozen=True)
class Axis:
    """A direction of the picture: what it measures, and from where to where it is seen.

    Raises: ValueError if the window is empty, not finite, or not positive on a log scale.
    """

    label: str
    low: float
    high: float
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"an axis from {self.low} to {self.high} shows nothing")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"a log axis cannot start at {self.low}")


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points; a nan breaks it. x and y: (n,)."""

    x: np.ndarray
    y: np.ndarray
    role: Role
    name: str = ""


@dataclass(frozen=True, eq=False)
class Points:
    """Separate points. x and y: (n,)."""

    x: np.ndarray
    y: np.ndarray
    role: Role
    name: str = ""


@dataclass(frozen=True, eq=False)
class Contours:
    """Lines of equal height. x: (n,), y: (m,), z: (m, n), nan where there is no height; levels rise."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    levels: np.ndarray


@dataclass(frozen=True)
class Rule:
    """An upright line through the whole picture."""

    x: float
    role: Role
    name: str = ""


@dataclass(frozen=True)
class Note:
    """A sentence under the picture: what it leaves out, or how it was made."""

    text: str


Mark = Line | Points | Contours | Rule | Note


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture: its title, its two axes and what is drawn, the last mark on top.

    >>> scene = Scene("A line", Axis("x", 0.0, 1.0), Axis("y", 0.0, 2.0), (Note("nothing yet"),))
    >>> scene.notes
    ('nothing yet',)
    """

    title: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...] = field(default=())

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences under the picture."""
        return tuple(mark.text for mark in self.marks if isinstance(mark, Note))

    def named(self, name: str) -> Mark:
        """The first mark of this name.

        Raises: KeyError if there is none.
        """
        for mark in self.marks:
            if getattr(mark, "name", None) == name:
                return mark
        raise KeyError(name)


def plain(text: object, most: int = 60) -> str:
    """A name that somebody else chose, on one line and printable: control characters are shown, long ones cut.

    >>> plain("speed"), plain("a\\nb\\x1b[31m"), plain("a" * 100, most=5)
    ('speed', 'a\\\\nb\\\\x1b[31m', 'aaaa…')
    """
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(text)[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"

"""Scene: what a picture shows, as plain values. It knows no renderer, and a renderer knows nothing but Scenes."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

Scale = Literal["linear", "log"]
Role = Literal[
    "data", "fit", "truth", "guess", "path", "start", "end", "valley", "finding", "minimum", "band",
    "stalls", "learns", "overshoots", "bounces", "diverges", "good", "dead",
]  # fmt: skip
"""What a mark stands for; renderers choose colour, shape and dashes by it. "end" is where a descent stands now."""


@dataclass(frozen=True)
class Axis:
    """A direction of the picture: what it measures, and from where to where it is seen. `ticks` names places on it,
    such as layers; without them the renderer chooses numbers.

    Raises: ValueError if the window is empty, not finite, or not positive on a log scale.
    """

    label: str
    low: float
    high: float
    scale: Scale = "linear"
    ticks: tuple[tuple[float, str], ...] = ()

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"an axis from {self.low} to {self.high} shows nothing")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"a log axis cannot start at {self.low}")


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points; a nan breaks it. x and y: (n,). step: (n,) rising, the step that reaches each point, for
    one that grows with the steps.
    """

    x: np.ndarray
    y: np.ndarray
    role: Role
    name: str = ""
    step: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Points:
    """Separate points. x and y: (n,). step: (n,) rising, the step that reaches each; of the role "end", where the
    descent stands, only the latest is shown.
    """

    x: np.ndarray
    y: np.ndarray
    role: Role
    name: str = ""
    step: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Curves:
    """A line that moves with the steps: row k of y is how it lies from step[k] on. x: (n,), y: (m, n), step: (m,)."""

    x: np.ndarray
    y: np.ndarray
    step: np.ndarray
    role: Role
    name: str = ""


@dataclass(frozen=True, eq=False)
class Band:
    """What lies between two lines, shaded. x, low and high: (n,)."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    role: Role
    name: str = ""


@dataclass(frozen=True, eq=False)
class Bars:
    """Upright bars of one width, in units of the x axis. x, low and high: (n,)."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    width: float
    role: Role
    name: str = ""


@dataclass(frozen=True)
class Zone:
    """An upright stretch of the whole picture, shaded: from low to high on the x axis."""

    low: float
    high: float
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


Mark = Line | Points | Curves | Band | Bars | Zone | Contours | Rule | Note


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

    @property
    def steps(self) -> np.ndarray:
        """(k,) the steps at which something in the picture changes, rising; none if it stands still."""
        moving = [
            mark.step for mark in self.marks if isinstance(mark, Line | Points | Curves) and mark.step is not None
        ]
        return np.unique(np.concatenate(moving)) if moving else np.zeros(0, dtype=np.int64)

    @property
    def last(self) -> int:
        """The step after which nothing changes any more; 0 for a picture that stands still."""
        return int(self.steps.max(initial=0))

    def at(self, step: int) -> "Scene":
        """The picture as it was after so many steps: one that stands still.

        >>> moving = Line(np.arange(3.0), np.arange(3.0), "path", "steps", step=np.arange(3))
        >>> Scene("", Axis("x", 0.0, 3.0), Axis("y", 0.0, 3.0), (moving,)).at(1).named("steps").x
        array([0., 1.])
        """
        return replace(self, marks=tuple(still(mark, step) for mark in self.marks))

    def named(self, name: str) -> Mark:
        """The first mark of this name.

        Raises: KeyError if there is none.
        """
        for mark in self.marks:
            if getattr(mark, "name", None) == name:
                return mark
        raise KeyError(name)


def still(mark: Mark, step: int) -> Mark:
    """A mark as it stood after so many steps, without its steps."""
    match mark:
        case Curves(x, y, steps, role, name):
            seen = int(np.searchsorted(steps, step, side="right"))
            return Line(x, y[seen - 1], role, name) if seen else Line(x[:0], x[:0], role, name)
        case Line(x, y, role, name, steps) | Points(x, y, role, name, steps) if steps is not None:
            seen = int(np.searchsorted(steps, step, side="right"))
            first = max(0, seen - 1) if role == "end" else 0
            return type(mark)(x[first:seen], y[first:seen], role, name)
        case _:
            return mark


def plain(text: object, most: int = 60) -> str:
    """A name that somebody else chose, on one line and printable: control characters are shown, long ones cut.

    >>> plain("speed"), plain("a\\nb\\x1b[31m"), plain("a" * 100, most=5)
    ('speed', 'a\\\\nb\\\\x1b[31m', 'aaaa…')
    """
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(text)[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"

"""What can go wrong, as a tree. Every message says what, where, and what to try.

    DownslopeError              exit code on the command line
    ├── InputError              (abstract: the user's input; nothing has been computed or written yet)
    │   ├── RequestError        2   an option, a model or a parameter that cannot be used
    │   │   ├── FormulaError        the text of a formula; carries the place
    │   │   ├── ModelError          a Python model that raises, returns a wrong shape, or is not differentiable
    │   │   └── UnknownName         a name that nobody knows, with the nearest that is known
    │   └── DataError           3   a file, a table or a number in it
    ├── OutputError             4   a file that cannot be written
    └── MissingExtra            2   an optional package that a feature needs

A descent that diverges is none of these: it is a result, with a state and its reasons.
"""

from collections.abc import Sequence
from difflib import get_close_matches


class DownslopeError(Exception):
    """Base of all errors that downslope raises on purpose."""

    exit_code = 70


class InputError(DownslopeError):
    """The user's input cannot be used as it is."""


class RequestError(InputError):
    """An option, a model or a parameter that cannot be used."""

    exit_code = 2


class DataError(InputError):
    """A file, a table or a number in it that cannot be used."""

    exit_code = 3


class OutputError(DownslopeError):
    """A file that cannot be written."""

    exit_code = 4


class MissingExtra(DownslopeError):
    """An optional package that a feature needs.

    >>> print(MissingExtra("fit.plot", "matplotlib", "plot"))
    fit.plot needs the package 'matplotlib'. Try: pip install 'downslope[plot]'
    """

    exit_code = 2

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(f"{feature} needs the package {package!r}. Try: pip install 'downslope[{extra}]'")


class FormulaError(RequestError):
    """A formula that cannot be read; the message shows the text with carets under the place.

    >>> print(FormulaError("y = 2x", "a number is followed by a name; write 2*x", 4, 6))
    a number is followed by a name; write 2*x
      y = 2x
          ^^
    """

    def __init__(self, text: str, problem: str, start: int = 0, end: int | None = None) -> None:
        self.text, self.problem, self.start, self.end = text, problem, start, end
        super().__init__(f"{problem}\n{_carets(text, start, end)}")


class ModelError(RequestError):
    """A Python model that cannot be fitted: it raises, returns a wrong shape, or cannot be differentiated."""


class UnknownName(RequestError):
    """A name that nobody knows, with the nearest one that is known.

    >>> print(UnknownName("column", "farenheit", ["celsius", "fahrenheit"]))
    unknown column 'farenheit'. Did you mean 'fahrenheit'? Known: 'celsius', 'fahrenheit'.
    """

    def __init__(self, kind: str, asked: str, known: Sequence[str]) -> None:
        near = nearest(asked, known)
        hint = f" Did you mean {near!r}?" if near else ""
        super().__init__(f"unknown {kind} {asked!r}.{hint} Known: {shortened(known)}.")


def nearest(asked: str, known: Sequence[str]) -> str | None:
    """The known name that the asked one was most likely meant to be.

    >>> nearest("adm", ["adam", "gd"])
    'adam'
    """
    folded = {name.casefold(): name for name in reversed(list(known))}
    close = get_close_matches(asked.casefold(), folded, n=1)
    return folded[close[0]] if close else None


def shortened(names: Sequence[str], most: int = 12) -> str:
    """Names quoted and joined, the rest counted.

    >>> shortened(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = ", ".join(map(repr, list(names)[:most]))
    rest = len(names) - most
    return f"{shown} and {rest} more" if rest > 0 else shown or "none"


def _carets(text: str, start: int, end: int | None, width: int = 72) -> str:
    """The piece of `text` around the place, on one line, with carets under it."""
    end = max(start + 1, min(end if end is not None else start + 1, start + width))
    left = max(0, min(start - width // 3, len(text) - width))
    piece = text[left : left + width]
    shown = "".join(letter if letter.isprintable() else " " for letter in piece)
    before, after = ("…" if left else ""), ("…" if left + width < len(text) else "")
    indent = " " * (2 + len(before) + start - left)
    return f"  {before}{shown}{after}\n{indent}{'^' * max(1, min(end, left + width) - start)}"

"""Where bad cells are, as an editor counts them: `line 3` of a file; `row 3` of an array, the first being row 1."""

from collections.abc import Sequence
from dataclasses import dataclass

from downslope.errors import DataError

MOST_SHOWN = 5


@dataclass(frozen=True)
class Places:
    """What the rows of one source are called.

    >>> Places("t.csv", lines=[2, 3, 5]).at(2)
    'line 5'
    >>> Places("mapping").at(2)
    'row 3'
    """

    source: str
    lines: Sequence[int] | None = None
    first: int = 0
    """Rows that stand before them, where they are a piece of a longer source."""

    def at(self, row: int) -> str:
        """The place of a row; rows of arrays count from 1, as lines do."""
        return f"line {self.lines[row]}" if self.lines is not None else f"row {self.first + row + 1}"

    def listed(self, rows: Sequence[int]) -> str:
        """The first rows named, the others counted.

        >>> Places("t.csv", lines=[2, 3, 5]).listed([0, 2])
        'lines 2, 5'
        """
        unit = ("line" if self.lines is not None else "row") + ("s" if len(rows) > 1 else "")
        numbers = [
            str(self.lines[row] if self.lines is not None else self.first + row + 1) for row in rows[:MOST_SHOWN]
        ]
        rest = len(rows) - MOST_SHOWN
        return f"{unit} {', '.join(numbers)}" + (f" and {rest} more" if rest > 0 else "")

    @property
    def counting(self) -> str:
        """Said once where rows are named, because NumPy itself counts from 0."""
        return "" if self.lines is not None else " (row 1 is the first)"


@dataclass(frozen=True)
class Fault:
    """One cell that cannot be used: its row, its text as found, what is wrong with it and what helps."""

    row: int
    text: str
    wrong: str
    advice: str


def refusal(places: Places, column: str, faults: Sequence[Fault], count: int, alike: bool = False) -> DataError:
    """The error for the bad cells of a column: the first five by place and text, the rest counted.

    Args: the first faults, of which five are shown; `count` of all; `alike` if all are known to be wrong the same way.

    >>> fault = Fault(1, "three", "not a number", "Write a number.")
    >>> print(refusal(Places("t.csv", [2, 3]), "y", [fault], count=1))
    t.csv, line 3, column 'y': 'three' is not a number. Write a number.
    """
    shown = faults[:MOST_SHOWN]
    first = shown[0]
    advice = " ".join(dict.fromkeys(fault.advice for fault in shown[:3]))
    if count == 1:
        where = f"{places.source}, {places.at(first.row)}, column {column!r}"
        return DataError(f"{where}: {excerpt(first.text)} is {first.wrong}{places.counting}. {advice}")
    wrong = first.wrong if alike else "not usable as numbers"
    lines = [f"{places.source}, column {column!r}: {count} cells are {wrong}{places.counting}"]
    for fault in shown:
        own = "" if alike or fault.wrong == "not a number" else f" ({fault.wrong})"
        lines.append(f"  {places.at(fault.row)}: {excerpt(fault.text)}{own}")
    if count > len(shown):
        lines.append(f"  and {count - len(shown)} more")
    return DataError("\n".join([*lines, advice]))


def excerpt(text: str, most: int = 48) -> str:
    """A text as found, quoted, escaped, and cut to fit on a line.

    >>> excerpt("a\\tb"), excerpt("x" * 99, most=8)
    ("'a\\\\tb'", "'xxxxxxx…'")
    """
    return repr(text if len(text) <= most else text[: most - 1] + "…")

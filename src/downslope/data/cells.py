"""Text cells to numbers. What is no plain number is told apart, so that the advice fits: blank, date, unit, comma …"""

import math
import re
from collections.abc import Sequence

import numpy as np

from downslope.data.places import MOST_SHOWN, Fault, Places, refusal
from downslope.data.reading import Drop

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "+nan", "-nan", "null", "none", "nil", "?", "-", "."})
INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "∞", "+∞", "-∞"})
TRUTH = {"true": 1.0, "false": 0.0}
EXACT = 2.0**53  # below it float64 holds every whole number; from it on some are rounded

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")  # no finite number is longer, and int() is slow on what is
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:([,.'’ \u00a0\u2009\u202f_])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]+)?")
_DATE = re.compile(
    r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}(?![0-9]).*|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![0-9]).*"
    r"|[0-9]{1,2}[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*",
    re.IGNORECASE | re.DOTALL,
)
_UNIT = re.compile(r"[€$£¥][ \u00a0]?[+-]?[0-9][0-9.,]*|[+-]?[0-9][0-9.,]*[ \u00a0]?[°%‰€$£¥²³/^*\w]{1,16}(?<![0-9])")

BLANK = "missing", "Fill them in, or leave such rows out with --missing drop (missing='drop')."
_LARGE = "too large for a number", "The largest is about 1.8e308: choose a larger unit."
_ENDLESS = "not finite", "Write a finite number, or remove the row."
_TEXT = "not a number", "Write a number, or leave the column out of the formula."
_DECIMAL = "a number with a decimal comma", "If commas are decimal marks: --decimal , (decimal=',')."
_POINT = "written with a point, where --decimal , expects a comma", "Leave --decimal away if points are decimal marks."
_GROUPED = "a number with thousands separators", "Write 1234.5, not 1,234.5."
_WHEN = "a date or a time", "Write seconds or days since a start as plain numbers."
_MEASURE = "a number with a unit", "Leave the unit out of the cells, write it into the column name."
_WORD = "a truth word", "Write 1 and 0."


def numbers(
    cells: Sequence[str], column: str, places: Places, *, decimal: str = ".", drop: Drop = ""
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Turn cells into numbers.

    Args:    cells as found, white space around them is ignored; `decimal` is "." or ","; with `drop`, missing cells
             are no fault.
    Returns: (n,) float64 values, the rows that are missing (0.0 stands there), and notices.
    Raises:  DataError naming the first five bad cells by place and text.

    >>> values, missing, notices = numbers(["1", " 2.5", "NA"], "x", Places("t.csv", [2, 3, 4]), drop="missing")
    >>> values.tolist(), missing.tolist()
    ([1.0, 2.5, 0.0], [2])
    """
    values = _plain(cells) if decimal == "." else None
    if values is None:
        values, missing, notices = _examined(cells, column, places, decimal, drop)
    else:
        missing, notices = np.empty(0, np.intp), ()
    return values, missing, notices + _lost_digits(cells, values, column)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether the cell is written as a plain number.

    >>> is_number(" -1.5e3 "), is_number("1_000"), is_number("1,5", decimal=",")
    (True, False, True)
    """
    return _NUMBER.fullmatch(_pointed(cell.strip(), decimal)) is not None


def _pointed(cell: str, decimal: str) -> str:
    """The cell with a decimal point; a point in a file of decimal commas makes it no number."""
    return cell if decimal == "." else cell.translate(_SWAP)


_SWAP = str.maketrans(",.", ".,")


def _plain(cells: Sequence[str]) -> np.ndarray | None:
    """All cells by Python's own float, which is exact and fast; None where anything needs a closer look."""
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None
    if not np.isfinite(values).all():
        return None
    joined = "".join(cells)
    # float also takes 1_000 and digits of other scripts, which no data file means.
    return values if joined.isascii() and "_" not in joined else None


def _examined(
    cells: Sequence[str], column: str, places: Places, decimal: str, drop: Drop
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    values = np.zeros(len(cells))
    missing: list[int] = []
    truths: list[int] = []
    others: list[int] = []
    for row, found in enumerate(cells):
        cell = found.strip()
        pointed = _pointed(cell, decimal)
        if _NUMBER.fullmatch(pointed):
            values[row] = float(pointed)
            if not math.isfinite(values[row]):
                others.append(row)
            continue
        word = cell.casefold()
        if word in MISSING:
            missing.append(row)
        elif word in TRUTH:
            values[row] = TRUTH[word]
            truths.append(row)
        else:
            others.append(row)
    notices: tuple[str, ...] = ()
    if truths and len(truths) + len(missing) == len(cells):
        notices = (f"column {column!r}: true read as 1, false as 0",)
    else:
        others = sorted(others + truths)
    if drop == "bad" and len(others) + len(missing) < len(cells):
        return values, np.array(sorted(others + missing), np.intp), notices
    empty = len(missing) == len(cells)
    bad = others if drop and not empty else sorted(others + missing)
    if bad:
        faults = [Fault(row, cells[row], *_verdict(cells[row].strip(), decimal)) for row in bad[:MOST_SHOWN]]
        alike = len(bad) == len(missing) or (len(bad) == len(faults) and len({fault.wrong for fault in faults}) == 1)
        raise refusal(places, column, faults, len(bad), alike)
    return values, np.array(missing, np.intp), notices


def _verdict(cell: str, decimal: str) -> tuple[str, str]:
    """What is wrong with a cell that cannot be used, and what helps."""
    word = cell.casefold()
    if word in MISSING:
        return BLANK
    if word in INFINITE:
        return _ENDLESS
    if word in TRUTH:
        return _WORD
    if _NUMBER.fullmatch(_pointed(cell, decimal)):
        return _LARGE
    if _DATE.fullmatch(cell):
        return _WHEN
    if decimal == "," and _NUMBER.fullmatch(cell):
        return _POINT
    grouped = _THOUSANDS.fullmatch(cell)
    if decimal == "." and _COMMA.fullmatch(cell):
        return (_DECIMAL[0], f"{_DECIMAL[1]} If they separate thousands: remove them.") if grouped else _DECIMAL
    if grouped:
        return _GROUPED
    return _MEASURE if _UNIT.fullmatch(cell) else _TEXT


def _lost_digits(cells: Sequence[str], values: np.ndarray, column: str) -> tuple[str, ...]:
    """Whole numbers beyond 2**53 that float64 had to round."""
    lost = 0
    for row in np.flatnonzero(np.abs(values) >= EXACT).tolist():
        cell = cells[row].strip()
        lost += bool(_WHOLE.fullmatch(cell)) and int(cell) != int(values[row])
    return (rounded_notice(column, lost),) if lost else ()


def rounded_notice(column: str, count: int) -> str:
    """The notice about whole numbers that a float64 cannot hold."""
    plural = "s are" if count > 1 else " is"
    return f"column {column!r}: {count} whole number{plural} beyond 2**53; the last digits are lost"

"""Array-likes to columns: what holds one number a row becomes float64, or is refused with the shape or cell seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from downslope.data.cells import EXACT, numbers, rounded_notice
from downslope.data.places import MOST_SHOWN, Fault, Places, excerpt, refusal
from downslope.data.reading import Drop
from downslope.errors import DataError

_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})
_DIGITS = {2: 3, 4: 7}


@dataclass(frozen=True, eq=False)
class Column:
    """Numbers on their way into a Table.

    values: (n,) float64, finite; our own, or a view of what is too large to be copied; a missing row holds 0.0.
    total:  their sum, of a large column.
    missing: the rows to leave out; `masked` says that the owner had marked them so.
    """

    values: np.ndarray
    missing: np.ndarray | None = None
    masked: bool = False
    notices: tuple[str, ...] = ()
    total: float | None = None


def as_column(
    value: Any, name: str, places: Places, *, drop: Drop = "", blank: np.ndarray | None = None, masked: bool = False
) -> Column:
    """One column from anything that holds one number a row; the value itself is never changed.

    Args:   `blank`, a (n,) mask, marks rows whose value means nothing (a null); with `drop` those rows may be left out.
            `masked` rows are left out in any case.
    Raises: DataError for what is no column of numbers, with what was seen.

    >>> as_column([1, 2], "x", Places("mapping")).values
    array([1., 2.])
    """
    if type(value) is np.ndarray and value.dtype == np.float64 and value.ndim == 1 and blank is None:
        values = np.array(value, np.float64, order="C")
        if np.isfinite(values).all():
            return Column(values)
    if isinstance(value, np.ma.MaskedArray):
        blank, masked = np.ma.getmaskarray(value), True
        value = value.data
    array, notices = _flat(_as_array(value, name, places), name, places)
    if blank is not None:
        blank = np.ravel(blank)
        if not blank.any():
            blank = None
    if blank is not None and blank.all():
        raise DataError(f"{places.source}, column {name!r}: no row holds a number. Leave the column out.")
    if array.dtype.kind in "OUST":
        column = _from_texts(array, name, places, drop, blank, masked)
    else:
        column = _from_numbers(array, name, places, drop, blank, masked)
    return Column(column.values, column.missing, column.masked, notices + column.notices)


def _as_array(value: Any, name: str, places: Places) -> np.ndarray:
    """The value as an array of any type and shape; what NumPy says in riddles is said plainly."""
    if isinstance(value, np.ndarray):
        return value
    where = f"{places.source}, column {name!r}"
    if isinstance(value, str | bytes | Mapping | set | frozenset):
        raise DataError(f"{where}: a {type(value).__name__} is no column of numbers. Give a list or an array.")
    if isinstance(value, Iterator):
        value = list(value)
    if hasattr(value, "toarray"):  # scipy.sparse
        value = value.toarray()
    try:
        return np.asarray(value)
    except ValueError as error:
        if "inhomogeneous" in str(error):
            raise DataError(f"{where}: the rows are of different lengths. Give one number for each row.") from None
        raise DataError(f"{where}: {type(value).__name__} is no array of numbers: {error}") from error
    except (TypeError, RuntimeError, OverflowError) as error:
        raise DataError(f"{where}: {type(value).__name__} is no array of numbers: {error}") from error


def _flat(array: np.ndarray, name: str, places: Places) -> tuple[np.ndarray, tuple[str, ...]]:
    """One dimension, from (n,), (n, 1) or (1, n)."""
    if array.ndim == 1:
        return array, ()
    if array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1), (f"column {name!r}: shape {array.shape} flattened to ({array.size},)",)
    hint = "give one number for each row" if array.ndim == 0 else "give each of its columns a name of its own"
    raise DataError(f"{places.source}, column {name!r}: its shape is {array.shape}, expected one number a row; {hint}.")


def _from_numbers(
    array: np.ndarray, name: str, places: Places, drop: Drop, blank: np.ndarray | None, masked: bool
) -> Column:
    kind = array.dtype.kind
    if kind == "c":
        raise DataError(f"{places.source}, column {name!r}: complex numbers. Give real and imaginary part as columns.")
    if kind in "mM":
        raise DataError(
            f"{places.source}, column {name!r}: dates or times ({array.dtype})."
            " Give seconds or days since a start as plain numbers."
        )
    if kind not in "fiub" and "float" not in array.dtype.name:  # bfloat16 and its like have the kind of raw bytes
        raise DataError(f"{places.source}, column {name!r}: {array.dtype} is no type of number.")
    if blank is not None:
        array = np.where(blank, np.zeros((), array.dtype), array)
    with np.errstate(over="ignore"):
        values = np.array(array, np.float64, order="C")
    faulty = np.flatnonzero(~np.isfinite(values))
    nan = faulty[np.isnan(values[faulty])]
    bad = faulty[~np.isnan(values[faulty])] if drop and len(nan) < len(values) else faulty
    if drop == "bad" and len(faulty) < len(values):
        nan, bad = faulty, faulty[:0]
    if len(bad):
        faults = [_unusable(int(row), array[row]) for row in bad[:MOST_SHOWN]]
        raise refusal(places, name, faults, len(bad), alike=len(nan) in (0, len(bad)))
    values[nan] = 0.0
    column = Column(values, nan if len(nan) else None, False, _said(array, values, name))
    return _with_blanks(column, name, places, drop, blank, masked)


def _with_blanks(
    column: Column, name: str, places: Places, drop: Drop, blank: np.ndarray | None, masked: bool
) -> Column:
    """Join the rows marked blank to those found missing."""
    if blank is None:
        return column
    rows = np.flatnonzero(blank)
    if not (masked or drop):
        faults = [_missing(int(row), "null") for row in rows[:MOST_SHOWN]]
        raise refusal(places, name, faults, len(rows), alike=True)
    found = rows if column.missing is None else np.union1d(rows, column.missing)
    return Column(column.values, found, masked and column.missing is None, column.notices)


def _said(array: np.ndarray, values: np.ndarray, name: str) -> tuple[str, ...]:
    """What the owner should hear about the change of type."""
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind == "b":
        return (f"column {name!r}: true read as 1, false as 0",)
    if kind in "iu":
        large = np.flatnonzero(np.abs(values) >= EXACT) if width == 8 else ()
        lost = sum(1 for row in large if int(array[row]) != int(values[row]))
        return (rounded_notice(name, lost),) if lost else ()
    if width > 8:
        return (f"column {name!r}: {array.dtype} rounded to float64",)
    if width < 8:
        digits = 2 if array.dtype.name == "bfloat16" else _DIGITS.get(width, 1)
        return (f"column {name!r}: held as {array.dtype}, about {digits} digits",)
    return ()


def _from_texts(
    array: np.ndarray, name: str, places: Places, drop: Drop, blank: np.ndarray | None, masked: bool
) -> Column:
    """Objects and texts: taken only if every one is a number."""
    texts = [_text(cell, name, places) for cell in array.tolist()]
    if blank is not None:
        for row in np.flatnonzero(blank):
            texts[row] = "0" if masked else ""
    values, missing, notices = numbers(texts, name, places, drop=drop)
    kind = "objects" if array.dtype.kind == "O" else "texts"
    said = f"column {name!r}: {kind} read as numbers"
    column = Column(values, missing if len(missing) else None, False, (said, *notices))
    return _with_blanks(column, name, places, drop, blank if masked else None, masked)


def _text(cell: Any, name: str, places: Places) -> str:
    """The cell as it would stand in a file: one set of rules decides what is a number."""
    if isinstance(cell, str):
        return cell
    if type(cell).__name__ in _MISSING_TYPES:
        return ""
    if isinstance(cell, bytes):
        return cell.decode("latin-1")
    if isinstance(cell, list | tuple | dict | np.ndarray):
        seen = excerpt(str(cell))
        raise DataError(f"{places.source}, column {name!r}: a cell holds {seen}. Give one number for each row.")
    try:
        # A float32 is written by its own few digits; as a float64 it keeps its value.
        return repr(float(cell)) if isinstance(cell, Real) and not isinstance(cell, Integral) else str(cell)
    except (OverflowError, ValueError):  # a Fraction too large; an int of more digits than Python writes
        return "1e999"


def _unusable(row: int, value: Any) -> Fault:
    if np.isnan(value):
        return _missing(row, "nan")
    return Fault(row, str(value), "not finite", "Give finite numbers, or remove these rows.")


def _missing(row: int, text: str) -> Fault:
    return Fault(row, text, "missing", "Fill them in, or leave such rows out with --missing drop (missing='drop').")

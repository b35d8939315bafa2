"""Sheet: what one source held, before rows are dropped and columns become a Table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.data.columns import Column, as_column
from downslope.data.places import Places
from downslope.data.reading import Drop
from downslope.data.table import Table
from downslope.errors import DataError, shortened


@dataclass(frozen=True, eq=False)
class Sheet:
    """The names of a source in order, the columns that were asked for, and those that cannot be used."""

    names: tuple[str, ...]
    columns: Mapping[str, Column]
    problems: Mapping[str, DataError]
    notices: tuple[str, ...]
    places: Places


def as_table(sheet: Sheet) -> Table:
    """Leave out the rows that were found missing, and freeze the columns.

    Raises: DataError if the columns differ in length, or no row is left.
    """
    source = sheet.places.source
    lengths = {name: len(column.values) for name, column in sheet.columns.items()}
    refuse_unequal(lengths, source)
    notices = [*sheet.notices]
    for column in sheet.columns.values():
        notices.extend(column.notices)
    gaps = {name: column.missing for name, column in sheet.columns.items() if column.missing is not None}
    kept = None
    if gaps:
        rows = next(iter(lengths.values()))
        left_out = np.unique(np.concatenate(list(gaps.values())))
        if len(left_out) == rows:
            raise DataError(f"{source}: no row is complete; each lacks one of {', '.join(map(repr, gaps))}")
        kept = np.delete(np.arange(rows), left_out)
        why = "masked" if all(sheet.columns[name].masked for name in gaps) else "missing values"
        notices.append(
            f"{source}: {len(left_out)} of {rows} rows dropped ({sheet.places.listed(left_out.tolist())}):"
            f" {why} in {', '.join(map(repr, gaps))}"
        )
    columns = {}
    for name, column in sheet.columns.items():
        values = column.values if kept is None else column.values[kept]
        values.flags.writeable = False
        columns[name] = values
    known = {name: column.total for name, column in sheet.columns.items() if column.total is not None and kept is None}
    return Table(columns, source, None, tuple(dict.fromkeys(notices)), sheet.problems, sheet.names, known)


def refuse_different(sources: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Refuse sources, (what they are called, their columns), that differ from the first: rows that lack a column would
    silently count for less.

    >>> refuse_different([("a.csv", ["x", "y"]), ("b.csv", ["x", "z"])])
    Traceback (most recent call last):
        ...
    downslope.errors.DataError: b.csv lacks 'y' and has 'z'; a.csv has 'x', 'y'
    """
    (first, names), *others = sources
    for source, own in others:
        lacking = [name for name in names if name not in own]
        extra = [name for name in own if name not in names]
        if lacking or extra:
            said = [f"lacks {shortened(lacking, 6)}"] if lacking else []
            said += [f"has {shortened(extra, 6)}"] if extra else []
            raise DataError(f"{source} {' and '.join(said)}; {first} has {shortened(names, 6)}")


def refuse_unequal(lengths: Mapping[str, int], source: str) -> None:
    """Refuse columns of different lengths.

    >>> refuse_unequal({"x": 20, "y": 19}, "mapping")
    Traceback (most recent call last):
        ...
    downslope.errors.DataError: mapping: x has 20 rows, y 19. Every column needs the same number of rows.
    """
    if len(set(lengths.values())) <= 1:
        return
    (first, rows), *others = lengths.items()
    other, differing = next((name, length) for name, length in others if length != rows)
    raise DataError(
        f"{source}: {first} has {rows} rows, {other} {differing}. Every column needs the same number of rows."
    )


def sheet_of(values: Mapping[str, Any], names: Sequence[str], places: Places, drop: Drop, **options: Any) -> Sheet:
    """A Sheet from array-likes by name; what cannot be used becomes a problem of its column."""
    columns: dict[str, Column] = {}
    problems: dict[str, DataError] = {}
    for name, value in values.items():
        try:
            columns[name] = as_column(value, name, places, drop=drop, **options)
        except DataError as error:
            problems[name] = error
    return Sheet(tuple(names), columns, problems, (), places)


def distinct(names: tuple[str, ...], source: str) -> tuple[tuple[str, ...], dict[str, DataError]]:
    """The names without repetition, and an error for each that stands more than once.

    >>> distinct(("x", "y", "x"), "t.csv")[0]
    ('x', 'y')
    """
    problems = {}
    if len(set(names)) < len(names):
        seen: dict[str, list[int]] = {}
        for index, name in enumerate(names, start=1):
            seen.setdefault(name, []).append(index)
        for name, indices in seen.items():
            if len(indices) > 1:
                places = ", ".join(map(str, indices))
                problems[name] = DataError(
                    f"{source}: {len(indices)} columns are named {name!r} (columns {places}). Give each its own name."
                )
    return tuple(dict.fromkeys(names)), problems

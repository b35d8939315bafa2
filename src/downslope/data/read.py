"""read: numbers in, from wherever they are: named, finite columns of equal length come out, or a clear error."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from downslope.data.borrowing import borrow
from downslope.data.columns import Column, as_column
from downslope.data.delimited import read_text
from downslope.data.files import kind_of, load, paths_of, spoken
from downslope.data.frames import is_series, read_frame, read_npz, read_parquet, series_column
from downslope.data.places import Places
from downslope.data.reading import Drop, Reading
from downslope.data.sheet import Sheet, as_table, refuse_different
from downslope.data.table import Table
from downslope.data.text import as_text
from downslope.errors import DataError, shortened

_DEFAULT = Reading()


def read(data: Any, *, only: Collection[str] | None = None, reading: Reading = _DEFAULT) -> Table:
    """Read named columns of numbers.

    Args:   data: a mapping from names to arrays, any data frame, the path of a CSV, TSV, Parquet or npz file (also
            packed: gz, zip, bz2, xz, zst), "-" for standard input, a pattern such as "runs/*.csv", several paths,
            or a Table.
            only: the columns to convert; the others are known by name only.
            reading: how files are laid out, and whether rows with missing cells are refused or dropped.
    Raises: DataError for data that is no table. A column that cannot be used raises only when it is asked for.

    >>> table = read({"x": [1, 2], "note": ["a", "b"]})
    >>> table["x"]
    array([1., 2.])
    >>> table["note"]
    Traceback (most recent call last):
        ...
    downslope.errors.DataError: mapping, column 'note': 2 cells are not a number (row 1 is the first)
      row 1: 'a'
      row 2: 'b'
    Write a number, or leave the column out of the formula.
    """
    if isinstance(data, Table):
        return data
    drop = reading.drops
    if isinstance(data, Mapping):
        return as_table(_mapping(data, only, drop))
    if isinstance(data, str | os.PathLike) or _are_paths(data):
        return _files(data, only, reading)
    if isinstance(data, np.ndarray) and data.dtype.names:
        return as_table(_mapping({name: data[name] for name in data.dtype.names}, only, drop, "structured array"))
    if isinstance(data, np.ndarray | list | tuple):
        raise DataError("an array has no names; give a mapping of columns such as {'x': a[:, 0], 'y': a[:, 1]}")
    return as_table(read_frame(data, only, drop))


def from_arrays(names: Sequence[str], arrays: Sequence[Any]) -> Table:
    """A Table from arrays, one name each; unlike in `read`, every column has to be usable.

    Raises: DataError for the first that is not, and for different lengths.

    >>> from_arrays(["x", "y"], [[1, 2], [3, 4]])["y"]
    array([3., 4.])
    """
    if len(names) != len(arrays):
        raise DataError(f"{len(names)} names ({shortened(names)}) for {len(arrays)} arrays")
    if len(set(names)) < len(names):
        raise DataError(f"the names are not distinct: {shortened(names)}")
    sheet = _mapping(dict(zip(names, arrays, strict=True)), None, "", "arrays")
    for problem in sheet.problems.values():
        raise problem
    return as_table(sheet)


def _mapping(data: Mapping[Any, Any], only: Collection[str] | None, drop: Drop, source: str = "mapping") -> Sheet:
    places = Places(source)
    columns: dict[str, Column] = {}
    problems: dict[str, DataError] = {}
    names = tuple(map(str, data))
    index: Any = None  # of the first pandas Series
    notices: tuple[str, ...] = ()
    asked = {name: value for name, value in zip(names, data.values(), strict=True) if only is None or name in only}
    borrowed = borrow(asked)
    for name, value in asked.items():
        if name in borrowed:
            columns[name] = borrowed[name]
            continue
        try:
            if type(value) is np.ndarray or not is_series(value):
                columns[name] = as_column(value, name, places, drop=drop)
                continue
            columns[name] = series_column(value, name, places, drop)
        except DataError as error:
            problems[name] = error
        own: Any = getattr(value, "index", None)
        if hasattr(own, "equals"):
            index = own if index is None else index
            if not own.equals(index):
                notices = ("the columns have different indices; rows are matched by position",)
    if columns and not any(len(column.values) for column in columns.values()):
        raise DataError(f"{source}: no rows in {shortened(list(columns))}")
    return Sheet(names, columns, problems, notices, places)


def _are_paths(data: Any) -> bool:
    return (
        isinstance(data, Sequence)
        and not isinstance(data, bytes)
        and len(data) > 0
        and all(isinstance(each, str | os.PathLike) for each in data)
    )


def _files(data: Any, only: Collection[str] | None, reading: Reading) -> Table:
    paths = paths_of(data)
    tables = [as_table(_file(path, only, reading)) for path in paths]
    return tables[0] if len(tables) == 1 else _joined(tables)


def _file(path: str, only: Collection[str] | None, reading: Reading) -> Sheet:
    raw = load(path)
    source, drop = spoken(path), reading.drops
    if not raw:
        raise DataError(f"{source} is empty")
    kind = kind_of(raw)
    if kind == "parquet":
        return read_parquet(raw, only, drop, source)
    if kind == "npz":
        return read_npz(raw, only, drop, source)
    return read_text(as_text(raw, reading.encoding, source), source, only, reading)


def _joined(tables: Sequence[Table]) -> Table:
    """The rows of several files, one after the other; columns are matched by name."""
    first = tables[0]
    refuse_different([(table.source, table.available) for table in tables])
    problems: dict[str, DataError] = {}
    for table in reversed(tables):
        problems.update(table.problems)
    columns = {}
    for name in first.columns:
        if name not in problems:
            columns[name] = np.concatenate([table.columns[name] for table in tables])
            columns[name].flags.writeable = False
    notices = tuple(dict.fromkeys(notice for table in tables for notice in table.notices))
    return Table(columns, f"{len(tables)} files", None, notices, problems, first.available)

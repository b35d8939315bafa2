"""Keys: the columns that tell groups apart, of any type, beside the numbers of the same rows."""

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.data.columns import Column
from downslope.data.delimited import header_of, sheet_below
from downslope.data.files import kind_of, load, paths_of, spoken
from downslope.data.frames import is_series
from downslope.data.groups import ROW, Groups, by_group, check_keys, is_path, no_key, without_key
from downslope.data.lines import Lines, records
from downslope.data.read import read
from downslope.data.reading import Reading
from downslope.data.sheet import Sheet, as_table
from downslope.data.table import Table
from downslope.data.text import as_text
from downslope.errors import DataError, RequestError

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, eq=False)
class Keyed:
    """A table and the keys of its rows; numbers: (n,), the place of each row in the source, from 0."""

    table: Table
    keys: "polars.DataFrame"
    numbers: np.ndarray

    def grouped(self) -> Groups:
        """By group. Raises: DataError for rows without a key."""
        keys, columns, numbers = self.keys, dict(self.table.columns), self.numbers
        order, starts, heads = by_group(keys)
        if order is not None:
            columns = {name: values[order] for name, values in columns.items()}
            numbers = numbers[order]
        return Groups(heads, columns, starts, numbers)


def read_keyed(data: Any, by: tuple[str, ...], only: Collection[str] | None, reading: Reading) -> Keyed:
    """The numbers of some columns and the keys of their rows.

    Rows that `reading` leaves out are left out of both; with it, rows without a key too.

    Raises: DataError as `read`; UnknownName for a key column that is not there; DataError for rows without a key.
    """
    whole, keys = keys_of(data, by, only, reading)
    table = read(whole, only=None if only is None else {*only, ROW}, reading=reading)
    numbers = table[ROW].astype(np.int64) if ROW in table.columns else np.arange(keys.height)
    if len(numbers) < keys.height:
        keys = keys[numbers]
    lacking = without_key(keys)
    notices = table.notices
    if lacking.size:
        if not reading.drops or lacking.size == keys.height:
            raise no_key(table.source, by, numbers[lacking], keys.height)
        kept = np.delete(np.arange(keys.height), lacking)
        notices = (*notices, f"{table.source}: {lacking.size} of {keys.height} rows dropped: no key")
        keys, numbers = keys[kept], numbers[kept]
        columns = {name: values[kept] for name, values in table.columns.items() if name != ROW}
    else:
        columns = {name: values for name, values in table.columns.items() if name != ROW}
    order = tuple(name for name in table.order if name != ROW)
    return Keyed(Table(columns, table.source, table.truth, notices, table.problems, order), keys, numbers)


def keys_of(
    data: Any, by: tuple[str, ...], only: Collection[str] | None, reading: Reading
) -> tuple[Any, "polars.DataFrame"]:
    """What `read` takes for the numbers, with a column of row numbers where it can have one, and the keys of all rows.

    Raises: DataError, UnknownName.
    """
    if is_path(data):
        parts = [_file(path, by, only, reading) for path in paths_of(data)]
        return _together(parts)
    if isinstance(data, Table):
        check_keys(by, data.available)
        return data, _frame({name: data[name] for name in by})
    if isinstance(data, np.ndarray) and data.dtype.names:
        data = {name: data[name] for name in data.dtype.names}
    if isinstance(data, Mapping):
        return _mapping(data, by, only)
    if isinstance(data, np.ndarray | list | tuple):
        raise RequestError("arrays have no names, and by= needs one; give a mapping of columns, a data frame or a file")
    return _data_frame(data, by)


def _mapping(
    data: Mapping[Any, Any], by: tuple[str, ...], only: Collection[str] | None
) -> tuple[Any, "polars.DataFrame"]:
    named = {str(name): values for name, values in data.items()}
    check_keys(by, tuple(named))
    keys = _frame({name: named[name] for name in by})
    some = {name: values for name, values in named.items() if only is None or name in only}
    _refuse_none(keys)
    for name, values in some.items():
        rows = len(values) if hasattr(values, "__len__") else keys.height
        if rows != keys.height:
            raise DataError(
                f"mapping: {by[0]} has {keys.height} rows, {name} {rows}. Every column needs the same number"
            )
    return {**some, ROW: np.arange(float(keys.height))}, keys


def _refuse_none(keys: "polars.DataFrame") -> None:
    if not keys.height:
        raise DataError(f"there are no rows: {' and '.join(map(repr, keys.columns))} is empty")


def _data_frame(data: Any, by: tuple[str, ...]) -> tuple[Any, "polars.DataFrame"]:
    import narwhals as nw
    import polars

    frame: Any = nw.from_native(data, pass_through=True)
    if frame is data and hasattr(data, "__arrow_c_stream__"):
        frame = nw.from_native(polars.DataFrame(data))
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise DataError(
            f"data is a {type(data).__name__}; give a mapping of columns such as {{'x': …, 'y': …}}, a data frame, or "
            "the path of a file"
        )
    check_keys(by, tuple(map(str, frame.columns)))
    keys = _frame({name: frame.get_column(name).to_native() for name in by})
    _refuse_none(keys)
    row = nw.new_series(ROW, np.arange(float(len(frame))), nw.Float64, backend=frame.implementation)
    try:
        frame = frame.with_columns(row)
    except Exception:  # a library that keeps its rows elsewhere: the numbers then go through polars
        frame = nw.from_native(polars.DataFrame({name: frame.get_column(name).to_numpy() for name in frame.columns}))
        frame = frame.with_columns(nw.new_series(ROW, np.arange(float(len(frame))), nw.Float64, backend="polars"))
    return frame.to_native(), keys


def _frame(columns: Mapping[str, Any]) -> "polars.DataFrame":
    """Key columns as a frame. Raises: DataError for what is no column of keys."""
    import polars

    made = {}
    for name, values in columns.items():
        try:
            if is_series(values):
                series = (
                    polars.Series(values)
                    if not hasattr(values, "iloc")
                    else polars.Series(values.array.to_numpy(object).tolist())
                )
            else:
                array = np.ma.filled(values, np.nan) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
                if array.ndim != 1:
                    array = array.reshape(-1) if 1 in array.shape and array.ndim == 2 else array
                series = polars.Series(array.tolist() if array.dtype.kind in "OSU" else array, strict=True)
        except (TypeError, ValueError, polars.exceptions.PolarsError) as error:
            raise DataError(
                f"key column {name!r}: one kind of key is needed: all texts, or all numbers ({error})"
            ) from None
        if series.dtype.is_nested() or series.dtype == polars.Object:
            raise DataError(f"key column {name!r} holds {series.dtype}; give one text or number for each row")
        made[name] = series.rename(name)
    heights = {name: len(series) for name, series in made.items()}
    if len(set(heights.values())) > 1:
        raise DataError(f"the key columns differ in length: {heights}")
    return polars.DataFrame(made)


def _file(
    path: str, by: tuple[str, ...], only: Collection[str] | None, reading: Reading
) -> tuple[Any, "polars.DataFrame"]:
    """One file: its numbers as a Table or what `read` takes, and its keys."""
    raw, source = load(path), spoken(path)
    if not raw:
        raise DataError(f"{source} is empty")
    kind = kind_of(raw)
    if kind == "parquet":
        return _parquet(raw, by, only, source)
    if kind == "npz":
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            check_keys(by, archive.files)
            wanted = [name for name in archive.files if only is None or name in only or name in by]
            return _mapping({name: archive[name] for name in wanted}, by, only)
    return _text(as_text(raw, reading.encoding, source), source, by, only, reading)


def _parquet(
    raw: bytes, by: tuple[str, ...], only: Collection[str] | None, source: str
) -> tuple[Any, "polars.DataFrame"]:
    import polars

    try:
        names = tuple(polars.read_parquet_schema(io.BytesIO(raw)))
        check_keys(by, names)
        frame = polars.read_parquet(
            io.BytesIO(raw), columns=[name for name in names if only is None or name in only or name in by]
        )
    except (polars.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{source} is a Parquet file, but cut short or damaged: {str(error)[:200]}") from None
    keys = frame.select(by)
    wanted = frame.select(name for name in frame.columns if only is None or name in only)
    return wanted.with_columns(polars.Series(ROW, np.arange(float(frame.height)))), keys


def _text(
    text: str, source: str, by: tuple[str, ...], only: Collection[str] | None, reading: Reading
) -> tuple[Any, "polars.DataFrame"]:
    """Delimited text: the keys as texts, or as numbers where all of them are."""
    import polars

    header = header_of(Lines(text, reading.comment), source, reading)
    check_keys(by, header.names)
    lines = Lines(text, reading.comment)
    if reading.header:
        next(records(lines, header.delimiter, source))
    before = lines.offset, lines.number
    width, places = len(header.names), [header.names.index(name) for name in by]
    cells: list[list[str]] = [[] for _ in by]
    for _, record in records(lines, header.delimiter, source):
        if len(record) == width:
            for column, place in zip(cells, places, strict=True):
                column.append(record[place].strip())
    lines.offset, lines.number = before
    sheet = sheet_below(lines, header, source, only, reading)
    if sheet is None or not cells[0]:
        raise DataError(f"{source}: no rows below the header ({', '.join(map(str, header.names[:12]))})")
    row = Column(np.arange(float(len(cells[0]))))
    numbered = Sheet((*sheet.names, ROW), {**sheet.columns, ROW: row}, sheet.problems, sheet.notices, sheet.places)
    keys = polars.DataFrame([_as_numbers(polars.Series(name, column)) for name, column in zip(by, cells, strict=True)])
    return as_table(numbered), keys


def _as_numbers(series: "polars.Series") -> "polars.Series":
    """Whole numbers or numbers where all texts are such, and are written as such (007 is a text)."""
    import polars

    filled = series.filter(series != "")
    for kind in (polars.Int64, polars.Float64):
        found = filled.cast(kind, strict=False)
        same = kind == polars.Float64 or (found.cast(polars.String) == filled).all()
        if not found.null_count() and same and not filled.str.contains(r"^0\d|nan|NaN|inf").any():
            return series.cast(kind, strict=False)
    return series


def _together(parts: list[tuple[Any, "polars.DataFrame"]]) -> tuple[Any, "polars.DataFrame"]:
    """Several files one after the other."""
    import polars

    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, polars.DataFrame) for part, _ in parts):
        whole: Any = polars.concat([part for part, _ in parts]).with_columns(
            polars.Series(ROW, np.arange(float(sum(part.height for part, _ in parts))))
        )
    else:
        tables = [read(part) for part, _ in parts]
        before = np.cumsum([0, *(keys.height for _, keys in parts)])
        names = [name for name in tables[0].columns if all(name in table.columns for table in tables)]
        columns = {
            name: np.concatenate(
                [table[name] + (start if name == ROW else 0.0) for table, start in zip(tables, before, strict=False)]
            )
            for name in names
        }
        notices = tuple(dict.fromkeys(notice for table in tables for notice in table.notices))
        problems = {name: error for table in tables for name, error in table.problems.items()}
        whole = Table(columns, f"{len(parts)} files", None, notices, problems, tables[0].available)
    try:
        keys = polars.concat([keys for _, keys in parts], how="vertical_relaxed")
    except polars.exceptions.PolarsError:
        keys = polars.concat([keys.cast(polars.String) for _, keys in parts])
    return whole, keys

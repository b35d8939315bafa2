"""Data frames of any library to columns, through narwhals; Parquet and npz files too. Each is imported when met."""

import io
import zipfile
from collections.abc import Collection
from typing import Any

import numpy as np

from downslope.data.columns import Column, as_column
from downslope.data.places import Places
from downslope.data.reading import Drop
from downslope.data.sheet import Sheet, distinct
from downslope.errors import DataError


def is_series(value: Any) -> bool:
    """Whether it is a column of a data frame library, without importing any of them."""
    kind = type(value)
    return hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "iloc") or hasattr(kind, "__narwhals_series__")


def series_column(value: Any, name: str, places: Places, drop: Drop) -> Column:
    """A column from a Series of any library, nulls honoured.

    Raises: DataError for categories, dates, nested and other columns that are no numbers.
    """
    import narwhals as nw

    series = value if isinstance(value, nw.Series) else nw.from_native(value, series_only=True, pass_through=True)
    if not isinstance(series, nw.Series):
        return as_column(value, name, places, drop=drop)
    dtype = series.dtype
    where = f"{places.source}, column {name!r}"
    if dtype in (nw.Categorical, nw.Enum):
        raise DataError(f"{where}: categories. Make one column of 0 and 1 for each category, or give numbers.")
    if dtype.is_temporal():
        raise DataError(f"{where}: dates or times ({dtype}). Give seconds or days since a start as plain numbers.")
    if dtype.is_nested():
        raise DataError(f"{where}: {dtype}; give one number for each row.")
    blank = series.is_null().to_numpy().astype(bool)
    if dtype.is_numeric() or dtype == nw.Boolean:
        if dtype.is_decimal() or dtype in (nw.Int128, nw.UInt128):
            series = series.cast(nw.Float64)
        if blank.any():
            series = series.fill_null(False if dtype == nw.Boolean else 0)
        array = series.to_numpy()
        if dtype == nw.Boolean:
            array = array.astype(bool)
        column = as_column(array, name, places, drop=drop, blank=blank)
        said = (f"column {name!r}: {dtype} read as float64",) if dtype.is_decimal() else ()
        return Column(column.values, column.missing, False, column.notices + said)
    array = np.empty(len(series), object)
    array[:] = series.to_list()
    return as_column(array, name, places, drop=drop, blank=blank)


def read_frame(data: Any, only: Collection[str] | None, drop: Drop, source: str = "data frame") -> Sheet:
    """A Sheet from a data frame: anything narwhals knows, or anything with the Arrow PyCapsule interface.

    Raises: DataError if it is no data frame, has no rows, or two columns of one name.
    """
    import narwhals as nw

    try:
        frame: Any = _known_frame(data)
        own = list(frame.columns)
        names = tuple(map(str, own))
        kept, problems = distinct(names, source)
        wanted = {
            name: key
            for name, key in zip(names, own, strict=True)
            if name not in problems and (only is None or name in only)
        }
        if isinstance(frame, nw.LazyFrame):
            frame = frame.select(list(wanted.values())).collect()
    except (OSError, TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
        raise DataError(f"{source} cannot be read: {error}") from error
    if wanted and not len(frame):
        raise DataError(f"{source}: no rows below the header ({', '.join(names[:12])})")
    places = Places(source)
    columns: dict[str, Column] = {}
    for name, key in wanted.items():
        try:
            columns[name] = series_column(frame.get_column(key), name, places, drop)
        except DataError as error:
            problems[name] = error
    return Sheet(kept, columns, problems, (), places)


def _known_frame(data: Any) -> Any:
    import narwhals as nw

    frame = nw.from_native(data, pass_through=True)
    if frame is data and hasattr(data, "__arrow_c_stream__"):
        import polars

        frame = nw.from_native(polars.DataFrame(data))
    if not isinstance(frame, nw.DataFrame | nw.LazyFrame):
        raise DataError(
            f"data is a {type(data).__name__}; give a mapping of columns such as {{'x': …, 'y': …}},"
            " a data frame, or the path of a file"
        )
    return frame


def read_parquet(raw: bytes, only: Collection[str] | None, drop: Drop, source: str) -> Sheet:
    """A Sheet from the bytes of a Parquet file; only the wanted columns are decoded.

    Raises: DataError if the file is cut short or damaged.
    """
    import polars

    try:
        names = tuple(polars.read_parquet_schema(io.BytesIO(raw)))
        wanted = [name for name in names if only is None or name in only]
        frame = polars.read_parquet(io.BytesIO(raw), columns=wanted)
    except (polars.exceptions.PolarsError, OSError, ValueError) as error:
        raise DataError(f"{source} is a Parquet file, but cut short or damaged: {str(error)[:200]}") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the Rust side raises on some damaged files
            raise
        raise DataError(f"{source} is a Parquet file, but damaged") from None
    sheet = read_frame(frame, only, drop, source)
    return Sheet(names, sheet.columns, sheet.problems, sheet.notices, sheet.places)


def read_npz(raw: bytes, only: Collection[str] | None, drop: Drop, source: str) -> Sheet:
    """A Sheet from the bytes of a NumPy archive; pickled objects are never loaded.

    Raises: DataError if the archive is damaged.
    """
    columns: dict[str, Column] = {}
    problems: dict[str, DataError] = {}
    places = Places(source)
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            names = tuple(archive.files)
            for name in names:
                if only is None or name in only:
                    try:
                        columns[name] = as_column(_member(archive, name, source), name, places, drop=drop)
                    except DataError as error:
                        problems[name] = error
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise DataError(f"{source} is a NumPy archive, but cut short or damaged: {error}") from None
    if columns and not any(len(column.values) for column in columns.values()):
        raise DataError(f"{source}: no rows in its arrays ({', '.join(names[:12])})")
    return Sheet(names, columns, problems, (), places)


def _member(archive: Any, name: str, source: str) -> np.ndarray:
    try:
        member: np.ndarray = archive[name]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise DataError(f"{source}, column {name!r}: Python objects are not loaded. Save numbers.") from None
    return member

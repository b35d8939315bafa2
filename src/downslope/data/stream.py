"""Stream: named columns of numbers that are read piece by piece, again for each pass over them.

For what is larger than memory: CSV and Parquet files, memory maps, batches that a program makes.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from downslope.data.files import paths_of, spoken
from downslope.data.finite import all_finite
from downslope.data.frames import series_column
from downslope.data.places import Places
from downslope.data.reading import Reading
from downslope.data.sheet import Sheet, as_table, distinct, refuse_different, sheet_of
from downslope.data.streamed_files import PIECE, UNPACKED, WHOLE, Part, TextFile, part_of
from downslope.data.table import Table
from downslope.errors import DataError, RequestError, shortened

LARGE = 256 << 20
"""Bytes of numbers or of text beyond which files and memory maps are read piece by piece unasked."""


def streamed_if_large(data: Any, only: Collection[str] | None, reading: Reading) -> Any:
    """Files and memory maps whose columns would take much memory, as a Stream; all else as it is.

    Args:   only: the columns that are needed; None: all.
    Raises: DataError as `Stream`.
    """
    if isinstance(data, Mapping):
        maps = [values for name, values in data.items() if only is None or name in only]
        large = (
            any(isinstance(each, np.memmap) for each in maps) and sum(np.asarray(each).nbytes for each in maps) > LARGE
        )
        return Stream(data, reading=reading) if large else data
    paths = [data] if isinstance(data, str | os.PathLike) else data
    if (
        not isinstance(paths, list | tuple)
        or not all(isinstance(each, str | os.PathLike) for each in paths)
        or not paths
    ):
        return data
    on_disk = sum(os.path.getsize(path) for path in paths_of(paths) if os.path.isfile(path))
    if on_disk * WHOLE * UNPACKED < LARGE:  # nothing is opened twice that is small
        return data
    stream = Stream(data, reading=reading)
    return stream if (stream.bytes_of(only) or 0) > LARGE else data


class Stream:
    """Rows that are read piece by piece, as often as they are needed.

    Args:   data: the path of a CSV, TSV or Parquet file, several, or a pattern such as "runs/*.parquet"; a mapping of
            equally long arrays, such as memory maps; a polars LazyFrame; an iterable of batches (mappings of arrays or
            data frames), or a function that returns a new iterator of them for each pass. An iterator itself serves
            for one pass only.
            reading: how files are laid out, and which bad rows are refused, or left out and counted.
    Raises: DataError for files that are not there, or that have different columns; RequestError for what is no stream.

    >>> stream = Stream([{"x": [0.0, 1.0], "y": [1.0, 3.0]}, {"x": [2.0], "y": [5.0]}])
    >>> [piece["x"].tolist() for piece in stream.pieces()]
    [[0.0, 1.0], [2.0]]
    >>> stream.available
    ('x', 'y')
    """

    def __init__(self, data: Any, *, reading: Reading | None = None) -> None:
        self.reading = reading or Reading()
        self.notices: tuple[str, ...] = ()
        self._passes = 0
        self._kind, self._data = _kind_of(data)
        if self._kind == "files":
            self._parts = [part_of(path, self.reading) for path in paths_of(data)]
            refuse_different([(spoken(part.path), part.names) for part in self._parts])
        self.source = _called(self._kind, self._data, self._parts if self._kind == "files" else [])

    def __repr__(self) -> str:
        return f"Stream({self.source}: {shortened(self.available)})"

    @property
    def text(self) -> bool:
        """Whether each pass reads text, for which a binary copy would be several times as fast."""
        return self._kind == "files" and any(isinstance(part, TextFile) for part in self._parts)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files that it is made of; none if it is made of something else."""
        return tuple(self._parts) if self._kind == "files" else ()

    @property
    def passed(self) -> str:
        """How a pass over its rows goes, in words."""
        return "read piece by piece, once for each pass"

    @property
    def again(self) -> bool:
        """Whether it can be read a second time."""
        return self._kind != "once"

    @property
    def open(self) -> bool:
        """Whether a pass can begin now."""
        return self.again or not self._passes

    @cached_property
    def available(self) -> tuple[str, ...]:
        """The names of all columns."""
        if self._kind == "files":
            return self._parts[0].names
        if self._kind == "arrays":
            return tuple(map(str, self._data))
        if self._kind == "lazy":
            return tuple(self._data.collect_schema())
        first = self._peeked
        return () if first is None else as_piece(first, None, self.reading, "batch 1").available

    def bytes_of(self, only: Collection[str] | None = None) -> int | None:
        """About how many bytes it takes to have some columns in memory; None if that is not known beforehand."""
        if self._kind == "files":
            return sum(part.bytes_of(only) for part in self._parts)
        if self._kind != "arrays":
            return None
        return sum(np.asarray(each).nbytes for name, each in self._data.items() if only is None or name in only)

    def pieces(self, only: Collection[str] | None = None) -> Iterator[Table]:
        """One pass: all rows in order, as tables of some thousand rows; the same pieces in every pass.

        Args:   only: the columns to convert.
        Raises: DataError for the first cell that is no finite number, named by file, line, column and text; for a file
                that has changed or vanished; for an iterator that has been read before.
        """
        self._passes += 1
        if self._kind == "once" and self._passes > 1:
            raise DataError(
                f"{self.source} can be read only once, and another pass over its rows is needed here. Give a function "
                "that returns a new iterator each time, Stream(lambda: batches()), or write the rows to a file"
            )
        said: dict[str, None] = {}
        for piece in self._pieces(None if only is None else set(only)):
            said.update(dict.fromkeys(piece.notices))
            if piece.rows:
                yield piece
        self.notices = tuple(said)

    def _pieces(self, only: set[str] | None) -> Iterator[Table]:
        if self._kind == "files":
            for part in self._parts:
                yield from part.pieces(only)
        elif self._kind == "arrays":
            yield from self._slices(only)
        elif self._kind == "lazy":
            wanted = [name for name in self.available if only is None or name in only]
            first = 0
            for batch in self._data.select(wanted).collect_batches(chunk_size=PIECE, maintain_order=True):
                yield _framed(batch, self.available, Places(self.source, first=first), self.reading)
                first += batch.height
        else:
            batches = self._data() if self._kind == "function" else self._data
            if self._kind == "once":
                batches = chain([] if self._peeked is None else [self._peeked], batches)
            for number, batch in enumerate(batches, start=1):
                piece = as_piece(batch, only, self.reading, f"batch {number}")
                lacking = [name for name in self.available if name not in piece.available]
                if lacking:
                    raise DataError(f"batch {number} lacks {shortened(lacking, 6)}; batch 1 has it")
                yield piece

    def _slices(self, only: set[str] | None) -> Iterator[Table]:
        arrays = {str(name): np.asarray(values) for name, values in self._data.items() if only is None or name in only}
        total = max((len(values) for values in arrays.values()), default=0)
        for first in range(0, total, PIECE):
            places = Places(self.source, first=first)
            parts = {name: values[first : first + PIECE] for name, values in arrays.items()}
            if all(values.dtype == np.float64 and values.ndim == 1 and all_finite(values) for values in parts.values()):
                yield Table(parts, self.source, None, (), {}, self.available)
            else:
                sheet = sheet_of(parts, self.available, places, self.reading.drops)
                yield as_table(sheet)

    @cached_property
    def _peeked(self) -> Any:
        """The first batch; that of an iterator is handed out again when it is read."""
        batches = self._data() if self._kind == "function" else self._data
        return next(iter(batches), None)

    def copied(
        self, path: str | os.PathLike[str], only: Collection[str] | None = None, *, force: bool = False
    ) -> "Stream":
        """Write the columns to a Parquet file, piece by piece, and return the stream of that.

        It is written to a new file beside it, which takes its name when it is whole; `force` replaces one that exists.

        Raises: DataError as in `pieces`; OutputError if it cannot be written.
        """
        from downslope.data.writing import write_parquet

        write_parquet(self.pieces(only), path, force=force)
        return Stream(path)


def _kind_of(data: Any) -> tuple[str, Any]:
    """What a stream is made of, and that as it is read."""
    if isinstance(data, str | os.PathLike):
        return "files", data
    if isinstance(data, Mapping):
        lengths = {str(name): len(values) for name, values in data.items()}
        if len(set(lengths.values())) > 1:
            (one, rows), *others = lengths.items()
            other, differing = next((name, length) for name, length in others if length != rows)
            raise DataError(f"mapping: {one} has {rows} rows, {other} {differing}. Every column needs the same number")
        return "arrays", data
    if hasattr(data, "collect_batches"):
        return "lazy", data
    if hasattr(data, "columns") or hasattr(data, "__arrow_c_stream__"):  # a frame, in one piece
        return "batches", [data]
    if isinstance(data, Callable):  # type: ignore[arg-type]
        return "function", data
    if isinstance(data, Iterator):
        return "once", data
    if isinstance(data, Iterable) and not isinstance(data, bytes | np.ndarray):
        listed = data if isinstance(data, list | tuple) else None
        if listed and all(isinstance(each, str | os.PathLike) for each in listed):
            return "files", data
        return "batches", data
    raise RequestError(
        f"a Stream is made of paths, a mapping of arrays, a LazyFrame or batches; a {type(data).__name__} was given"
    )


def _called(kind: str, data: Any, parts: list[Part]) -> str:
    """What messages call it."""
    if kind == "files":
        return spoken(parts[0].path) if len(parts) == 1 else f"{len(parts)} files"
    return {"arrays": "mapping", "lazy": "lazy frame", "once": "the iterator"}.get(kind, "batches")


def as_piece(batch: Any, only: set[str] | None, reading: Reading, source: str) -> Table:
    """One batch, as a Table."""
    if isinstance(batch, Table):
        return batch
    if isinstance(batch, Mapping):
        wanted = {str(name): values for name, values in batch.items() if only is None or str(name) in only}
        places = Places(source)
        sheet = sheet_of(wanted, tuple(map(str, batch)), places, reading.drops)
        return as_table(sheet)
    import narwhals as nw

    frame = nw.from_native(batch, eager_only=True, pass_through=True)
    if frame is batch and hasattr(batch, "__arrow_c_stream__"):
        import polars

        frame = nw.from_native(polars.DataFrame(batch))
    if not isinstance(frame, nw.DataFrame):
        raise DataError(f"{source} is a {type(batch).__name__}; give a mapping of columns or a data frame")
    return _framed(frame, tuple(map(str, frame.columns)), Places(source), reading, only)


def _framed(frame: Any, names: tuple[str, ...], places: Places, reading: Reading, only: Any = None) -> Table:
    """A Table from a data frame that is in memory."""
    kept, problems = distinct(names, places.source)
    columns = {}
    for name in map(str, frame.columns):
        if name not in problems and (only is None or name in only):
            try:
                columns[name] = series_column(frame[name], name, places, reading.drops)
            except DataError as error:
                problems[name] = error
    return as_table(Sheet(kept, columns, problems, (), places))

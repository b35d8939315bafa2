"""Files piece by piece: Parquet by polars' batches, text by blocks of whole lines.

What is plainly clean goes the fast way; a block that is not goes through the same exact reader as a small file, which
names the bad cell by line, column and text.
"""

import io
import os
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from downslope.data.bulk import bulk_bytes
from downslope.data.columns import Column
from downslope.data.delimited import Header, header_of, sheet_below
from downslope.data.files import is_packed, kind_of, opened, spoken
from downslope.data.finite import all_finite
from downslope.data.frames import series_column
from downslope.data.lines import Lines
from downslope.data.places import Places
from downslope.data.reading import Reading
from downslope.data.sheet import Sheet, as_table, distinct
from downslope.data.table import Table
from downslope.data.text import as_text
from downslope.errors import DataError

PIECE = 131_072
"""Rows of one piece, about; a file of text is cut by its bytes."""
BLOCK = 8 << 20
"""Bytes of text that are parsed at a time."""
LONGEST = 64 << 20
"""Bytes that a block may grow to where a quoted cell, or a line, does not end."""
HEAD = 1 << 20
"""Bytes in which the header is looked for."""
UNPACKED = 4
"""How many times as long a packed text is, about, once it is unpacked."""
WHOLE = 4
"""How many times as much as a text takes on disk it takes in memory, about, while it is read whole."""
READERS = 2
"""Threads that parse blocks of text."""


class Part(Protocol):
    """One file of a stream. names: of its columns; bytes_of: about what it takes to have some of them in
    memory."""

    @property
    def path(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def bytes_of(self, only: Collection[str] | None) -> int: ...

    def pieces(self, only: Collection[str] | None) -> Iterator[Table]:
        """All rows in order; rows are counted from the first of this file."""


def part_of(path: str, reading: Reading) -> Part:
    """A file of a stream, by its first bytes.

    Raises: DataError if it is not there, is no table, or is of a kind that is read only whole.
    """
    with opened(path) as file:
        head = file.read(HEAD)
    if not head:
        raise DataError(f"{spoken(path)} is empty")
    kind = kind_of(head)
    if kind == "npz":
        raise DataError(
            f"{spoken(path)} is an archive, which cannot be read piece by piece. Unpack it, and give its arrays as "
            "memory maps: Stream({'x': np.load('x.npy', mmap_mode='r'), ...})"
        )
    if kind == "parquet":
        return ParquetFile(path, reading, _stamp(path))
    return TextFile(path, reading, _stamp(path), *_laid_out(head, path, reading))


def _stamp(path: str) -> tuple[int, int]:
    """What tells a file that was changed from the one that was there before."""
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


def _refuse_changed(path: str, stamp: tuple[int, int]) -> None:
    try:
        now = _stamp(path)
    except OSError as error:
        raise DataError(f"{spoken(path)} cannot be read any more: {error.strerror or error}") from None
    if now != stamp:
        raise DataError(f"{spoken(path)} was changed while it was being read; run again when nobody writes to it")


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file, or so many `rows` of it behind the `first`; only the wanted columns are decoded."""

    path: str
    reading: Reading
    stamp: tuple[int, int]
    first: int = 0
    rows: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        import polars

        with _told(self.path):
            return tuple(polars.read_parquet_schema(self.path))

    def bytes_of(self, only: Collection[str] | None) -> int:
        import polars

        with _told(self.path):
            rows = polars.scan_parquet(self.path).select(polars.len()).collect().item()
        return int(rows) * sum(only is None or name in only for name in self.names) * 8

    def pieces(self, only: Collection[str] | None) -> Iterator[Table]:
        import polars

        _refuse_changed(self.path, self.stamp)
        names = self.names
        wanted = [name for name in names if only is None or name in only]
        first = self.first
        with _told(self.path):
            found = polars.scan_parquet(self.path).select(wanted)
            if self.rows is not None:
                found = found.slice(first, self.rows)
            frames = iter(found.collect_batches(chunk_size=PIECE, maintain_order=True))
        while True:
            with _told(self.path, self.stamp):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame_piece(frame, names, Places(spoken(self.path), first=first), self.reading)
            first += frame.height


class _told:
    """Errors of polars, said plainly; a damaged file raises many kinds of them."""

    def __init__(self, path: str, stamp: tuple[int, int] | None = None) -> None:
        self.path, self.stamp = path, stamp

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, DataError | KeyboardInterrupt | GeneratorExit):
            return
        panic = type(error).__name__ == "PanicException"  # what the Rust side raises on some damaged files
        if not panic and not isinstance(error, OSError | ValueError) and "polars" not in type(error).__module__:
            return
        if self.stamp is not None:
            _refuse_changed(self.path, self.stamp)
        said = "" if panic else f": {str(error)[:200]}"
        raise DataError(f"{spoken(self.path)} is a Parquet file, but cut short or damaged{said}") from None


def frame_piece(frame: Any, names: tuple[str, ...], places: Places, reading: Reading) -> Table:
    """A piece from a polars frame: columns of clean floats are taken as they are, without a copy."""
    import polars

    floats = (polars.Float64, polars.Float32)
    columns: dict[str, Column] = {}
    kept, problems = distinct(names, places.source)
    for series in frame.iter_columns():
        name = series.name
        if series.dtype in floats and not series.null_count():
            values = series.cast(polars.Float64).to_numpy()
            if all_finite(values):
                columns[name] = Column(values)
                continue
        try:
            columns[name] = series_column(series, name, places, reading.drops)
        except DataError as error:
            problems[name] = error
    return as_table(Sheet(kept, columns, problems, (), places))


@dataclass(frozen=True)
class TextFile:
    """A file of delimited text. begins: the byte below its header; line: the number of the line before that; ends: the
    byte behind the last line that counts, None for all.
    """

    path: str
    reading: Reading
    stamp: tuple[int, int]
    header: Header
    begins: int
    line: int
    ends: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return distinct(self.header.names, spoken(self.path))[0]

    def bytes_of(self, only: Collection[str] | None) -> int:
        with open(self.path, "rb") as file:
            return self.stamp[0] * WHOLE * (UNPACKED if is_packed(file.read(8)) else 1)

    def pieces(self, only: Collection[str] | None) -> Iterator[Table]:
        _refuse_changed(self.path, self.stamp)
        wanted = None if only is None else set(only)
        waiting: deque[Future[Table | None]] = deque()
        with opened(self.path) as file, ThreadPoolExecutor(READERS) as readers:
            try:
                for block, line in self._blocks(file):
                    waiting.append(readers.submit(self._parsed, block, line, wanted))
                    if len(waiting) > READERS:
                        piece = waiting.popleft().result()
                        if piece is not None:
                            yield piece
                while waiting:
                    piece = waiting.popleft().result()
                    if piece is not None:
                        yield piece
            finally:  # whoever stops in the middle waits for two blocks at most
                for future in waiting:
                    future.cancel()
        _refuse_changed(self.path, self.stamp)

    def _blocks(self, file: BinaryIO) -> Iterator[tuple[bytes, int]]:
        """Blocks of whole lines, and how many lines stand before each."""
        line, rest = self.line, b""
        _skip(file, self.begins)
        left = BLOCK if self.ends is None else self.ends - self.begins
        ended = False
        while not ended:
            raw = file.read(min(BLOCK, left))
            left -= len(raw) if self.ends is not None else 0
            ended = not raw
            rest += raw
            cut = len(rest) if ended else rest.rfind(b"\n") + 1
            whole = rest[:cut]
            if not ended and (not whole or whole.count(b'"') % 2):  # inside of a line, or of a quoted cell
                if len(rest) > LONGEST:
                    raise DataError(
                        f"{spoken(self.path)}, after line {line}: a line or a quoted cell of more than "
                        f"{LONGEST:,} bytes. Is it a table?"
                    )
                continue
            rest = rest[cut:]
            if whole:
                yield whole, line
                line += whole.count(b"\n")

    def _parsed(self, block: bytes, line: int, only: set[str] | None) -> Table | None:
        """The rows of some lines; None if they are blank or comments."""
        source, header = spoken(self.path), self.header
        names, problems = distinct(header.names, source)
        usable = [name not in problems and (only is None or name in only) for name in header.names]
        wanted = [index for index, name in enumerate(header.names) if usable[index]]
        arrays = bulk_bytes(block, header.delimiter, len(header.names), wanted, self.reading)
        if arrays is None:
            if not block.strip():
                return None
            text = as_text(block, self.reading.encoding, source)
            sheet = sheet_below(Lines(text, self.reading.comment, line), header, source, only, self.reading)
            return None if sheet is None else as_table(sheet)
        columns = {header.names[index]: Column(array) for index, array in zip(wanted, arrays, strict=True)}
        return as_table(Sheet(names, columns, problems, header.notices, Places(source)))


def _skip(file: BinaryIO, count: int) -> None:
    """Pass over so many bytes: of a plain file at once, of a packed one by unpacking them."""
    if isinstance(file, io.BufferedReader):
        file.seek(count)
        return
    while count > 0:
        count -= len(file.read(min(count, HEAD))) or count


def _laid_out(head: bytes, path: str, reading: Reading) -> tuple[Header, int, int]:
    """Header, the byte below it, and the line that it stands on."""
    source = spoken(path)
    cut = head.rfind(b"\n") + 1 if len(head) == HEAD else len(head)
    marked = head[:2] in (b"\xff\xfe", b"\xfe\xff") or head.startswith(b"\x00\x00\xfe\xff")
    encoding = reading.encoding.replace("_", "-").casefold()
    if marked or encoding.startswith(("utf-16", "utf-32", "utf-7")):
        raise DataError(f"{source} is not UTF-8 or another text of single bytes; convert it, to be read piece by piece")
    text = as_text(head[:cut], reading.encoding, source)
    lines = Lines(text, reading.comment)
    header = header_of(lines, source, reading)
    # as many line ends in the bytes as in the text above the first row
    above = text[: lines.offset].count("\n")
    begins = 0
    for _ in range(above):
        begins = head.index(b"\n", begins) + 1
    return header, begins, above

"""Slices: files cut into parts that are read apart from each other, on whatever machine; the cuts depend on the files
alone.

Parquet is cut by rows, text by bytes at ends of lines: for each cut it is known how many quotes and lines stand before
it, so that no cell is cut in two and a bad one is named by its line.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from downslope.data.files import is_packed, opened, spoken
from downslope.data.reading import Reading
from downslope.data.stream import Stream, as_piece
from downslope.data.streamed_files import HEAD, ParquetFile, Part, TextFile
from downslope.data.table import Table
from downslope.errors import DataError

WANTED = 1024
"""Slices into which large data are cut: no more workers than that are of use."""
ROWS = 65_536, 4_194_304
"""Fewest and most rows of a slice of Parquet."""
BYTES = 2 << 20, 256 << 20
"""Fewest and most bytes of a slice of text."""


class Slice(Protocol):
    """Some of all rows, which can be read wherever its file is."""

    @property
    def size(self) -> int:
        """About how many bytes its numbers or its text take."""

    @property
    def again(self) -> bool:
        """Whether it can be read again, by whoever has the files."""

    def tables(self, only: Collection[str] | None, given: Any) -> Iterator[Table]:
        """Its rows in order. given: what was brought to it, of a slice that is no file."""


@dataclass(frozen=True)
class FileSlice:
    """Whole files, or a part of one."""

    parts: tuple[Part, ...]
    size: int

    @property
    def again(self) -> bool:
        """It can."""
        return True

    def tables(self, only: Collection[str] | None, given: Any = None) -> Iterator[Table]:
        """All rows in order.

        Raises: DataError for a bad cell, and for a file that is not there, or not as it was.
        """
        for part in self.parts:
            yield from _here(part).pieces(only)


@dataclass(frozen=True)
class FrameSlice:
    """A data frame that is somewhere on a cluster; number: from 1."""

    number: int
    reading: Reading
    size: int = 1

    @property
    def again(self) -> bool:
        """It cannot: it is not known here how it was made."""
        return False

    def tables(self, only: Collection[str] | None, given: Any) -> Iterator[Table]:
        """All rows, as one table.

        Raises: DataError for a bad cell.
        """
        piece = as_piece(given, None if only is None else set(only), self.reading, f"partition {self.number}")
        if piece.rows:
            yield piece


class Cut(NamedTuple):
    """Files and where to cut them. names: of all columns; unsure: slices of text before which quotes and lines are yet
    to be counted.
    """

    slices: tuple[FileSlice, ...]
    names: tuple[str, ...]
    source: str

    @property
    def unsure(self) -> tuple["TextRange", ...]:
        """Ranges of text in need of a count, in their order."""
        return tuple(part for each in self.slices for part in each.parts if isinstance(part, TextRange))

    def sure(self, counts: Sequence[tuple[int, int]]) -> "Cut":
        """With the (quotes, lines) of each such range."""
        before: dict[str, tuple[int, int]] = {}
        left = iter(counts)
        slices = []
        for each in self.slices:
            parts: list[Part] = []
            for part in each.parts:
                if isinstance(part, TextRange):
                    quotes, lines = before.get(part.path, (0, part.file.line))
                    more, further = next(left)
                    parts.append(replace(part, odd=quotes % 2 == 1, odd_then=(quotes + more) % 2 == 1, line=lines))
                    before[part.path] = quotes + more, lines + further
                else:
                    parts.append(part)
            slices.append(replace(each, parts=tuple(parts)))
        return self._replace(slices=tuple(slices))


def cut(stream: Stream) -> Cut:
    """The files of a stream in slices; small ones together in one.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("a", "b"):
    ...     _ = (folder / f"{name}.csv").write_text("x,y\\n1,2\\n")
    >>> len(cut(Stream(str(folder / "*.csv"))).slices)
    1
    """
    sizes = [(part, part.bytes_of(None)) for part in stream.parts]
    rows = {part.path: size // (8 * len(part.names)) for part, size in sizes if isinstance(part, ParquetFile)}
    step = _within(sum(rows.values()) // WANTED, ROWS)
    length = _within(sum(size for part, size in sizes if not isinstance(part, ParquetFile)) // WANTED, BYTES)
    slices: list[FileSlice] = []
    waiting: list[tuple[Part, int]] = []
    share = 0.0  # of a slice, by the files that wait to be joined

    def join() -> None:
        nonlocal share
        if waiting:
            slices.append(FileSlice(tuple(part for part, _ in waiting), sum(size for _, size in waiting)))
        waiting.clear()
        share = 0.0

    for part, size in sizes:
        if isinstance(part, ParquetFile):
            pieces, more = _of_parquet(part, rows[part.path], step), rows[part.path] / step
        else:
            pieces, more = _of_text(part, length), size / length
        if share + more > 1:
            join()
        if len(pieces) > 1:
            slices += [FileSlice((each,), size // len(pieces)) for each in pieces]
        else:
            waiting.append((part, size))
            share += more
    join()
    return Cut(tuple(slices), stream.available, stream.source)


def counted(part: "TextRange") -> tuple[int, int]:
    """Quotes and line ends in a range of text."""
    quotes = lines = 0
    with opened(part.path) as file:
        file.seek(part.begins)
        left = part.ends - part.begins
        while left > 0:
            block = file.read(min(left, HEAD))
            if not block:
                break
            quotes += block.count(b'"')
            lines += block.count(b"\n")
            left -= len(block)
    return quotes, lines


@dataclass(frozen=True)
class TextRange:
    """The rows of a file of text that begin behind the first end of a line at or after one byte, and before that of
    another; odd, odd_then: whether an odd number of quotes stands before the first of these bytes, and before the
    other; line: how many lines stand before the first.
    """

    file: TextFile
    begins: int
    ends: int
    odd: bool = False
    odd_then: bool = False
    line: int = 0

    @property
    def path(self) -> str:
        """Of its file."""
        return self.file.path

    @property
    def names(self) -> tuple[str, ...]:
        """Of its columns."""
        return self.file.names

    def bytes_of(self, only: Collection[str] | None) -> int:
        """In bytes of text."""
        return self.ends - self.begins

    def pieces(self, only: Collection[str] | None) -> Iterator[Table]:
        """All rows in order."""
        begins, lines = self._edge(self.begins, self.odd) if self.begins > self.file.begins else (self.begins, 0)
        ends, _ = self._edge(self.ends, self.odd_then)
        if begins < ends:
            yield from replace(self.file, begins=begins, ends=ends, line=self.line + lines).pieces(only)

    def _edge(self, at: int, odd: bool) -> tuple[int, int]:
        """The byte behind the first end of a line that is not inside of quotes, from byte `at`; ends passed."""
        lines = 0
        with opened(self.path) as file:
            file.seek(at)
            while block := file.read(HEAD):
                place = 0
                while (end := block.find(b"\n", place)) >= 0:
                    odd ^= block.count(b'"', place, end) % 2 == 1
                    lines += 1
                    if not odd:
                        return at + end + 1, lines
                    place = end + 1
                odd ^= block.count(b'"', place) % 2 == 1
                at += len(block)
        return at, lines


def _of_parquet(part: ParquetFile, rows: int, step: int) -> list[Part]:
    return [replace(part, first=first, rows=min(step, rows - first)) for first in range(0, rows, step)]


def _of_text(part: Part, length: int) -> list[Part]:
    if not isinstance(part, TextFile) or part.stamp[0] <= length or _packed(part.path):
        return [part]
    edges = [*range(part.begins, part.stamp[0], length), part.stamp[0]]
    return [TextRange(part, begins, ends) for begins, ends in pairwise(edges)]


def _packed(path: str) -> bool:
    with open(path, "rb") as file:
        return is_packed(file.read(8))


def _within(count: int, limits: tuple[int, int]) -> int:
    low, high = limits
    return min(max(-(-count // low) * low, low), high)


def _here(part: Part) -> Part:
    """The file as it is on this machine, where a copy of it may be younger than another one.

    Raises: DataError if it is not there, or not as long as it was.
    """
    if isinstance(part, TextRange):
        return replace(part, file=_stamped(part.file))
    return _stamped(part) if isinstance(part, TextFile | ParquetFile) else part


def _stamped(file: Any) -> Any:
    with suppress(OSError):
        found = os.stat(file.path)
        if found.st_size != file.stamp[0]:
            raise DataError(
                f"{spoken(file.path)} has {found.st_size:,} bytes here, and had {file.stamp[0]:,} when it was first "
                "looked at: it was changed, or is another file on another machine"
            )
        file = replace(file, stamp=(found.st_size, found.st_mtime_ns))
    return file

"""Groups from wherever they are: a table in memory as one set, a large file as slabs that follow each other.

A file whose rows of one key stand together is read once more for its numbers, slab by slab. Of another one the rows are
first put, by a hash of their keys, into files so small that each of them fits into memory.
"""

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.data.files import kind_of, paths_of, spoken
from downslope.data.frames import series_column
from downslope.data.groups import ROW, Groups, by_group, check_keys, is_path, no_key, runs, without_key
from downslope.data.keys import read_keyed
from downslope.data.places import Places
from downslope.data.reading import Reading
from downslope.errors import DataError, UnknownName

if TYPE_CHECKING:
    import polars

LARGE = 256 * 1024**2
"""Bytes of a file beyond which it is not read as a whole."""
BATCH = 500_000
"""Rows that are read at a time."""
PART = 2_000_000
"""Rows of a part, about, where rows have to be put together first."""


@dataclass(frozen=True)
class Known:
    """Groups that can be had slab by slab.

    available: names of all columns; count: of groups; ordered: whether slabs come in the order of their first rows;
    slabs: (rows, groups) -> pieces of whole groups of about that size; check: refuses columns that hold no numbers;
    said: what was done to the data, known in full once all slabs have been taken.
    """

    available: tuple[str, ...]
    count: int
    ordered: bool
    slabs: Callable[[int, int], Iterator[Groups]]
    check: Callable[[Collection[str]], None]
    said: list[str] = field(default_factory=list)

    def notices(self) -> tuple[str, ...]:
        """What was done to the data."""
        return tuple(self.said)


def known_groups(data: Any, by: tuple[str, ...], only: Collection[str] | None, reading: Reading) -> Known:
    """The groups of a table in memory or of files.

    Raises: DataError for data that cannot be used, and for rows without a key; UnknownName for a key column.
    """
    paths = paths_of(data) if is_path(data) else []
    if paths and only is not None and _are_large(paths):
        return _Large(paths, by, only, reading).known()
    keyed = read_keyed(data, by, only, reading)
    table = keyed.table
    available = tuple(dict.fromkeys((*table.available, *by)))

    def check(names: Collection[str]) -> None:
        for name in names:
            table[name]

    groups = keyed.grouped()
    return Known(available, len(groups), True, groups.slabs, check, list(table.notices))


def _are_large(paths: list[str]) -> bool:
    try:
        return sum(os.path.getsize(path) for path in paths) > LARGE and all(_kind(path) for path in paths)
    except OSError:
        return False  # said by whoever reads it


def _kind(path: str) -> str:
    """ "parquet" or "text" for a plain file that can be read in pieces, else ""."""
    with open(path, "rb") as file:
        first = file.read(64)
    if first.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK")):
        return ""
    return kind_of(first)


class _Large:
    """Files that are read in pieces."""

    def __init__(self, paths: list[str], by: tuple[str, ...], only: Collection[str], reading: Reading) -> None:
        import polars

        self.by, self.drop = by, bool(reading.drops)
        self.source = spoken(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
        kinds = {_kind(path) for path in paths}
        if kinds == {"parquet"}:
            self.frame = polars.scan_parquet(paths)
        elif kinds == {"text"}:
            self.frame = polars.scan_csv(
                paths,
                separator=reading.delimiter or _delimiter(paths[0], reading),
                has_header=reading.header,
                comment_prefix=reading.comment,
                decimal_comma=reading.decimal == ",",
                infer_schema_length=10_000,
                null_values=["", "NA", "NaN", "nan", "null", "n/a"],
            )
        else:
            raise DataError("Parquet and text files cannot be read together; give files of one kind")
        try:
            names = tuple(self.frame.collect_schema().names())
        except polars.exceptions.PolarsError as error:
            raise DataError(f"{self.source} cannot be read: {str(error)[:200]}") from None
        check_keys(by, names)
        self.available, self.numbers = names, tuple(name for name in names if name in only)
        self.said: list[str] = []

    def known(self) -> Known:
        """One pass over the keys tells how many groups there are, and whether their rows stand together."""
        heads, rows, lacking = [], 0, 0
        last: Any = None
        for keys in self._batches(self.by):
            missing = without_key(keys)
            if missing.size:
                if not self.drop:
                    raise no_key(self.source, self.by, missing + rows, rows + keys.height)
                lacking += missing.size
                keys = keys[np.delete(np.arange(keys.height), missing)]
            rows += keys.height + missing.size
            if not keys.height:
                continue
            begun = keys[runs(keys)]
            if last is not None and begun.row(0) == last:
                begun = begun[1:]
            last = keys.row(-1)
            heads.append(begun.hash_rows(0).to_numpy())
        if not heads:
            raise DataError(f"{self.source}: no rows")
        if lacking:
            self.said.append(f"{self.source}: {lacking:,} of {rows:,} rows dropped: no key")
        begun_by = np.concatenate(heads)
        count = int(np.unique(begun_by).size)
        together = count == begun_by.size
        slabs = self._in_order if together else partial(self._by_hash, parts=-(-rows // PART))
        return Known(self.available, count, together, slabs, self._check, self.said)

    def _check(self, names: Collection[str]) -> None:
        for name in names:
            if name not in self.available:
                raise UnknownName("column", name, self.available)

    def _batches(self, names: Collection[str]) -> Iterator["polars.DataFrame"]:
        import polars

        try:
            yield from self.frame.select(list(names)).collect_batches(chunk_size=BATCH, maintain_order=True)
        except (polars.exceptions.PolarsError, OSError) as error:
            raise DataError(f"{self.source} cannot be read: {str(error)[:300]}") from None

    def _numbered(self) -> Iterator["polars.DataFrame"]:
        """Batches with row numbers, without rows that have no key."""
        import polars

        rows = 0
        for batch in self._batches(dict.fromkeys((*self.by, *self.numbers))):
            height = batch.height
            batch = batch.with_columns(polars.Series(ROW, np.arange(rows, rows + height)))
            missing = without_key(batch.select(self.by))
            yield batch[np.delete(np.arange(height), missing)] if missing.size else batch
            rows += height

    def _columns(self, batch: "polars.DataFrame") -> tuple["polars.DataFrame", dict[str, np.ndarray]]:
        """The batch, and its numbers, without rows that lack one, if such may be left out."""
        numbers = batch[ROW].to_numpy()
        places = Places(self.source, (numbers + 1).tolist() if len(numbers) < 2_000_000 else None)
        found, lost = {}, np.zeros(batch.height, bool)
        for name in self.numbers:
            column = series_column(batch[name], name, places, "missing" if self.drop else "")
            found[name] = column.values
            if column.missing is not None:
                lost[column.missing] = True
        if lost.any():
            self.said.append(f"{self.source}: {int(lost.sum()):,} rows dropped: missing values")
            batch, found = batch.filter(~lost), {name: values[~lost] for name, values in found.items()}
        return batch, found

    def _grouped(self, batch: "polars.DataFrame") -> Groups:
        batch, columns = self._columns(batch)
        numbers = batch[ROW].to_numpy()
        order, starts, heads = by_group(batch.select(self.by))
        if order is not None:
            columns, numbers = {name: values[order] for name, values in columns.items()}, numbers[order]
        return Groups(heads, columns, starts, numbers)

    def _in_order(self, rows: int, groups: int) -> Iterator[Groups]:
        """Rows of one key stand together: whole groups as they come."""
        import polars

        waiting: list[polars.DataFrame] = []
        for batch in self._numbered():
            if not batch.height:
                continue
            last = int(runs(batch.select(self.by))[-1])
            if last == 0 and waiting and batch.select(self.by).row(0) == waiting[-1].select(self.by).row(-1):
                waiting.append(batch)
                continue
            whole = polars.concat([*waiting, batch[:last]])
            if whole.height:
                yield from self._grouped(whole).slabs(rows, groups)
            waiting = [batch[last:]]
        if waiting:
            yield from self._grouped(polars.concat(waiting)).slabs(rows, groups)

    def _by_hash(self, rows: int, groups: int, parts: int) -> Iterator[Groups]:
        """Rows are put together first, in files of their own."""
        import polars

        with TemporaryDirectory(prefix="downslope-") as folder:
            for number, batch in enumerate(self._numbered()):
                which = batch.select(self.by).hash_rows(1) % parts
                for part in range(parts):
                    some = batch.filter(which == part)
                    if some.height:
                        os.makedirs(os.path.join(folder, str(part)), exist_ok=True)
                        some.write_parquet(os.path.join(folder, str(part), f"{number:08d}.parquet"), compression="lz4")
            for part in range(parts):
                place = os.path.join(folder, str(part))
                if os.path.isdir(place):
                    found = polars.concat(
                        [polars.read_parquet(os.path.join(place, name)) for name in sorted(os.listdir(place))]
                    )
                    yield from self._grouped(found).slabs(rows, groups)


def _delimiter(path: str, reading: Reading) -> str:
    """From the first lines."""
    from downslope.data.delimited import header_of
    from downslope.data.lines import Lines
    from downslope.data.text import as_text

    with open(path, "rb") as file:
        first = file.read(1 << 16)
    first = first[: first.rfind(b"\n") + 1] or first
    header = header_of(Lines(as_text(first, reading.encoding, spoken(path)), reading.comment), spoken(path), reading)
    if len(header.delimiter) != 1 or header.delimiter == " ":
        raise DataError(
            f"{spoken(path)} is too large to be read as a whole, and parted by blanks; write it with commas"
        )
    return header.delimiter

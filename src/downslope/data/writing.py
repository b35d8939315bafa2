"""Tables to files: whole or not at all, and never over something that is there without being told to."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TextIO

from downslope.data.table import Table
from downslope.errors import DataError
from downslope.whole_file import whole

_PIECE = 65536


def write_table(table: Table, path: str | os.PathLike[str] | TextIO, *, force: bool = False) -> tuple[str, ...]:
    """Write the columns as CSV, or as Parquet where the path ends so; reading them gives the same bits.

    Args:    path: of the file, or an open text stream, which gets CSV.
             force: replace a file that exists.
    Returns: notices. A name that a spreadsheet would take for a formula (with = + - @ first) is written after a '.
    Raises:  OutputError if the file exists or cannot be written; then nothing has changed.
    """
    names, notices = [], []
    for name in table.columns:
        safe = f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
        if safe != name:
            notices.append(f"column {name!r} is written as {safe!r}, so that no spreadsheet runs it")
        names.append(safe)
    if not isinstance(path, str | os.PathLike):
        _write_csv(table, names, path)
        return tuple(notices)
    with whole(path, force=force) as file:
        if os.fspath(path).lower().endswith((".parquet", ".pq")):
            import polars

            polars.DataFrame(dict(zip(names, table.columns.values(), strict=True))).write_parquet(file)
        else:
            text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogatepass", newline="")
            _write_csv(table, names, text)
            text.flush()
            text.detach()
    return tuple(notices)


def write_parquet(pieces: Iterable[Table], path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write tables of the same columns, one after the other, to one Parquet file.

    Raises: OutputError as `write_table`; what the pieces raise; then nothing has changed.
    """
    import polars
    from polars.io.plugins import register_io_source

    source = iter(pieces)
    first = next(source, None)
    if first is None:
        raise DataError("there are no rows to write")

    if first.problems:
        name, problem = next(iter(first.problems.items()))
        raise DataError(f"{problem} Or name the columns to copy, without {name!r}: only=[...]")
    stopped: list[DataError] = []

    def frames(*_: object) -> Iterator[polars.DataFrame]:
        try:
            for piece in chain([first], source):
                yield polars.DataFrame({name: piece[name] for name in first.columns})
        except DataError as error:  # polars would tell it in its own words
            stopped.append(error)

    schema = dict.fromkeys(first.columns, polars.Float64)
    with whole(path, force=force) as file:
        register_io_source(frames, schema=schema).sink_parquet(file)
        if stopped:
            raise stopped[0]


def _write_csv(table: Table, names: Sequence[str], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    for start in range(0, table.rows, _PIECE):
        # tolist gives Python floats, which are written in the shortest form that reads back equal.
        pieces = [column[start : start + _PIECE].tolist() for column in table.columns.values()]
        writer.writerows(zip(*pieces, strict=True))

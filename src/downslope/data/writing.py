"""Tables to files: whole or not at all, and never over something that is there without being told to."""

import csv
import io
import os
from collections.abc import Sequence
from typing import TextIO

from downslope.data.table import Table
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


def _write_csv(table: Table, names: Sequence[str], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    for start in range(0, table.rows, _PIECE):
        # tolist gives Python floats, which are written in the shortest form that reads back equal.
        pieces = [column[start : start + _PIECE].tolist() for column in table.columns.values()]
        writer.writerows(zip(*pieces, strict=True))

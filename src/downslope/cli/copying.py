"""`downslope copy`: a large file of text as a binary one, which each pass reads several times as fast."""

from typing import Annotated

from cyclopts import Parameter

import downslope as ds
from downslope.cli.options import FileFlags, Files
from downslope.cli.outcome import spare


def copy(
    data: str,
    out: str,
    *,
    columns: str | None = None,
    files: Files = None,
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> int:
    """A CSV or Parquet file, or several, as one Parquet file: downslope copy big.csv big.parquet

    Parameters
    ----------
    data
        the file, or a pattern such as "runs/*.csv"; it is never in memory as a whole
    out
        where to write (.parquet)
    columns
        which columns, with commas between; all, if left out
    force
        replace a file that exists
    """
    if not out.lower().endswith((".parquet", ".pq")):
        raise ds.RequestError(f"{out} is no name for a Parquet file; let it end in .parquet")
    spare(out, [data])
    ds.check_writable(out, force=force)
    only = None if columns is None else [name.strip() for name in columns.split(",")]
    stream = ds.Stream(data, reading=(files or FileFlags()).reading())
    for name in only or ():
        if name not in stream.available:
            raise ds.UnknownName("column", name, stream.available)
    stream.copied(out, only, force=force)
    for notice in stream.notices:
        print(notice)
    print(f"wrote {out}")
    return 0

"""Tables to files: whole or not at all, and never over something that is there without being told to."""

import csv
import io
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO, TextIO

from downslope.data.files import spoken
from downslope.data.table import Table
from downslope.errors import OutputError

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
    target = check_output(path, force=force)

    def as_csv(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogatepass", newline="")
        _write_csv(table, names, text)
        text.flush()
        text.detach()

    def as_parquet(file: BinaryIO) -> None:
        import polars

        polars.DataFrame(dict(zip(names, table.columns.values(), strict=True))).write_parquet(file)

    _replace(target, as_parquet if target.lower().endswith((".parquet", ".pq")) else as_csv)
    return tuple(notices)


def _write_csv(table: Table, names: Sequence[str], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    for start in range(0, table.rows, _PIECE):
        # tolist gives Python floats, which are written in the shortest form that reads back equal.
        pieces = [column[start : start + _PIECE].tolist() for column in table.columns.values()]
        writer.writerows(zip(*pieces, strict=True))


def check_output(path: str | os.PathLike[str], *, force: bool = False) -> str:
    """Make sure, before any work is done, that the path can be written; returns it as text.

    Raises: OutputError if it exists (without force), is a folder or a link, or its folder is missing or read-only.
    """
    target = os.fspath(path)
    shown = spoken(target)
    folder = os.path.dirname(target) or "."
    try:
        if os.path.islink(target):
            raise OutputError(f"{shown} is a link to {os.readlink(target)!r}; name the file itself")
        if os.path.isdir(target):
            raise OutputError(f"{shown} is a folder; give the name of a file in it")
        if os.path.lexists(target) and not force:
            raise OutputError(f"{shown} exists. Choose another name, or replace it with --force (force=True).")
        if not os.path.isdir(folder):
            raise OutputError(f"{shown}: the folder {folder!r} does not exist")
        if not os.path.basename(target):
            raise OutputError("no file name is given to write to")
        # The only sure test of permission, space for a name, and length of it is to make a file beside it.
        probe = _beside(target)
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        os.unlink(probe)
    except (OSError, ValueError) as error:
        raise OutputError(f"{shown} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    return target


def _beside(target: str) -> str:
    return f"{target}.{secrets.token_hex(4)}.part"


def _replace(target: str, write: Callable[[BinaryIO], None]) -> None:
    """Write beside the target, bring it to the disk, then put it in place in one move."""
    part = _beside(target)
    try:
        # Not tempfile: the new file gets the permissions that the user's umask gives any other.
        with open(part, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
        _sync_folder(os.path.dirname(target) or ".")
    except OSError as error:
        raise OutputError(f"{spoken(target)} cannot be written: {error.strerror or error}") from None
    finally:
        if os.path.lexists(part):
            os.unlink(part)


def _sync_folder(folder: str) -> None:
    """Bring the new name to the disk too; not every system lets a folder be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)

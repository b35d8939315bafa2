"""Files written whole: a file is the old one or the new one, never a part of it, whenever the power fails."""

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from downslope.errors import OutputError

AnyPath = str | os.PathLike[str]
LEFT_FOR_DEAD = 60.0
"""Seconds after its last byte from which on a half-written file is one that nobody writes any more."""


@contextmanager
def whole(path: AnyPath, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes the place of `path` at the end, or not at all if the block raises.

    Raises: OutputError as `check_writable` does, or when the disk is full; then nothing has changed.
    """
    target = _target(path, force)
    with _as_output_error(target), _temporary(target) as (descriptor, temporary):
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    _sync_folder(target.parent)


def write(content: bytes, path: AnyPath, *, force: bool = False) -> None:
    """Write bytes to a file so that it is never half written.

    Raises: as `whole`.
    """
    with whole(path, force=force) as file:
        file.write(content)


def check_writable(path: AnyPath, *, force: bool = False) -> None:
    """Find out whether a file could be written, before hours are spent on what it shall hold.

    Args:   path: the file; force: whether one that exists may be replaced.
    Raises: OutputError if it exists (unless `force`), is no regular file, or its folder takes no new file.
    """
    target = _target(path, force)
    with _as_output_error(target), _temporary(target) as (descriptor, _):
        os.close(descriptor)


def sweep(path: AnyPath) -> None:
    """Remove what processes that were killed while they wrote this file have left beside it."""
    target = Path(path)
    with suppress(OSError):
        for each in target.parent.glob(f"{_prefix(target)}*.tmp"):
            with suppress(OSError):
                if time.time() - each.stat().st_mtime > LEFT_FOR_DEAD:
                    each.unlink()


def _prefix(target: Path) -> str:
    """How the names begin under which a file is written; a digest, as its own name may be as long as a name can be."""
    return f".downslope-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]}-"


def _target(path: AnyPath, force: bool) -> Path:
    target, name = Path(path), shown(path)
    try:
        kind = os.lstat(target).st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise OutputError(f"cannot write {name}: there is no folder {shown(target.parent)}") from None
        return target
    except (OSError, ValueError) as problem:
        raise OutputError(f"cannot write {name}: {reason(problem)}") from None
    if stat.S_ISDIR(kind):
        raise OutputError(f"cannot write {name}: it is a folder")
    if stat.S_ISLNK(kind):
        raise OutputError(f"cannot write {name}: it is a link; give the file that it leads to")
    if not stat.S_ISREG(kind):
        raise OutputError(f"cannot write {name}: it is not a regular file")
    if not force:
        raise OutputError(f"{name} exists; give another name, or replace it with --force (force=True)")
    return target


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[int, Path]]:
    """A new file in the folder of the target, gone afterwards unless it was renamed."""
    temporary = target.parent / f"{_prefix(target)}{token_hex(8)}.tmp"
    # os.open, not tempfile: the new file then has the permissions that the user's umask gives to any file
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        yield descriptor, temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _as_output_error(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise OutputError(f"cannot write {shown(target)}: {reason(problem)}") from problem


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too, where the system can; the file is in its place already."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def reason(problem: Exception) -> str:
    """What the system said of a failed file operation, to stand in a sentence."""
    return (getattr(problem, "strerror", None) or str(problem)).lower()


def shown(path: AnyPath) -> str:
    """A path as a message can show it."""
    text = os.fspath(path)
    return text if text.isprintable() else repr(text)

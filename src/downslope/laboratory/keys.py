"""Keys: the key of the lab on a port is kept for its owner, so that a page stays open while the lab is started anew."""

import os
import re
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

KEPT = 7 * 24 * 3600.0
"""Seconds after its last use that a key is forgotten."""
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def fresh() -> str:
    """A key that nobody has seen."""
    return secrets.token_urlsafe(32)


def kept(port: int) -> str:
    """The key of the last start on this port, or a fresh one, which is kept.

    It stands in a file that only its owner may read, in a folder of his own. Where there is another's file or folder,
    a link, or one that others may read, nothing is read and nothing written: the key is then fresh at each start.
    """
    if os.name != "posix":
        return fresh()
    try:
        place = _folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
    except (OSError, RuntimeError):  # no home
        return fresh()
    try:
        if not _is_own(os.fstat(folder)):
            return fresh()
        return _read(folder, f"key-{port}") or _written(folder, f"key-{port}")
    except OSError:
        return fresh()
    finally:
        os.close(folder)


def _folder() -> Path:
    """A folder of this user for things of the lab: it need not outlive the session."""
    running = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(running):
        return Path(running) / "downslope"
    return Path.home() / ".cache" / "downslope" / "lab"


def _read(folder: int, name: str) -> str | None:
    """The key in a file, which is used anew; None if there is none, or it is old or broken.

    Raises: OSError for a file that is not to be trusted.
    """
    try:
        file = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _FLAGS, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(file, "rb") as opened:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or not _is_own(about) or about.st_nlink != 1:
            raise PermissionError(name)
        text = opened.read(100).decode("latin-1")
        if not _KEY.fullmatch(text) or not 0 <= time.time() - about.st_mtime <= KEPT:
            return None
        with suppress(OSError):
            os.utime(file)
        return text


def _written(folder: int, name: str) -> str:
    key = fresh()
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600, dir_fd=folder)
    with os.fdopen(file, "w") as opened:
        opened.write(key)
    return key


def _is_own(about: os.stat_result) -> bool:
    return about.st_uid == os.getuid() and not about.st_mode & 0o077

"""Compiled programs kept on disk, so that a fresh process does not compile what an earlier one has."""

import os
from contextlib import suppress
from pathlib import Path

import jax

MOST_BYTES = 256 * 1024 * 1024


def compile_cache(folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Keep compiled programs in a folder, for this process and later ones; the command line does so by itself.

    Args:   folder: where; left out, `downslope` in the user's cache folder (XDG_CACHE_HOME, or ~/.cache).
    Returns: the folder, or None if it cannot be written, in which case nothing is kept and nothing else changes.

    >>> import tempfile
    >>> compile_cache(tempfile.mkdtemp()) is not None
    True
    """
    try:
        if folder is None:
            folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "downslope"
        place = Path(folder).absolute()
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # there may be no home
        return None
    if not os.access(place, os.W_OK):
        return None
    # JAX keeps only what took a second to compile unless told otherwise; our programs take a third of one
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    jax.config.update("jax_compilation_cache_dir", str(place))
    _forget_oldest(place)
    return place


def _forget_oldest(place: Path) -> None:
    """Keep the folder below its limit; JAX's own limit would need another package."""
    with suppress(OSError):  # another process may be at the same
        with os.scandir(place) as entries:
            files = sorted(
                (entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries if entry.is_file()
            )
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= MOST_BYTES:
                return
            Path(path).unlink()
            total -= size

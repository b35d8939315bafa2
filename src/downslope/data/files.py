"""Files to bytes: which files are meant, what they are by their first bytes, and what is packed inside them."""

import glob
import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, BinaryIO

from downslope.errors import DataError, nearest

LARGEST = 8 * 1024**3  # bytes that a packed file may unpack to; a bomb of some kilobytes would fill the memory
_PIECE = 1 << 20

_GZ, _BZ2, _XZ, _ZST = b"\x1f\x8b", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = (_GZ, _BZ2, _XZ, _ZST, *_ZIP)
_REFUSED = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Excel or Word file; save the sheet as CSV"),
    (b"\x89HDF", "an HDF5 file; write its columns to Parquet or npz"),
    (b"ARROW1\x00", "an Arrow file; write it as Parquet"),
    (b"\x93NUMPY", "a single NumPy array without names; save it by np.savez(path, x=..., y=...)"),
    (b"SQLite format 3\x00", "a SQLite database; write the table to CSV"),
)


def paths_of(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    """The paths that are meant: one, several, or those that match a pattern such as `runs/*.csv`, sorted.

    Raises: DataError if a pattern matches nothing.

    >>> paths_of("readings.csv")
    ['readings.csv']
    """
    if not isinstance(given, str | os.PathLike):
        return [path for each in given for path in paths_of(each)]
    path = os.fspath(given)
    if not any(mark in path for mark in "*?[") or os.path.lexists(path):
        return [path]
    found = sorted(match for match in glob.glob(path, recursive=True) if not os.path.isdir(match))
    if not found:
        raise DataError(f"no file matches {path!r}")
    return found


def spoken(path: str) -> str:
    """The path as messages show it: as given, escaped if it holds what a terminal would obey.

    >>> spoken("t.csv"), spoken("a\\nb")
    ('t.csv', "'a\\\\nb'")
    """
    if path == "-":
        return "standard input"
    return path if path.isprintable() else repr(path)


def load(path: str) -> bytes:
    """All bytes of a file, or of standard input for "-"; unpacked if gz, bz2, xz, zst, or a zip with one member.

    Raises: DataError with the reason and, for a missing file, the nearest name in its folder.
    """
    source = spoken(path)
    if path == "-":
        raw = _standard_input()
    else:
        _refuse_unreadable(path, source)
        try:
            with open(path, "rb") as file:
                raw = file.read()
        except OSError as error:
            raise DataError(f"{source} cannot be read: {error.strerror or error}") from None
    return _unpacked(raw, source)


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A file to be read from its beginning, piece by piece; gz, bz2, xz and zst are unpacked on the way.

    Raises: DataError with the reason, as `load`.
    """
    source = spoken(path)
    if path == "-":
        raise DataError("standard input is too long for one reading, and cannot be read again; save it as a file")
    _refuse_unreadable(path, source)
    try:
        with open(path, "rb") as file:
            head = file.read(512)
            for magic, kind in _REFUSED:
                if head.startswith(magic):
                    raise DataError(f"{source} is {kind}")
            file.seek(0)
            with _damage_told(source):
                yield _reader(file, head, source)
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror or error}") from None


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is packed."""
    return head.startswith((_GZ, _BZ2, _XZ, _ZST))


def _reader(file: BinaryIO, head: bytes, source: str) -> BinaryIO:
    """What reads a packed file unpacked; any other, and an archive, as it is."""
    import bz2
    import gzip
    import lzma

    if head.startswith(_GZ):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if head.startswith(_BZ2):
        return bz2.BZ2File(file)  # type: ignore[return-value]
    if head.startswith(_XZ):
        return lzma.LZMAFile(file)  # type: ignore[return-value]
    return _zstd(source).open(file) if head.startswith(_ZST) else file


@contextmanager
def _damage_told(source: str) -> Iterator[None]:
    """Errors of what unpacks, said plainly."""
    import lzma
    import zlib

    try:
        yield
    except EOFError:
        raise DataError(f"{source} is cut short: the compressed data ends too early") from None
    except (zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{source} is damaged or cannot be unpacked: {error}") from None
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror or error}") from None


def kind_of(raw: bytes) -> str:
    """What a file is by its first bytes: "parquet", "npz" or "text".

    >>> kind_of(b"PAR1\\x15\\x04"), kind_of(b"x,y\\n1,2\\n"), kind_of(b"PAR1,PAR2\\n1,2\\n")
    ('parquet', 'text', 'text')
    """
    if raw.startswith(b"PAR1") and raw[4:5] not in b"\t\n\r" and not chr(raw[4]).isprintable():
        return "parquet"
    return "npz" if raw.startswith(_ZIP) else "text"


def _standard_input() -> bytes:
    try:
        return sys.stdin.buffer.read()
    except (AttributeError, OSError, ValueError) as error:
        raise DataError(f"standard input cannot be read: {error}") from None


def _refuse_unreadable(path: str, source: str) -> None:
    """Look before opening: to open a pipe would wait forever."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise DataError(f"{source} does not exist.{_suggestion(path)}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{source} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(mode):
        raise DataError(f"{source} is a folder. Give a file, or all of one kind: {os.path.join(source, '*.csv')!r}")
    if not stat.S_ISREG(mode):
        kind = "a pipe (FIFO)" if stat.S_ISFIFO(mode) else "no regular file"
        raise DataError(f"{source} is {kind}. Read it through standard input: give - as the file.")
    if not os.access(path, os.R_OK):
        raise DataError(f"{source}: no permission to read it")


def _suggestion(path: str) -> str:
    if "://" in path:
        return " An address cannot be read: download the file first."
    folder, name = os.path.split(path)
    try:
        near = nearest(name, sorted(os.listdir(folder or "."))[:10_000])
    except OSError:
        return ""
    return f" Did you mean {os.path.join(folder, near)!r}?" if near else ""


def _unpacked(raw: bytes, source: str) -> bytes:
    for magic, kind in _REFUSED:
        if raw.startswith(magic):
            raise DataError(f"{source} is {kind}")
    if not raw.startswith(_PACKED):
        return raw
    import bz2
    import gzip
    import lzma
    import zipfile
    import zlib

    file = io.BytesIO(raw)
    try:
        if raw.startswith(_GZ):
            return _bounded(gzip.GzipFile(fileobj=file), source)
        if raw.startswith(_BZ2):
            return _bounded(bz2.BZ2File(file), source)
        if raw.startswith(_XZ):
            return _bounded(lzma.LZMAFile(file), source)
        if raw.startswith(_ZST):
            return _bounded(_zstd(source).open(file), source)
        return _only_member(raw, source)
    except EOFError:
        raise DataError(f"{source} is cut short: the compressed data ends too early") from None
    except (OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{source} is damaged or cannot be unpacked: {error}") from None


def _bounded(file: Any, source: str) -> bytes:
    pieces: list[bytes] = []
    size = 0
    with file:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > LARGEST:
                raise DataError(f"{source} unpacks to more than {LARGEST:,} bytes.; unpack it yourself")
            pieces.append(piece)
    return b"".join(pieces)


def _zstd(source: str) -> Any:
    for module in ("compression.zstd", "backports.zstd", "zstandard"):
        try:
            return import_module(module)
        except ImportError:
            continue
    raise DataError(f"{source} is packed with zstd, which this Python cannot unpack. Unpack it: zstd -d {source}")


def _only_member(raw: bytes, source: str) -> bytes:
    """The one file in a zip archive; archives of NumPy arrays stay as they are."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = [entry for entry in archive.infolist() if not entry.is_dir()]
        names = [entry.filename for entry in members]
        if sum(entry.file_size for entry in members) > LARGEST:
            raise DataError(f"{source} unpacks to more than {LARGEST:,} bytes")
        if names and all(name.endswith(".npy") for name in names):
            return raw
        if "[Content_Types].xml" in names or "mimetype" in names:
            raise DataError(f"{source} is a spreadsheet or document; save the sheet as CSV")
        # Apple's archiver adds a hidden twin to each file.
        members = [entry for entry in members if not entry.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            listed = ", ".join(repr(entry.filename) for entry in members[:8])
            raise DataError(f"{source} holds {len(members)} files ({listed}). Unpack it and name the one you mean.")
        with archive.open(members[0]) as file:
            return _unpacked(_bounded(file, source), source)

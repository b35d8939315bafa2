"""Uploads: a dropped file becomes a Table in memory, kept by its fingerprint; the file itself is gone at once."""

import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import downslope as ds
from downslope.errors import DataError
from downslope.laboratory.limits import Limits
from downslope.laboratory.refused import Refused


@dataclass(frozen=True, eq=False)
class Stored:
    """A table with the name by which pages ask for it: `file:` and the first letters of its fingerprint."""

    key: str
    name: str
    table: "ds.Table"


def check_rows(rows: int, name: str, limits: Limits) -> None:
    """Refuse a table of more rows than the lab takes.

    Raises: DataError.
    """
    if rows > limits.rows:
        raise DataError(
            f"{name} has {rows:,} rows; the lab takes at most {limits.rows:,}. Fit it in Python or on the command line,"
            " which have no such limit, or drop a share of its rows here"
        )


class Shelf:
    """The tables that were dropped on a lab. They never change, so all its pages may share them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._stored: dict[str, Stored] = {}

    def put(self, table: "ds.Table", name: str) -> Stored:
        """Keep a table; the oldest ones leave when all of them are too many numbers.

        Raises: DataError if it has too many rows.
        """
        check_rows(table.rows, name, self._limits)
        stored = Stored(f"file:{table.fingerprint()[:12]}", name, table)
        with self._lock:
            self._stored.pop(stored.key, None)
            self._stored[stored.key] = stored
            while len(self._stored) > 1 and sum(map(_numbers, self._stored.values())) > self._limits.numbers:
                del self._stored[next(iter(self._stored))]
        return stored

    def has(self, key: str) -> bool:
        """Whether a table is kept."""
        with self._lock:
            return key in self._stored

    def get(self, key: str) -> Stored:
        """A table that is kept.

        Raises: Refused if it is not here.
        """
        with self._lock:
            if key not in self._stored:
                raise Refused("data", "this file is not here: drop it on the page again")
            return self._stored[key]


class Upload:
    """A file that comes in pieces, into a temporary folder that only this user may read.

    Raises: DataError for a size that is none, or too large.
    """

    def __init__(self, name: str, size: int, limits: Limits) -> None:
        self.name = shown(name)
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise DataError(f"{self.name}: its size is {size!r:.40}; it must be a number of bytes")
        if size > limits.upload_bytes:
            raise DataError(
                f"{self.name} has {size:,} bytes; the lab takes at most {limits.upload_bytes:,}. Give it by its path: "
                "downslope lab FILE"
            )
        self._size, self._got, self._limits = size, 0, limits
        self._folder = tempfile.TemporaryDirectory(prefix="downslope-lab-", ignore_cleanup_errors=True)
        self._path = Path(self._folder.name) / "dropped"
        self._file = self._path.open("wb")

    @property
    def complete(self) -> bool:
        """Whether all bytes are there."""
        return self._got == self._size

    def add(self, piece: bytes) -> None:
        """The next bytes.

        Raises: DataError if there are more than were announced.
        """
        self._got += len(piece)
        if self._got > self._size:
            self.close()
            raise DataError(f"{self.name}: {self._size:,} bytes were announced, and more came; drop it again")
        self._file.write(piece)

    def table(self) -> "ds.Table":
        """Read the file, then remove it. Messages call it by the name that its owner knows.

        Raises: DataError.
        """
        self._file.close()
        try:
            _check_rows(self._path, self.name, self._limits)
            table = ds.read(str(self._path))
        except DataError as error:
            raise DataError(self._renamed(error)) from None
        finally:
            self.close()
        problems = {name: DataError(self._renamed(error)) for name, error in table.problems.items()}
        return replace(table, source=self.name, problems=problems)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
        self._folder.cleanup()

    def _renamed(self, error: DataError) -> str:
        return str(error).replace(str(self._path), self.name)


def shown(name: object) -> str:
    """The last part of a file's name, printable and short.

    >>> shown("C:\\\\data\\\\read\\x1bings.csv"), shown("../../etc/passwd"), shown(None)
    ('readings.csv', 'passwd', 'file')
    """
    text = name if isinstance(name, str) else ""
    last = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:100] or "file"


def _check_rows(path: Path, name: str, limits: Limits) -> None:
    """Ask a Parquet file for its rows before they are read: packed, a thousand million of them fit into a small file.

    Raises: DataError.
    """
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return
    import polars

    try:
        rows = polars.scan_parquet(path).select(polars.len()).collect().item()
    except (polars.exceptions.PolarsError, OSError):
        return  # whatever is wrong with it, reading says it better
    check_rows(rows, name, limits)


def _numbers(stored: Stored) -> int:
    return stored.table.rows * len(stored.table.columns)

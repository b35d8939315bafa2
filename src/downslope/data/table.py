"""Table: named columns of numbers, all of the same length, ready to be computed with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from downslope.data.totals import totals
from downslope.errors import DataError, UnknownName

MOST_HASHED = 200_000
"""Rows of a column that its fingerprint is made of."""


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of finite float64 numbers, equal in length; every other room may rely on that.

    Made by `read` and `from_arrays`, which check what they are given; the constructor itself checks nothing.

    columns:  read-only and one-dimensional. Our own, but for arrays of float64 of a million rows and more, which are
              views of what was given: that must not be changed as long as the table is used.
    source:   what messages call it: "readings.csv", "2 files", "data frame".
    truth:    the formula that made the data, with its numbers ("y = 0.1*x + 0.5"), where it is known.
    notices:  what was done to the data that its owner should hear.
    problems: columns that exist but hold no usable numbers; the error is raised when one is asked for by name.
    order:    all names as they stand in the source, if some of them are in neither.
    totals:   sums of the columns that are views, as they were when they were taken.

    >>> table = Table({"x": np.array([1.0, 2.0])})
    >>> table.rows, table.available
    (2, ('x',))
    """

    columns: Mapping[str, np.ndarray]
    source: str = "memory"
    truth: str | None = None
    notices: tuple[str, ...] = ()
    problems: Mapping[str, DataError] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    totals: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        object.__setattr__(self, "problems", MappingProxyType(dict(self.problems)))
        object.__setattr__(self, "totals", MappingProxyType(dict(self.totals)))

    @property
    def rows(self) -> int:
        """How many rows each column has."""
        return next((len(column) for column in self.columns.values()), 0)

    @property
    def available(self) -> tuple[str, ...]:
        """All names in the order of the file, those of unread and unusable columns too."""
        known = dict.fromkeys(self.order)
        known.update(dict.fromkeys((*self.columns, *self.problems)))
        return tuple(known)

    def __getitem__(self, name: str) -> np.ndarray:
        """The numbers of one column.

        Raises: DataError if the column cannot be used, UnknownName if there is none of that name.
        """
        found = self.columns.get(name)
        if found is not None:
            return found
        if name in self.problems:
            # Without its old traceback, which would grow with each time the column is asked for.
            raise self.problems[name].with_traceback(None)
        raise UnknownName("column", name, self.available)

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the columns that are views of arrays that have been changed since, as far as their sums tell."""
        known = {name: self.columns[name] for name in self.totals if name in self.columns}
        now = dict(zip(known, totals(list(known.values())), strict=True))
        return tuple(name for name, total in now.items() if total != self.totals[name])

    def fingerprint(self) -> str:
        """SHA-256 over names and numbers: tables with different fingerprints are different.

        Of a long column it sees the sum, of a view the one that it had, and evenly spaced rows: to read it all would
        take longer than many a fit.

        >>> one, two = Table({"x": np.array([1.0])}), Table({"x": np.array([1.0])}, source="elsewhere")
        >>> one.fingerprint() == two.fingerprint()
        True
        """
        digest = hashlib.sha256()
        for name, column in sorted(self.columns.items()):
            head = f"{len(name)}:{name}:{len(column)}:"
            digest.update(head.encode("utf-8", "surrogatepass"))
            if len(column) > MOST_HASHED:
                total = self.totals[name] if name in self.totals else totals([column])[0]
                digest.update(np.float64(total).tobytes())
                column = column[:: -(-len(column) // MOST_HASHED)]
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

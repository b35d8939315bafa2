"""Groups: the rows of a table, those of one key together, in the order in which the keys first appear."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.errors import DataError, RequestError, UnknownName

if TYPE_CHECKING:
    import polars

ROW = "row\0"
"""A column of row numbers that goes along while rows are left out; no column of a file has such a name."""
MOST_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows by group.

    keys:    a data frame (polars) of one row a group, the columns of `by` in their own types.
    columns: name -> (n,) float64, the rows of the first group first.
    starts:  (g + 1,), where each group begins, and the end.
    numbers: (n,), the place of each row in the source, from 0; None if they are as they were.
    """

    keys: "polars.DataFrame"
    columns: Mapping[str, np.ndarray]
    starts: np.ndarray
    numbers: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Rows in each group, (g,)."""
        return np.diff(self.starts)

    def slabs(self, rows: int, groups: int) -> Iterator["Groups"]:
        """The same in pieces of whole groups, of about so many rows and at most so many groups each."""
        first = 0
        while first < len(self):
            last = int(np.searchsorted(self.starts, self.starts[first] + rows, side="right")) - 1
            last = min(max(last, first + 1), first + groups, len(self))
            yield self.some(first, last)
            first = last

    def some(self, first: int, last: int) -> "Groups":
        """The groups from `first` to before `last`; a view, no copy."""
        begin, end = self.starts[first], self.starts[last]
        return Groups(
            self.keys.slice(first, last - first),
            {name: values[begin:end] for name, values in self.columns.items()},
            self.starts[first : last + 1] - begin,
            None if self.numbers is None else self.numbers[begin:end],
        )


def check_by(by: Any) -> tuple[str, ...]:
    """Names of the key columns.

    Raises: RequestError if they are no names, or one is given twice.

    >>> check_by("sensor"), check_by(["sensor", "day"])
    (('sensor',), ('sensor', 'day'))
    """
    names = (by,) if isinstance(by, str) else by
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) and name for name in names):
        raise RequestError(
            f"by is {by!r:.80}; give the name of the column that tells the groups apart, or several names"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise RequestError(f"by names {twice!r} twice; once is enough")
    return tuple(names)


def without_key(keys: "polars.DataFrame") -> np.ndarray:
    """Rows that have no key: null, not a number, or an empty text in any of the columns."""
    import polars

    lacking = np.zeros(keys.height, bool)
    for series in keys.get_columns():
        lacking |= series.is_null().to_numpy()
        if series.dtype.is_float():
            lacking |= series.is_nan().fill_null(True).to_numpy()
        elif series.dtype == polars.String and not lacking.all():
            lacking |= (series.str.strip_chars() == "").fill_null(True).to_numpy()
    return np.flatnonzero(lacking)


def no_key(source: str, by: tuple[str, ...], rows: np.ndarray, of: int) -> DataError:
    """The refusal of rows without a key; rows from 0."""
    shown = ", ".join(f"{row + 1:,}" for row in rows[:MOST_SHOWN].tolist())
    more = f" and {rows.size - MOST_SHOWN:,} more" if rows.size > MOST_SHOWN else ""
    what = f"{rows.size:,} of {of:,} rows have no key in {' or '.join(map(repr, by))}"
    return DataError(
        f"{source}: {what} (row {shown}{more}; row 1 is the first). Fill them in, or leave such rows out with "
        "--missing drop (Reading(missing='drop'))"
    )


def by_group(keys: "polars.DataFrame") -> tuple[np.ndarray | None, np.ndarray, "polars.DataFrame"]:
    """The order (n,) that brings the rows of a group together, None if they are; where each group begins (g + 1,); and
    their keys, one row a group, in the order in which they first appear.

    >>> import polars
    >>> order, starts, heads = by_group(polars.DataFrame({"key": ["b", "a", "b"]}))
    >>> order.tolist(), starts.tolist(), heads["key"].to_list()
    ([0, 2, 1], [0, 2, 3], ['b', 'a'])
    """
    import polars

    heads = runs(keys)
    begun = keys[heads]
    if begun.is_unique().all():
        return None, np.append(heads, keys.height), begun
    names = keys.columns
    found = keys.group_by(names, maintain_order=True).agg(polars.len().alias(ROW))
    places = found.select(names).with_row_index(ROW)
    which = keys.join(places, on=names, how="left", maintain_order="left", nulls_equal=True)[ROW].to_numpy()
    order = np.argsort(which, kind="stable")
    return order, np.append(0, np.cumsum(found[ROW].to_numpy().astype(np.int64))), found.select(names)


def runs(keys: "polars.DataFrame") -> np.ndarray:
    """Rows whose key differs from that of the row above; the first one too."""
    changed = np.zeros(keys.height, bool)
    changed[:1] = True
    for series in keys.get_columns():
        changed[1:] |= series.ne_missing(series.shift(1)).to_numpy()[1:]
    return np.flatnonzero(changed)


def check_keys(by: tuple[str, ...], available: Sequence[str]) -> None:
    """Refuse a key column that is not there.

    Raises: UnknownName with the nearest.
    """
    for name in by:
        if name not in available:
            raise UnknownName("key column", name, available)


def is_path(data: Any) -> bool:
    """Whether it is the path of a file, or several."""
    if isinstance(data, str | os.PathLike):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(each, str | os.PathLike) for each in data)


def shown_key(key: Sequence[Any]) -> str:
    """A key as messages show it.

    >>> shown_key(["north", 3])
    "('north', 3)"
    """
    return repr(key[0]) if len(key) == 1 else repr(tuple(key))

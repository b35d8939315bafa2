"""Fits: what came of many fits, one row a group."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.errors import RequestError, UnknownName
from downslope.report.numbers import number
from downslope.whole_file import whole

if TYPE_CHECKING:
    import polars

SHOWN = 5


@dataclass(frozen=True)
class GroupFit:
    """What came of one group; key: its values in the columns of `by`, one value where there is one column."""

    key: Any
    rows: int
    params: Mapping[str, float]
    errors: Mapping[str, float]
    loss: float
    state: str
    reason: str

    def __repr__(self) -> str:
        values = ", ".join(
            f"{name} = {number(value)} ± {number(self.errors[name], 2)}" for name, value in self.params.items()
        )
        return f"<{self.state} fit of {self.key!r}, {self.rows:,} rows: {values}; {self.reason}>"


@dataclass(frozen=True, eq=False, repr=False)
class Fits(Mapping[Any, GroupFit]):
    """What came of many fits: a mapping from the key of a group to its `GroupFit`, and columns of all groups.

    by:         the key columns; with several of them a key is a tuple.
    parameters: names of the parameters of the model; text: the model.
    states:     how many groups are in each state.
    notes:      what was chosen and why, and what was done to the data.
    stopped:    "" if all groups were fitted, otherwise why not.
    source:     gives the data frame of all columns; of fits that were written to a file, by reading it.

    >>> import downslope as ds
    >>> data = {"sensor": ["a"] * 3 + ["b"] * 3, "x": [0.0, 1.0, 2.0] * 2, "y": [1.0, 3.1, 4.9, 2.0, 2.9, 4.1]}
    >>> fits = ds.fit_many("y = w*x + k", data, by="sensor")
    >>> fits["a"].state, round(fits["a"].params["w"], 3), fits.table["w"].round(3)
    ('certified', 1.95, array([1.95, 1.05]))
    """

    by: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str
    states: Mapping[str, int]
    source: Callable[[], "polars.DataFrame"]
    notes: tuple[str, ...] = ()
    stopped: str = ""
    seconds: float = 0.0

    @cached_property
    def _frame(self) -> "polars.DataFrame":
        return self.source()

    @cached_property
    def table(self) -> Mapping[str, np.ndarray]:
        """name -> (g,), one entry a group in the order in which the keys first appear: the key columns, "rows", each
        parameter, each standard error as "<name>_error", "loss", "state" and "reason".
        """
        return MappingProxyType({name: self._frame[name].to_numpy() for name in self._frame.columns})

    @cached_property
    def _places(self) -> dict[Any, int]:
        return {key: place for place, key in enumerate(self._keys())}

    def _keys(self) -> Sequence[Any]:
        if len(self.by) == 1:
            return self._frame[self.by[0]].to_list()
        return self._frame.select(self.by).rows()

    def __len__(self) -> int:
        return sum(self.states.values())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._keys())

    def __getitem__(self, key: Any) -> GroupFit:
        """The fit of one group, by its key. Raises: UnknownName (a KeyError too) for a key that is not there."""
        wanted = tuple(key) if isinstance(key, list) else key
        try:
            place = self._places.get(wanted)
        except TypeError:
            place = None
        if place is None:
            raise UnknownKey("key", repr(wanted), [repr(each) for each in list(self._places)[:10_000]])
        row = self._frame.row(place, named=True)
        return GroupFit(
            wanted,
            row["rows"],
            {name: row[name] for name in self.parameters},
            {name: row[f"{name}_error"] for name in self.parameters},
            row["loss"],
            row["state"],
            row["reason"],
        )

    @property
    def failed(self) -> Mapping[Any, str]:
        """Key -> reason, of the groups whose fit is untrusted."""
        wrong = self._frame.filter(self._frame["state"] == "untrusted")
        keys = wrong[self.by[0]].to_list() if len(self.by) == 1 else wrong.select(self.by).rows()
        return dict(zip(keys, wrong["reason"].to_list(), strict=True))

    def to_polars(self) -> "polars.DataFrame":
        """All columns as a polars data frame."""
        return self._frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """For any library that takes Arrow: `pandas.DataFrame.from_arrow(fits)`."""
        return self._frame.__arrow_c_stream__(requested_schema)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the table as CSV, or as Parquet where the path ends so: whole, or not at all.

        Raises: RequestError for another ending; OutputError if the file exists (unless `force`) or cannot be written.
        """
        kind = check_ending(path)
        with whole(path, force=force) as file:
            if kind == "parquet":
                self._frame.write_parquet(file)
            else:
                self._frame.write_csv(file)

    def summary(self) -> str:
        """How many fits are in which state, and why some failed, in a few lines."""
        counted = ", ".join(f"{count:,} {state}" for state, count in self.states.items() if count)
        lines = [f"{len(self):,} fits of {self.text} by {' and '.join(self.by)}: {counted or 'none'}"]
        if self.states.get("untrusted"):
            failed = self.failed
            lines += [f"  {key!r}: {reason}" for key, reason in list(failed.items())[:SHOWN]]
            if len(failed) > SHOWN:
                lines.append(f"  and {len(failed) - SHOWN:,} more")
        return "\n".join([*lines, *([self.stopped] if self.stopped else [])])

    def __repr__(self) -> str:
        return f"<{self.summary()}>"


class UnknownKey(UnknownName, KeyError):
    """A key that no group has."""

    __str__ = UnknownName.__str__


def check_ending(path: str | os.PathLike[str]) -> str:
    """What kind of file a path asks for: "parquet" or "csv".

    Raises: RequestError for another ending.
    """
    name = os.fspath(path).lower()
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    if name.endswith(".csv"):
        return "csv"
    raise RequestError(f"fits are saved as .parquet or .csv; {os.fspath(path)!r} ends otherwise")

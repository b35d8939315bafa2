"""Writing: what came of each slab is kept, in memory or in a file that grows as slabs are finished."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.data.groups import ROW, Groups
from downslope.many.fits import check_ending
from downslope.many.verdicts import STATES
from downslope.whole_file import whole

if TYPE_CHECKING:
    import polars


class Collected:
    """Results so far. states: how many groups are in each; source: gives all of them as one data frame."""

    source: Callable[[], "polars.DataFrame"]

    def __init__(self, ordered: bool) -> None:
        self.states = dict.fromkeys(STATES, 0)
        self._ordered = ordered
        self._frames: list[polars.DataFrame] = []

    def add(self, slab: Groups, columns: Mapping[str, np.ndarray]) -> None:
        """Keep what came of a slab."""
        for state, count in zip(*np.unique(columns["state"].astype(str), return_counts=True), strict=True):
            self.states[str(state)] += int(count)
        self.keep(_framed(slab, columns, self._ordered))

    def keep(self, frame: "polars.DataFrame") -> None:
        """Keep a frame of results."""
        self._frames.append(frame)

    def finish(self) -> None:
        """All have come."""
        import polars

        whole_frame = polars.concat(self._frames) if self._frames else polars.DataFrame()
        self._frames = []
        if not self._ordered and whole_frame.width:
            whole_frame = whole_frame.sort(ROW).drop(ROW)
        self.source = lambda: whole_frame


class Written(Collected):
    """The same in a file: each slab goes to the folder `parts`, and all of them to the file at the end."""

    def __init__(self, ordered: bool, path: str, file: Any, parts: str) -> None:
        super().__init__(ordered)
        self._path, self._file, self._parts, self._count = path, file, parts, 0

    def keep(self, frame: "polars.DataFrame") -> None:
        """Keep a frame of results, in a file of its own until the end."""
        frame.write_parquet(os.path.join(self._parts, f"{self._count:08d}.parquet"))
        self._count += 1

    def finish(self) -> None:
        """Put all parts into the file, in the order of their groups."""
        import polars

        if not self._count:
            return
        found = polars.scan_parquet(os.path.join(self._parts, "*.parquet"))
        if not self._ordered:
            found = found.sort(ROW).drop(ROW)
        path, kind = self._path, check_ending(self._path)
        if kind == "parquet":
            found.sink_parquet(self._file)
        else:
            found.sink_csv(self._file)
        self.source = lambda: polars.read_parquet(path) if kind == "parquet" else polars.read_csv(path)


@contextmanager
def collected(path: str | os.PathLike[str] | None, force: bool, ordered: bool) -> Iterator[Collected]:
    """Where results are kept; the file takes its place at the end, also if somebody has stopped the work.

    ordered: whether slabs come in the order in which their keys first appear.
    """
    if path is None:
        kept = Collected(ordered)
        yield kept
        kept.finish()
        return
    with ExitStack() as stack:
        file = stack.enter_context(whole(path, force=force))
        folder = os.path.dirname(os.path.abspath(path))
        parts = stack.enter_context(TemporaryDirectory(prefix=".downslope-", dir=folder))
        kept = Written(ordered, os.fspath(path), file, parts)
        yield kept
        kept.finish()


def _framed(slab: Groups, columns: Mapping[str, np.ndarray], ordered: bool) -> "polars.DataFrame":
    """One row a group: its key, and what came of it; where the order is to be made later, with its first row."""
    import polars

    made = {
        name: polars.Series(name, values.tolist(), polars.String)
        if values.dtype == object
        else polars.Series(name, values)
        for name, values in columns.items()
    }
    frame = slab.keys.with_columns(**made)
    if ordered or slab.numbers is None:
        return frame
    return frame.with_columns(polars.Series(ROW, slab.numbers[slab.starts[:-1]]))

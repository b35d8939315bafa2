"""Clustering: a model and data that the workers of a cluster read, brought together. What comes out is a Problem of
some of the rows, which knows of all. Part of the conductor.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from downslope.census import DRAWN, FactorWork, Gather, Seen, census
from downslope.checkpointing import Checkpoints
from downslope.data import Reading, Stream, Table
from downslope.data.slices import FrameSlice, Slice, counted, cut
from downslope.errors import DataError, InputError, RequestError
from downslope.inputs import needed
from downslope.objective.cluster import Clustered, Refused, Shard
from downslope.objective.crew import ClusterLost, Crew, at_work
from downslope.objective.shards import Piece
from downslope.objective.travel import packed, unpacked
from downslope.plan import Plan
from downslope.posing import pose
from downslope.problem import Problem
from downslope.streaming import factor_work, head_of, posed, refuse_arrays


@dataclass(eq=False)
class OnCluster:
    """Data that the workers of a cluster read.

    given: a path, a pattern, several, a Stream of files, or a Dask DataFrame.
    """

    given: Any
    reading: Reading
    crew: Crew
    source: str = ""
    notices: tuple[str, ...] = ()
    available: tuple[str, ...] = field(default=())
    text = False

    @property
    def passed(self) -> str:
        """How a pass over its rows goes, in words."""
        count = 0 if self.crew.closed else len(self.crew.workers())
        return f"shared out among {count} worker{'' if count == 1 else 's'} of a cluster, which add up for each pass"

    @property
    def open(self) -> bool:
        """Whether a pass can begin now."""
        return not self.crew.closed

    @property
    def again(self) -> Any:
        """What is read once more after the cluster was closed."""
        if isinstance(self.given, Stream):
            return self.given
        if _is_dask(self.given):
            raise RequestError("the data were on a cluster that is closed now; give them again")
        return Stream(self.given, reading=self.reading)


@contextmanager
def on_cluster(cluster: Any, data: Any, reading: Reading | None, kept: Checkpoints | None = None) -> Iterator[Any]:
    """The data as they are posed: as given without a cluster, else to be read by its workers.

    Raises: RequestError for data that no worker can read, and as `at_work`; ClusterLost with what is `kept` of the run.
    """
    if cluster is None:
        yield data
        return
    given, chosen = data, reading or Reading()
    if isinstance(data, Stream):
        if not data.parts:
            raise RequestError(_unreadable(f"a Stream of {data.source}"))
        given, chosen = [part.path for part in data.parts], data.reading
    paths = [given] if isinstance(given, str | os.PathLike) else given
    if not _is_dask(given):
        if not isinstance(paths, list | tuple) or not all(isinstance(each, str | os.PathLike) for each in paths):
            raise RequestError(_unreadable(f"a {type(data).__name__}"))
        if not paths or any(os.fspath(each) == "-" for each in paths):
            raise RequestError(_unreadable("standard input" if paths else "nothing"))
        given = [os.path.abspath(each) for each in paths]
    try:
        with at_work(cluster) as crew:
            yield OnCluster(given, chosen, crew)
    except ClusterLost as error:
        left = kept.last if kept else "a checkpoint (checkpoint='run.ckpt') would have kept what was learned"
        raise ClusterLost(f"{error}; {left}") from None


def _unreadable(what: str) -> str:
    return (
        f"the workers of a cluster read the data themselves, so give a path, a pattern or a Dask DataFrame; {what} was "
        "given. What is in memory here is fitted faster here: leave cluster out"
    )


def _is_dask(data: Any) -> bool:
    return hasattr(data, "to_delayed") and hasattr(data, "columns")


def pose_on_cluster(model: Any, data: OnCluster, target: Any, plan: Plan, truth: str | None) -> Problem:
    """Have the workers read all rows once, bind the model to their columns, and check them.

    Raises: as `pose_stream`; ClusterLost.
    """
    refuse_arrays(target, plan)
    if data.crew.closed:
        return pose(model, data.again, target, plan, None, truth)
    slices, given, first = _opened(data, needed(model, target, plan))
    base = pose(model, first, target, plan, None, truth)
    gather = Gather(base.model, target, plan, base.objective.loss)
    taking = Counting(gather, factor_work(base, gather, first), plan.seed)
    shards = Clustered.of(data.crew, slices, taking, given, plan.device)
    seen, data.notices = _together(data.crew, shards, taking)
    if seen is None:
        raise DataError(f"{data.source}: there are no rows")
    problem = posed(model, data, target, plan, truth, seen, shards)
    if problem.everywhere is not None:
        return problem
    return replace(
        problem, notes=(*problem.notes, "so few rows are fitted here, and not on the cluster that read them")
    )


def _opened(data: OnCluster, wanted: set[str] | None) -> tuple[Sequence[Slice], Sequence[Any], Table]:
    """The slices, for each what it needs (or nothing), and the first rows; as a worker finds them."""
    crew = data.crew
    if _is_dask(data.given):
        parts = list(crew.client.compute(data.given.to_delayed(optimize_graph=True)))
        data.source, data.available = "Dask DataFrame", tuple(map(str, data.given.columns))
        slices: Sequence[Slice] = [FrameSlice(number, data.reading) for number in range(1, len(parts) + 1)]
        for each, part in zip(slices, parts, strict=True):
            found = _sound(crew.wait([crew.start(first_of, each, wanted, part)])[0])
            if found is not None:
                return slices, parts, found
        raise DataError("Dask DataFrame: there are no rows")
    found, head = _sound(crew.wait([crew.start(look_at, data.given, data.reading, wanted)])[0])
    if head is None:
        raise DataError(f"{found.source}: there are no rows")
    if found.unsure:
        counts = crew.wait([crew.start(count, part) for part in found.unsure])
        found = found.sure([_sound(each) for each in counts])
    data.source, data.available = found.source, found.names
    return found.slices, (), head


def look_at(paths: list[str], reading: Reading, wanted: set[str] | None) -> Any:
    """The cut of some files, and their first rows, on a worker."""
    try:
        stream = Stream(paths, reading=reading)
        first = next(stream.pieces(wanted), None)
        return cut(stream), None if first is None else head_of(first)
    except InputError as error:
        return Refused.of(error)


def first_of(each: Slice, wanted: set[str] | None, given: Any) -> Any:
    """The first rows of one slice, on a worker; None if it has none."""
    try:
        first = next(each.tables(wanted, given), None)
        return None if first is None else head_of(first)
    except InputError as error:
        return Refused.of(error)


def count(part: Any) -> Any:
    """Quotes and lines of a range of text, on a worker."""
    try:
        return counted(part)
    except InputError as error:
        return Refused.of(error)


def _sound(found: Any) -> Any:
    if isinstance(found, Refused):
        raise found.error()
    return found


@dataclass(frozen=True)
class Counting:
    """The census of a slice, while its pieces are kept."""

    gather: Gather
    work: FactorWork | None
    seed: int

    @property
    def wanted(self) -> set[str]:
        """The columns that are read."""
        return self.gather.wanted

    def piece(self, table: Table, first: int) -> Piece:
        """The rows of a table that count."""
        return self.gather(table, first)

    def __call__(
        self, tables: Iterator[Table], number: int, keep: Callable[[Piece], None], threads: int
    ) -> tuple[Seen | None, tuple[str, ...]]:
        """What is seen of a slice, None if it has no row; and what was done to its rows that is to be said."""
        notices: dict[str, None] = {}

        def kept(table: Table, first: int) -> Piece:
            piece = self.gather(table, first)
            keep(piece)
            notices.update(dict.fromkeys(table.notices))
            return piece

        first = next(tables, None)
        if first is None:
            return None, ()
        seen = census(chain([first], tables), kept, self.wanted, self.work, (self.seed, number), threads)
        return seen, tuple(notices)


def counted_by(shard: Shard) -> list[Any]:
    """What was seen of each slice of a shard but for the rows that were drawn, or why it cannot be used."""
    return [each if isinstance(each, Refused) else (_below(each[0], -1.0), each[1]) for each in shard.learned]


def drawn_by(shard: Shard, most: float) -> list[Seen | None]:
    """What was seen of each slice, with the rows whose random keys are no larger; on a worker."""
    shard.learned = [(_below(seen, most), said) for seen, said in shard.learned]  # the others are not needed again
    return [seen for seen, _ in shard.learned]


def _below(seen: Seen | None, most: float) -> Seen | None:
    """With the rows whose keys are no larger."""
    if seen is None:
        return None
    kept = seen.keys <= most
    columns = {name: values[kept] for name, values in seen.columns.items()}
    return seen._replace(keys=seen.keys[kept], numbers=seen.numbers[kept], columns=columns)


MARGIN = 1.05
"""Times the rows that are wanted are drawn, so that by chance there are not too few."""


def _together(crew: Crew, shards: Clustered, taking: Counting) -> tuple[Seen | None, tuple[str, ...]]:
    """What was seen of all slices, in their order, and what is to be said.

    Raises: DataError, RequestError for the first slice that cannot be used.
    """
    rows = 0
    said: dict[str, None] = {}
    for place, found in enumerate(chain.from_iterable(crew.results(counted_by, shards.futures))):
        if isinstance(found, Refused):
            if rows and shards.slices[place].again:  # its rows are counted from those before it
                found = crew.wait([crew.start(refusal, shards.slices[place], packed(taking), rows)])[0] or found
            raise found.error()
        seen, notices = found
        said.update(dict.fromkeys(notices))
        rows += 0 if seen is None else seen.rows
    most = MARGIN * DRAWN / max(rows, 1)  # keys are even between 0 and 1
    whole: Seen | None = None
    for seen in chain.from_iterable(crew.results(drawn_by, shards.futures, most)):
        if seen is not None:
            whole = seen if whole is None else whole.plus(seen, taking.work)
    return whole, tuple(said)


def refusal(each: Slice, taking: bytes, first: int) -> Refused | None:
    """Why a slice cannot be used, in words that count its rows from those before it; on a worker."""
    take: Counting = unpacked(taking)
    try:
        for table in each.tables(take.wanted, None):
            take.piece(table, first)
            first += table.rows
    except InputError as error:
        return Refused.of(error)
    return None

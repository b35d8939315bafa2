"""Rows on a cluster: the shards are futures of Dask, kept in the memory of the workers where they fit, and each pass is
one task for each worker, whose partial sums are added here, in the order of the rows.

Which slices there are depends on the data alone, so the same data give the same bits, however many workers there are
and whichever of them are lost on the way: a shard that is lost with its worker is read again by another one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from downslope.arrays import double_precision
from downslope.data.slices import Slice
from downslope.data.table import Table
from downslope.device import on_device
from downslope.errors import DataError, InputError, RequestError
from downslope.objective.crew import Crew
from downslope.objective.shards import Piece, Work, total
from downslope.objective.travel import packed, unpacked

SHARE = 0.3
"""Of a worker's memory that a shard may take; what is beyond is read again for each pass."""


class Taking(Protocol):
    """What is done with a slice when it is first read. It travels to the workers."""

    @property
    def wanted(self) -> set[str]:
        """The columns that are read."""

    def __call__(self, tables: Iterator[Table], number: int, keep: Callable[[Piece], None], threads: int) -> Any:
        """What is learned of the rows of a slice, each piece of which is shown to `keep`."""

    def piece(self, table: Table, first: int) -> Piece:
        """The rows of a table that count."""


class Share(NamedTuple):
    """Slices that are one worker's; first: how many stand before them."""

    slices: tuple[Slice, ...]
    first: int


@dataclass(frozen=True)
class Refused:
    """An error in the user's input as it was found elsewhere, to be raised here."""

    kind: type[InputError]
    said: str
    slice: int = 0

    @classmethod
    def of(cls, error: InputError, place: int = 0) -> "Refused":
        """That of an error; those that need more than their text are told as what they are made of."""
        return cls(DataError if isinstance(error, DataError) else RequestError, str(error), place)

    def error(self) -> InputError:
        """To be raised."""
        return self.kind(self.said)


class Shard:
    """What a worker has of its share: the pieces of each slice, or None where they are read again for each pass, and
    what was learned.
    """

    def __init__(self, share: Share, taking: bytes, given: tuple[Any, ...], threads: int, most: float) -> None:
        self.share, self._taking, self._given = share, taking, given
        self.held: list[list[Piece] | None] = []
        self.learned: list[Any] = []
        self.bytes = 0
        take: Taking = unpacked(taking)
        for place, each in enumerate(share.slices):
            pieces: list[Piece] = []
            number = share.first + place
            try:
                self.learned.append(take(self._tables(place, take.wanted), number, pieces.append, threads))
            except InputError as error:
                self.learned.append(Refused.of(error, number))
                return
            size = sum(_size(piece) for piece in pieces)
            kept = self.bytes + size <= most or not each.again
            self.held.append(pieces if kept else None)
            self.bytes += size if kept else 0
        self._given = ()  # all of it is held

    def __sizeof__(self) -> int:
        return self.bytes + 1000  # so that Dask knows what it would cost to move it

    def pieces(self, place: int) -> Iterator[Piece]:
        """The rows of one of its slices."""
        held = self.held[place]
        if held is not None:
            yield from held
            return
        take: Taking = unpacked(self._taking)
        first = 0
        for table in self._tables(place, take.wanted):
            yield take.piece(table, first)
            first += table.rows

    def added(self, work: Work, threads: int) -> list[Any]:
        """What each of its slices adds."""
        return [total(self.pieces(place), work, threads) for place in range(len(self.share.slices))]

    def _tables(self, place: int, wanted: set[str]) -> Iterator[Table]:
        given = self._given[place] if self._given else None
        return self.share.slices[place].tables(wanted, given)


def _size(piece: Piece) -> int:
    arrays = [*piece.columns.values(), piece.target, piece.weight, piece.spread]
    return sum(getattr(each, "nbytes", 0) for each in arrays)


def loaded(share: Share, taking: bytes, *given: Any) -> Shard:
    """A shard, on the worker that calls this."""
    threads, memory = _worker()
    return Shard(share, taking, given, threads, SHARE * memory)


def added(shard: Shard, work: bytes, device: str | None) -> list[Any] | Refused:
    """What each slice of a shard adds, on a worker."""
    try:
        with double_precision(), on_device(device):
            return shard.added(unpacked(work), _worker()[0])
    except InputError as error:
        return Refused.of(error)


def brought(shard: Shard, place: int) -> list[Piece] | Refused:
    """The rows of one slice of a shard, to be carried here."""
    try:
        return list(shard.pieces(place))
    except InputError as error:
        return Refused.of(error)


def _worker() -> tuple[int, float]:
    """Threads and bytes of memory of the worker that calls this."""
    from distributed import get_worker

    worker = get_worker()
    limit = getattr(getattr(worker, "memory_manager", None), "memory_limit", None)
    if not limit:
        import psutil

        limit = psutil.virtual_memory().total
    return worker.state.nthreads, float(limit)


@dataclass(frozen=True, eq=False)
class Clustered:
    """All rows of a problem, shared out among the workers of a cluster: `Shards`."""

    crew: Crew
    slices: tuple[Slice, ...]
    taking: Taking
    shares: tuple[Share, ...]
    futures: tuple[Any, ...]
    device: str | None = None
    """On what the workers compute; None: on what JAX finds there."""

    @classmethod
    def of(
        cls,
        crew: Crew,
        slices: Sequence[Slice],
        taking: Taking,
        given: Sequence[Any] = (),
        device: str | None = None,
    ) -> "Clustered":
        """Share the slices out and have them read. given: for each slice the future of what it needs, or nothing."""
        workers = crew.workers()
        shares = shared_out(slices, len(workers))
        raw = packed(taking)
        futures = []
        for share, worker in zip(shares, workers, strict=False):
            its = given[share.first : share.first + len(share.slices)] if given else ()
            futures.append(crew.start(loaded, share, raw, *its, on=worker))
        return cls(crew, tuple(slices), taking, tuple(shares), tuple(futures), device)

    def total(self, work: Work) -> Any:
        """What all rows add; one pass over them, on the workers.

        Raises: ClusterLost if the cluster is; DataError for a file that cannot be read any more.
        """
        if self.crew.closed:
            return _sum((total(self._here(place), work) for place in range(len(self.slices))), work)
        parts = self.crew.results(added, self.futures, packed(work), self.device)
        return _sum((each for part in parts for each in _sound(part)), work)

    def pieces(self) -> Iterator[Piece]:
        """All rows in order, brought here slice by slice."""
        if self.crew.closed:
            for place in range(len(self.slices)):
                yield from self._here(place)
            return
        places = [
            (future, place)
            for share, future in zip(self.shares, self.futures, strict=True)
            for place in range(len(share.slices))
        ]
        ahead = self.crew.start(brought, *places[0])
        for number in range(len(places)):
            now = ahead
            if number + 1 < len(places):
                ahead = self.crew.start(brought, *places[number + 1])
            yield from _sound(self.crew.wait([now])[0])

    def _here(self, place: int) -> Iterator[Piece]:
        """The rows of a slice, read here, after the cluster was closed."""
        if not self.slices[place].again:
            raise DataError("the rows were on a cluster that is closed now; fit again while it is there")
        first = 0
        for table in self.slices[place].tables(self.taking.wanted, None):
            yield self.taking.piece(table, first)
            first += table.rows


def shared_out(slices: Sequence[Slice], workers: int) -> list[Share]:
    """Slices that follow each other for each worker, about equal in size; for none more than there are slices.

    >>> from downslope.data.slices import FileSlice
    >>> [len(share.slices) for share in shared_out([FileSlice((), size) for size in (5, 1, 1, 1, 1, 1)], 2)]
    [1, 5]
    """
    workers = max(1, min(workers, len(slices)))
    whole = sum(each.size for each in slices)
    shares, first, behind = [], 0, 0.0
    for number in range(workers):
        goal = whole * (number + 1) / workers
        end = first
        most = len(slices) - (workers - number - 1)  # one at least is left for each that follows
        while end < most and (end == first or behind + slices[end].size / 2 <= goal):
            behind += slices[end].size
            end += 1
        if number == workers - 1:
            end = len(slices)
        shares.append(Share(tuple(slices[first:end]), first))
        first = end
    return shares


def _sound(found: Any) -> Any:
    if isinstance(found, Refused):
        raise found.error()
    return found


def _sum(parts: Iterable[Any], work: Work) -> Any:
    """The sum in the order of the rows; None if there is none."""
    whole: Any = None
    for part in parts:
        if part is not None:
            whole = part if whole is None else work.add(whole, part)
    return whole

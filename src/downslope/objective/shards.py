"""Shards: all rows of a problem, wherever they are, as those who add up what is asked of them.

Everything is a sum over rows. A `Work` says what a piece of rows adds; `Shards` go through all pieces, in memory, in
files or on a cluster, and add up: in one order, so that the same rows give the same bits.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from downslope.arrays import double_precision
from downslope.cores import cores
from downslope.device import on_gpu, same_device
from downslope.objective.objective import Curvature, Objective, Sums
from downslope.objective.rows import BLOCK, Rows

BLOCKS = 8
CHUNK = BLOCKS * BLOCK
"""Rows handed to a thread at a time: a few columns of them stay in the cache."""
AHEAD = 2
"""Chunks a core that wait for one, or are worked on, at most: what is in memory of a file."""


class Piece(NamedTuple):
    """Some rows: columns, target, weight (n,) each (None: all count the same); spread a number or (n,).

    first: how many rows stand before them.
    """

    columns: Mapping[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None = None
    spread: np.ndarray | float = 1.0
    first: int = 0

    def at(self, some: slice | np.ndarray) -> "Piece":
        """Some of these rows, by a slice or their places."""
        begins = some.start or 0 if isinstance(some, slice) else 0
        return Piece(
            {name: values[some] for name, values in self.columns.items()},
            self.target[some],
            None if self.weight is None else self.weight[some],
            self.spread[some] if isinstance(self.spread, np.ndarray) else self.spread,
            self.first + begins,
        )


class Work(Protocol):
    """What a piece adds, and how two such sums are added. It must be pure: it is called from several threads."""

    @property
    def most(self) -> int:
        """Rows that it takes at a time, at most."""

    def __call__(self, piece: Piece) -> Any:
        """What some rows add."""

    def add(self, one: Any, other: Any) -> Any:
        """The sum of what two sets of rows add; those of `one` come first."""


class Shards(Protocol):
    """All rows of a problem."""

    def total(self, work: Work) -> Any:
        """What all rows add; one pass over them."""

    def pieces(self) -> Iterator[Piece]:
        """All rows in order, brought here; one pass over them."""


@dataclass(frozen=True, eq=False)
class Streamed:
    """Rows that are read again for each pass; `read` begins one."""

    read: Callable[[], Iterator[Piece]]

    def total(self, work: Work) -> Any:
        """What all rows add: the next piece is read while those before it are worked on."""
        return total(self.read(), work)

    def pieces(self) -> Iterator[Piece]:
        """All rows in order."""
        return self.read()


def in_memory(rows: Piece) -> Streamed:
    """Rows that are in memory; no copy is made of them."""
    return Streamed(lambda: iter((rows,)))


def total(pieces: Iterable[Piece], work: Work, most: int | None = None) -> Any:
    """What some pieces add, a thread a core, or at `most` so many; None if there is no row."""
    added: Any = None
    waiting: deque[Future[Any]] = deque()
    count = 2 if on_gpu() else most or cores()  # one computes, the other brings the next chunk
    scope = same_device()

    def worked(chunk: Piece) -> Any:
        with scope():
            return work(chunk)

    def take() -> None:
        nonlocal added
        found = waiting.popleft().result()
        added = found if added is None else work.add(added, found)

    with ThreadPoolExecutor(count) as threads:
        try:
            for chunk in _chunks(pieces, work.most):
                waiting.append(threads.submit(worked, chunk))
                if len(waiting) >= AHEAD * count:
                    take()
            while waiting:
                take()
        finally:
            for future in waiting:
                future.cancel()
    return added


def _chunks(pieces: Iterable[Piece], most: int) -> Iterator[Piece]:
    for piece in pieces:
        for start in range(0, piece.target.size, most):
            yield piece.at(slice(start, start + most))


class Layout(NamedTuple):
    """What the arrays are that a compiled program takes of a piece."""

    names: tuple[str, ...]
    constants: tuple[str, ...]
    weighted: bool
    spreads: bool


def arrays_of(piece: Piece, constants: Mapping[str, np.ndarray]) -> tuple[Layout, tuple, tuple, int]:
    """A piece of no more than CHUNK rows for `as_rows`: its layout, its arrays (CHUNK,), constants (1,) and how many
    rows count; it is filled up with copies of its first row.
    """
    weights = [] if piece.weight is None else [piece.weight]
    spreads = [piece.spread] if isinstance(piece.spread, np.ndarray) else []
    arrays = [*piece.columns.values(), piece.target, *weights, *spreads]
    count = piece.target.size
    if count < CHUNK:
        arrays = [np.concatenate([values, np.full(CHUNK - count, values[0])]) for values in arrays]
    layout = Layout(tuple(piece.columns), tuple(constants), bool(weights), bool(spreads))
    return layout, tuple(arrays), tuple(constants.values()), count


def as_rows(layout: Layout, arrays: tuple, fixed: tuple, count: Any) -> Rows:
    """The same inside of a compiled program: rows in BLOCKS blocks, of which those that hold rows are `used`."""
    blocks = [jnp.reshape(values, (BLOCKS, BLOCK)) for values in arrays]
    size = len(layout.names)
    constants = {name: jnp.reshape(value, (1, 1)) for name, value in zip(layout.constants, fixed, strict=True)}
    target, *others = blocks[size:]
    weight = jnp.where(jnp.arange(CHUNK).reshape(BLOCKS, BLOCK) < count, 1.0, 0.0)
    if layout.weighted:
        weight = weight * others[0]
    spread = others[-1] if layout.spreads else jnp.ones((1, 1), target.dtype)
    columns = dict(zip(layout.names, blocks[:size], strict=True)) | constants
    return Rows(columns, target, weight, spread, (count + BLOCK - 1) // BLOCK)


@dataclass(frozen=True)
class SumsWork:
    """The sums that a step needs, at params (p,); as `Objective.sums` gives them, in NumPy's arrays."""

    objective: Objective
    constants: Mapping[str, np.ndarray]
    params: np.ndarray
    curvature: Curvature = ""
    most: ClassVar[int] = CHUNK

    def __call__(self, piece: Piece) -> Sums:
        layout, arrays, fixed, count = arrays_of(piece, self.constants)
        run = _summed(self.objective, layout, self.curvature)
        with double_precision():
            found: Sums = jax.tree.map(np.asarray, run(self.params, arrays, fixed, count))
        return found

    def add(self, one: Sums, other: Sums) -> Sums:
        plain: Sums = jax.tree.map(np.add, one._replace(triangle=None), other._replace(triangle=None))
        if one.triangle is None or other.triangle is None:
            return plain
        both = np.concatenate([one.triangle, other.triangle])
        return plain._replace(triangle=np.linalg.qr(both, mode="r"))  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def _summed(objective: Objective, layout: Layout, curvature: Curvature) -> Any:
    @jax.jit
    def run(params: jax.Array, arrays: tuple, fixed: tuple, count: Any) -> Sums:
        return objective.sums(params, as_rows(layout, arrays, fixed, count), curvature)

    return run

"""Everywhere: all rows of a problem of which only some are here. Part of the conductor."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from downslope.data import Scaling
from downslope.objective.shards import Piece, Shards


class Source(Protocol):
    """Where all rows come from, as it can be posed again: a `Stream`, or data on a cluster.

    passed: how a pass over them goes, in words; text: whether each pass reads text; open: whether
    there can be another pass now; notices: what was done to the data.
    """

    source: str
    notices: tuple[str, ...]

    @property
    def available(self) -> tuple[str, ...]: ...

    @property
    def text(self) -> bool: ...

    @property
    def open(self) -> bool: ...

    @property
    def passed(self) -> str: ...


@dataclass(frozen=True)
class Everywhere:
    """All rows of a problem of which only some are here.

    rows, weight: their number, and the sum of their weights; triangle: the factor R of [design | target] where the
    model is linear, (q + 1, q + 1); numbers: of the rows that are here, from 1.
    """

    shards: Shards
    rows: int
    weight: float
    triangle: np.ndarray | None
    numbers: np.ndarray
    fingerprint: str
    stream: Source

    @property
    def open(self) -> bool:
        """Whether there can be another pass now."""
        return self.stream.open

    def scaled(self, scaling: Scaling) -> Shards:
        """The same rows, in scaled columns."""
        return _Scaled(self.shards, scaling)


@dataclass(frozen=True)
class _Scaled:
    """Shards in scaled columns."""

    shards: Shards
    scaling: Scaling

    def total(self, work: Any) -> Any:
        return self.shards.total(_OnScaled(work, self.scaling))

    def pieces(self) -> Iterator[Piece]:
        return map(_OnScaled(None, self.scaling).scaled, self.shards.pieces())


@dataclass(frozen=True)
class _OnScaled:
    """A work on the scaled columns of a piece."""

    work: Any
    scaling: Scaling

    @property
    def most(self) -> int:
        return int(self.work.most)

    def scaled(self, piece: Piece) -> Piece:
        return piece._replace(columns=self.scaling.forward(piece.columns))

    def __call__(self, piece: Piece) -> Any:
        return self.work(self.scaled(piece))

    def add(self, one: Any, other: Any) -> Any:
        return self.work.add(one, other)

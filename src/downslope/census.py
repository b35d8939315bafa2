"""Census: one pass over a stream that learns how many rows there are, draws some of them, and, for a linear model,
keeps all that its rows can say. Part of the conductor.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from downslope.data import Table
from downslope.descent.factor import CHUNK, Near, piecewise_factor
from downslope.errors import DataError
from downslope.factoring import Straightened, design_rows
from downslope.inputs import raw_weights, target_of
from downslope.model import Model
from downslope.objective import Loss
from downslope.objective.loss import check_target
from downslope.objective.shards import Piece, total
from downslope.plan import Plan

DRAWN = 65_536
"""Rows that are drawn: starts are searched on them, and pictures made; with no more rows than these, they are all."""

TOGETHER = 64
"""Factors that are merged at a time."""


@dataclass(frozen=True)
class Gather:
    """How a table of a stream becomes rows of the problem; a value that may travel to where the rows are."""

    model: Model
    target: str | None
    plan: Plan
    loss: Loss

    @property
    def wanted(self) -> set[str]:
        """The columns that are read."""
        named = {each for each in (self.target, self.plan.sigma, self.plan.weights) if isinstance(each, str)}
        return {*self.model.columns, *self.model.target_columns, *named}

    def __call__(self, table: Table, first: int) -> Piece:
        """The rows of a table that count; `first` of the stream stand before it.

        Raises: DataError, RequestError with the row.
        """
        weight, spread = raw_weights(table, self.plan, self.loss, table.rows, first)
        counted = None if weight is None or weight.all() else np.flatnonzero(weight)
        some = slice(None) if counted is None else counted
        target, name = target_of(self.model, table, self.target, some, first)
        if self.loss.key != "mse" and target.size:
            check_target(self.loss, target / spread, name, first)
        columns = {each: table[each][some] for each in self.model.columns}
        weight = None if weight is None else weight[some]
        return Piece(columns, target, weight, spread[some] if isinstance(spread, np.ndarray) else spread, first)


class _NotStraight(Exception):
    pass


class Seen(NamedTuple):
    """What a census saw. rows: of the stream; counted: those that count; low, high: of the targets; sums: of the
    columns; the rest is of the rows that were drawn: random
    keys (k,), numbers (k,), from 0, and columns.
    """

    rows: int
    counted: int
    weight: float
    low: float
    high: float
    sums: Mapping[str, float]
    keys: np.ndarray
    numbers: np.ndarray
    columns: Mapping[str, np.ndarray]
    found: Any = None

    def plus(self, other: "Seen", work: "FactorWork | None") -> "Seen":
        """What both saw; the rows of `other` come after those of this one."""
        keys = np.concatenate([self.keys, other.keys])
        kept = np.sort(_smallest(keys))
        numbers = np.concatenate([self.numbers, other.numbers + self.rows])
        columns = {name: np.concatenate([self.columns[name], other.columns[name]])[kept] for name in self.columns}
        both = self.found is not None and other.found is not None and work is not None
        return Seen(
            self.rows + other.rows,
            self.counted + other.counted,
            self.weight + other.weight,
            min(self.low, other.low),
            max(self.high, other.high),
            {name: self.sums[name] + other.sums[name] for name in self.sums},
            keys[kept],
            numbers[kept],
            columns,
            work.add(self.found, other.found) if both and work else None,
        )


@dataclass(frozen=True)
class FactorWork:
    """The factor R of [design | target] of some rows, or several, of parts of them; nan where the model is not linear
    on them.
    """

    straight: Straightened
    near: Near | None
    most: ClassVar[int] = CHUNK

    def __call__(self, piece: Piece) -> np.ndarray:
        width = len(self.straight.model.parameters) + 1
        try:
            return piecewise_factor(lambda some: self._rows(piece.at(some)), piece.target.size, width, self.near)[None]
        except _NotStraight:
            return np.full((1, width, width), np.nan)

    def _rows(self, piece: Piece) -> np.ndarray:
        rows = design_rows(self.straight, piece)
        if rows is None:
            raise _NotStraight
        return rows

    def add(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        both = np.concatenate([one, other])
        return both if len(both) <= TOGETHER else self.folded(both)[None]

    @staticmethod
    def folded(factors: np.ndarray) -> np.ndarray:
        """The factor (q + 1, q + 1) of the rows of some (k, q + 1, q + 1)."""
        width = factors.shape[-1]
        if not np.isfinite(factors).all():
            return np.full((width, width), np.nan)
        return np.asarray(np.linalg.qr(factors.reshape(-1, width), mode="r"))


def census(
    tables: Iterable[Table],
    gather: Callable[[Table, int], Piece],
    wanted: Collection[str],
    work: FactorWork | None,
    seed: Sequence[int],
    threads: int | None = None,
) -> Seen:
    """One pass over tables of a stream, or of a part of one.

    Args:   gather, wanted: as a `Gather` does it, and the columns that it wants. seed: of the random keys, another for
            each part. threads: at most so many, one a core if left out.
    Raises: DataError for what cannot be used.
    """
    tally = _Tally(gather, sorted(wanted), tuple(seed))
    found = total(tally.pieces(tables), work, threads) if work is not None else None
    if work is None:
        for _ in tally.pieces(tables):
            pass
    return tally.seen(found)


@dataclass
class _Tally:
    """What is counted and drawn while the pieces of a pass go by."""

    gather: Callable[[Table, int], Piece]
    wanted: Sequence[str]
    seed: tuple[int, ...]
    rows: int = 0
    counted: int = 0
    weight: float = 0.0
    low: float = np.inf
    high: float = -np.inf
    sums: dict[str, float] = field(default_factory=dict)
    drawn: list[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]] = field(default_factory=list)

    def pieces(self, tables: Iterable[Table]) -> Iterator[Piece]:
        for number, table in enumerate(tables):
            piece = self.gather(table, self.rows)
            self._draw(table, number)
            self.rows += table.rows
            self.counted += piece.target.size
            self.weight += float(piece.target.size if piece.weight is None else piece.weight.sum())
            if piece.target.size:
                self.low = min(self.low, float(piece.target.min()))
                self.high = max(self.high, float(piece.target.max()))
            for name in self.wanted:
                self.sums[name] = self.sums.get(name, 0.0) + float(table[name].sum())
            yield piece

    def _draw(self, table: Table, number: int) -> None:
        """Rows with the smallest of random keys are a sample without replacement of all; those that are not among the
        smallest so far are not kept.
        """
        generator = np.random.default_rng([*self.seed, number])
        most = min(1.0, 1.5 * DRAWN / (self.rows + table.rows))
        # keys are drawn only for as many rows as have one below `most`: as likely as all of them, and far fewer
        count = int(generator.binomial(table.rows, most))
        taken = np.sort(generator.choice(table.rows, count, replace=False, shuffle=False))
        columns = {name: table[name][taken] for name in self.wanted}
        self.drawn.append((generator.uniform(0.0, most, count), taken + self.rows, columns))
        if sum(part[0].size for part in self.drawn) > 4 * DRAWN:
            self.drawn = [self._kept()]

    def _kept(self) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        keys = np.concatenate([part[0] for part in self.drawn])
        kept = np.sort(_smallest(keys))
        numbers = np.concatenate([part[1] for part in self.drawn])[kept]
        names = self.wanted
        return (
            keys[kept],
            numbers,
            {name: np.concatenate([part[2][name] for part in self.drawn])[kept] for name in names},
        )

    def seen(self, found: Any) -> Seen:
        if not self.drawn:
            raise DataError("there are no rows")
        keys, numbers, columns = self._kept()
        return Seen(self.rows, self.counted, self.weight, self.low, self.high, self.sums, keys, numbers, columns, found)


def _smallest(keys: np.ndarray) -> np.ndarray:
    """Places of the DRAWN smallest."""
    return np.arange(keys.size) if keys.size <= DRAWN else np.argpartition(keys, DRAWN)[:DRAWN]

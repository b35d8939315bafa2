"""Globs: all rows of a loss with kinks, wherever they are, as the few near their kink and two that stand for the rest.

Where the residuals of many rows keep their sign, the sum of those rows is one row that costs as much, for any
parameters that leave the signs as they are, and never more elsewhere (Portnoy and Koenker 1997).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from downslope.descent.factor import ALONE
from downslope.descent.kinks.linear_program import side
from downslope.descent.kinks.vertex import blur
from downslope.errors import RequestError
from downslope.objective.shards import Piece


def _at_a_time(params: int) -> int:
    """Rows that stay in the cache with all that is made of them, so few that no product of them is shared out."""
    return max(2048, min(8192, ALONE // params**2))


class Given(NamedTuple):
    """Rows of a linear model as numbers: columns [matrix | right] (p + 1, n), what each row costs, its share in the
    loss (n,), and the size of what cancels in its right side (n,).
    """

    rows: np.ndarray
    cost: np.ndarray
    size: np.ndarray

    def residual(self, points: np.ndarray) -> np.ndarray:
        """Residuals (k, n) at points (k, p)."""
        return self.rows[-1] - points @ self.rows[:-1]

    def fuzz(self, points: np.ndarray) -> np.ndarray:
        """What rounding may make of them (k, n)."""
        return blur(len(self.rows) - 1, self.size + 2.0 * (np.abs(points) @ np.abs(self.rows[:-1])))


@dataclass(frozen=True)
class Kinks:
    """Mean over all rows of factor weight ρ((target - prediction) / spread), with ρ the pinball loss of a level.

    rows_of: rows to their [matrix | right] (p + 1, n), without weight and spread; None where the model is no number.
    weight: of all rows.
    """

    rows_of: Callable[[Piece], np.ndarray | None]
    level: float
    factor: float
    weight: float

    def given(self, piece: Piece) -> Given:
        """The rows of a piece.

        Raises: RequestError for a row where no parameters give a number.
        """
        rows = self.rows_of(piece._replace(weight=None, spread=1.0))
        if rows is None or not np.isfinite(rows).all():
            raise RequestError(_no_number(rows, piece))
        weight = np.ones(piece.target.size) if piece.weight is None else piece.weight
        cost = self.factor * (weight / self.weight) / piece.spread
        return Given(rows, cost, np.abs(piece.target) + np.abs(piece.target - rows[-1]))

    def loss(self, given: Given, residual: np.ndarray) -> np.ndarray:
        """Share in the loss (k,) of rows with residuals (k, n)."""
        return np.sum(given.cost * np.maximum(self.level * residual, (self.level - 1.0) * residual), axis=-1)

    def slope(self, given: Given, residual: np.ndarray) -> np.ndarray:
        """Share in the slope of the loss by the parameters (k, p); a kink counts as flat."""
        force = given.cost * side(residual, self.level)
        return np.array([-np.sum(given.rows[:-1] * each, axis=1) for each in force])


def _no_number(rows: np.ndarray | None, piece: Piece) -> str:
    bad = np.ones(piece.target.size, bool) if rows is None else ~np.isfinite(rows).all(axis=0)
    if rows is None and piece.target.size > 1:
        return (
            f"the model is not linear in its parameters, or no number, on rows {piece.first + 1:,} to "
            f"{piece.first + piece.target.size:,}"
        )
    row = int(np.argmax(bad))
    there = ", ".join(f"{name} = {values[row]:g}" for name, values in piece.columns.items())
    place = "" if piece.weight is not None else f" {piece.first + row + 1:,}"  # rows of weight 0 are not counted here
    return f"the model is not a finite number, whatever its parameters, in row{place} ({there})"


class Seen(NamedTuple):
    """What a pass saw: sums, and what rounding has taken from them (m,); rows that left their glob, or were never in
    one, (p + 3, n) each: columns, right side, cost and size; and how many these are (where too many, none is kept).
    """

    sums: np.ndarray
    rest: np.ndarray
    near: tuple[np.ndarray, ...]
    kept: int

    @property
    def total(self) -> np.ndarray:
        """The sums."""
        return self.sums + self.rest


class Glob(NamedTuple):
    """Rows with residuals of one sign, summed up, each times its cost: cost, [matrix | right] (p + 1,), size, and
    |matrix| (p,).
    """

    cost: float
    row: np.ndarray
    size: float
    lengths: np.ndarray


@dataclass(frozen=True)
class GlobWork:
    """One pass: loss and slopes at some points, (m, p), and the rows as they are seen from centers (k, p).

    A row is in a glob if it is farther from its kink than `reach` times its length in orthogonal coordinates, turn
    (p, r), at the first center, and has the same sign at all others. The rows that are in none are kept; where there
    are several centers, only those that were in one before the last.
    """

    kinks: Kinks
    looked: np.ndarray
    centers: np.ndarray
    turn: np.ndarray
    reach: float
    keeps: int

    @property
    def most(self) -> int:
        """Rows that it takes at a time."""
        return _at_a_time(len(self.turn))

    def __call__(self, piece: Piece) -> Seen:
        given = self.kinks.given(piece)
        there = given.residual(self.looked)
        sums = [self.kinks.loss(given, there), self.kinks.slope(given, there).ravel()]
        residual, edge = given.residual(self.centers), given.fuzz(self.centers)
        edge[0] += self.reach * np.linalg.norm(self.turn.T @ given.rows[:-1], axis=0)
        above, below = residual > edge, residual < -edge
        for inside in (above, below):
            cost = np.where(inside.all(axis=0), given.cost, 0.0)
            rows = given.rows * cost
            lengths = np.sum(np.abs(rows[:-1]), axis=1)
            sums.append(np.concatenate([[cost.sum()], np.sum(rows, axis=1), [np.sum(given.size * cost)], lengths]))
        near = ~(above.all(axis=0) | below.all(axis=0)) & (given.cost > 0)
        if len(self.centers) > 1:
            near &= above[:-1].all(axis=0) | below[:-1].all(axis=0)
        found = np.vstack([given.rows[:, near], given.cost[near], given.size[near]])
        flat = np.concatenate(sums)
        return self._kept(Seen(flat, np.zeros_like(flat), (found,), found.shape[1]))

    def add(self, one: Seen, other: Seen) -> Seen:
        sums = one.sums + other.sums
        part = sums - one.sums
        lost = (one.sums - (sums - part)) + (other.sums - part)  # Knuth's two-sum: many pieces cost no digits
        return self._kept(Seen(sums, one.rest + other.rest + lost, one.near + other.near, one.kept + other.kept))

    def _kept(self, seen: Seen) -> Seen:
        return seen._replace(near=()) if seen.kept > self.keeps else seen

    def told(self, seen: Seen) -> tuple[np.ndarray, np.ndarray, tuple[Glob, Glob]]:
        """Losses (m,) and slopes (m, p) at the points, and both globs."""
        points, params = self.looked.shape
        losses, slopes, *globs = np.split(seen.total, np.cumsum([points, points * params, 2 * params + 3]))
        return losses, slopes.reshape(points, params), (_glob(globs[0]), _glob(globs[1]))


def _glob(sums: np.ndarray) -> Glob:
    params = (sums.size - 3) // 2
    return Glob(float(sums[0]), sums[1 : params + 2], float(sums[params + 2]), sums[params + 3 :])


@dataclass(frozen=True)
class SmoothWork:
    """Loss, slope and bend (1 + r + r²,) at a point (p,), in orthogonal coordinates turn (p, r), of kinks that are
    rounded within `reach` times the length of each row.
    """

    kinks: Kinks
    point: np.ndarray
    turn: np.ndarray
    reach: float

    @property
    def most(self) -> int:
        """Rows that it takes at a time."""
        return _at_a_time(len(self.turn))

    def __call__(self, piece: Piece) -> np.ndarray:
        given = self.kinks.given(piece)
        residual = given.residual(self.point[None])[0]
        white = self.turn.T @ given.rows[:-1]
        width = self.reach * np.linalg.norm(white, axis=0)
        near = np.abs(residual) < width
        slope = side(residual, self.kinks.level)
        slope[near] = self.kinks.level - 0.5 + residual[near] / (2.0 * width[near])
        some = white[:, near]
        bend = (some * (given.cost[near] / (2.0 * width[near]))) @ some.T
        loss = self.kinks.loss(given, residual[None])
        return np.concatenate([loss, -(white @ (given.cost * slope)), bend.ravel()])

    def add(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return one + other

    def told(self, sums: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss, and the move (p,) to where the rounded loss is lowest, as far as its bend tells."""
        rank = self.turn.shape[1]
        bend = sums[1 + rank :].reshape(rank, rank)
        return float(sums[0]), -(self.turn @ np.linalg.lstsq(bend, sums[1 : 1 + rank], rcond=1e-10)[0])

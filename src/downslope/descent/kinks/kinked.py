"""A loss with kinks, the places it is looked at from, and what is seen from there: the values of the searches in
`straight` and `curved`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from downslope.descent.kinks.linear_program import Lines, pinball
from downslope.descent.kinks.vertex import blur

NEGLIGIBLE, ROUNDING = 1e-13, 1e-10
"""Gain left, as a share of the loss, below which nothing is left to do, and that may be an illusion of rounding when no
step lowers the loss any more."""


class Kinked(NamedTuple):
    """Mean over the rows of factor weight ρ((target - prediction) / spread), with ρ the pinball loss of a level.

    predict (p,) -> (n,) and jacobian (p,) -> (n, p); target and weight (n,); spread a number or (n,); bounds (p,), ±inf
    where there are none. mae is level 0.5 and factor 2. linear: whether the jacobian is the same everywhere.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    jacobian: Callable[[np.ndarray], np.ndarray]
    target: np.ndarray
    weight: np.ndarray
    spread: np.ndarray | float
    level: float
    factor: float
    lower: np.ndarray
    upper: np.ndarray
    linear: bool


class Place(NamedTuple):
    """Parameters (p,), residuals (n,) and what rounding may make of them (n,), loss, and derivatives (n, p)."""

    params: np.ndarray
    residual: np.ndarray
    fuzz: np.ndarray
    loss: float
    matrix: np.ndarray

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.loss) and np.isfinite(self.fuzz).all() and np.isfinite(self.matrix).all())


class View(NamedTuple):
    """What is seen from a place: loss left to gain, slopes (n,) that say so, why it is over ("" if not), and whether
    it is the only lowest point."""

    here: Place
    gap: float
    slope: np.ndarray
    end: str = ""
    unique: bool = False


class Case(NamedTuple):
    """A problem's rows that have weight: their places, targets (n,) and costs (n,), the share of each in the loss."""

    problem: Kinked
    used: np.ndarray
    target: np.ndarray
    cost: np.ndarray

    def residual(self, params: np.ndarray) -> np.ndarray:
        """target - prediction (n,)."""
        return self.target - np.asarray(self.problem.predict(params), float)[self.used]

    def loss(self, params: np.ndarray) -> float:
        """Loss of parameters (p,)."""
        return pinball(self.residual(params), self.cost, self.problem.level)

    def negligible(self, here: Place, share: float = NEGLIGIBLE) -> float:
        """Gain too small to count: a share of the loss, or what rounding of the residuals makes of it."""
        return share * here.loss + 4.0 * float(self.cost @ here.fuzz)

    def place(self, params: np.ndarray, known: np.ndarray | None = None) -> Place:
        """Evaluate; known: the derivatives (n, p), where they are the same everywhere."""
        residual = self.residual(params)
        matrix = np.asarray(self.problem.jacobian(params), float)[self.used] if known is None else known
        size = np.abs(self.target) + np.abs(self.target - residual)
        if self.problem.linear:
            size = size + np.abs(matrix) @ np.abs(params)
        loss = pinball(residual, self.cost, self.problem.level)
        return Place(params, residual, blur(params.size, size), loss, matrix)

    def lines(self, here: Place, reach: np.ndarray | float = np.inf) -> Lines:
        """The kinked lines at a place, for moves of each parameter up to `reach` (p,) within the bounds."""
        low, high = self.problem.lower - here.params, self.problem.upper - here.params
        walls = bool(np.isfinite(low).any() or np.isfinite(high).any())
        low, high = np.maximum(low, -reach), np.minimum(high, reach)
        return Lines(here.matrix, here.residual, self.cost, self.problem.level, low, high, walls)

    def moved(self, here: Place, move: np.ndarray) -> np.ndarray:
        """Parameters (p,) after a move; on a bound, to the bit, where it ends there."""
        return moved(here.params, move, self.problem.lower, self.problem.upper)


def moved(params: np.ndarray, move: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Parameters (p,) after a move, within bounds (p,); on one, to the bit, where the move ends there."""
    after = np.where(move == lower - params, lower, params + move)
    return np.clip(np.where(move == upper - params, upper, after), lower, upper)


def case(problem: Kinked) -> Case | None:
    """The rows that count; None if the numbers make no loss: no weight, or costs that are not positive numbers."""
    used = np.flatnonzero(problem.weight != 0)
    spread = np.broadcast_to(np.asarray(problem.spread, float), problem.target.shape)
    cost = (problem.factor * (problem.weight / problem.weight.sum()) / spread)[used]
    if not (used.size and np.isfinite(cost).all() and (cost > 0).all()):
        return None
    return Case(problem, used, problem.target[used], cost)

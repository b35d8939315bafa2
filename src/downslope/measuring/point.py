"""A point of the objective as the readings look at it."""

from typing import NamedTuple

import numpy as np

from downslope.factoring import slopes_squared
from downslope.problem import Problem


class Point(NamedTuple):
    """Slope (q,), curvature (q, q), and mean of the rows' slopes times themselves (q, q)."""

    gradient: np.ndarray
    hessian: np.ndarray
    scores: np.ndarray

    def scatter(self, directions: np.ndarray) -> np.ndarray:
        """Mean square of the rows' slopes along directions (q, m), one a column: (m,)."""
        return np.einsum("ij,ik,kj->j", directions, self.scores, directions)

    @property
    def finite(self) -> bool:
        """Whether slope and curvature are numbers."""
        return bool(np.isfinite(self.hessian).all() and np.isfinite(self.gradient).all())


def look_at(problem: Problem, params: np.ndarray) -> Point:
    """What is seen from a point (p,) of the user's parameters, in what the descent works in."""
    free = params[list(problem.restriction.free)]
    turn = np.eye(free.size) if problem.rescaling is None else problem.rescaling.turn
    straight = problem.straight
    if straight is None:
        seen = problem.look(free, np.eye(free.size))
        gradient, hessian, scores = seen.gradient, seen.hessian, seen.scores
    else:
        gradient, scores = straight.gradient(free), slopes_squared(problem, free)
        hessian = 2.0 * (straight.matrix.T @ straight.matrix) / straight.weight
    return Point(turn.T @ gradient, turn.T @ hessian @ turn, turn.T @ scores @ turn)

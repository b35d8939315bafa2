"""The loss around the answer: where it is cut, how wide, and how high it is there."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from downslope.errors import RequestError
from downslope.scenes.request import Request

if TYPE_CHECKING:
    from downslope.descent import Straight
    from downslope.problem import Problem

MOST_ROWS, QUICK_ROWS = 20_000, 2_000
"""Rows beyond which heights are those of a sample, where no formula gives them for all."""
BLURRED = 1e-10
"""Smallest by largest singular value up to which a minimum is no point but a line."""
MARGIN = 0.3
RUN_OFF, FIRST_STEPS = 1e3, 4
"""A descent has run off where its loss is so many times that of the start; so many steps of it are shown at least."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss of a run as a function of its parameters, and the part of its way that a picture is to hold.

    Points are (m, p) of the user's parameters.
    """

    request: Request

    @cached_property
    def problem(self) -> "Problem | None":
        """What was fitted to what; None for a loop that was watched, or if its data were not kept."""
        # here alone is the workshop needed: a saved run shows its data and its curve without JAX
        from downslope.arrays import double_precision
        from downslope.posing import pose_again

        fit = self.request.fit
        if fit.problem is not None or fit.run.chosen.get("watched"):
            return fit.problem
        with double_precision():
            return pose_again(fit.run, fit.spec, fit.plan)

    @cached_property
    def floor(self) -> np.ndarray:
        """The point (p,) through which the loss is cut: the answer, or the best point of a descent that ran off."""
        history, run = self.request.history, self.request.run
        usable = self._finite.size and not self.ran_off
        point = run.params if usable or not len(history) else history.params[history.best]
        return np.where(np.isfinite(point) & (np.abs(point) < 1e150), point, 0.0)

    @cached_property
    def ran_off(self) -> bool:
        """Whether the answer is worse than the start: seen from there, all that could be understood would be a dot."""
        return bool(self._finite.size) and not self.request.run.loss <= self.request.history.loss[0]

    @cached_property
    def near(self) -> np.ndarray:
        """Rows of the history that the picture is to hold: all, or of a descent that ran off the first few."""
        history, finite = self.request.history, self._finite
        if not self.ran_off:
            return finite
        held = finite[history.loss[finite] <= RUN_OFF * history.loss[0]]
        return held if held.size >= FIRST_STEPS else finite[:FIRST_STEPS]

    @cached_property
    def _finite(self) -> np.ndarray:
        history = self.request.history
        return np.flatnonzero(history.finite & (np.abs(history.params) < 1e150).all(axis=1))

    def around(self, way: np.ndarray, here: float, count: int) -> np.ndarray:
        """Values (count,) along one direction around the floor, which is at `here`, wide enough for the steps that lie
        within reach of the start; way: (k,) where the history's rows are along it.
        """
        seen = way[self.near]
        begin = float(seen[0]) if seen.size else here
        least = 1e-3 * abs(here) if len(way) > 1 else 3 * max(abs(here), 1.0)  # who stands still looks around
        reach = 4 * max(abs(begin - here), least, 1e-12)
        if self.ran_off and seen.size:
            reach = max(reach, float(np.ptp(seen)))
        near = seen[np.abs(seen - here) <= reach]
        low, high = min(near.min(initial=here), begin), max(near.max(initial=here), begin)
        margin = MARGIN * max(high - low, reach / 4)
        return np.linspace(low - margin, high + margin, count)

    def losses(self, points: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        """The objective at points, (m,), and what is to be known of it."""
        problem = self.problem
        if problem is None:
            raise RequestError("the loss of a loop that was watched is known at its own steps only")
        return _losses(problem, points, QUICK_ROWS if self.request.quick else MOST_ROWS)

    @cached_property
    def minimum(self) -> np.ndarray | None:
        """The lowest point known (p,): in closed form, or found by means of our own; None if there is none."""
        problem, known = self.problem, self.request.measured.taken.reference
        if problem is not None and problem.straight is not None and not problem.bounded:
            free = _lowest(problem)
            return None if free is None else np.asarray(problem.restriction.full(free))
        if known is not None:
            return known.params
        return self.request.run.params if self.request.run.state == "certified" else None


def _losses(problem: "Problem", points: np.ndarray, most: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """The objective at points (m, p), of so many rows at most, and what is to be known of it."""
    from downslope.arrays import double_precision
    from downslope.probe import losses_at

    free = points[:, list(problem.restriction.free)]
    straight = problem.straight
    with np.errstate(all="ignore"):
        if straight is not None:
            triangle = _triangle(straight)
            left = free @ triangle[:, :-1].T - triangle[:, -1]
            return np.einsum("ij,ij->i", left, left) / straight.weight, ()
        if problem.rescaling is not None:
            free = np.linalg.solve(problem.rescaling.turn, (free - problem.rescaling.shift).T).T
        count = problem.target.size
        rows = problem.rows if count <= most else problem.some_rows(most, 0)
        said = (f"the loss around the steps is that of {most:,} of {count:,} rows, drawn at random",)
        with double_precision():
            return losses_at(problem.objective, free, rows), said if count > most else ()


def _triangle(straight: "Straight") -> np.ndarray:
    """R of the QR of [matrix | right]: (p + 1, p + 1), or as many rows as there are."""
    return np.asarray(np.linalg.qr(np.column_stack([straight.matrix, straight.right]), mode="r"))


def _lowest(problem: "Problem") -> np.ndarray | None:
    """The minimum (q,) of linear least squares, as exactly as a picture needs it; None if it is not one point."""
    straight = problem.straight
    if straight is None or not np.isfinite(straight.matrix).all():
        return None
    triangle, size = _triangle(straight), straight.matrix.shape[1]
    width = np.linalg.norm(triangle[:, :size], axis=0)
    if len(triangle) < size or not width.all():
        return None
    values = np.linalg.svd(triangle[:size, :size] / width, compute_uv=False)
    if not values[-1] > BLURRED * values[0]:
        return None
    return np.asarray(np.linalg.solve(triangle[:size, :size] / width, triangle[:size, size]) / width)

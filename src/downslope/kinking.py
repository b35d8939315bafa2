"""Kinking: a problem whose loss has kinks, as descent and certificate take it, with rows in memory or elsewhere.
Part of the conductor.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from downslope.descent.kinks import Kinked, Kinks, Met, Point, Scattered, scattered_covariance, sparsity_covariance
from downslope.errors import RequestError
from downslope.factoring import Straightened, design_rows
from downslope.plan import Plan
from downslope.probe import jacobian
from downslope.problem import Problem
from downslope.strategy import FEW_PARAMETERS


def kinked(problem: Problem) -> Kinked:
    """The rows that are in memory, in what the descent works with."""
    columns = {**problem.inner_columns, **problem.constants}
    level, factor = _level(problem)
    return Kinked(
        lambda params: np.asarray(problem.objective.predict(params, columns), dtype=np.float64),
        lambda params: jacobian(problem.objective, params, columns),
        problem.target,
        problem.weights,
        problem.spread,
        level,
        factor,
        problem.lower,
        problem.upper,
        len(problem.linear) == len(problem.free),
    )


def scattered(problem: Problem) -> Scattered:
    """All rows of a problem of which only some are here, in the user's columns.

    Raises: RequestError for a model that is curved in its parameters.
    """
    everywhere, size = problem.everywhere, len(problem.free)
    if everywhere is None or len(problem.linear) < size:
        raise RequestError(curved(problem))
    level, factor = _level(problem)
    straight = Straightened.of(problem)
    rows = design_rows(straight, problem.here._replace(weight=None, spread=1.0))
    if rows is None:
        rows = np.full((size + 1, problem.target.size), np.nan)
    matrix = np.ascontiguousarray(rows[:-1].T)
    sample = Kinked(
        lambda params: matrix @ params,
        lambda params: matrix,
        rows[-1],
        problem.weights,
        problem.spread,
        level,
        factor,
        problem.lower,
        problem.upper,
        True,
    )
    triangle = everywhere.triangle
    return Scattered(
        Kinks(partial(design_rows, straight), level, factor, everywhere.weight),
        everywhere.shards.total,
        np.zeros((size, size)) if triangle is None else triangle[:size, :size],
        everywhere.rows,
        sample,
    )


def needs_all_rows(problem: Problem, plan: Plan) -> bool:
    """Whether the minimum is to be found on kinks of a model that is curved in its parameters: that needs all rows at
    once.
    """
    if problem.objective.loss.level is None or len(problem.linear) == len(problem.free):
        return False
    if plan.optimizer == "auto":
        steps = plan.learning_rate not in (None, "auto") or plan.batch_size is not None
        return problem.restriction.model.smooth and len(problem.free) <= FEW_PARAMETERS and not steps
    return plan.optimizer == "linear-programming"


def numbers_in_memory(problem: Problem, rows: int) -> int:
    """About how many numbers the search works with that needs so many rows at once."""
    return rows * (len(problem.model.columns) + COPIES * (len(problem.free) + 1))


COPIES = 3
"""Times that the derivatives of all rows are in memory."""


def curved(problem: Problem) -> str:
    """Why the minimum cannot be found on kinks, and what to do."""
    return (
        f"{problem.objective.loss.text} on a model that is curved in its parameters needs all rows in memory at once. "
        "Read them with ds.read(...) if they fit, take loss='huber', which has no kinks, or optimizer='adam' with a "
        "batch_size, or fit a sample of the rows"
    )


def _level(problem: Problem) -> tuple[float, float]:
    """Level of the pinball loss, and what it is multiplied by."""
    loss = problem.objective.loss
    return float(loss.level or 0.5), 2.0 if loss.key == "mae" else 1.0


class OnKinks(NamedTuple):
    """What the rows say of the parameters (q,) at a minimum on their kinks.

    covariance: (q, q), 0 where a parameter rests on a bound. triangle: factor of the rows, (q, q) or longer. matrix
    (m, q) and size (m,): of the rows on their kink, and of what cancels in them.
    """

    covariance: np.ndarray
    triangle: np.ndarray
    matrix: np.ndarray
    size: np.ndarray


def on_kinks(problem: Problem, free: np.ndarray, held: np.ndarray, proof: Point | Met) -> OnKinks:
    """That of the parameters `free` (q,), of which those `held` (q,) rest on a bound."""
    covariance = np.zeros((free.size, free.size))
    inside = np.ix_(~held, ~held)
    if isinstance(proof, Met):
        rows = scattered(problem)
        with np.errstate(all="ignore"):  # infinite where nothing is determined
            covariance[inside] = scattered_covariance(rows, free, ~held)
        return OnKinks(covariance, rows.triangle, proof.matrix, proof.size)
    columns = {**problem.columns, **problem.constants}
    matrix = jacobian(problem.objective, free, columns) / np.reshape(problem.spread, (-1, 1))
    prediction = np.asarray(problem.objective.predict(free, columns), dtype=np.float64)
    residual = (problem.target - prediction) / problem.spread
    with np.errstate(all="ignore"):
        covariance[inside] = sparsity_covariance(matrix[:, ~held], residual, problem.weights, _level(problem)[0])
    triangle = np.asarray(np.linalg.qr(matrix * np.sqrt(problem.weights)[:, None], mode="r"))
    met = list(proof.kinks)
    sizes = (np.abs(problem.target) + np.abs(prediction)) / problem.spread + np.abs(matrix) @ np.abs(free)
    return OnKinks(covariance, triangle, matrix[met], sizes[met])

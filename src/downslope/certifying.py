"""Certifying: how far an answer is from the minimum and how well the data determine it, whoever found it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from downslope.descent import Block
from downslope.descent.kinks import Met
from downslope.history import Certificate, Uncertainty
from downslope.history.trust import MOST_DIGITS
from downslope.kinking import on_kinks
from downslope.probe import Minimum, Starts, certificate, minimum, uncertainty
from downslope.probe.metric import metric, undetermined, unknown
from downslope.problem import Problem
from downslope.search import Found
from downslope.strategy import FEW_PARAMETERS, Strategy

MOST_NUMBERS = 2e7
"""Numbers of a Jacobian up to which the minimum is looked for near a point where somebody asked to stop."""
CURVED_ROWS = 4
"""Rows within huber's distance, for each parameter and one more, that tell how steep the minimum is."""
NEAR = 0.1
"""Distance from the minimum, in standard errors, up to which those errors are an answer's own."""


class Trust(NamedTuple):
    """What is known of an answer: its parameters (p,) and loss, polished if it was for us to find them; and the
    certificate and the covariance, where there are any.

    minimum: what was found nearby, None where nobody looked.
    """

    params: np.ndarray
    loss: float
    certificate: Certificate | None
    uncertainty: Uncertainty | None
    minimum: Minimum | None


@np.errstate(all="ignore")  # of a descent that ran off, numbers of 1e200 are looked at too
def certify(
    problem: Problem, strategy: Strategy, params: np.ndarray, loss: float, last: Block, found: Found | None
) -> Trust:
    """Look at the minimum near params (p,), whose loss over all rows is known; `found` is what the search for a start
    has told.
    """
    starts = found.starts if found is not None else Starts()
    nothing = Trust(params, loss, None, None, None)
    if strategy.name == "linear-programming":
        return _by_duality(problem, params, loss, last, starts)
    size = len(problem.free)
    smooth = problem.straight is not None or (problem.restriction.model.smooth and problem.objective.loss.level is None)
    few = size <= FEW_PARAMETERS or problem.straight is not None
    if not smooth or not few or not np.isfinite(loss) or size > problem.size:
        return nothing
    if not strategy.keeps_best and problem.straight is None and problem.size * size > MOST_NUMBERS:
        return nothing
    place = list(problem.restriction.free)
    free = params[place]
    # the search ended here, and knows the curvature
    factor = found.factor if found is not None and np.array_equal(found.start, free) else None
    with np.errstate(all="ignore"):
        best = last.proof or minimum(problem.look, free, problem.lower, problem.upper, problem.enough, factor)
    if not np.isfinite(best.seen.loss) or not (best.metric.rank or best.found):
        return nothing._replace(minimum=best)
    if strategy.settles and best.found:
        free, loss = best.params, best.seen.loss
        params = problem.restriction.full(free)
    return _with_errors(problem, params, free, loss, best, starts)


def _with_errors(
    problem: Problem,
    params: np.ndarray,
    free: np.ndarray,
    loss: float,
    best: Minimum,
    starts: Starts,
) -> Trust:
    """The certificate and the covariance from the minimum that was found."""
    turn = problem.restriction.turn(best.params)
    known = uncertainty(
        best,
        problem.free,
        turn,
        problem.size,
        least_squares=problem.objective.loss.least_squares,
        absolute=problem.absolute,
        lower=problem.lower,
    )
    if not best.found:
        return Trust(params, loss, None, known if known.undetermined else None, best)
    assumption = "exact" if problem.straight is not None else "convex" if problem.convex else "local"
    proof = certificate(
        free - best.params,
        loss,
        best,
        turn,
        problem.restriction.full(best.params),
        known.errors,
        assumption,  # type: ignore[arg-type]
        starts,
    )
    if not known.undetermined and _few_rows_curved(problem, free):
        # of the rows within huber's distance, as many as parameters lie there because the fit puts them there
        return Trust(params, loss, replace(proof, distance=float("nan")), None, best)
    near = np.array_equal(free, best.params) or not proof.distance > NEAR
    return Trust(params, loss, proof, known if near or known.undetermined else None, best)


def _few_rows_curved(problem: Problem, free: np.ndarray) -> bool:
    """Whether too few rows lie where huber is curved to tell how steep its minimum is."""
    key = problem.objective.loss.key
    if not (isinstance(key, tuple) and key[0] == "huber"):
        return False
    columns = {**problem.columns, **problem.constants}
    prediction = np.asarray(problem.objective.predict(free, columns), dtype=np.float64)
    near = np.abs(problem.target - prediction) / problem.spread < key[1]
    return bool(np.count_nonzero(near) < CURVED_ROWS * (free.size + 1))


def _by_duality(problem: Problem, params: np.ndarray, loss: float, last: Block, starts: Starts) -> Trust:
    """On kinks there is no curvature; the slopes on both sides of them prove how much is left.

    Where the answer is a corner, as many rows as parameters lie on their kink, and it is as exact as the equations that
    say so.
    """
    proof = last.proof
    if proof is None or last.stopped != "nothing left to gain":
        return Trust(params, loss, None, None, None)
    point = proof.point if isinstance(proof, Met) else proof
    free = params[list(problem.restriction.free)]
    turn = problem.restriction.turn(free)
    held = (free <= problem.lower) | (free >= problem.upper)
    rows = on_kinks(problem, free, held, proof)
    with np.errstate(all="ignore"):
        covariance = turn @ rows.covariance @ turn.T
    # how far inside of a bound the loss rises as by a standard error is not known
    resting = np.abs(turn) @ held > 0
    covariance[resting, :] = covariance[:, resting] = np.nan
    kind = "from the density of the residuals at their kink (Powell)"
    frame = metric(rows.triangle, free.size, np.ones(free.size, dtype=bool))
    lost = np.abs(turn) @ unknown(frame) > 0
    covariance[lost, :] = covariance[:, lost] = np.nan
    covariance[lost, lost] = np.inf
    said = undetermined(frame, problem.free)
    sides = {problem.free[at]: "lower" if free[at] <= problem.lower[at] else "upper" for at in np.flatnonzero(held)}
    known = Uncertainty(covariance, kind, problem.size - len(problem.free), said, sides)
    # a parameter on its bound is fixed by that, as others are by the rows that they meet
    corner = np.vstack([rows.matrix, np.eye(free.size)[held]])
    cancels = np.concatenate([rows.size, np.abs(free[held])])
    with np.errstate(all="ignore"):
        off = np.abs(turn) @ _off_corner(corner, cancels) if point.unique else np.full(params.size, np.inf)
        digits = -np.log10(off / np.fmax(np.abs(params), known.errors))
        away = off / known.errors
    measured = np.isfinite(known.errors) & (known.errors > 0)
    digits = np.where(off == 0, MOST_DIGITS, np.clip(np.nan_to_num(digits, nan=0.0), 0.0, MOST_DIGITS))
    certified = Certificate(
        gap=float(point.gap),
        distance=float(np.max(away[measured])) if measured.any() else float("nan"),
        digits=tuple(digits.tolist()),
        assumption="convex" if problem.convex else "local",
        lowest=float("nan"),
        tried=starts.tried,
        agreed=starts.agreed,
    )
    return Trust(params, loss, certified, known if said or held.any() or np.isfinite(covariance).all() else None, None)


def _off_corner(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """How far rounding may carry the parameters (q,) that the rows (m, q) on their kink determine.

    sizes: (m,), of the numbers that cancel in each of them.
    """
    width = np.max(np.abs(rows), axis=0, initial=0.0)
    nowhere = np.full(rows.shape[1], np.inf)
    if len(rows) < rows.shape[1] or not width.all():
        return nowhere
    values = np.linalg.svd(rows / width, compute_uv=False)
    if not values[-1] > np.finfo(float).eps * values[0]:
        return nowhere
    inverse = np.linalg.pinv(rows / width) / width[:, None]
    return 4 * np.finfo(float).eps * np.abs(inverse) @ sizes

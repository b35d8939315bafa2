"""Covariance of the parameters at a minimum.

Least squares: s² (JᵀWJ)⁻¹, the kind that NIST certifies, with s² from the residuals, or 1 where sigma is known
absolutely. Other losses: the sandwich H⁻¹ M H⁻¹ (Huber 1967), which does not ask where the noise comes from; M is the
mean square of the rows' gradients. Both times rows / (rows - parameters).
"""

import numpy as np

from downslope.history import Uncertainty
from downslope.probe.metric import metric, undetermined, unknown
from downslope.probe.minimum import Minimum

BOUND = 16.0
"""How much larger the blur, a bound of many roundings, is than what they usually come to."""
KINDS = {
    "relative": "JᵀJ, size of the noise from the residuals",
    "absolute": "JᵀJ, noise as given by sigma",
    "sandwich": "sandwich, from the rows' own gradients",
}


@np.errstate(all="ignore")  # the square of an error may be beyond all numbers: infinite
def uncertainty(
    best: Minimum,
    free: tuple[str, ...],
    turn: np.ndarray,
    rows: int,
    *,
    least_squares: bool,
    absolute: bool,
    lower: np.ndarray,
) -> Uncertainty:
    """The covariance at a minimum.

    Args:   free: names of the q parameters that were moved; turn: (p, q), derivative of all parameters by them;
            rows: those that count; absolute: whether the spread of the rows is their true standard deviation;
            lower: (q,) lower bounds, to tell on which bound a parameter rests.
    """
    size, rank = best.params.size, best.metric.rank
    freedom = rows - rank
    kind = ("absolute" if absolute else "relative") if least_squares else "sandwich"
    across = best.metric.directions[:, :rank]
    noise = _noise(best, rows, freedom, absolute)
    if least_squares:
        # the metric may be that of a point nearby; R of this one sets it right
        edge = np.asarray(np.linalg.qr(best.seen.triangle[:, :size] @ across, mode="r"))
        root = np.linalg.solve(edge.T, across.T).T  # as a square of this it has no negative variance
        covariance = 2.0 * noise / rows * (root @ root.T)
    else:
        curved = best.seen.hessian[:rank, :rank]
        # where no row lies within huber's distance there is no curvature, and nothing tells the errors
        flat = np.linalg.matrix_rank(curved) < rank
        inverse = np.full((rank, rank), np.nan) if flat else np.linalg.inv(curved)
        spread = inverse @ best.seen.scores[:rank, :rank] @ inverse / rows
        counted = rows / freedom if freedom > 0 else np.nan
        covariance = across @ spread @ across.T * counted
        # what the gradients scatter beyond the curvature, one number for all directions
        noise = 0.5 * counted * float(np.trace(inverse @ best.seen.scores[:rank, :rank])) / rank if rank else np.nan
    _put_resting(covariance, best, noise, rows)
    whole = turn @ covariance @ turn.T
    lost = np.abs(turn) @ unknown(best.metric) > 0
    whole[lost, :] = whole[:, lost] = np.nan
    whole[lost, lost] = np.inf
    resting = {
        free[place]: "lower" if best.params[place] <= lower[place] else "upper" for place in np.flatnonzero(best.held)
    }
    return Uncertainty(whole, KINDS[kind], freedom, undetermined(best.metric, free), resting, least_squares)


def _noise(best: Minimum, rows: int, freedom: int, absolute: bool) -> float:
    """Variance of a residual in units of the spread; nan if no row is left to tell it."""
    if absolute:
        return 1.0
    if freedom <= 0:
        return float("nan")
    # rounding is noise too: without it, a fit that meets its rows exactly would know all parameters exactly
    return max(best.seen.loss, 0.5 * (best.seen.blur / BOUND) ** 2) * rows / freedom


def _put_resting(covariance: np.ndarray, best: Minimum, noise: float, rows: int) -> None:
    """The one-sided error of a parameter on its bound: how far inside the loss has risen as by one standard error.

    That is slope · t + curvature · t² / 2 = noise / rows, the curvature with the other parameters following.
    """
    if not best.held.any():
        return
    size = best.params.size
    whole = metric(best.seen.triangle, size, np.ones(size, dtype=bool)).directions
    for place in np.flatnonzero(best.held):
        slope, tightness = abs(best.seen.gradient[place]), float(whole[place] @ whole[place])
        rise = noise / rows
        # the root of the quadratic equation in the form that does not cancel
        error = np.inf if tightness == 0 else 2 * rise / (np.sqrt(slope**2 + 2 * rise / tightness) + slope)
        covariance[place, place] = error**2

"""The certificate: how much loss is still to be gained, and how far the minimum is, in units that anyone can judge."""

from typing import NamedTuple

import numpy as np

from downslope.history import Certificate
from downslope.history.trust import MOST_DIGITS, Assumption
from downslope.probe.metric import unknown
from downslope.probe.minimum import Minimum

NEARBY = 1e-12
"""Difference of two losses, as a share of them, below which rounding hides it, and the parabola tells it better."""
LOST = 1e-3
"""What rounding may take from a larger difference, or the parabola may lack of a smaller one, as a share of it."""


class Starts(NamedTuple):
    """What the search from several starts has told: how many were tried, how many ended at the answer, and the loss of
    the second-best minimum.
    """

    tried: int = 1
    agreed: int = 1
    second: float | None = None


def certificate(
    off: np.ndarray,
    loss: float,
    best: Minimum,
    turn: np.ndarray,
    values: np.ndarray,
    errors: np.ndarray,
    assumption: Assumption,
    starts: Starts,
) -> Certificate:
    """How close a point, which lies `off` (q,) from the minimum and has this loss, is to it.

    Args:   turn: (p, q), derivative of all parameters by the free ones, in which the minimum was found; values and
    errors:
            of all parameters at the minimum, (p,); errors nan or infinite where there are none, 0 for fixed ones.
    """
    reach = np.linalg.norm(turn @ best.metric.directions, axis=1) * best.doubt
    away = np.abs(turn @ off) + reach
    away = np.where(np.abs(turn) @ unknown(best.metric) > 0, np.inf, away)
    size = np.maximum(np.abs(values), np.where(np.isfinite(errors), errors, 0.0))
    with np.errstate(all="ignore"):
        digits = np.clip(-np.log10(away / size), 0.0, MOST_DIGITS)
        digits = np.where(away == 0, MOST_DIGITS, np.where(np.isfinite(digits), digits, 0.0))
        distances = away / errors
    known = np.isfinite(errors) & (errors > 0)
    return Certificate(
        gap=_gap(off, loss, best),
        distance=float(np.max(distances[known])) if known.any() else float("nan"),
        digits=tuple(float(each) for each in digits),
        assumption=assumption,
        lowest=best.lowest,
        tried=starts.tried,
        agreed=starts.agreed,
        second=starts.second,
    )


def _gap(off: np.ndarray, loss: float, best: Minimum) -> float:
    """Loss still to gain at a point that lies `off` the minimum, at most."""
    rank, size = best.metric.rank, off.size
    if not off.any():
        return best.gap
    # the way back in the metric: R off, which needs no inverse
    curve = best.seen.triangle[:, :size] @ best.metric.directions
    u = (curve.T @ (best.seen.triangle[:, :size] @ off))[:rank]
    quadratic = 0.5 * float(u @ best.seen.hessian[:rank, :rank] @ u) + float(best.doubt * np.linalg.norm(u))
    fallen = max(0.0, loss - best.seen.loss)
    # the metric tells nothing of the way to a bound
    near = fallen <= NEARBY * abs(best.seen.loss) and not off[best.held].any()
    return (quadratic if near else max(quadratic, fallen)) * (1 + LOST) + best.gap

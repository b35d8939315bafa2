"""Overshooting: steps land across the valley, though the loss still falls.

Along a direction of curvature c plain descent multiplies the error by 1 - rate * c. Between the rates 1/c and 2/c that
is negative: each step ends on the other side of the valley, lower than it began. `landing` is that factor, measured.
"""

import numpy as np

from downslope.diagnosis.arrival import ACROSS, landings, stepping, turned
from downslope.diagnosis.bouncing import bouncing
from downslope.diagnosis.finding import Finding, not_above, rough
from downslope.history import History, Run

MAJORITY = 0.5
TRAPEZOID = 0.2
"""Share of what the first slope alone would gain by which the losses may miss that rule, on a bent valley."""
ON_A_KINK = 1e-3
"""How near to -1 a step lands across a kink whose two sides are straight, or beyond it."""


def overshooting(run: Run) -> Finding | None:
    """Whether most steps of a plain descent landed across the valley; None for rules that remember earlier steps,
    whose steps are meant to swing.

    Evidence: "share of steps across", "rate times curvature" (1 to 2; along the steps, by their median), "largest rate
            without" (1 over that curvature), "rate".
    """
    history = run.history
    if not run.plain or not stepping(run) or not history.finite.all() or not run.loss <= history.loss[0]:
        return None
    if bouncing(run) is not None:  # says more than this
        return None
    if run.taken.reference is not None and run.taken.curvature is None:
        return None  # on kinks, as of mae, every step lands across one
    share = turned(history)
    if not share > MAJORITY:
        return None
    rows, landing = landings(history)
    across, landing = rows[landing < ACROSS], landing[landing < ACROSS]
    product = 1.0 - float(np.median(landing))
    if run.taken.curvature is None and not _one_parabola(history, rows):
        return None
    if product > 2.0 - ON_A_KINK:  # each step ends as high as it began: a kink, or bouncing
        return None
    rate = float(np.median(history.rate[across - 1]))
    calm = rate / product
    pace = run.taken.pace
    return Finding(
        symptom="overshooting",
        severity="warning",
        first_step=int(history.step[across[0]]),
        evidence={
            "share of steps across": share,
            "rate times curvature": product,
            "largest rate without": calm,
            "rate": rate,
        },
        message=(
            f"{share:.0%} of the steps landed across the valley: rate times curvature is {rough(product)} along them, "
            f"above 1 (and below 2, so the loss still falls); up to the rate {rough(calm)} they would not"
        ),
        # a smaller rate is no cure where it would not arrive
        remedy={} if pace is not None and pace.at_best > run.steps else {"learning_rate": not_above(calm)},
    )


def _one_parabola(history: History, rows: np.ndarray) -> bool:
    """Whether the losses fell as the slopes at both ends of a step say, by the trapezoid rule, which is exact on a
    parabola: not so if each step saw another batch.
    """
    before = history.rate[rows - 1] * history.gradient_norm[rows - 1] ** 2
    foretold = -0.5 * before * (1.0 + history.landing[rows])
    with np.errstate(all="ignore"):
        off = np.abs(history.loss[rows] - history.loss[rows - 1] - foretold) / (0.5 * before)
    return bool(np.nanmedian(off) < TRAPEZOID)

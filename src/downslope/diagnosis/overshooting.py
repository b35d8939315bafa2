"""Overshooting: steps land across the valley, though the loss still falls.

Along a direction of curvature c plain descent multiplies the error by 1 - rate * c. Between the rates 1/c and 2/c that
is negative: each step ends on the other side of the valley, lower than it began. `landing` is that factor, measured.
"""

import numpy as np

from downslope.diagnosis.arrival import ACROSS, plain, stepping, turned
from downslope.diagnosis.bouncing import bouncing
from downslope.diagnosis.finding import Finding, not_above, rough
from downslope.history import Run

MAJORITY = 0.5


def overshooting(run: Run) -> Finding | None:
    """Whether most steps of a plain descent landed across the valley; None for rules that remember earlier steps,
    whose steps are meant to swing.

    Evidence: "share of steps across", "rate times curvature" (1 to 2; along the steps, by their median), "largest rate
            without" (1 over that curvature), "rate".
    """
    history = run.history
    if not plain(run) or not stepping(run) or not history.finite.all() or not run.loss <= history.loss[0]:
        return None
    if bouncing(run) is not None:  # says more than this
        return None
    if run.readings is not None and run.readings.reference is not None and run.readings.curvature is None:
        return None  # on kinks, as of mae, every step lands across one
    share = turned(history)
    if not share > MAJORITY:
        return None
    across = np.flatnonzero(history.landing < ACROSS)
    product = 1.0 - float(np.median(history.landing[across]))
    rate = float(np.median(history.rate[across - 1]))
    calm = rate / product
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
        remedy={"learning_rate": not_above(calm)},
    )

"""Bouncing: the steps turn back and circle about the floor, and the loss stays above what can be reached.

On a parabola of curvature c this is the rate close to 2/c, where each step lands as high as it began; on a kink, as of
mae, any constant rate; on batches, the rate at which their noise lifts the loss as fast as the descent lowers it.
"""

import numpy as np

from downslope.diagnosis.arrival import Lag, lag
from downslope.diagnosis.finding import Finding, not_above, rough
from downslope.history import Run

MAJORITY = 0.5
CIRCLE = 0.9
"""Share of the way that led nowhere from which it is a circle: a straight way has 0, ten steps to and fro 0.9."""
RIPPLE = 0.01
"""Share of the excess by which the loss must go up and down on a circle that causes it; rounding does not."""
NOISE = 10.0
"""Times the mean excess that noise keeps up, beyond which an excess is hardly ever noise: it is a sum of squares, and
even of a single one the ten-fold mean is passed once in 600."""


def bouncing(run: Run) -> Finding | None:
    """Whether the steps of the last half turned back, and the loss would not arrive in as many steps again.

    Evidence: "excess" (of the loss above the lowest known) and "excess after as many steps again", "share of steps
            across" or "share of the way lost", "noise floor" (of batches, where it is known), "rate".
    """
    behind = lag(run)
    if behind is None or behind.ahead <= behind.allowed:
        return None
    history = run.history
    rates = history.rate[np.isfinite(history.rate)]
    rate = float(rates[-1]) if rates.size else float("nan")
    floor = run.taken.overall.floor if run.taken.overall is not None else np.nan
    if not _turns_back(run, behind, float(floor)):
        return None
    evidence = {
        "excess": behind.excess,
        "excess after as many steps again": behind.ahead,
        "share of steps across": behind.turned,
        "share of the way lost": behind.lost,
        "noise floor": floor,
        "rate": rate,
    }
    low = history.loss <= np.median(history.loss[len(history) // 2 :])
    return Finding(
        symptom="bouncing",
        severity="warning",
        first_step=int(history.step[np.argmax(low)]),
        evidence={name: float(value) for name, value in evidence.items() if np.isfinite(value)},
        message=_message(behind, floor, rate),
        remedy=_remedy(run, rate),
    )


def _turns_back(run: Run, behind: Lag, floor: float) -> bool:
    if run.history.batch_size is None:
        circles = behind.lost > CIRCLE and behind.ripple > RIPPLE * behind.excess and not behind.falling
        return behind.turned > MAJORITY or circles
    if np.isnan(floor):
        return not behind.falling
    return behind.excess < NOISE * floor and (floor > behind.allowed or not behind.falling)


def _message(behind: Lag, floor: float, rate: float) -> str:
    stuck = f"the loss stays {rough(behind.excess)} above the lowest known and no longer falls"
    if behind.falling:
        stuck = (
            f"the loss is {rough(behind.excess)} above the lowest known, and after as many steps again it would still "
            f"be {rough(behind.ahead)} above"
        )
    if np.isfinite(floor):
        return f"{stuck}: at the rate {rough(rate)} the noise of the batches alone keeps it {rough(floor)} above"
    if behind.turned > MAJORITY:
        return f"{stuck}: {behind.turned:.0%} of the last steps landed across the valley"
    return f"{stuck}: {behind.lost:.0%} of the way of the last half of the steps led nowhere"


def _remedy(run: Run, rate: float) -> dict[str, str | float]:
    """A rate that falls to nothing; for plain steps on a smooth floor, the rate that lands on it; nothing for a rule
    that holds its own rate.
    """
    if not np.isfinite(rate):
        return {}
    pace = run.taken.pace
    if pace is not None and run.history.batch_size is None:
        return {"learning_rate": not_above(pace.best_rate)}
    return {"learning_rate": f"cosine({rate:.3g})"}

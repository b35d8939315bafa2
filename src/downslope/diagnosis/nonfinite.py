"""Nonfinite: a NaN or an infinity was born, and not by growth (that is `diverging`): the log or the root of a negative
number, a division by 0, a slope that is no number at an edge.
"""

import numpy as np

from downslope.diagnosis.diverging import diverging
from downslope.diagnosis.finding import Finding, rough
from downslope.history import Run

NAMED = 6
"""Parameters that are named in the message."""
LEAST_SHRINKING = 2.0
"""A remedy takes at most 1/2 of the rate that ran into the edge."""


def nonfinite(run: Run) -> Finding | None:
    """Whether loss, parameters or gradient ceased to be numbers without having grown before; None if not.

    Evidence: "last finite step"; "loss" and "rate" (there); where the operation is known "row", and "given" (the number
            that it was given in that row).
    """
    history = run.history
    sound = _sound(run)
    if sound.all() or diverging(run) is not None:
        return None
    if run.chosen.get("searches") and np.isfinite(run.loss):
        return None  # it tried a point and took it back
    stop = int(np.argmin(sound))
    last = max(stop - 1, 0)
    finite = history.finite[stop]  # then it is the slope there that is no number
    point = stop if finite else last
    birth = run.taken.birth
    rate = float(history.rate[last]) if np.isfinite(history.rate[last]) else np.nan
    evidence = {
        "last finite step": float(history.step[point]) if finite or stop else np.nan,
        "loss": float(history.loss[point]),
        "rate": rate,
        "row": float(birth.row) if birth is not None else np.nan,
        "given": birth.given if birth is not None else np.nan,
    }
    return Finding(
        symptom="nonfinite",
        severity="fault",
        first_step=int(history.step[stop]),
        evidence={name: float(value) for name, value in evidence.items() if np.isfinite(value)},
        message=_message(run, stop, point),
        remedy=_remedy(run, stop, last, rate),
    )


def _sound(run: Run) -> np.ndarray:
    """(m,) whether loss, parameters and gradient of the row are numbers; gradients are asked only if the descent ended
    for want of numbers, as not everybody keeps them.
    """
    history = run.history
    if run.stopped != "not finite" or np.isnan(history.gradient).all():
        return history.finite
    return history.finite & np.isfinite(history.gradient).all(axis=1)


def _message(run: Run, stop: int, point: int) -> str:
    """When, what, where it stood, and of which operation."""
    history, step = run.history, int(run.history.step[stop])
    birth = run.taken.birth
    lost = "the loss" if np.isfinite(history.params[stop]).all() else "the parameters"
    lost = "the gradient" if history.finite[stop] else lost
    parts = [f"{lost} ceased to be a number at step {step:,}, without having grown before"]
    if lost == "the parameters":
        parts = [f"{lost} ceased to be numbers at step {step:,}, without having grown before"]
    if birth is not None:
        what = "the slope of " if birth.slope else ""
        where = f"in row {birth.row:,}, where it is given {rough(birth.given)}"
        parts += [f"the first to fail is {what}{birth.operation}, {where}"]
    if np.isfinite(history.params[point]).all():
        values = [
            f"{name} = {rough(value)}" for name, value in zip(history.parameters, history.params[point], strict=True)
        ]
        more = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
        parts += [f"the last numbers, at step {history.step[point]:,}, were {', '.join(values[:NAMED])}{more}"]
    return "; ".join(parts)


def _remedy(run: Run, stop: int, last: int, rate: float) -> dict:
    """A smaller rate, if it was a step that led over the edge: the one that is fastest near the lowest loss known, if
    it is known, and no larger than lands on the floor of the valley where the descent was.

    On a parabola of curvature c a step lands at 1 - rate·c: rate/(1 - landing) is 1/c, and leads to its floor.
    """
    history = run.history
    if stop == 0 or run.chosen.get("searches") or not rate > 0 or history.finite[stop]:
        return {}
    landing = history.landing[1 : last + 1]
    landing = landing[np.isfinite(landing)]
    pace = run.taken.pace
    slower = [rate / (1 - landing.min())] if landing.size and landing.min() < 0 else []
    if pace is not None and 0 < pace.best_rate < np.inf:
        slower.append(pace.best_rate)
    return {"learning_rate": float(f"{min([*slower, rate / LEAST_SHRINKING]):.2g}")}

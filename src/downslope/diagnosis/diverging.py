"""Diverging: the loss leaves for infinity.

Plain descent on a parabola of curvature c multiplies the error by 1 - rate * c at each step. That factor is the
`landing` of the step, so one landing gives the curvature, c = (1 - landing) / rate, and with it the largest rate at
which the error shrinks, 2 / c. In several directions the steepest one soon outgrows the others: the last steps before
the numbers end measure it alone. Batches differ from step to step, and other rules remember earlier steps: for those
only the growth is told.
"""

import numpy as np

from downslope.diagnosis.finding import Finding, not_above, rough
from downslope.history import History, Run

LAST_STEPS = 10
"""So many steps at the end decide: enough for a median, few enough to be past the first transient."""


def diverging(run: Run) -> Finding | None:
    """Whether the loss left, or was leaving, for infinity; None if not.

    The limit of the rate is told only if what ran is plain descent.

    Evidence: "growth factor" (of the error in each step), "rate" and "largest stable rate" (plain descent on all the
            data only), "last finite step", "loss" (there).
    """
    history = run.history
    finite = history.finite
    # a rule that searches takes back the points at which the loss rose
    if len(history) < 2 or not finite[0] or run.chosen.get("searches"):
        return None
    stop = len(history) if finite.all() else int(np.argmin(finite))
    seen = history.rows(slice(0, stop))
    landing = _landing(history.rows(slice(0, stop + 1))) if run.plain else np.nan
    ended = stop < len(history)
    left = _left(history, stop) if ended else _leaving(seen, landing)
    if not left:
        return None
    rate = float(seen.rate[np.isfinite(seen.rate)][-1]) if np.isfinite(seen.rate).any() else np.nan
    growth = abs(landing) if np.isfinite(landing) else _growth(seen)
    limit = 2 * rate / (1 - landing) if landing < -1 else np.nan
    evidence = {
        "growth factor": growth,
        "rate": rate,
        "largest stable rate": limit,
        "last finite step": float(seen.step[-1]),
        "loss": float(seen.loss[-1]),
    }
    return Finding(
        symptom="diverging",
        severity="fault",
        first_step=int(history.step[min(seen.best + 1, len(history) - 1)]),
        evidence={name: float(value) for name, value in evidence.items() if np.isfinite(value)},
        message=_message(history, seen, growth, limit),
        # half of the limit: on the steepest direction one step then lands at the floor
        remedy={"learning_rate": not_above(limit / 2)} if np.isfinite(limit) and limit > 0 else {},
    )


def _landing(history: History) -> float:
    """The median landing of the last steps whose landing is a number."""
    known = history.landing[np.isfinite(history.landing)][-LAST_STEPS:]
    return float(np.median(known)) if known.size else np.nan


def _growth(seen: History) -> float:
    """How much longer the gradient got in each of the last steps."""
    norm = seen.gradient_norm[-LAST_STEPS - 1 :]
    with np.errstate(all="ignore"):
        ratio = (norm[1:] / norm[:-1]) ** (1 / np.diff(seen.step[-LAST_STEPS - 1 :]))
    ratio = ratio[np.isfinite(ratio)]
    growth = float(np.median(ratio)) if ratio.size else np.nan
    return growth if growth > 1 else np.nan


def _left(history: History, stop: int) -> bool:
    """The numbers ended: were they on the way up, or did something else (a log of -1) end them?"""
    grown = history.loss[stop - 1] > 10 * np.abs(history.loss[0])
    if np.isinf(history.gradient_norm[stop - 1]) and not grown:  # born there, at a loss like that of the start
        return False
    overflowed = np.isinf(history.loss[stop]) or np.isinf(history.params[stop]).any()
    loss = history.loss[:stop]
    some = min(LAST_STEPS, (stop + 1) // 2)
    rose = stop > 1 and bool(np.median(loss[-some:]) > 10 * np.median(np.abs(loss[:some])))
    return bool(overflowed) or rose


def _leaving(seen: History, landing: float) -> bool:
    """All numbers are finite still: is the loss rising as a power of the steps does not?"""
    loss = seen.loss
    if landing < -1:  # plain descent: past the limit, and rising at each of the last steps
        rises = np.diff(loss[-LAST_STEPS:])
        return rises.size > 1 and bool((rises > 0).all())
    if loss.size < 8 or not loss[-1] > loss[0] or not (loss > 0).all():
        return False
    logs = np.log([np.median(part) for part in np.array_split(loss, 4)])
    ratios = np.diff(logs)
    # a walk away from a minimum (Adam started there) grows like a power of the steps: its ratios shrink
    return bool((ratios > 0).all() and logs[-1] - logs[0] > np.log(10) and ratios[2] >= 0.8 * ratios[1])


def _message(history: History, seen: History, growth: float, limit: float) -> str:
    """The loss at the start, on the way, and at its end; then the growth and the limit."""
    told = [f"{rough(seen.loss[0])} at the start"]
    if len(seen) > 1:
        middle = int(np.searchsorted(seen.step, min(9, seen.step[-1])))
        told += [f"{rough(seen.loss[middle])} at step {seen.step[middle]}"]
        if len(seen) == len(history) and middle < len(seen) - 1:
            told += [f"{rough(seen.loss[-1])} at step {seen.step[-1]}"]
    if len(seen) < len(history):
        told += [f"no longer a finite number at step {history.step[len(seen)]}"]
    parts = ["the loss was " + (", ".join(told[:-1]) + " and " + told[-1] if len(told) > 1 else told[0])]
    if np.isfinite(growth):
        parts += [f"each step multiplied the error by {rough(growth)}"]
    if np.isfinite(limit):
        parts += [f"the largest stable rate here is {rough(limit)}"]
    return "; ".join(parts)

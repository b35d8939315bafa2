"""Crawling: the loss falls along a valley, but the steps are too short, or too few, to arrive."""

from typing import Any

import numpy as np

from downslope.diagnosis.arrival import Lag, lag
from downslope.diagnosis.finding import Finding, not_above, rough
from downslope.diagnosis.overshooting import overshooting
from downslope.diagnosis.remedies import LEFT_TO_US
from downslope.diagnosis.undetermined import separable
from downslope.history import Run

TWO_DIGITS = 2
MOST_TIMES = 30.0


def crawling(run: Run) -> Finding | None:
    """Whether a run that has not arrived was on its way.

    To be asked after the symptoms that explain it otherwise.

    Evidence: "steps" taken, "steps still needed" (from the spectrum at the lowest point known, else from the losses of
            the last half), "steps at the best rate" and that "best rate", "rate", "excess".
    """
    behind = lag(run)
    if behind is None or separable(run):  # of classes without overlap there is no floor to arrive at
        return None
    if not behind.along and overshooting(run) is not None:
        return None
    history, pace = run.history, run.taken.pace
    rate = float(np.nanmean(history.rate)) if np.isfinite(history.rate).any() else float("nan")
    more = pace.as_it_was - run.steps if pace is not None else float("nan")
    if not more > 0:
        more = _foretold(behind, run.steps)
    evidence = {"steps": float(run.steps), "steps still needed": more, "rate": rate, "excess": behind.excess}
    if pace is not None:
        evidence |= {"steps at the best rate": pace.at_best, "best rate": pace.best_rate}
    when = f"at this pace it would take {_count(more)} more steps" if np.isfinite(more) else "it hardly falls"
    message = f"after {run.steps:,} steps the loss is still {rough(behind.excess)} above the lowest known; {when}"
    if pace is not None and pace.at_best <= run.steps:
        message += f"; at the rate {rough(pace.best_rate)}, {_count(pace.at_best)} would do"
    return Finding(
        symptom="crawling",
        severity="warning",
        first_step=0,
        evidence={name: float(value) for name, value in evidence.items() if np.isfinite(value)},
        message=message,
        remedy=_remedy(run, rate, more),
    )


def _foretold(behind: Lag, steps: int) -> float:
    """From what the excess is, and will be after as many steps again."""
    if not 0 < behind.ahead < behind.excess:
        return float("inf")
    return steps * float(np.log(behind.excess / behind.allowed) / np.log(behind.excess / behind.ahead))


def _remedy(run: Run, rate: float, more: float) -> dict[str, Any]:
    """The best rate if it does; a longer stride for a rule whose steps have one length; else more steps."""
    pace = run.taken.pace
    if pace is not None and pace.best_rate > rate and pace.at_best <= run.steps:
        return {"learning_rate": not_above(pace.best_rate)}
    if run.adaptive and rate > 0:
        # its steps have one length, whatever the slope: as many times longer ones as steps are lacking
        times = 1 + more / run.steps if np.isfinite(more) else MOST_TIMES
        return {"learning_rate": float(f"{rate * min(MOST_TIMES, max(2.0, times)):.2g}")}
    if np.isfinite(more) and more <= 10 * run.steps:
        size = 10 ** max(0, int(np.log10(max(1.0, run.steps + more))) - TWO_DIGITS + 1)
        return {"steps": int(np.ceil((run.steps + more) / size) * size), "epochs": None}
    return dict(LEFT_TO_US)


def _count(steps: float) -> str:
    return f"{steps:,.0f}" if steps < 1e6 else rough(steps)

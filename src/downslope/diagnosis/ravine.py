"""Ravine: one direction is so much steeper than another that what is safe along it hardly moves along the other.

Plain descent must keep below 2 over the steepest curvature. At half of that it needs about (condition number) ·
ln(excess) / 2 steps along the flattest.
"""

from downslope.diagnosis.arrival import lag
from downslope.diagnosis.finding import Finding, rough
from downslope.diagnosis.remedies import LEFT_TO_US
from downslope.history import Run

FAR_STEEPER = 25.0
"""Condition number from which a rule that gathers speed is ten times as fast as plain descent at half its largest
stable rate: heavy ball needs 2·√condition times fewer steps (Polyak 1964). In a rounder valley, more steps are the
simpler cure."""


def ravine(run: Run) -> Finding | None:
    """Whether half the largest stable rate would have needed more steps than were taken, and scaling would not help.

    Evidence: "condition number", "condition number on scaled columns" (where they can be scaled), "steps at the best
            rate", "steps".
    """
    pace = run.taken.pace
    behind = lag(run)
    if behind is None or pace is None or not behind.along or pace.at_best <= run.steps or pace.scaled <= run.steps:
        return None
    if pace.condition < FAR_STEEPER or pace.scaled_condition < FAR_STEEPER:
        return None
    evidence = {
        "condition number": pace.condition,
        "steps at the best rate": pace.at_best,
        "steps": float(run.steps),
    }
    if pace.scaled_condition == pace.scaled_condition:
        evidence["condition number on scaled columns"] = pace.scaled_condition
    return Finding(
        symptom="ravine",
        severity="warning",
        first_step=0,
        evidence=evidence,
        message=(
            f"the steepest direction is {rough(pace.condition)} times as steep as the flattest"
            f"{_also_scaled(pace.scaled_condition)}: even at half the largest stable rate, "
            f"{rough(pace.best_rate)}, "
            f"{_not_enough(pace.at_best, run.steps)}"
        ),
        remedy=dict(LEFT_TO_US),
    )


def _not_enough(needed: float, steps: int) -> str:
    if needed == float("inf"):
        return f"the {steps:,} steps that were taken would not do"
    return f"it would take {rough(needed)} steps, and {steps:,} were taken"


def _also_scaled(condition: float) -> str:
    return f" (on scaled columns, {rough(condition)} times)" if condition == condition else ""

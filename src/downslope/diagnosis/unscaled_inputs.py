"""Unscaled inputs: columns of unlike size make the valley narrow, and scaling them alone would cure it."""

from downslope.diagnosis.arrival import lag
from downslope.diagnosis.finding import Finding, not_above, rough
from downslope.history import Run


def unscaled_inputs(run: Run) -> Finding | None:
    """Whether half the largest stable rate would not have arrived on the columns as they are, and would on columns
    brought to -1..1.

    Evidence: "condition number", "condition number on scaled columns", "steps at the best rate", "steps on scaled
            columns", "steps".
    """
    pace = run.taken.pace
    behind = lag(run)
    if behind is None or pace is None or not behind.along or not (pace.at_best > run.steps >= pace.scaled):
        return None
    return Finding(
        symptom="unscaled-inputs",
        severity="warning",
        first_step=0,
        evidence={
            "condition number": pace.condition,
            "condition number on scaled columns": pace.scaled_condition,
            "steps at the best rate": pace.at_best,
            "steps on scaled columns": pace.scaled,
            "steps": float(run.steps),
        },
        message=(
            f"on these columns one direction is {rough(pace.condition)} times as steep as another, and even half the "
            f"largest stable rate {_needs(pace.at_best, run.steps)}; brought to about -1..1, "
            f"{rough(pace.scaled_condition)} times, and {rough(pace.scaled)} steps would do"
        ),
        remedy={"scale": "columns", "learning_rate": not_above(pace.scaled_rate)},
    )


def _needs(steps: float, taken: int) -> str:
    return f"would take {rough(steps)} steps" if steps < float("inf") else f"does not arrive in {taken:,} steps"

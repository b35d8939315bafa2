"""Changes of plan that cure more than one symptom."""

from typing import Any

from downslope.diagnosis.finding import not_above
from downslope.history import Reference, Run

LEFT_TO_US = {"optimizer": "auto", "learning_rate": None, "steps": None, "epochs": None, "batch_size": None}
"""To say nothing of the way: it is chosen then."""


def from_there(run: Run, known: Reference | None) -> dict[str, Any]:
    """To start from where the way to the lowest loss known began, or, if it was there, to leave the way to us."""
    if known is None:
        return {}
    moved = {
        name: float(value)
        for name, value in zip(run.parameters, known.start, strict=True)
        if name not in run.plan.fixed and name not in run.plan.tied
    }
    begun = dict(zip(run.parameters, map(float, run.history.params[0]), strict=True))
    if all(moved[name] == begun[name] for name in moved):  # the same place: it was the way from there that led away
        return dict(LEFT_TO_US)
    pace = run.taken.pace
    if pace is None:  # nothing tells which rate is safe there
        return {"start": moved, **LEFT_TO_US}
    return {"start": moved, "learning_rate": not_above(pace.best_rate)}


def fixing(run: Run, held: dict[str, float]) -> dict[str, dict[str, float]]:
    """The change that holds these parameters: what is fixed has no start and no bounds of its own."""
    changes: dict[str, dict] = {"fixed": {**run.plan.fixed, **held}}
    for setting in ("start", "bounds"):
        said = getattr(run.plan, setting)
        if any(name in said for name in held):
            changes[setting] = {name: value for name, value in said.items() if name not in held}
    return changes

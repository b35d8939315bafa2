"""Repairing: try what the repair room prescribes, and keep what is better."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from downslope.arrays import double_precision
from downslope.diagnosis import Finding
from downslope.diagnosis.arrival import arrived, tolerance
from downslope.errors import DownslopeError
from downslope.history import Run
from downslope.history.readings import SHARE
from downslope.measuring import take
from downslope.plan import Plan
from downslope.posing import pose_again, pose_changed
from downslope.repair import IN_THE_DATA, Prescription, Repair, Trial, prescribe
from downslope.repair.outcome import difference, shown
from downslope.result import Fit

if TYPE_CHECKING:
    from downslope.problem import Problem

MOST_TRIALS = 24
PATIENCE, LEAST_SECONDS = 20.0, 10.0
"""Times the run's own time, and seconds besides, after which no further change is tried."""
WORTH_IT = 0.01
"""Share of the excess that a change which does not cure must take away to be kept."""


def repair(fit: Fit) -> Repair:
    """Find the smallest change of the plan that cures what was found; `Fit.repair`."""
    if fit.run.readings is None:  # of an earlier version, or saved by hand
        _pose(fit)
    findings = fit.findings
    if not findings:
        return Repair(fit, fit, (), "nothing is wrong with this training; it was left as it is")
    in_the_data = [found for found in findings if found.symptom in IN_THE_DATA]
    to_cure = [found for found in findings if found.symptom not in IN_THE_DATA]
    said = [f"{found.symptom}: a fault in the data, which no training cures: {found.message}" for found in in_the_data]
    if not to_cure:
        return Repair(fit, fit, (), ". ".join(said))
    best, tried, began, stopped = fit, [], time.perf_counter(), False
    problem = _pose(fit)
    with double_precision():
        for whole in prescribe(fit.measured, to_cure)[:MOST_TRIALS]:
            other = _tried(fit, problem, whole)
            if other is None:
                tried.append(Trial(whole.change, whole.reason, float("nan"), 0, cured=False))
                continue
            cured = other.stopped != "interrupted" and _cures(other, fit, whole)
            tried.append(Trial(whole.change, whole.reason, other.loss, other.run.steps, cured))
            if other.stopped == "interrupted":
                said, stopped = [*said, f"interrupted after {len(tried)} changes"], True
                break
            if cured or _better(other, best, fit):
                best = other
            if cured:
                break
            if time.perf_counter() - began > PATIENCE * fit.run.seconds + LEAST_SECONDS:
                said = [*said, f"not all changes were tried: these {len(tried)} took long enough"]
                break
    if best is not fit:
        best = _noted(best, fit.plan, to_cure[0])
        ending = "cured" if tried[-1].cured else "not cured, but better"
        said = [f"{to_cure[0].symptom}, {ending} by a change of {_listed(fit.plan, best.plan)}", *said]
    else:
        said = [f"{to_cure[0].symptom}: none of {len(tried)} changes that were tried was better", *said]
    return Repair(best, fit, tuple(tried), ". ".join(said), stopped)


def _pose(fit: Fit) -> "Problem":
    """The problem of a fit, which a loaded run has only then."""
    with double_precision():
        fit.problem = fit.problem or pose_again(fit.run, fit.spec, fit.plan)
    return fit.problem


def _tried(fit: Fit, problem: "Problem", whole: Prescription) -> Fit | None:
    """The fit with the change; None if it cannot be run."""
    from downslope.fitting import train

    try:
        plan = whole.applied(fit.plan).changed(repair=False)
        other = train(pose_changed(problem, fit.plan, plan), plan)
    except DownslopeError:
        return None
    known = fit.readings.reference
    if other.problem is not None and other.stopped != "interrupted":
        other.run = replace(other.run, readings=take(other.problem, other.run, known))
    return other


def _cures(other: Fit, fit: Fit, whole: Prescription) -> bool:
    """Whether the change leaves nothing of what was to be cured, and did not make the answer worse."""
    left = {found.symptom for found in other.findings}
    if left - set(IN_THE_DATA) or _forgets(other, fit):
        return False
    if whole.symptom == "overfitting":
        return True
    known = other.readings.reference
    room = tolerance(known) if known is not None else 0.0
    return arrived(other.measured) is not False and (_went_wrong(fit.run) or other.loss <= fit.loss + room)


def _better(other: Fit, best: Fit, fit: Fit) -> bool:
    if not np.isfinite(other.loss) or _forgets(other, best):
        return False
    known = fit.readings.reference
    floor = known.loss if known is not None else 0.0
    if _went_wrong(best.run):
        begun = best.history.loss[0]
        return not _went_wrong(other.run) and bool(other.loss < begun or not np.isfinite(begun))
    return bool(best.loss - other.loss > WORTH_IT * (best.loss - floor))


def _forgets(other: Fit, best: Fit) -> bool:
    """Whether the rows held out are met worse, whatever the others say."""
    ours, theirs = other.readings.validation, best.readings.validation
    if ours is None or theirs is None or _went_wrong(best.run):
        return False
    return bool(ours.losses[-1] > (1 + SHARE) * theirs.losses[-1])


def _went_wrong(run: Run) -> bool:
    """Whether the answer is worse than the start."""
    return not run.history.finite.all() or not run.loss <= run.history.loss[0]


def _noted(best: Fit, before: Plan, cure: Finding) -> Fit:
    note = f"repaired ({cure.symptom}): {_listed(before, best.plan)}"
    # a trial measured only whether it cures
    return Fit(replace(best.run, notes=(note, *best.run.notes), readings=None), best.problem)


def _listed(before: Plan, after: Plan) -> str:
    changed = difference(before, after)
    if after.optimizer == "auto" and "optimizer" in changed:
        return "the way, which is left to us"
    return ", ".join(f"{name} to {shown(new)}" for name, (_, new) in changed.items())

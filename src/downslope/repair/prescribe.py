"""Prescribe: what to change in a Plan, for what was found, the smallest change first.

rate -> schedule -> scaling -> start -> rule. Each is tried by whoever conducts, on the same number of steps, but for
the last resort, a search, which takes those that it needs. What does not help is not kept, so a prescription may be
bold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.diagnosis import Finding, not_above
from downslope.history import Run
from downslope.plan import Plan

IN_THE_DATA = ("outliers", "undetermined", "ignored-parameter")
"""Symptoms that no way of training cures."""
ANY_WAY = {"optimizer": "auto", "learning_rate": None, "steps": None, "epochs": None, "batch_size": None,
           "tolerance": None, "scale": "none"}  # fmt: skip
"""To leave the way to us: no smaller change is left."""

Change = Mapping[str, Any]


@dataclass(frozen=True)
class Prescription:
    """A change of Plan, the symptom that it is for, and why it may help."""

    change: Change
    symptom: str
    reason: str

    def applied(self, plan: Plan) -> Plan:
        """The plan with the change."""
        return plan.changed(**self.change)


def prescribe(run: Run, findings: Sequence[Finding]) -> tuple[Prescription, ...]:
    """What to try, in order; nothing for a healthy run or a fault of the data."""
    found: list[Prescription] = []
    for finding in findings:
        for kind in KINDS.get(finding.symptom, ()):
            for change, reason in kind(run, finding):
                whole = Prescription(change, finding.symptom, reason)
                if all(whole.change != other.change for other in found) and _differs(whole, run.plan):
                    found.append(whole)
    order = [_size(each.change) for each in found]
    return tuple(found[place] for place in np.argsort(order, kind="stable"))


def _differs(whole: Prescription, plan: Plan) -> bool:
    return any(getattr(plan, name) != value for name, value in whole.change.items())


SIZES = ({"learning_rate"}, {"scale"}, {"start"}, {"steps", "epochs"}, {"optimizer"})


def _size(change: Change) -> int:
    """How much a change changes: the largest kind of change in it; a schedule is more than a rate."""
    kinds = [place for place, names in enumerate(SIZES) if names & set(change)]
    schedule = isinstance(change.get("learning_rate"), str)
    return 2 * max(kinds) + schedule


def _rate(run: Run) -> float:
    known = run.history.rate[np.isfinite(run.history.rate)]
    return float(known[0]) if known.size else float("nan")


def _smaller(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    """The rate that the finding names, else a ladder downwards."""
    named = finding.remedy.get("learning_rate")
    if isinstance(named, float):
        yield {"learning_rate": named}, "the rate that the curvature allows"
    rate = _rate(run) if not isinstance(named, float) else min(named, _rate(run))
    if not rate > 0:  # a rule that holds its own
        return
    for part in (0.5, 0.1, 0.02, 1e-3, 1e-4):
        yield {"learning_rate": not_above(rate * part)}, "a smaller rate"


def _best(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    """The rate that the spectrum calls best, half of it and nearly twice: that on the way the curvature is not the same
    as at its end.
    """
    pace = run.taken.pace
    if pace is None:
        return
    for part in (1.0, 0.5, 1.8, 0.2):
        yield {"learning_rate": not_above(pace.best_rate * part)}, "by the curvature at the lowest point known"


def _larger(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    rate = _rate(run)
    if not rate > 0:
        return
    for times in (3.0, 10.0, 30.0, 100.0, 1000.0):
        yield {"learning_rate": not_above(rate * times)}, "a larger rate"


def _falling(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    """A rate that falls to nothing by the last step, so that what circles comes to rest."""
    rate = _rate(run)
    if not rate > 0:
        return
    for part in (1.0, 0.3, 0.1, 3.0, 0.03):
        yield {"learning_rate": f"cosine({rate * part:.3g})"}, "a rate that falls to 0 lets it come to rest"
    if run.adaptive and run.history.batch_size is None:
        yield {"learning_rate": "auto"}, "a rate from the way that lies ahead, falling to 0"


def _scaled(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    pace = run.taken.pace
    if run.plan.scale == "none" and pace is not None and np.isfinite(pace.scaled):
        yield (
            {"scale": "columns", "learning_rate": not_above(pace.scaled_rate)},
            "columns of one size round the valley",
        )


def _elsewhere(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    """From where the way to the lowest loss known began, also with the rate that the curvature at its end allows."""
    known, pace = run.taken.reference, run.taken.pace
    if known is None:
        return
    start = _start(run, known.start)
    yield {"start": start}, "a start that leads lower"
    if pace is not None:
        yield (
            {"start": start, "learning_rate": not_above(pace.best_rate)},
            "a start that leads lower, at the rate for it",
        )


def _other_rule(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    pace = run.taken.pace
    if run.plain and pace is not None:
        for memory in (0.9, 0.99):
            yield (
                {"optimizer": f"nesterov({memory})", "learning_rate": not_above(pace.best_rate / 2)},
                ("a rule that gathers speed along the flat direction"),
            )
    yield ANY_WAY, "no step rule: the search that fits the problem"
    yield ANY_WAY | {"start": {}}, "the same, from starts of its own"


def _until_the_turn(run: Run, finding: Finding) -> Iterator[tuple[Change, str]]:
    if isinstance(finding.remedy.get("steps"), int):
        yield {"steps": finding.remedy["steps"], "epochs": None}, "to stop where the validation loss turned"


KINDS: Mapping[str, Sequence[Callable[[Run, Finding], Iterator[tuple[Change, str]]]]] = {
    "diverging": (_smaller, _best, _scaled, _other_rule),
    "nonfinite": (_smaller, _best, _elsewhere, _other_rule),
    "overshooting": (_smaller,),
    "bouncing": (_best, _falling, _smaller, _scaled, _other_rule),
    "crawling": (_best, _larger, _falling, _scaled, _other_rule),
    "ravine": (_best, _scaled, _other_rule),
    "unscaled-inputs": (_scaled, _other_rule),
    "plateau": (_best, _larger, _elsewhere, _other_rule),
    "local-minimum": (_elsewhere, _other_rule),
    "dead-units": (_elsewhere, _other_rule),
    "overfitting": (_until_the_turn,),
}
"""Kinds of change that may cure a symptom."""


def _start(run: Run, params: np.ndarray) -> dict[str, float]:
    held = {*run.plan.fixed, *run.plan.tied}
    return {name: float(value) for name, value in zip(run.parameters, params, strict=True) if name not in held}

"""Outcome: what was seen of a loop as a Run, the same value that a fit leaves."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from downslope.diagnosis import examine
from downslope.history import History, Readings, Run
from downslope.history.run import State
from downslope.plan import Plan
from downslope.watching.seen import Seen


def as_run(seen: Seen, ended: str, seconds: float, extra_notes: tuple[str, ...] = ()) -> Run:
    """The Run of a loop; ended: "" if the block was left as usual, else why it was left."""
    history = History.of((), step=[], loss=[]) if seen.steps is None else seen.steps.history()
    history = replace(history, batch_size=seen.batch_size)
    notes = [*seen.notes, *extra_notes]
    if seen.steps is not None and not seen.steps.one_function:
        notes.append(
            "the loss changes beside the steps: each one is of another batch, or something in it is random. Where a "
            "step lands cannot be told then"
        )
    finite = np.flatnonzero(history.finite)
    last = int(finite[-1]) if finite.size else -1
    steps = max(0, len(seen.steps) - 1) if seen.steps is not None else 0
    run = Run(
        plan=Plan(),
        text=seen.loop,
        latex=None,
        target="loss",
        parameters=history.parameters,
        params=history.params[last] if last >= 0 else np.full(len(history.parameters), np.nan),
        loss=float(history.loss[last]) if last >= 0 else float("nan"),
        rows=0,
        state="usable",
        reasons=(),
        notes=tuple(notes),
        stopped=_stopped(history, ended, steps),
        history=history,
        source=seen.framework,
        fingerprint="",
        memory=np.zeros(0),
        is_code=True,
        seconds=seconds,
        versions={"watched": seen.framework},
        chosen=_chosen(seen, history, steps),
        readings=Readings(tensors={symptom: json.dumps(facts) for symptom, facts in seen.facts.items()}),
    )
    state, reasons = _judged(run)
    return replace(run, state=state, reasons=reasons)


def _stopped(history: History, ended: str, steps: int) -> str:
    if ended:
        return ended
    if len(history) and not history.finite[-1]:
        return "not finite"
    return f"the loop took {steps} step{'' if steps == 1 else 's'} from one loss to the next"


def _chosen(seen: Seen, history: History, steps: int) -> dict[str, Any]:
    """Rule and rate as they ran, told by the optimiser or deduced from the steps."""
    rates = history.rate[np.isfinite(history.rate)]
    rules = [rule for rule, _ in seen.rules]
    along = seen.steps is not None and seen.steps.along_the_gradient
    if len(set(rules)) > 1:
        rule = "several (" + ", ".join(dict.fromkeys(rules)) + ")"
    elif rules:
        # clipped, or changed otherwise, before it was used
        rule = (
            "gd, on a gradient that was changed"
            if rules[0] == "gd" and steps and not along and rates.size
            else rules[0]
        )
        if rules[0] == "gd" and not seen.parameters:
            rule = "gd"
    else:
        rule = "gd" if along else "unknown"
    # the one that most steps had; of a schedule the median
    rate = float(np.median(rates)) if rates.size else None
    if rate is not None and seen.steps is not None and seen.steps.epsilon > 1e-12:
        rate = float(f"{rate:.6g}")  # 0.01, which is 0.00999999977 in single precision
    return {
        "optimizer": rule,
        "learning_rate": rate,
        "steps": steps,
        "searches": seen.searches,
        "batch_size": seen.batch_size,
        "watched": seen.framework,
    }


def _judged(run: Run) -> tuple[State, tuple[str, ...]]:
    """Whether the answer of the loop can be used, and if not, why."""
    if not len(run.history):
        return "untrusted", ("no gradient was seen, so nothing is known of this loop",)
    reasons = [finding.message for finding in examine(run) if finding.severity == "fault"]
    if not run.history.finite.any():
        reasons.append("no loss was a finite number")
    elif not run.history.finite[-1] and not reasons:
        reasons.append("the loss is no longer a finite number at the end")
    if run.steps == 0:
        reasons.append("no step was seen: the parameters did not change between two losses")
    return ("untrusted", tuple(reasons)) if reasons else ("usable", ())

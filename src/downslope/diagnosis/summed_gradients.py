"""Summed gradients: a loop of PyTorch adds each gradient to those before it, because nothing sets them to zero.

`backward()` adds. A step along the sum of all gradients so far is momentum with factor 1, which nothing damps. It is
proven at the second step: what is stored when the gradient is computed again is exactly what the last step used, and
that step moved the parameters. Gradients that are summed on purpose are summed at one point, before the step, and are
no fault.
"""

import json

from downslope.diagnosis.finding import Finding, rough
from downslope.history import Run

SHOWN = 4
"""Losses in the sentence; all are in the evidence."""


def summed_gradients(run: Run) -> Finding | None:
    """Whether the steps were taken along the sum of all gradients so far; None if not.

    `first_step` is 2, the first step that used a sum, or later.

    Evidence: "steps along a sum", "length of the stored gradient" at the first of them, "of this step's alone" and "of
            the one before"; "of the recomputed sum", where the forward pass could be run again; then also "loss at
            step k" and "corrected loss at step k", with each gradient alone, for the first ten and the last.
    """
    text = run.readings.tensors.get("summed-gradients") if run.readings is not None else None
    if text is None:
        return None
    facts = json.loads(str(text))
    evidence = {"steps along a sum": float(facts["steps"])}
    for key, name in (
        ("stored", "length of the stored gradient"),
        ("alone", "length of this step's gradient alone"),
        ("before", "length of the one before"),
        ("left over", "length of what was stored before the first step"),
        ("recomputed sum", "length of the recomputed sum"),
    ):
        if key in facts:
            evidence[name] = float(facts[key])
    losses, right = facts.get("losses", []), facts.get("corrected", [])
    for step in sorted({*range(min(10, len(right))), *([len(right) - 1] if right else [])}):
        evidence[f"loss at step {step}"] = float(losses[step])
        evidence[f"corrected loss at step {step}"] = float(right[step])
    message = (
        f"gradients were never set to zero, so from step {facts['first step']} on each step followed the sum of all"
    )
    if right:
        message += f": the losses were {_said(losses[: len(right)])}; each gradient alone gives {_said(right)}"
    elif "why not" in facts:
        message += f" (the losses without that are not shown: {facts['why not']})"
    return Finding(
        symptom="summed-gradients",
        severity="fault",
        first_step=int(facts["first step"]),
        evidence=evidence,
        message=f"{message}; call optimizer.zero_grad(), or p.grad.zero_(), in each step",
    )


def _said(losses: list[float]) -> str:
    """The first few and the last."""
    few = [rough(loss) for loss in losses[:SHOWN]]
    return ", ".join(few) + (f" … {rough(losses[-1])}" if len(losses) > SHOWN else "")

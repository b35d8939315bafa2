"""Untracked parameter: a constant where a variable was meant. No gradient arrives, and it never changes.

TensorFlow's tape follows variables, not constants (`tf.constant` where `tf.Variable` was meant), and answers None;
PyTorch follows tensors that were made with requires_grad=True, and what is computed from them.
"""

import json

from downslope.diagnosis.finding import Finding
from downslope.history import Run


def untracked_parameter(run: Run) -> Finding | None:
    """Whether something that the loop was to train got no gradient; None if not.

    A fault if it cannot get one, being a constant; a warning if it could and the loss does not reach it.

    Evidence: "parameters without a gradient", and how many of them are "constants".
    """
    text = run.readings.tensors.get("untracked-parameter") if run.readings is not None else None
    if text is None:
        return None
    facts = json.loads(str(text))
    if facts.get("loss"):
        return Finding(
            symptom="untracked-parameter",
            severity="fault",
            first_step=1,
            evidence={"parameters without a gradient": 0.0, "constants": 0.0},
            message="the loss depends on no tensor that has requires_grad=True, so nothing can be trained: the "
            "parameters were made as constants, or were cut off from the loss (.detach(), .item(), .data)",
        )
    names, constants = facts["names"], facts["constants"]
    framework = run.source.partition(" ")[0]
    evidence = {"parameters without a gradient": float(len(names)), "constants": float(len(constants))}
    if constants:
        wanted = "tf.Variable, not as tf.constant" if framework != "torch" else "a tensor with requires_grad=True"
        message = (
            f"no gradient arrives at {_said(constants)}: a constant, where a variable was meant; make it as {wanted}"
        )
    else:
        message = (
            f"no gradient arrives at {_said(names)}, which the loop was to train: the loss does not depend on it, or "
            "is cut off from it on the way"
        )
    return Finding(
        symptom="untracked-parameter",
        severity="fault" if constants else "warning",
        first_step=int(facts["first step"]),
        evidence=evidence,
        message=message,
    )


def _said(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

"""Plateau: next to no slope, but no minimum: a saturated function, or a saddle."""

from downslope.diagnosis.arrival import lag
from downslope.diagnosis.finding import Finding, rough
from downslope.diagnosis.remedies import from_there
from downslope.history import Run

PROMISE = 0.1
"""Share of what is known to be gained, below which the parabola at hand promises next to nothing."""


def plateau(run: Run) -> Finding | None:
    """Whether slope and curvature where the run stands promise next to nothing of what is known to be gained.

    Evidence: "promised" (the floor of the parabola that fits the objective there), "excess" (above the lowest loss
            known), "lowest curvature" (negative at a saddle), "gradient".
    """
    behind, there = lag(run), run.taken.at_end
    if behind is None or there is None or not there.gain < PROMISE * behind.excess:
        return None
    history = run.history
    known = run.taken.reference
    gone = history.loss[0] - history.loss[-1]
    still = abs(history.loss - history.loss[-1]) <= max(0.01 * abs(gone), PROMISE * behind.excess)
    first = len(history) - int((~still[::-1]).argmax()) if not still.all() else 0
    kind = "it curves down to one side: a saddle" if there.lowest < -0.01 * there.highest else "it is level all about"
    return Finding(
        symptom="plateau",
        severity="warning",
        first_step=int(history.step[min(first, len(history) - 1)]),
        evidence={
            "promised": there.gain,
            "excess": behind.excess,
            "lowest curvature": there.lowest,
            "gradient": float(history.gradient_norm[-1]),
        },
        message=(
            f"next to no slope is left (it promises {rough(there.gain)}), but this is no minimum: a loss "
            f"{rough(behind.excess)} lower is known, and {kind}"
        ),
        remedy=from_there(run, known),
    )

"""Local minimum: the run went into a minimum, and other starts reach a lower one."""

from downslope.diagnosis.arrival import lag
from downslope.diagnosis.finding import Finding, rough
from downslope.diagnosis.remedies import from_there
from downslope.history import Run


def local_minimum(run: Run) -> Finding | None:
    """Whether most of what could be gained lies beyond the minimum that the run was in, or on its way into.

    Evidence: "loss", "this minimum" (loss at its bottom), "lowest loss known", "starts that agree on it", "starts".
    """
    behind, known = lag(run), run.taken.reference
    if behind is None or known is None or not known.nearby > known.loss + behind.allowed:
        return None
    if not run.loss - known.nearby < known.nearby - known.loss:
        return None
    return Finding(
        symptom="local-minimum",
        severity="warning",
        first_step=int(run.history.step[-1]),
        evidence={
            "loss": run.loss,
            "this minimum": known.nearby,
            "lowest loss known": known.loss,
            "starts that agree on it": float(known.agreed),
            "starts": float(known.tried),
        },
        message=(
            f"this is a minimum, with the loss {rough(known.nearby)}, but not the lowest: {known.agreed} of "
            f"{known.tried} other starts lead to {rough(known.loss)}"
        ),
        remedy=from_there(run, known),
    )

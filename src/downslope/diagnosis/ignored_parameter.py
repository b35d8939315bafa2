"""Ignored parameter: no prediction has a slope by it, wherever one looks. No step moves it from where it was put.

It is either not in the model in effect (0*c, or a column that is 0 in every row), or it enters by a jump, as k does in
where(x > k, a, b): there the loss may depend on it, but no descent can tell.
"""

from downslope.diagnosis.finding import Finding
from downslope.diagnosis.remedies import fixing
from downslope.history import Run


def ignored_parameter(run: Run) -> Finding | None:
    """Whether there are such parameters, by the readings; None if not.

    Evidence: "parameters ignored", "rows".
    """
    silent = run.taken.silent
    if not silent:
        return None
    begun = dict(zip(run.parameters, map(float, run.history.params[0]), strict=True))
    held = {name: begun[name] for name in silent if name in begun}
    names = silent[0] if len(silent) == 1 else f"{', '.join(silent[:-1])} and {silent[-1]}"
    everything = len(run.plan.fixed) + len(held) >= len(run.parameters)
    return Finding(
        symptom="ignored-parameter",
        severity="warning",
        first_step=0,
        evidence={"parameters ignored": float(len(silent)), "rows": float(run.rows)},
        message=(
            f"the slope of every prediction by {names} is 0, at the start, at the end and wherever else it was looked "
            f"at: no step moves {'it' if len(silent) == 1 else 'them'}"
        ),
        # what is fixed cannot have a start as well
        remedy={} if everything else fixing(run, held),
    )

"""Dead units: ReLU units that no row switches on. No slope leads through them, so no step wakes them up.

A unit that is off matters only if the run stopped short of a loss that is known to be reachable, with fewer units off:
a model may have more units than the data need.
"""

from downslope.diagnosis.arrival import arrived
from downslope.diagnosis.finding import Finding, rough
from downslope.diagnosis.remedies import from_there
from downslope.history import Run

NAMED = 3


def dead_units(run: Run) -> Finding | None:
    """Whether units are off in all rows at the end, and the run has not arrived; None if not, or if that is unknown.

    Evidence: "units", "units off", "units off at the start", "units off at the lowest loss known" (where known),
            "rows", "loss", "lowest loss known".
    """
    seen = run.taken.units
    known = run.taken.reference
    if seen is None or known is None or arrived(run) is not False:
        return None
    off = [place for place, (_, _, rows) in enumerate(seen.on) if rows == 0]
    if not off or len(off) <= seen.off_at_best:
        return None
    since = [seen.since[place] for place in off] if seen.since else []
    names = [seen.on[place][0] for place in off]
    evidence = {
        "units": len(seen.on),
        "units off": len(off),
        "units off at the start": sum(rows == 0 for _, rows, _ in seen.on),
        "rows": seen.rows,
        "loss": run.loss,
        "lowest loss known": known.loss,
    } | ({"units off at the lowest loss known": seen.off_at_best} if seen.off_at_best >= 0 else {})
    first = min(since, default=0)
    return Finding(
        symptom="dead-units",
        severity="warning",
        first_step=int(first),
        evidence={name: float(value) for name, value in evidence.items()},
        message=(
            f"{_listed(names)} {'is' if len(names) == 1 else 'are'} switched on by none of the {seen.rows:,} rows"
            f"{f' since step {first:,}' if first else ' from the start'}, so no slope moves what is inside; a loss of "
            f"{rough(known.loss)} is known, and this one is {rough(run.loss)}"
        ),
        remedy=from_there(run, known),
    )


def _listed(names: list[str]) -> str:
    """The first three, the rest counted.

    >>> _listed(["a", "b"]), _listed(list("abcde"))
    ('a and b', 'a, b, c and 2 more')
    """
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

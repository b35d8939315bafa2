"""Undetermined: the data cannot fix a combination of the parameters. What the fit gives is an accident of its start.

The combinations were found where the curvature was measured: directions whose singular value is lost in rounding. A
parameter without any effect is told by `ignored_parameter`. Under the logistic loss there is another kind: classes that
can be told apart without error, for which every larger slope fits better.
"""

import re

import numpy as np

from downslope.diagnosis.arrival import arrived
from downslope.diagnosis.finding import Finding, rough
from downslope.diagnosis.remedies import fixing
from downslope.history import Run

TOGETHER = re.compile(r"the data cannot tell (.+) apart: .*")
ALONE = re.compile(r"the data do not determine (\w+)")
WITHOUT_EFFECT = re.compile(r"(\w+) has no effect on the prediction here")


def undetermined(run: Run) -> Finding | None:
    """Whether the data leave a combination of parameters open; None if not, or if nobody looked.

    Evidence: "combinations open", "parameters", "rows"; of separable classes "total loss" and "limit" (of it, below
            which every row is on its side).
    """
    apart = separable(run)
    if apart is not None:
        return apart  # there the curvature fades: what it says of combinations is its rounding
    said = list(dict.fromkeys(text for text in _said(run) if not _is_silent(run, text)))
    left = len(run.parameters) - len(run.plan.fixed) - len(run.plan.tied)
    if not said:
        return None
    names = _names(said[0])
    known = [name for name in names if name in run.parameters and name not in (*run.plan.fixed, *run.plan.tied)]
    begun = dict(zip(run.parameters, map(float, run.history.params[0]), strict=True))
    return Finding(
        symptom="undetermined",
        severity="warning",
        first_step=0,
        evidence={"combinations open": float(len(said)), "parameters": float(left), "rows": float(run.rows)},
        message="; ".join(said[:2]) + (f"; and {len(said) - 2} more" if len(said) > 2 else ""),
        remedy=fixing(run, {known[-1]: begun[known[-1]] or run.values[known[-1]]}) if known and left > 1 else {},
    )


def _said(run: Run) -> tuple[str, ...]:
    """What is open, in words: at the answer, or, if that is no minimum, at the lowest loss known."""
    reference = run.taken.reference
    at_best = reference.undetermined if reference is not None else ()
    if arrived(run) is False or run.uncertainty is None:
        return at_best
    return run.uncertainty.undetermined or at_best


def _is_silent(run: Run, text: str) -> bool:
    """Whether it is about a parameter that every prediction ignores, which is told elsewhere."""
    found = WITHOUT_EFFECT.fullmatch(text) or ALONE.fullmatch(text)
    return found is not None and run.readings is not None and found[1] in run.readings.silent


def _names(text: str) -> list[str]:
    """The parameters that a sentence is about.

    >>> _names("the data cannot tell a, b and c apart: only a combination of them is determined")
    ['a', 'b', 'c']
    """
    found = TOGETHER.fullmatch(text)
    if found is not None:
        return re.split(r", | and ", found[1])
    alone = ALONE.fullmatch(text) or WITHOUT_EFFECT.fullmatch(text)
    return [alone[1]] if alone is not None else []


def separable(run: Run) -> Finding | None:
    """Classes that can be told apart without error.

    A row on the wrong side costs log 2 or more, and no row costs less than 0: if all of them together cost less than
    log 2, all are on their side, and the double of all log-odds is better still.
    """
    target = run.columns.get(run.target) if run.columns is not None else None
    if run.plan.loss != "logistic" or run.plan.weights is not None or not run.rows:
        return None
    if target is None or not np.isin(target, (0.0, 1.0)).all():
        return None
    reference = run.taken.reference
    losses = [run.loss] + ([reference.loss] if reference is not None else [])
    total = min((loss for loss in losses if np.isfinite(loss)), default=np.inf) * run.rows
    if not total < np.log(2):
        return None
    return Finding(
        symptom="undetermined",
        severity="warning",
        first_step=0,
        evidence={"total loss": float(total), "limit": float(np.log(2)), "rows": float(run.rows)},
        message=(
            f"the classes can be told apart without error (all {run.rows:,} rows together cost {rough(total)}, less "
            "than one on the wrong side would): the parameters grow for ever"
        ),
    )

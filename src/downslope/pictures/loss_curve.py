"""Loss curve: the loss at each step."""

from collections.abc import Mapping, Sequence

import numpy as np

from downslope.diagnosis import Finding
from downslope.history import History
from downslope.pictures.scene import Line, Mark, Note, Points, Role, Rule, Scene, plain
from downslope.pictures.thinning import thinned
from downslope.pictures.window import LARGEST, axis

Measured = tuple[np.ndarray, np.ndarray]
"""Steps and losses, (k,) each."""
ROLES: tuple[Role, ...] = ("truth", "guess", "valley")


def loss_curve(
    history: History, findings: Sequence[Finding] = (), others: Mapping[str, Measured] | None = None
) -> Scene:
    """The loss at each step, on a log scale when it is positive and changes more than tenfold, and where the findings
    begin.

    Args:   others: name -> the loss over other rows, such as those held out, at some of the steps.
    """
    seen = np.isfinite(history.loss) & (np.abs(history.loss) <= LARGEST)
    step, loss = history.step[seen], history.loss[seen]
    notes = []
    if not seen.all():
        gone = history.step[~seen]
        last = f" after step {int(step[-1])}" if step.size and gone[0] > step[-1] else f" at {gone.size:,} steps"
        notes.append(Note(f"out of view{last}: the loss is not finite or too large to draw"))
    more = {name: (np.asarray(at), np.asarray(values, dtype=float)) for name, (at, values) in (others or {}).items()}
    every = np.concatenate([loss, *(values[np.abs(values) <= LARGEST] for _, values in more.values())])
    log = bool(every.size and every.min() >= 0 and (every > 0).any()) and _decades(every[every > 0]) > 1
    if log and loss.size and loss.min() == 0:
        notes.append(Note(f"the loss is exactly 0 at step {int(step[loss == 0][0])}, which a log scale cannot show"))
        step, loss = step[loss > 0], loss[loss > 0]
    kept = thinned(loss, always=[int(np.argmin(loss))] if loss.size else [])
    step, loss = step[kept], loss[kept]
    label = "loss" if history.batch_size is None else f"loss of each batch of {history.batch_size:,}"
    marks = _rules(findings)
    if loss.size == 1:
        marks.append(Points(step.astype(float), loss, "fit", "loss"))
    else:
        marks.append(Line(step.astype(float), loss, "fit", "loss", step))
    for (name, (at, values)), role in zip(more.items(), ROLES, strict=False):
        good = np.flatnonzero((np.abs(values) <= LARGEST) & (values > 0 if log else True))
        good = good[thinned(values[good])]
        marks.append(Line(at[good].astype(float), values[good], role, plain(name), at[good]))
    if loss.size > 1:
        marks.append(Points(step.astype(float), loss, "end", "end", step))
    up = axis(label, every, scale="log" if log else "linear")
    return Scene("Loss at each step", axis("step", history.step, margin=0), up, (*marks, *notes))


def _rules(findings: Sequence[Finding]) -> list[Mark]:
    """An upright line where findings begin, one for all that begin at one step."""
    begins: dict[int, list[str]] = {}
    for finding in findings:
        begins.setdefault(int(finding.first_step), []).append(finding.symptom)
    return [Rule(float(step), "finding", ", ".join(names)) for step, names in sorted(begins.items())]


def _decades(positive: np.ndarray) -> float:
    """How many powers of ten lie between the smallest and the largest."""
    return float(np.log10(positive.max()) - np.log10(positive.min()))

"""Loss curve: the loss at each step."""

from collections.abc import Sequence

import numpy as np

from downslope.diagnosis import Finding
from downslope.history import History
from downslope.pictures.scene import Line, Mark, Note, Points, Rule, Scene
from downslope.pictures.window import LARGEST, axis


def loss_curve(history: History, findings: Sequence[Finding] = ()) -> Scene:
    """The loss at each step, on a log scale when it is positive and changes more than tenfold, and the findings."""
    seen = np.isfinite(history.loss) & (np.abs(history.loss) <= LARGEST)
    step, loss = history.step[seen].astype(float), history.loss[seen]
    notes = []
    if not seen.all():
        gone = history.step[~seen]
        last = f" after step {int(step[-1])}" if step.size and gone[0] > step[-1] else f" at {gone.size:,} steps"
        notes.append(Note(f"out of view{last}: the loss is not finite or too large to draw"))
    log = bool(loss.size and loss.min() >= 0 and (loss > 0).any()) and _decades(loss[loss > 0]) > 1
    if log and loss.min() == 0:
        notes.append(Note(f"the loss is exactly 0 at step {int(step[loss == 0][0])}, which a log scale cannot show"))
        step, loss = step[loss > 0], loss[loss > 0]
    label = "loss" if history.batch_size is None else f"loss of each batch of {history.batch_size:,}"
    marks: list[Mark] = [Rule(float(finding.first_step), "finding", finding.symptom) for finding in findings]
    if loss.size == 1:
        marks.append(Points(step, loss, "path", "loss"))
    else:
        marks.append(Line(step, loss, "path", "loss"))
    up = axis(label, loss, scale="log" if log else "linear")
    return Scene("Loss at each step", axis("step", history.step, margin=0), up, (*marks, *notes))


def _decades(positive: np.ndarray) -> float:
    """How many powers of ten lie between the smallest and the largest."""
    return float(np.log10(positive.max()) - np.log10(positive.min()))

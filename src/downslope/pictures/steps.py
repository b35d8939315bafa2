"""Steps: how steep it was at each step, and how far the step went."""

import numpy as np

from downslope.history import History
from downslope.pictures.scene import Line, Mark, Note, Points, Role, Scene
from downslope.pictures.thinning import thinned
from downslope.pictures.window import LARGEST, axis

CHANGES = 1e-3
"""By what share a rate must change to be drawn; that of a loop that was watched is known to some digits only."""


def steps(history: History) -> Scene:
    """Length of the gradient and of the step from each point, on a log scale, and the learning rate if it changes.

    The lengths are in units of loss per parameter, and of the parameters, in what the descent worked in.

    >>> seen = History.of(("w",), step=[0, 1], loss=[4.0, 1.0], gradient_norm=[4.0, 2.0], step_norm=[1.0, 0.0])
    >>> [mark.name for mark in steps(seen).marks if not isinstance(mark, Note)]
    ['gradient', 'step']
    """
    columns: list[tuple[np.ndarray, Role, str]] = [
        (history.gradient_norm, "fit", "gradient"),
        (history.step_norm, "guess", "step"),
    ]
    rates = history.rate[np.isfinite(history.rate)]
    if rates.size and rates.max() / 2 - rates.min() / 2 > CHANGES * np.abs(rates / 2).max():  # halved: no overflow
        columns.append((history.rate, "truth", "learning rate"))
    marks: list[Mark] = []
    shown, gone = [], 0
    for values, role, name in columns:
        with np.errstate(invalid="ignore"):
            good = (values <= LARGEST) & (values > 1 / LARGEST)
            gone += int(np.sum(values > LARGEST))
        at, size = history.step[good], values[good]
        kept = thinned(np.log(size))
        at, size = at[kept], size[kept]
        shown.append(size)
        if size.size == 1:
            marks.append(Points(at.astype(float), size, role, name, at))
        elif size.size:
            marks.append(Line(at.astype(float), size, role, name, at))
    notes = [] if marks else [Note("no gradient and no step is known")]
    if gone:
        notes.append(Note(f"{gone:,} value{' is' if gone == 1 else 's are'} too large to draw"))
    up = axis("length", *shown, scale="log")
    return Scene("Gradient and step at each step", axis("step", history.step, margin=0), up, (*marks, *notes))

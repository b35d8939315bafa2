"""Predicted: what the model says against what was measured, for models of several columns."""

import numpy as np

from downslope.pictures.fitted import sample
from downslope.pictures.scene import Line, Note, Points, Scene, plain
from downslope.pictures.window import axis, inside


def predicted(actual: np.ndarray, prediction: np.ndarray, *, name: str, of: int = 0) -> Scene:
    """Prediction against measurement, with the diagonal on which a perfect model would lie.

    Args:   actual, prediction: (n,); name: of the target; of: how many rows there are, if these are a sample.
    """
    actual, prediction = np.asarray(actual, dtype=float), np.asarray(prediction, dtype=float)
    name = plain(name)
    shown = axis("", actual)
    near = np.abs(prediction - shown.low / 2 - shown.high / 2) <= 2 * (shown.high - shown.low)
    across, up = (axis(label, actual, prediction[near]) for label in (f"{name}, measured", f"{name}, predicted"))
    kept = sample(actual.size)
    visible = inside(actual, prediction, across, up)
    ends = np.array([across.low, across.high])
    notes = []
    if kept.size < max(actual.size, of):
        notes.append(Note(f"{kept.size:,} of {max(actual.size, of):,} rows drawn, chosen at random"))
    if not visible.all():
        notes.append(Note(f"{int((~visible).sum()):,} of {actual.size:,} predictions are out of view"))
    kept = kept[visible[kept]]
    marks = (Points(actual[kept], prediction[kept], "data", "data"), Line(ends, ends, "truth", "perfect"))
    return Scene(f"{name}: predicted against measured", across, up, (*marks, *notes))

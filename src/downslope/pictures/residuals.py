"""Residuals: what the model leaves unexplained, row by row."""

from collections.abc import Sequence

import numpy as np

from downslope.pictures.fitted import sample
from downslope.pictures.scene import Line, Mark, Note, Points, Scene, plain
from downslope.pictures.window import axis, inside

FAR = 20.0
"""Times the middle size of the residuals beyond which one that is alone leaves the picture."""


def residuals(
    at: np.ndarray, left: np.ndarray, *, at_name: str, name: str, standing_out: Sequence[int] = (), of: int = 0
) -> Scene:
    """Residuals against a column, or against the prediction, and the line of none.

    Where the model is right they scatter about it everywhere alike: a bend in them is something that it lacks.

    Args:   at, left: (n,), measured less predicted; name: of the target; standing_out: rows, counted from 1, that carry
            the loss; of: how many rows there are, if these are a sample of them.

    >>> residuals(np.arange(3.0), np.array([0.1, -0.1, 5.0]), at_name="x", name="y", standing_out=[3]).notes
    ('row 3 stands out',)
    """
    at, left = np.asarray(at, dtype=float), np.asarray(left, dtype=float)
    rows = np.array([row - 1 for row in standing_out if 0 < row <= at.size], dtype=int)
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(at) & np.isfinite(left)
    middle = float(np.median(np.abs(left[finite]))) if finite.any() else 0.0
    held = finite & ((np.abs(left) <= FAR * middle) | np.isin(np.arange(at.size), rows)) if middle > 0 else finite
    across, up = axis(plain(at_name), at[held]), axis(f"residual of {plain(name)}", left[held], np.zeros(1))
    visible = inside(at, left, across, up)
    kept = sample(at.size)
    kept = kept[visible[kept]]
    ends = np.array([across.low, across.high])
    marks: list[Mark] = [Line(ends, np.zeros(2), "truth", "none"), Points(at[kept], left[kept], "data", "residuals")]
    notes = []
    drawn = sample(at.size).size
    if max(at.size, of) > drawn:
        notes.append(Note(f"{drawn:,} of {max(at.size, of):,} rows drawn, chosen at random"))
    if not visible.all():
        notes.append(Note(f"{int((~visible).sum()):,} of {at.size:,} residuals are out of view"))
    rows = rows[visible[rows]]
    if rows.size:
        marks.append(Points(at[rows], left[rows], "finding", "outliers"))
        named = ", ".join(str(row + 1) for row in rows[:5]) + (f" and {rows.size - 5} more" if rows.size > 5 else "")
        notes.append(Note(f"row {named} stands out" if rows.size == 1 else f"rows {named} stand out"))
    return Scene(f"Residuals against {across.label}", across, up, (*marks, *notes))

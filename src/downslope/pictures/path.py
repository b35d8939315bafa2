"""Path: the way down, seen from above on the contours of the loss."""

import numpy as np

from downslope.history import History
from downslope.pictures.loss_against import ends
from downslope.pictures.scene import Contours, Line, Mark, Note, Points, Scene, plain
from downslope.pictures.window import LARGEST, axis, clipped, inside

LEVELS = 14
MOST_POINTS = 300
Grid = tuple[np.ndarray, np.ndarray, np.ndarray]


def path(history: History, first: str, second: str, grid: Grid) -> Scene:
    """The path of two parameters over lines of equal loss.

    Args:   grid: values of `first` (n,), of `second` (m,), and the loss there (m, n); not finite where there is none.
            The window is that of the grid.
    Raises: ValueError for a name that is no parameter.
    """
    values1, values2, losses = grid
    x, y = history.path(first), history.path(second)
    across, up = axis(plain(first), values1, margin=0), axis(plain(second), values2, margin=0)
    height = np.where(np.abs(losses) <= LARGEST, losses, np.nan)
    visible = inside(x, y, across, up)
    notes = []
    if not visible.all():
        gone = history.step[~visible]
        if not visible.any():
            notes.append(Note("every point of the path is out of view"))
        elif visible[: visible.size - gone.size].all():
            notes.append(Note(f"the path leaves the picture at step {int(gone[0]):,}"))
        else:
            notes.append(Note(f"{gone.size:,} of {len(history):,} points of the path are out of view"))
    if len(history.parameters) > 2:
        notes.append(Note("the contours are the loss with the other parameters held still"))
    marks: list[Mark] = [
        Contours(values1, values2, height, levels(height)),
        Line(*clipped(x, y, across, up), "path", "path"),
    ]
    if visible.sum() <= MOST_POINTS:
        marks.append(Points(x[visible], y[visible], "path"))
    title = f"The way down: {across.label} and {up.label}"
    return Scene(title, across, up, (*marks, *ends(x, y, visible), *notes))


def levels(height: np.ndarray) -> np.ndarray:
    """Heights for contours, rising, dense near the lowest: the excess over it grows by a constant factor.

    >>> levels(np.array([[2.0, 1002.0]]))[:2].round(3)
    array([2.1  , 2.203])
    """
    known = height[np.isfinite(height)]
    if not known.size or known.min() == known.max():
        return np.empty(0)
    low, high = known.min(), known.max()
    found = np.unique(low + (high - low) * np.geomspace(1e-4, 1, LEVELS))
    return np.asarray(found[(found > low) & (found < high)])

"""Path: the way down, seen from above on the contours of the loss."""

from collections.abc import Sequence

import numpy as np

from downslope.history import History
from downslope.pictures.loss_against import ends
from downslope.pictures.scene import Contours, Line, Mark, Note, Points, Scene, plain
from downslope.pictures.thinning import thinned
from downslope.pictures.window import LARGEST, axis, clipped_steps, inside

LEVELS = 14
MOST_POINTS = 120
"""Steps up to which each has its dot; more would hide the line."""
Grid = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def path(history: History, first: str, second: str, grid: Grid, *, minimum: tuple[float, float] | None = None) -> Scene:
    """The path of two parameters over lines of equal loss.

    Args:   grid: values of `first` (n,), of `second` (m,), and the loss there (m, n); not finite where there is none,
            None for a loop whose model is not known. The window is that of the grid. minimum: where it is known.
    Raises: ValueError for a name that is no parameter.
    """
    said = (
        ["the contours are the loss with the other parameters held still"]
        if len(history.parameters) > 2 and grid[2] is not None
        else []
    )
    way = history.path(first), history.path(second)
    return plane(history.step, way, (plain(first), plain(second)), grid, minimum=minimum, said=said)


def plane(
    steps: np.ndarray,
    way: tuple[np.ndarray, np.ndarray],
    names: tuple[str, str],
    grid: Grid,
    *,
    minimum: tuple[float, float] | None = None,
    said: Sequence[str] = (),
) -> Scene:
    """The same for any two directions.

    Args:   steps (k,); way: where they stood along the two directions, (k,) each; said: what else is to be known.
    """
    values1, values2, losses = grid
    x, y = way
    across, up = axis(names[0], values1, margin=0), axis(names[1], values2, margin=0)
    visible = inside(x, y, across, up)
    notes = []
    if not visible.all():
        gone = steps[~visible]
        if not visible.any():
            notes.append(Note("every point of the path is out of view"))
        elif visible[: visible.size - gone.size].all():
            notes.append(Note(f"the path leaves the picture at step {int(gone[0]):,}"))
        else:
            notes.append(Note(f"{gone.size:,} of {steps.size:,} points of the path are out of view"))
    marks: list[Mark] = []
    if losses is not None:
        height = np.where(np.abs(losses) <= LARGEST, losses, np.nan)
        marks.append(Contours(values1, values2, height, levels(height)))
    # of a path that leaves for good, what it does outside is no part of the picture
    stays = int(np.flatnonzero(visible)[-1]) + 3 if visible.any() else x.size
    kept = thinned(x[:stays], y[:stays])
    line_x, line_y, reached = clipped_steps(x[kept], y[kept], steps[kept], across, up)
    marks.append(Line(line_x, line_y, "path", "path", reached))
    if visible.sum() <= MOST_POINTS:
        marks.append(Points(x[visible], y[visible], "path", "", steps[visible]))
    marks += ends(x, y, visible, steps)
    if minimum is not None and across.low <= minimum[0] <= across.high and up.low <= minimum[1] <= up.high:
        marks.append(Points(np.array([minimum[0]]), np.array([minimum[1]]), "minimum", "minimum"))
    title = f"The way down: {names[0]} and {names[1]}"
    return Scene(title, across, up, (*marks, *notes, *map(Note, said)))


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

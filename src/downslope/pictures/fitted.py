"""Fitted: the data and the line that was fitted through them."""

import numpy as np

from downslope.pictures.scene import Axis, Line, Mark, Note, Points, Role, Scene, plain
from downslope.pictures.window import axis, clipped, inside

MOST_POINTS = 2000
Curve = tuple[np.ndarray, np.ndarray]


def fitted(
    x: np.ndarray,
    y: np.ndarray,
    *,
    x_name: str,
    y_name: str,
    curve: Curve,
    truth: Curve | None = None,
    start: Curve | None = None,
) -> Scene:
    """Data against the fitted curve, with the true one where it is known and the one that the descent started from.

    The window is that of the data: a curve that leaves it far (a diverged fit) is cut at the edge, and a note says so.

    Args:   x, y: (n,) data; curve, truth, start: pairs of (m,) arrays, x rising.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    lines: tuple[tuple[Curve | None, Role, str], ...] = (
        (start, "guess", "start"),
        (truth, "truth", "true"),
        (curve, "fit", "fitted"),
    )
    across = axis(plain(x_name), x)
    up = _height(plain(y_name), y, [line for line, role, _ in lines if line is not None and role != "guess"])
    kept = sample(x.size)
    marks: list[Mark] = [Points(x[kept], y[kept], "data", "data")]
    notes = [Note(f"{kept.size:,} of {x.size:,} rows drawn, chosen at random")] if kept.size < x.size else []
    for line, role, name in lines:
        if line is None:
            continue
        drawn = Line(*clipped(*line, across, up), role, name)
        marks.append(drawn)
        if not inside(*line, across, up)[(line[0] >= across.low) & (line[0] <= across.high)].all():
            notes.append(Note(f"the line '{name}' {'leaves the picture' if drawn.x.size else 'is out of view'}"))
    return Scene(f"{up.label} against {across.label}", across, up, (*marks, *notes))


def sample(rows: int, most: int = MOST_POINTS) -> np.ndarray:
    """Which rows to draw: all, or so many of them at random, the same ones each time."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, size=most, replace=False))


def _height(label: str, y: np.ndarray, curves: list[Curve]) -> Axis:
    """The window of the data, and of the curves that stay near it."""
    data = axis(label, y)
    size = data.high - data.low
    near = [line[1] for line in curves if np.all(np.abs(line[1] - data.low / 2 - data.high / 2) <= 2 * size)]
    return axis(label, y, *near)

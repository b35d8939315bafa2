"""Hinges: the parts of a sum of ReLUs, and how they add up to the curve."""

from collections.abc import Sequence

import numpy as np

from downslope.pictures.fitted import Frames, fitted
from downslope.pictures.scene import Curves, Mark, Note, Role, Scene, plain
from downslope.pictures.window import axis, cut

ROLES: tuple[Role, ...] = ("path", "truth", "finding", "guess", "valley")
"""What tells hinges apart, in turn."""
MOST = 12
"""Hinges that are drawn, the largest; more could not be told apart."""


def hinges(
    x: np.ndarray,
    y: np.ndarray,
    *,
    x_name: str,
    y_name: str,
    curve_x: np.ndarray,
    total: Frames,
    parts: Sequence[tuple[str, np.ndarray]],
) -> Scene:
    """What each hinge adds along x, their sum with all the rest of the formula, and the data.

    Args:   x, y: (n,) data; curve_x: (m,) rising; total: steps (k,) and the sum (k, m); parts: the text of each hinge
            and what it adds, (k, m), at the same steps.
    """
    steps, sums = total
    scene = fitted(x, y, x_name=x_name, y_name=y_name, curve=(curve_x, sums[-1]), frames=total)
    last = [np.where(np.isfinite(values[-1]), values[-1], 0.0) for _, values in parts]
    order = sorted(range(len(parts)), key=lambda place: -float(np.ptp(last[place])))[:MOST]
    size = scene.y.high - scene.y.low
    near = [last[place][np.abs(last[place] - scene.y.low / 2 - scene.y.high / 2) <= 2 * size] for place in order]
    up = axis(scene.y.label, np.array([scene.y.low, scene.y.high]), *near, margin=0)
    drawn: list[Mark] = [
        Curves(curve_x, cut(parts[place][1], up), steps, ROLES[number % len(ROLES)], plain(parts[place][0], 40))
        for number, place in enumerate(sorted(order))
    ]
    others = [mark for mark in scene.marks if getattr(mark, "name", "") != "fitted"]
    whole = Curves(curve_x, cut(sums, up), steps, "fit", "sum")
    notes = []
    if len(parts) > MOST:
        notes.append(Note(f"the {MOST} largest of {len(parts):,} hinges are drawn"))
    if any(np.isnan(mark.y[-1]).any() for mark in drawn if isinstance(mark, Curves)):
        notes.append(Note("hinges leave the picture"))
    marks = (*drawn, *(mark for mark in others if not isinstance(mark, Note)), whole)
    said = tuple(mark for mark in others if isinstance(mark, Note))
    return Scene("The hinges and their sum", scene.x, up, (*marks, *said, *notes))

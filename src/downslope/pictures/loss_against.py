"""Loss against one parameter: the valley, and the steps hopping in it."""

from dataclasses import replace

import numpy as np

from downslope.history import History
from downslope.pictures.scene import Axis, Line, Mark, Note, Points, Scene, plain
from downslope.pictures.window import axis, clipped, inside

FIRST_STEPS = 200


def loss_against(history: History, parameter: str, values: np.ndarray, losses: np.ndarray) -> Scene:
    """The loss along one parameter, and where on it each step landed.

    Args:   values, losses: (m,) the valley: the loss at these values, the other parameters held still.
    Raises: ValueError for a name that is no parameter.
    """
    at, loss = history.path(parameter), history.loss
    name = plain(parameter)
    across = axis(name, values, margin=0)
    up = _height(losses, loss[(at >= across.low) & (at <= across.high)])
    notes = []
    if len(history.parameters) > 1:
        notes.append(Note(f"the valley is the loss along {name}, the other parameters held still"))
    drawn = np.arange(len(history))
    if drawn.size > FIRST_STEPS + 2:
        drawn = np.append(drawn[: FIRST_STEPS + 1], drawn[-1])
        notes.append(Note(f"the first {FIRST_STEPS} of {int(history.step[-1]):,} steps and the last are drawn"))
    visible = inside(at, loss, across, up)
    hidden = int((~visible[drawn]).sum())
    if hidden:
        notes.append(Note(f"{hidden:,} of {drawn.size:,} points are out of view"))
    hops = drawn[: FIRST_STEPS + 1]
    marks: list[Mark] = [
        Line(*clipped(values, losses, across, up), "valley", "valley"),
        Line(*clipped(at[hops], loss[hops], across, up), "path", "steps"),
        Points(at[hops][visible[hops]], loss[hops][visible[hops]], "path"),
    ]
    return Scene(f"Loss against {name}", across, up, (*marks, *ends(at, loss, visible), *notes))


def _height(valley: np.ndarray, steps: np.ndarray) -> Axis:
    """From the floor to somewhat above the steps, which may stay far below the rims of the valley or leave it."""
    whole = axis("loss", valley)
    size = whole.high - whole.low
    near = steps[np.abs(steps - whole.low) <= 3 * size]
    if near.size:
        floor = min(whole.low, near.min())
        valley = valley[valley <= max(floor + 1.5 * (near.max() - floor), whole.low + 0.1 * size)]
    up = axis("loss", valley, near)
    return up if min(up.low, whole.low) < 0 and (valley < 0).any() else replace(up, low=max(up.low, 0.0))


def ends(x: np.ndarray, y: np.ndarray, visible: np.ndarray) -> list[Mark]:
    """Start and end of a path, where they are in view."""
    marks: list[Mark] = []
    if x.size and visible[0]:
        marks.append(Points(x[:1], y[:1], "start", "start"))
    if x.size and visible[-1]:
        marks.append(Points(x[-1:], y[-1:], "end", "end"))
    return marks

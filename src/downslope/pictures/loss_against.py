"""Loss against one parameter: the valley, and the steps hopping in it."""

from dataclasses import replace

import numpy as np

from downslope.history import History
from downslope.pictures.scene import Axis, Line, Mark, Note, Points, Scene, plain
from downslope.pictures.thinning import MOST, frames
from downslope.pictures.window import axis, clipped, clipped_steps, inside

FIRST_STEPS = 200


def loss_against(history: History, parameter: str, values: np.ndarray, losses: np.ndarray | None = None) -> Scene:
    """The loss along one parameter, and where on it each step landed.

    Args:   values, losses: (m,) the valley: the loss at these values, the other parameters held still. Without losses
            (a loop whose model is not known) only the steps are drawn, between the ends of `values`.
    Raises: ValueError for a name that is no parameter.
    """
    at, loss = history.path(parameter), history.loss
    name = plain(parameter)
    across = axis(name, values, margin=0)
    near = loss[(at >= across.low) & (at <= across.high)]
    up = _height(_about(near) if losses is None else losses, near)
    notes = []
    if len(history.parameters) > 1 and losses is not None:
        notes.append(Note(f"the valley is the loss along {name}, the other parameters held still"))
    if history.batch_size is not None:
        notes.append(Note("the loss at each step is that of its batch"))
    drawn = np.arange(len(history))
    if drawn.size > FIRST_STEPS + 2:
        drawn = np.append(drawn[: FIRST_STEPS + 1], drawn[-1])
        notes.append(Note(f"the first {FIRST_STEPS} of {int(history.step[-1]):,} steps and the last are drawn"))
    visible = inside(at, loss, across, up)
    hidden = int((~visible[drawn]).sum())
    if hidden:
        notes.append(Note(f"{hidden:,} of {drawn.size:,} points are out of view"))
    hops = drawn[: FIRST_STEPS + 1]
    marks: list[Mark] = []
    if losses is not None:
        marks.append(Line(*clipped(values, losses, across, up), "valley", "valley"))
    x, y, reached = clipped_steps(at[hops], loss[hops], history.step[hops], across, up)
    landed = hops[visible[hops]]
    marks += [Line(x, y, "path", "steps", reached), Points(at[landed], loss[landed], "path", "", history.step[landed])]
    title = f"Loss against {name}"
    return Scene(title, across, up, (*marks, *ends(at, loss, visible, history.step), *notes))


def _about(losses: np.ndarray) -> np.ndarray:
    """The losses that a picture without a valley is to hold: those not far above the first."""
    finite = losses[np.isfinite(losses)]
    return finite[finite / 3 <= abs(finite[0])] if finite.size else finite


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


def ends(x: np.ndarray, y: np.ndarray, visible: np.ndarray, step: np.ndarray) -> list[Mark]:
    """Start of a path and where it stands, as far as they are in view: nan where it stands outside."""
    marks: list[Mark] = []
    if x.size and visible[0]:
        marks.append(Points(x[:1], y[:1], "start", "start"))
    if visible.any():
        shown_x, shown_y = np.where(visible, x, np.nan), np.where(visible, y, np.nan)
        left = np.flatnonzero(np.diff(visible, prepend=True))  # where it leaves the picture and where it comes back
        kept = np.union1d(frames(x.size, MOST), left[:100])
        marks.append(Points(shown_x[kept], shown_y[kept], "end", "end", step[kept]))
    return marks

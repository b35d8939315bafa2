"""Descents on parabolas, where all that a reading measures is known exactly.

Along a direction of curvature c plain descent at the rate r multiplies the error by 1 - r·c at each step, and the
excess of the loss over its floor by the square of that.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from runs import as_run

from downslope.history import AtEnd, Curvature, Pace, Readings, Reference, Run

LEVEL = 1.0
ALLOWED = 1e-6 * LEVEL
"""Excess at which a run on a floor of 0 has arrived: a millionth of what the best constant leaves."""
MOST = 10_000_000


def steps_to_arrive(curves: Sequence[float], excess: Sequence[float], rate: float, allowed: float) -> float:
    """The first step after which all directions together are low enough; inf if that is beyond any patience."""
    by = np.abs(1 - rate * np.array(curves))

    def left(steps: float) -> float:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return float(np.array(excess) @ by ** (2.0 * steps))

    if not left(MOST) <= allowed:
        return np.inf
    low, high = -1, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if left(middle) <= allowed else (middle, high)
    return float(high)


def on_a_parabola(
    descent: Callable,
    rate: float,
    steps: int,
    *,
    curves: Sequence[float] = (4.0,),
    excess: Sequence[float] = (1.0,),
    turn: float = 0.0,
    at: float = 0.0,
    floor: float = 0.0,
    scaled: Sequence[float] | None = None,
    **known: Any,
) -> Run:
    """A run of a loop written by hand on floor + Σ c/2·u², with the readings that arithmetic gives.

    Args:   excess: of the start, by directions; turn: angle by which these are turned (of two); at: where the minimum
            is, in every parameter; scaled: the curvatures on columns of one size, if there are such; known: parts of
            the Readings that are to be others.
    """
    curve, high = np.array(curves), max(curves)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) if curve.size == 2 else np.eye(1)
    start = at + axes @ np.sqrt(2 * np.array(excess) / curve)

    def along(point: np.ndarray) -> np.ndarray:
        return axes.T @ (point - at)

    history = descent(
        lambda point: axes @ (curve * along(point)),
        lambda point: floor + float(curve @ along(point) ** 2) / 2,
        start,
        rate,
        steps,
    )
    last = int(np.flatnonzero(history.finite)[-1])  # plain descent answers with where it ended
    run = replace(as_run(history), params=history.params[last], loss=float(history.loss[last]))
    allowed = 0.01 * abs(floor) + ALLOWED
    of_start = 0.5 * curve * along(start) ** 2
    pace = Pace(
        as_it_was=steps_to_arrive(curves, of_start, rate, allowed),
        at_best=steps_to_arrive(curves, of_start, 1 / high, allowed),
        best_rate=1 / high,
        condition=high / min(curves),
    )
    if scaled is not None:
        needed = steps_to_arrive(scaled, of_start, 1 / max(scaled), allowed)
        pace = Pace(**vars(pace) | {
            "scaled": needed, "scaled_rate": 1 / max(scaled), "scaled_condition": max(scaled) / min(scaled),
        })  # fmt: skip
    best = np.full(curve.size, at)
    steep, flat = axes[:, int(np.argmax(curve))], axes[:, int(np.argmin(curve))]
    ends = history.step[[0, -1]]
    readings = {
        "curvature": Curvature(
            history.parameters, ends, np.full(2, high), np.full(2, min(curves)), np.sort(curve), steep, flat
        ),
        "reference": Reference(floor, best, history.params[0], "closed-form", nearby=floor, level=LEVEL),
        "at_end": AtEnd(run.loss - floor, min(curves), high),
        "pace": pace,
    }
    return replace(run, readings=Readings(**(readings | known)))

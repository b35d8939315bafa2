"""Held out: the loss over rows that took no part in the descent, along its way."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.history.readings import Validation
from downslope.objective import Loss

MOST_POINTS = 64


def sampled(steps: np.ndarray) -> np.ndarray:
    """Places of at most 64 of these steps (m,): half of them evenly spaced, half in growing distances, with the first
    and the last.

    >>> sampled(np.arange(5)).tolist()
    [0, 1, 2, 3, 4]
    >>> chosen = sampled(np.arange(10_001))
    >>> chosen.size <= 64, chosen[:4].tolist(), int(chosen[-1])
    (True, [0, 1, 2, 3], 10000)
    """
    count = steps.size
    if count <= MOST_POINTS:
        return np.arange(count)
    half = MOST_POINTS // 2
    even = np.linspace(0, count - 1, half)
    growing = np.geomspace(1, count - 1, half)
    return np.unique(np.rint(np.concatenate([even, growing])).astype(int))


def held_out(
    predict: Callable[[Any, Mapping[str, Any]], Any],
    steps: np.ndarray,
    path: np.ndarray,
    columns: Mapping[str, np.ndarray],
    target: np.ndarray,
    loss: Loss,
    weight: np.ndarray | None = None,
    spread: np.ndarray | float = 1.0,
) -> Validation | None:
    """The loss over the rows held out, at some of the steps; None if it is not a number anywhere.

    Args:   predict: of the whole model, on the user's columns; steps (m,) and path (m, p), in its parameters; columns,
            target, weight and spread: of the rows held out, (n,) each.

    >>> from downslope.arrays import double_precision
    >>> from downslope.model import as_model
    >>> from downslope.objective import as_loss
    >>> steps, path = np.arange(3), np.array([[0.0], [1.0], [2.0]])
    >>> data = {"x": np.array([1.0, 2.0])}
    >>> with double_precision():
    ...     seen = held_out(as_model("y = w*x", ["x", "y"]).predict, steps, path, data, data["x"], as_loss("mse"))
    >>> seen.losses.tolist(), seen.rows
    ([2.5, 0.0, 2.5], 2)
    """
    chosen = sampled(steps)
    share = np.full(target.size, 1 / target.size) if weight is None else weight / weight.sum()
    losses, last, lowest = np.full(chosen.size, np.nan), np.zeros(0), np.zeros(0)
    for place, row in enumerate(chosen):
        if not np.isfinite(path[row]).all():
            continue
        prediction = np.asarray(predict(path[row], columns), dtype=np.float64)
        by_row = loss.of(prediction / spread, target / spread)
        here = float(by_row @ share)
        if np.isfinite(here):
            lowest = by_row if not here >= np.fmin.reduce(losses) else lowest
            last, losses[place] = by_row, here
    finite = np.isfinite(losses)
    if not finite.any():
        return None
    return Validation(steps[chosen[finite]], losses[finite], target.size, _error(last - lowest, share))


def _error(difference: np.ndarray, share: np.ndarray) -> float:
    """Standard error of a weighted mean; nan of one row, which tells none."""
    rows = difference.size
    if rows < 2:
        return float("nan")
    around = difference - difference @ share
    return float(np.sqrt(np.sum((share * around) ** 2) * rows / (rows - 1)))

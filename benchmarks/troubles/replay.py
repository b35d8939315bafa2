"""Replays: what a hand-written loop of these settings does, in NumPy, many lanes side by side."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.troubles.numpy_model import Columns, Loss, Model, gradient, model_is_straight

LEAST_GRADIENT = 1e-7
"""Of the first one: below this share, the direction of a step is rounding."""


@dataclass(frozen=True, eq=False)
class Replay:
    """Lanes L, steps T: losses over all rows (L, T + 1), landings (L, T), gradient norms (L, T + 1), and the path
    (L, T + 1, p).
    """

    losses: np.ndarray
    landings: np.ndarray
    norms: np.ndarray
    path: np.ndarray


def replay(
    model: Model,
    loss: Loss,
    columns: Columns,
    target: np.ndarray,
    starts: np.ndarray,
    rates: np.ndarray,
    rule: str,
    steps: int,
    batches: np.ndarray | None = None,
) -> Replay:
    """columns and target (L, n), starts (L, p), rates (L,), batches (steps, size) of row numbers, -1 for none."""
    move = RULES[rule.split("(")[0]]
    measure = _straight(model, loss, columns, target) if model_is_straight(model, columns) else None
    measure = measure or (lambda params: gradient(model, loss, params, columns, target))
    params, memory = starts.astype(float), (np.zeros_like(starts), np.zeros_like(starts))
    lanes = len(rates)
    losses, norms = np.full((lanes, steps + 1), np.nan), np.full((lanes, steps + 1), np.nan)
    landings, path = np.full((lanes, steps), np.nan), np.full((lanes, steps + 1, starts.shape[1]), np.nan)
    step = before = None
    with np.errstate(all="ignore"):
        for k in range(steps + 1):
            losses[:, k], slope = measure(params)
            if batches is not None and k < steps:
                chosen = batches[k][batches[k] >= 0]
                some = {name: values[:, chosen] for name, values in columns.items()}
                slope = gradient(model, loss, params, some, target[:, chosen])[1]
            norms[:, k], path[:, k] = np.sqrt((slope * slope).sum(1)), params
            if step is not None:
                landings[:, k - 1] = (slope * step).sum(1) / (before * step).sum(1)
            if k == steps:
                break
            direction, memory = move(slope, memory, k + 1)
            before, step = slope, -rates[:, None] * direction
            params = params + step
            if k % 64 == 63 and not np.isfinite(params).any():
                break
    return Replay(losses, landings, norms, path)


def _straight(model: Model, loss: Loss, columns: Columns, target: np.ndarray) -> Callable:
    """The same for a model that is linear in its parameters: derivatives once for all steps."""
    zero = np.zeros((len(target), len(model.parameters)))
    offset, slopes = model.jacobian(zero, columns)
    across = np.ascontiguousarray(np.swapaxes(slopes, 1, 2))

    def measure(params: np.ndarray) -> tuple:
        prediction = offset + np.matmul(across, params[..., None])[..., 0]
        pulled = loss.slopes(prediction, target)
        mean = loss.rows(prediction, target).mean(-1)
        return mean, np.matmul(slopes, pulled[..., None])[..., 0] / target.shape[-1]

    return measure


def _plain(slope: np.ndarray, memory: tuple, k: int) -> tuple:
    return slope, memory


def _momentum(slope: np.ndarray, memory: tuple, k: int) -> tuple:
    speed = 0.9 * memory[0] + slope
    return speed, (speed, memory[1])


def _nesterov(slope: np.ndarray, memory: tuple, k: int) -> tuple:
    speed = 0.9 * memory[0] + slope
    return 0.9 * speed + slope, (speed, memory[1])


def _adam(slope: np.ndarray, memory: tuple, k: int) -> tuple:
    mean, square = 0.9 * memory[0] + 0.1 * slope, 0.999 * memory[1] + 0.001 * slope * slope
    direction = mean / (1 - 0.9**k) / (np.sqrt(square / (1 - 0.999**k)) + 1e-8)
    return direction, (mean, square)


RULES: dict[str, Callable] = {"gd": _plain, "sgd": _plain, "momentum": _momentum, "nesterov": _nesterov, "adam": _adam}

"""Descents that are known exactly, from a plain loop."""

from collections.abc import Callable

import numpy as np
import pytest

from downslope.history import History


def descend(gradient: Callable, loss: Callable, start, rate: float, steps: int) -> History:
    """Plain gradient descent as one writes it by hand; stops after the first row that is not finite."""
    rows, at = [], np.array(start, dtype=float)
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            slope = gradient(at)
            rows.append((step, loss(at), at, slope))
            if not (np.isfinite(rows[-1][1]) and np.isfinite(at).all()):
                break
            at = at - rate * slope
        step, losses, params, gradients = (np.array(column) for column in zip(*rows, strict=True))
        along = (gradients[1:] * gradients[:-1]).sum(1) / (gradients[:-1] ** 2).sum(1)
        norms = np.sqrt((gradients**2).sum(1))
    rates = np.append(np.full(len(step) - 1, rate), np.nan)
    return History.of(
        tuple("wbcd"[: params.shape[1]]), step=step, loss=losses, params=params, gradient=gradients,
        gradient_norm=norms, landing=np.append(np.nan, along), rate=rates, step_norm=rates * norms,
    )  # fmt: skip


@pytest.fixture
def descent() -> Callable[..., History]:
    return descend


@pytest.fixture
def parabola() -> Callable[..., History]:
    """Descent on curvature/2 * w**2 from 1."""

    def run(rate_times_curvature: float, steps: int = 100, curvature: float = 4.0) -> History:
        rate = rate_times_curvature / curvature
        return descend(lambda w: curvature * w, lambda w: curvature / 2 * float(w @ w), [1.0], rate, steps)

    return run

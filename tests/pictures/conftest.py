from collections.abc import Callable

import numpy as np
import pytest

from downslope.history import History


@pytest.fixture
def parabola() -> Callable[..., History]:
    """Descent on w**2 + b**2 / 10, from (1, 1)."""

    def run(rate: float = 0.3, steps: int = 30) -> History:
        step = np.arange(steps + 1)
        with np.errstate(over="ignore"):
            params = np.stack([(1 - 2 * rate) ** step, (1 - 0.2 * rate) ** step], axis=1)
            loss = params[:, 0] ** 2 + params[:, 1] ** 2 / 10
        return History.of(("w", "b"), step=step, loss=loss, params=params)

    return run


@pytest.fixture
def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    w, b = np.linspace(-1.5, 1.5, 31), np.linspace(-1, 1.5, 26)
    return w, b, w**2 + b[:, None] ** 2 / 10

"""Loops as people write them; what each test needs of a framework is imported by the test itself."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

X = np.linspace(-2.0, 2.0, 20)
Y = 3 * X**2 + 2 * X + 1 + np.random.default_rng(0).normal(scale=0.3, size=20)


@pytest.fixture
def quadratic() -> tuple[np.ndarray, np.ndarray]:
    return X, Y


@pytest.fixture
def by_hand() -> Callable[..., Any]:
    """The same descent in NumPy: losses (n,), params (n, 3), gradients (n, 3)."""

    def run(rate: float, steps: int, start=(1.1, 1.1, 1.1)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        columns, abc, seen = np.stack([X**2, X, np.ones_like(X)]), np.array(start), []
        for _ in range(steps):
            residual = abc @ columns - Y
            gradient = 2 * columns @ residual / len(X)
            seen.append(((residual**2).mean(), abc, gradient))
            abc = abc - rate * gradient
        losses, params, gradients = zip(*seen, strict=True)
        return np.array(losses), np.array(params), np.array(gradients)

    return run

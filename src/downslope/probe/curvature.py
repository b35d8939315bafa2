"""Slope and curvature of the objective at one point."""

from functools import lru_cache
from typing import Any

import jax
import numpy as np

from downslope.objective import Objective, Rows


def hessian(objective: Objective, params: np.ndarray, rows: Rows) -> np.ndarray:
    """Second derivatives of the objective, (p, p), in loss units per parameter unit squared.

    For few parameters: it costs p passes. Its largest eigenvalue c is the steepest curvature; plain descent is
    stable below the rate 2/c (the error along that direction is multiplied by 1 - rate * c at each step).
    """
    return np.asarray(_compiled(objective)(params, rows))


def gradient(objective: Objective, params: np.ndarray, rows: Rows) -> np.ndarray:
    """First derivatives of the objective, (p,), in loss units per parameter unit."""
    return np.asarray(_slope(objective)(params, rows))


@lru_cache(maxsize=64)
def _slope(objective: Objective) -> Any:
    return jax.jit(lambda params, rows: objective.sums(params, rows).mean().gradient)


@lru_cache(maxsize=64)
def _compiled(objective: Objective) -> Any:
    return jax.jit(jax.jacfwd(lambda params, rows: objective.sums(params, rows).mean().gradient))

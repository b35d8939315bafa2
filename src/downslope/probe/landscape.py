"""The objective at many points at once: slices and grids for pictures."""

from functools import lru_cache
from typing import Any

import jax
import numpy as np

from downslope.objective import Objective, Rows


def losses_at(objective: Objective, points: np.ndarray, rows: Rows) -> np.ndarray:
    """The objective at each of the points (m, p): (m,)."""
    return np.asarray(_compiled(objective)(points, rows))


@lru_cache(maxsize=64)
def _compiled(objective: Objective) -> Any:
    def loss(params: jax.Array, rows: Rows) -> jax.Array:
        return objective.sums(params, rows).mean().loss

    # one point after the other: a grid of 2,500 points times a million rows would not fit side by side
    return jax.jit(lambda points, rows: jax.lax.map(lambda params: loss(params, rows), points))

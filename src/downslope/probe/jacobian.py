"""Derivatives of the prediction by the parameters."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from downslope.objective import Objective


def jacobian(objective: Objective, params: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Of each row's prediction by each parameter: (n, p)."""
    return np.asarray(_compiled(objective)(params, dict(columns)))


@lru_cache(maxsize=64)
def _compiled(objective: Objective) -> Any:
    return jax.jit(jax.jacfwd(objective.predict))

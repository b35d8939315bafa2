"""Derivatives of the prediction by the parameters."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from downslope.descent.compiling import QUICK
from downslope.objective import Objective
from downslope.probe.look import FEW_ROWS


def jacobian(objective: Objective, params: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Of each row's prediction by each parameter: (n, p)."""
    few = all(values.size <= FEW_ROWS for values in columns.values())
    return np.asarray(_compiled(objective, few)(params, dict(columns)))


@lru_cache(maxsize=64)
def _compiled(objective: Objective, few: bool) -> Any:
    return jax.jit(jax.jacfwd(objective.predict), compiler_options=QUICK if few else None)

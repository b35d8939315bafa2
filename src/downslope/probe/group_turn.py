"""Errors of parameters that follow others, in many groups at once."""

from functools import lru_cache
from typing import Any

import jax
import numpy as np

from downslope.model import Restriction


def errors_of_all(restriction: Restriction, free: np.ndarray, covariance: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Errors (g, p) of all parameters, from the free ones (g, q), their covariance (g, q, q) and their own errors.

    By the derivative of each tie: 0 for a fixed parameter, infinite or unknown where what it follows is.
    """
    fixed = np.array(list(restriction.constants.values()), dtype=np.float64)
    turn = np.asarray(_turns(restriction.layout)(free, fixed))
    with np.errstate(all="ignore"):
        variance = np.einsum("gpq,gqr,gpr->gp", turn, np.nan_to_num(covariance), turn)
    found = np.sqrt(np.maximum(variance, 0.0))
    follows = np.abs(turn) > 0
    for bad in (np.inf, np.nan):
        odd = np.isinf(errors) if np.isinf(bad) else np.isnan(errors)
        found = np.where((follows & odd[:, None, :]).any(axis=2), bad, found)
    return found


@lru_cache(maxsize=32)
def _turns(layout: Any) -> Any:
    def one(free: jax.Array, fixed: jax.Array) -> jax.Array:
        return jax.jacfwd(lambda at: layout.in_jax(at, [fixed[k : k + 1] for k in range(fixed.size)]))(free)

    return jax.jit(jax.vmap(one, (0, None)))

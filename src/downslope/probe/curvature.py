"""Curvature of the objective at one point."""

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


@lru_cache(maxsize=64)
def _compiled(objective: Objective) -> Any:
    return jax.jit(jax.jacfwd(lambda params, rows: objective.sums(params, rows).mean().gradient))


BLIND = 1e-13
"""Share of the steepest curvature below which a direction is lost in rounding, each parameter first scaled to
curvature 1.
"""


def undetermined(curvature: np.ndarray, parameters: tuple[str, ...]) -> list[str]:
    """What the data cannot determine, in words; nothing if they determine all parameters.

    Args:   curvature: (p, p), not indefinite.

    >>> undetermined(np.array([[1.0, 1.0], [1.0, 1.0]]), ("a", "b"))
    ["the data cannot tell a and b apart: only a combination of them is determined (if a column lies ..."]
    >>> undetermined(np.array([[1.0, 0.0], [0.0, 0.0]]), ("a", "b"))
    ['b has no effect on the prediction here']
    """
    width = np.sqrt(np.diagonal(curvature))
    ignored = width <= 0
    said = [
        f"{name} has no effect on the prediction here" for name, none in zip(parameters, ignored, strict=True) if none
    ]
    seen = np.flatnonzero(~ignored)
    if not seen.size or not np.isfinite(curvature).all():
        return said
    scaled = curvature[np.ix_(seen, seen)] / np.outer(width[seen], width[seen])
    values, vectors = np.linalg.eigh(scaled)
    for vector in vectors.T[values <= BLIND * values[-1]]:
        involved = [parameters[seen[index]] for index in np.flatnonzero(np.abs(vector) > 0.05 * np.abs(vector).max())]
        names = ", ".join(involved[:-1]) + f" and {involved[-1]}" if len(involved) > 1 else involved[0]
        said.append(
            f"the data cannot tell {names} apart: only a combination of them is determined (if a column lies far from "
            "0 for its spread, scale='columns' may tell them apart)"
        )
    return said

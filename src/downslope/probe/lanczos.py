"""The ends of the spectrum of a Hessian that is never written down: Lanczos' iteration on its products with vectors.

Each new direction is made orthogonal to all before it, twice, so that no eigenvalue is found twice over.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.objective import Objective, Rows

SURE = 1e-3
"""Error of an end of the spectrum, as a share of the largest eigenvalue's size, that is good enough."""
DEPTHS = (64, 256, 640)
"""Products that are tried, one after the other."""


class Extremes(NamedTuple):
    """The ends of a spectrum.

    lowest, highest: eigenvalues; flattest, steepest: their unit directions (q,); errors: bounds for how far an
    eigenvalue is from each of the two; sure: whether both are within a thousandth of the larger one's size.
    """

    lowest: float
    highest: float
    flattest: np.ndarray
    steepest: np.ndarray
    errors: tuple[float, float]
    sure: bool


def extremes(objective: Objective, point: np.ndarray, rows: Rows, seed: int = 0) -> Extremes:
    """Lowest and highest eigenvalue of the objective's Hessian at a point (q,): for many parameters.

    The error bound of an end is the length of what the iteration has left out of its vector (Parlett 1980, 4.5). The
    directions in between are not sought: the flattest one is that of the lowest eigenvalue, which may be negative, or 0
    where the data leave a direction open.
    """
    size = point.size
    begin = np.random.default_rng(seed).standard_normal(size)
    begin /= np.linalg.norm(begin)
    for depth in DEPTHS:
        depth = min(depth, size)
        diagonal, beside, basis = map(np.asarray, _compiled(objective, depth)(point, begin, rows))
        found = _ends(diagonal, beside, basis)
        if found.sure or depth == size:
            return found
    return found


def _ends(diagonal: np.ndarray, beside: np.ndarray, basis: np.ndarray) -> Extremes:
    """From the tridiagonal matrix; beside[j] couples directions j and j + 1, the last one what was left out."""
    if not (np.isfinite(diagonal).all() and np.isfinite(beside).all()):
        nothing = np.full(basis.shape[1], np.nan)
        return Extremes(np.nan, np.nan, nothing, nothing, (np.inf, np.inf), False)
    size = float(np.max(np.abs(diagonal), initial=0.0) + np.max(beside, initial=0.0))
    # an invariant subspace: what comes after it is rounding
    over = np.flatnonzero(beside[:-1] <= 1e-13 * size)
    used = int(over[0]) + 1 if over.size else diagonal.size
    inner = beside[: used - 1]
    values, vectors = np.linalg.eigh(np.diag(diagonal[:used]) + np.diag(inner, 1) + np.diag(inner, -1))
    left = np.abs(beside[used - 1] * vectors[-1, [0, -1]])
    ends = (basis[:used].T @ vectors[:, [0, -1]]).T
    ends /= np.linalg.norm(ends, axis=1, keepdims=True)
    whole = used == basis.shape[1]
    error = (0.0, 0.0) if whole else (float(left[0]), float(left[1]))
    sure = max(error) <= SURE * max(abs(values[0]), abs(values[-1]))
    return Extremes(float(values[0]), float(values[-1]), ends[0], ends[1], error, sure)


@lru_cache(maxsize=64)
def _compiled(objective: Objective, depth: int) -> Any:
    def run(point: jax.Array, begin: jax.Array, rows: Rows) -> tuple:
        def slope(params: jax.Array) -> jax.Array:
            return objective.sums(params, rows).mean().gradient

        def body(index: int, carry: tuple) -> tuple:
            basis, diagonal, beside, here = carry
            basis = basis.at[index].set(here)
            _, product = jax.jvp(slope, (point,), (here,))
            diagonal = diagonal.at[index].set(jnp.sum(here * product))
            for _ in range(2):
                product = product - basis.T @ (basis @ product)
            length = jnp.sqrt(jnp.sum(product * product))
            beside = beside.at[index].set(length)
            return basis, diagonal, beside, product / jnp.where(length > 0, length, 1.0)

        nothing = jnp.zeros(depth, point.dtype)
        begun = (jnp.zeros((depth, point.shape[0]), point.dtype), nothing, nothing, begin)
        basis, diagonal, beside, _ = jax.lax.fori_loop(0, depth, body, begun)
        return diagonal, beside, basis

    return jax.jit(run)

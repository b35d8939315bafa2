"""Slope and curvature of the objective: at one point, and along a way."""

from functools import lru_cache
from typing import Any

import jax
import numpy as np

from downslope.history import Curvature
from downslope.objective import Objective, Rows
from downslope.probe.rate_theory import determined


def hessian(objective: Objective, params: np.ndarray, rows: Rows) -> np.ndarray:
    """Second derivatives of the objective, (p, p), in loss units per parameter unit squared.

    For few parameters: it costs p passes. Its largest eigenvalue c is the steepest curvature; plain descent is
    stable below the rate 2/c (the error along that direction is multiplied by 1 - rate * c at each step).
    """
    return np.asarray(_compiled(objective)(params, rows))


def gradient(objective: Objective, params: np.ndarray, rows: Rows) -> np.ndarray:
    """First derivatives of the objective, (p,), in loss units per parameter unit."""
    return np.asarray(_slope(objective)(params, rows))


def spectra(objective: Objective, points: np.ndarray, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (k, q), ascending, and eigenvectors (k, q, q), one a column, of the Hessian at each of the points
    (k, q); nan where it is not finite.

    For up to some 300 parameters; `lanczos.extremes` is for more. One compiled program for all points, one after the
    other; numbers of points are rounded up to a power of two, so that few are ever compiled.
    """
    count, size = points.shape
    fill = np.minimum(np.arange(1 << max(0, count - 1).bit_length()), count - 1)
    matrices = np.asarray(_along(objective)(points[fill], rows))[:count]
    finite = np.isfinite(matrices).all(axis=(1, 2))
    values, vectors = np.full((count, size), np.nan), np.full((count, size, size), np.nan)
    values[finite], vectors[finite] = np.linalg.eigh(0.5 * (matrices + matrices.swapaxes(1, 2))[finite])
    return values, vectors


def summed_up(names: tuple[str, ...], steps: np.ndarray, values: np.ndarray, vectors: np.ndarray) -> Curvature:
    """Eigenvalues (k, q) and eigenvectors (k, q, q), or those of the last step alone (q, q), as a Curvature.

    Of those that the data determine: what is rounding beside the largest is left out.
    """
    known = np.where(determined(values), values, np.nan)
    empty = np.isnan(known).all(axis=1)
    known[empty] = values[empty]
    last, directions = known[-1], vectors[-1] if vectors.ndim == 3 else vectors
    seen = np.flatnonzero(np.isfinite(last))
    low, high = (int(seen[0]), int(seen[-1])) if seen.size else (0, last.size - 1)
    return Curvature(
        names,
        np.asarray(steps, dtype=np.int64),
        np.fmax.reduce(known, axis=1),
        np.fmin.reduce(known, axis=1),
        last[seen],
        directions[:, high],
        directions[:, low],
    )


@lru_cache(maxsize=64)
def _slope(objective: Objective) -> Any:
    return jax.jit(lambda params, rows: objective.sums(params, rows).mean().gradient)


def _second(objective: Objective) -> Any:
    return jax.jacfwd(lambda params, rows: objective.sums(params, rows).mean().gradient)


@lru_cache(maxsize=64)
def _compiled(objective: Objective) -> Any:
    return jax.jit(_second(objective))


@lru_cache(maxsize=64)
def _along(objective: Objective) -> Any:
    second = _second(objective)
    return jax.jit(lambda points, rows: jax.lax.map(lambda params: second(params, rows), points))

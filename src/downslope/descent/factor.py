"""Factor: a linear least-squares problem of many rows as one of few, in which every step is the same.

With R the triangular factor of [matrix | right], |matrix @ params - right| = |R @ [params, -1]| for all params: R holds
all that a descent, its minimum and its curvature can know of the rows.
"""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from downslope.descent.closed_form import Straight
from downslope.objective import Objective, Rows, as_loss, pack

SAMPLE = 4096
"""Rows whose factor brings the columns of all of them near to orthogonal."""
CHUNK = 16_384
"""Rows multiplied at a time: they stay in the cache."""
LEAST = 1e-13
"""Share of a column that must be its own, not that of the columns before it."""
SOUND = 1e-4
"""Smallest over largest eigenvalue of a Gram product that loses no digit to speak of."""


def factored(problem: Straight) -> Straight:
    """The same losses from p + 1 rows.

    By a Gram product of columns that a QR of some rows has made nearly orthogonal, so that squaring them costs no
    digits (a preconditioned Cholesky QR; Fukaya and others 2014); by a QR of all rows where those columns are not.

    >>> generator = np.random.default_rng(0)
    >>> matrix, right = generator.normal(size=(50_000, 2)), generator.normal(size=50_000)
    >>> whole = Straight(matrix, right, 50_000.0)
    >>> small = factored(whole)
    >>> small.matrix.shape, bool(abs(small.loss(np.ones(2)) / whole.loss(np.ones(2)) - 1) < 1e-14)
    ((3, 2), True)
    """
    triangle = _by_gram(problem)
    if triangle is None:
        triangle = _by_qr(problem)
    return Straight(triangle[:, :-1], triangle[:, -1], problem.weight)


def _chunks(problem: Straight) -> list[slice]:
    rows = problem.right.size
    return [slice(first, first + CHUNK) for first in range(0, rows, CHUNK)]


def _by_gram(problem: Straight) -> np.ndarray | None:
    """R (p + 1, p + 1), or None where some rows do not tell how to make the columns orthogonal."""
    from scipy.linalg import solve_triangular

    spaced = slice(None, None, max(1, problem.right.size // SAMPLE))
    some = np.linalg.qr(np.column_stack([problem.matrix[spaced], problem.right[spaced]]), mode="r")
    width = np.linalg.norm(some, axis=0)
    if len(some) <= problem.matrix.shape[1] or not np.all(np.abs(np.diag(some)) > LEAST * width):
        return None
    gram = np.zeros_like(some)
    for chunk in _chunks(problem):
        # a triangular solve, not a product with the inverse, whose rounding would be that of the condition number
        near = solve_triangular(some, _both(problem, chunk).T, trans=1, check_finite=False)
        gram += near @ near.T
    if not np.isfinite(gram).all():
        return None
    values = np.linalg.eigvalsh(gram)
    return np.linalg.cholesky(gram).T @ some if values[0] > SOUND * values[-1] else None


def _both(problem: Straight, chunk: slice) -> np.ndarray:
    return np.column_stack([problem.matrix[chunk], problem.right[chunk]])


def _by_qr(problem: Straight) -> np.ndarray:
    """R (p + 1, p + 1), one QR a chunk."""
    size = problem.matrix.shape[1] + 1
    triangle = np.zeros((size, size))
    for chunk in _chunks(problem):
        tall = np.vstack([triangle, _both(problem, chunk)])
        triangle = np.asarray(np.linalg.qr(tall, mode="r"))
    return triangle


def descended(problem: Straight) -> tuple[Objective, Rows]:
    """A problem of few rows as the loop takes it: an objective and its rows."""
    count, size = problem.matrix.shape
    root = np.sqrt(count / problem.weight)  # the objective is a mean over its rows
    columns = {str(place): root * problem.matrix[:, place] for place in range(size)}

    def predict(params: Any, columns: Mapping[str, Any]) -> Any:
        return jnp.stack([columns[str(place)] for place in range(size)], axis=-1) @ params

    loss = as_loss("mse")
    return Objective(predict, loss, ("factor", size, loss.key)), pack(columns, root * problem.right)

"""Factor: a linear least-squares problem of many rows as one of few, in which every step is the same.

With R the triangular factor of [matrix | right], |matrix @ params - right| = |R @ [params, -1]| for all params: R holds
all that a descent, its minimum and its curvature can know of the rows. Factors of two sets of rows merge into that of
both, so the rows may come in chunks, from wherever they are, and each is read once.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.blas import dtrsm

from downslope.cores import cores
from downslope.descent.closed_form import Straight
from downslope.objective import Objective, Rows, as_loss, pack

SAMPLE = 4096
"""Rows whose factor brings the columns of all of them near to orthogonal."""
IN_CACHE = 196_608
"""Numbers multiplied at a time: they stay in the cache."""
ALONE = 262_144
"""Multiplications up to which the product of a matrix stays in the thread that asks for it: threads of two libraries
that wait for each other on busy cores were seen to take ten times as long."""
CHUNK = 262_144
"""Rows of one factor, where they are in memory: enough to make its own cost small, few enough to share them out."""
LEAST = 1e-13
"""Share of a column that must be its own, not that of the columns before it."""
EPSILON = float(np.finfo(float).eps)
SOUND = 1e-4
"""Smallest over largest eigenvalue of a Gram product that loses no digit to speak of."""
PLAIN = 2e-3
"""The same for columns that are taken as they are, where a sample of the rows foretells it."""
GROWN = 30.0
"""Roundings of a column that a product with the inverse of a triangle may leave; beyond, the triangle is solved."""


class Near(NamedTuple):
    """What brings columns near to orthogonal: a triangle (p + 1, p + 1), and the transpose of its inverse where a
    product with that is as exact as to solve the triangle.
    """

    triangle: np.ndarray
    inverse: np.ndarray | None


def chunk_factor(rows: np.ndarray, near: Near | None = None) -> np.ndarray:
    """The factor R (p + 1, p + 1) of some rows, upper triangular: Rᵀ R = rows @ rowsᵀ.

    By a Gram product of columns that `near` makes nearly orthonormal, so that squaring them costs no digits (a
    preconditioned Cholesky QR; Fukaya and others 2014); by a QR of the rows where it does not.

    Args:   rows: (p + 1, n), the columns of [matrix | right], each contiguous; they are left as they are.
            near: the `straightener` of these or other rows of the same kind; None: columns are taken as they are.

    >>> rows = np.random.default_rng(0).normal(size=(3, 50_000))
    >>> near = straightener(rows[:, :20_000])
    >>> whole = merged(chunk_factor(rows[:, :20_000], near), chunk_factor(rows[:, 20_000:], near))
    >>> bool(np.allclose(whole.T @ whole, rows @ rows.T, rtol=1e-13))
    True
    """
    return _of_pieces(lambda piece: rows[:, piece], _pieces(rows.shape[1], len(rows)), len(rows), near)


def piecewise_factor(
    rows: Callable[[slice], np.ndarray], count: int, size: int, near: Near | None = None
) -> np.ndarray:
    """The same of `count` rows of which `rows`, (slice of them) -> (size, of that slice), makes a few at a time."""
    return _of_pieces(rows, _pieces(count, size), size, near)


def merged(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The factor of the rows of two factors, (p + 1, p + 1) each."""
    return _triangle(np.vstack([first, second]))


def straightener(rows: np.ndarray) -> Near | None:
    """What makes the columns of these rows (p + 1, n), and of others like them, nearly orthonormal, from some of them.

    None where they are apart from each other as they are, or where some rows do not tell how to make them so.
    """
    size, count = rows.shape
    some = rows[:, :: max(1, count // max(SAMPLE, 4 * size))]
    if some.shape[1] < size:
        return None
    near = _triangle(some.T)
    with np.errstate(all="ignore"):  # numbers whose squares are out of reach are left to the QR
        width, edge = np.linalg.norm(near, axis=0), np.abs(np.diag(near))
    reached = np.isfinite(width).all() and (width > np.finfo(float).tiny).all()
    if not reached or not np.all(edge[:-1] > LEAST * width[:-1]):
        return None
    apart = np.linalg.svd(near / width, compute_uv=False)
    if apart[-1] ** 2 > 2 * PLAIN * apart[0] ** 2:
        return None
    if edge[-1] < EPSILON * width[-1]:  # where every row is met, what is left of the last column is its rounding
        near[-1, -1] = EPSILON * width[-1]
    inverse = solve_triangular(near, np.eye(size))
    grown = width @ np.abs(inverse) @ np.abs(near) / width
    return Near(np.asfortranarray(near), np.ascontiguousarray(inverse.T) if grown.max() <= GROWN else None)


def factor_of(
    rows: Callable[[slice], np.ndarray], count: int, sample: np.ndarray, *, alone: bool = False
) -> np.ndarray:
    """The factor R (p + 1, p + 1) of rows in memory, of which no more than a piece a thread is ever copied.

    The same bits whatever the number of cores: chunks are the same, and are merged in their order.

    Args:   rows: (slice of the `count` rows) -> (p + 1, of that slice), fresh; called from several threads, it must be
            pure. sample: (p + 1, some), of rows that are like all of them. alone: call it from this thread only.
    """
    near, size = straightener(sample), len(sample)
    pieces = _pieces(count, size)
    each = max(1, CHUNK // (pieces[0].stop - pieces[0].start))
    chunks = [pieces[first : first + each] for first in range(0, len(pieces), each)]

    def one(chunk: list[slice]) -> np.ndarray:
        return _of_pieces(rows, chunk, size, near)

    nothing = np.zeros((size, size))
    if len(chunks) < 2 or cores() < 2 or alone or _length(size) is None:
        return reduce(merged, map(one, chunks), nothing)
    with ThreadPoolExecutor(cores()) as threads:
        return reduce(merged, threads.map(one, chunks), nothing)


def _of_pieces(rows: Callable[[slice], np.ndarray], pieces: list[slice], size: int, near: Near | None) -> np.ndarray:
    """`chunk_factor` of rows of which only a piece is there at a time."""
    gram = np.zeros((size, size))
    with np.errstate(all="ignore"):  # what overflows is not finite, and left to the QR
        for piece in pieces:
            gram += _gram(rows(piece), near)
    root = _root(gram, PLAIN if near is None else SOUND)
    if root is not None:
        return root if near is None else np.triu(root @ near.triangle)
    return reduce(merged, (_triangle(rows(piece).T) for piece in pieces), np.zeros((size, size)))


def _gram(part: np.ndarray, near: Near | None) -> np.ndarray:
    """The product with itself (p + 1, p + 1) of a piece (p + 1, n), made nearly orthonormal."""
    straight = None if near is None else near.inverse
    if near is not None and straight is None:
        part = dtrsm(1.0, near.triangle, part.T, side=1).T
    size, count = part.shape
    length = _length(size)
    if length is None or count % length:
        part = part if straight is None else straight @ part
        return part @ part.T
    some = part.reshape(size, count // length, length).transpose(1, 0, 2)
    if straight is not None:
        some = np.matmul(straight, some)
    return np.matmul(some, some.transpose(0, 2, 1)).sum(axis=0)


def factored(problem: Straight) -> Straight:
    """The same losses from p + 1 rows.

    >>> generator = np.random.default_rng(0)
    >>> matrix, right = generator.normal(size=(50_000, 2)), generator.normal(size=50_000)
    >>> whole = Straight(matrix, right, 50_000.0)
    >>> small = factored(whole)
    >>> small.matrix.shape, bool(abs(small.loss(np.ones(2)) / whole.loss(np.ones(2)) - 1) < 1e-14)
    ((3, 2), True)
    """

    def rows(some: slice) -> np.ndarray:
        return np.vstack([problem.matrix[some].T, problem.right[some]])

    count = problem.right.size
    triangle = factor_of(rows, count, rows(slice(None, None, max(1, count // SAMPLE))))
    return Straight(triangle[:, :-1], triangle[:, -1], problem.weight)


def _pieces(count: int, size: int) -> list[slice]:
    """Rows that stay in the cache with all their columns."""
    length = _length(size) or 1024
    length *= max(1, IN_CACHE // (size * length))
    return [slice(first, min(first + length, count)) for first in range(0, count, length)]


def _length(size: int) -> int | None:
    """Rows, a power of two, of which a product is taken alone; None for so many columns that it is not worth it."""
    most = ALONE // size**2
    return 1 << (most.bit_length() - 1) if most >= 128 else None


def _root(gram: np.ndarray, sound: float) -> np.ndarray | None:
    """The factor of a Gram product, or None where it has lost digits."""
    with np.errstate(all="ignore"):
        width = np.sqrt(np.diag(gram))
        unit = gram / width / width[:, None]
    if not np.isfinite(unit).all():
        return None
    values = np.linalg.eigvalsh(unit)
    return np.linalg.cholesky(unit).T * width if values[0] > sound * values[-1] else None


def _triangle(tall: np.ndarray) -> np.ndarray:
    """R (p + 1, p + 1) of rows (n, p + 1), filled up with zeros where they are few."""
    size = tall.shape[1]
    triangle = np.asarray(np.linalg.qr(tall, mode="r"))
    if len(triangle) < size:
        triangle = np.vstack([triangle, np.zeros((size - len(triangle), size))])
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

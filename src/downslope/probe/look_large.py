"""The same look at very many rows: by chunks that stay in the cache, a thread a core, without a copy of the data.

The curvature is summed as a Gram matrix of columns that are first made nearly orthonormal, by the factor that a sample
of the rows gives (a preconditioned Gram: as exact as QR, at the cost of one product). What bends beyond that, the
second-order part of the Hessian, is taken from the sample: it only steers the steps, and none of it is in the slope,
the loss or the errors of least squares.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.arrays import double_precision
from downslope.objective import Objective, Rows
from downslope.objective.rows import BLOCK
from downslope.probe.look import Look, look
from downslope.probe.minimum import Looker

BLOCKS = 8
CHUNK = BLOCKS * BLOCK
"""Rows handed to a thread at a time."""
NOISE = 6.0
THIN = 1e-8
"""Share of a column's length below which the sample's factor is not trusted to straighten it."""


class Large(NamedTuple):
    """Columns, target, weight (n,) each (None: all count the same); spread a number or (n,); constants (1,) each."""

    columns: Mapping[str, np.ndarray]
    constants: Mapping[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None
    spread: np.ndarray | float


def looker(objective: Objective, rows: Large, sample: Rows) -> Looker:
    """What is seen of all rows; `sample` holds some of them, drawn at random."""
    last: dict[bytes, Look] = {}
    first: list[Look] = []

    def seen(params: np.ndarray) -> Look:
        if not first:
            first.append(look(objective, params, rows=sample))  # near it, any metric serves
        size, few, squares = params.size, first[0], objective.loss.least_squares
        straighten = _inverse(few.triangle)
        weight, loss, gradient, gram = _summed(objective, rows, params, straighten)
        factor = _root(gram / weight)
        if factor is None:  # the sample's directions are not those of all rows: straighten once more, by what was seen
            straighten = straighten / np.sqrt(np.maximum(np.diagonal(gram / weight), np.finfo(float).tiny))
            weight, loss, gradient, gram = _summed(objective, rows, params, straighten)
            factor = _root(gram / weight)
        triangle = np.full_like(few.triangle, np.nan) if factor is None else factor @ np.linalg.inv(straighten)
        loss, gradient = loss / weight, np.linalg.solve(straighten.T, gradient / weight) if not squares else gradient
        if squares:  # both are in the factor already
            loss, gradient = 0.5 * float(np.sum(triangle[:, size] ** 2)), triangle[:, :size].T @ triangle[:, size]
        # what rounding does is much the same in all rows: that of the sample serves
        return few._replace(loss=float(loss), gradient=gradient, triangle=triangle)

    def at(params: np.ndarray, directions: np.ndarray | None) -> Look:
        key = params.tobytes()
        if key not in last:
            last.clear()
            last[key] = seen(params)
        found = last[key]
        if directions is None:
            return found
        some, size = look(objective, params, directions, rows=sample), params.size
        of_all, of_some = (part.triangle[:, :size] @ directions for part in (found, some))
        bent = some.hessian - of_some.T @ of_some
        if np.linalg.norm(bent) <= NOISE * size / np.sqrt(sample.weight.size):
            bent = np.zeros_like(bent)  # so much is seen in a sample where there is nothing
        hessian = bent + of_all.T @ of_all
        return found._replace(hessian=hessian, scores=some.scores)

    return at


def _inverse(triangle: np.ndarray) -> np.ndarray:
    """What makes the columns of a factor nearly orthonormal; directions that are lost in it stay as they are."""
    length = np.linalg.norm(triangle, axis=0)
    length = np.where(length > 0, length, 1.0)
    unit = triangle / length
    edge = np.diagonal(unit)
    unit = unit + np.diag(np.where(np.abs(edge) < THIN, np.where(edge < 0, -1.0, 1.0) - edge, 0.0))
    return np.linalg.inv(unit) / length[:, None]


def _root(gram: np.ndarray) -> np.ndarray | None:
    """F with FᵀF = a positive definite matrix, but for columns of zeros, which stay so; None if it is not known to be
    one.
    """
    seen = np.flatnonzero(np.diagonal(gram) > 0)
    factor = np.zeros_like(gram)
    try:
        factor[np.ix_(seen, seen)] = np.linalg.cholesky(gram[np.ix_(seen, seen)]).T
    except np.linalg.LinAlgError:
        return None
    return factor


def _summed(objective: Objective, rows: Large, params: np.ndarray, straighten: np.ndarray) -> Any:
    """weight, loss, slope along the straightened directions, and gram, over all rows, every core at work; loss and
    slope are 0 for least squares.
    """
    names = (tuple(rows.columns), tuple(rows.constants), rows.weight is not None, isinstance(rows.spread, np.ndarray))
    run = _compiled(objective, *names)
    constants = tuple(rows.constants.values())

    def one(chunk: tuple[Any, int]) -> list[np.ndarray]:
        with double_precision():
            arrays, count = chunk
            return [np.asarray(each) for each in run(params, straighten, arrays, constants, count)]

    chunks = _chunks(rows)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(max(1, cores)) as threads:
        parts = list(threads.map(one, chunks))
    # in order, so that the same data give the same bits
    return [np.sum(np.stack(values), axis=0) for values in zip(*parts, strict=True)]


def _chunks(rows: Large) -> Iterator[tuple[tuple[np.ndarray, ...], int]]:
    """Arrays (CHUNK,) and how many of their rows count; the last is filled up with copies of its first row."""
    some = [rows.weight] if rows.weight is not None else []
    wide = [rows.spread] if isinstance(rows.spread, np.ndarray) else []
    arrays = [*rows.columns.values(), rows.target, *some, *wide]
    total = rows.target.size
    for first in range(0, total, CHUNK):
        part = [values[first : first + CHUNK] for values in arrays]
        count = min(CHUNK, total - first)
        if count < CHUNK:
            part = [np.concatenate([values, np.full(CHUNK - count, values[0])]) for values in part]
        yield tuple(part), count


@lru_cache(maxsize=32)
def _compiled(objective: Objective, names: tuple, constants: tuple, weighted: bool, spreads: bool) -> Any:
    def block(params: jax.Array, straighten: jax.Array, index: Any, arrays: tuple, fixed: tuple, count: Any) -> tuple:
        picked = [jax.lax.dynamic_index_in_dim(values, index, keepdims=False) for values in arrays]
        columns = dict(zip(names, picked, strict=False)) | dict(zip(constants, fixed, strict=True))
        target, *others = picked[len(names) :]
        weight = jnp.where(index * BLOCK + jnp.arange(BLOCK) < count, 1.0, 0.0)
        if weighted:
            weight = weight * others[0]
        spread = others[-1] if spreads else jnp.ones(1, target.dtype)
        rows = Rows(columns, target, weight, spread, 1)

        # along the straightened directions at once, through what is common to them: several times as fast as to turn
        # the derivatives by each parameter afterwards
        prediction, along = jax.linearize(lambda at: objective.predict(at, columns), params)
        prediction, target = prediction / spread, target / spread
        size = params.shape[0]
        if objective.loss.least_squares:
            residual = (prediction - target) * jnp.sqrt(2.0 * weight)
            root = jnp.sqrt(2.0 * weight) / spread
            straight = jax.vmap(lambda way: along(way[:size]) * root + way[size] * residual)(straighten.T)
            return jnp.sum(weight), jnp.zeros(()), jnp.zeros_like(params), straight @ straight.T
        slope = objective.slopes(prediction, rows)
        bend = jax.grad(lambda each: jnp.sum(objective.slopes(each, rows)))(prediction)
        straight = jax.vmap(lambda way: along(way) / spread)(straighten.T)
        curved = straight * jnp.sqrt(weight * jnp.maximum(bend, 0.0))[None, :]
        loss = weight @ objective.loss.by_row(prediction, target)
        return jnp.sum(weight), loss, straight @ (weight * slope), curved @ curved.T

    @jax.jit
    def run(params: jax.Array, straighten: jax.Array, arrays: tuple, fixed: tuple, count: Any) -> tuple:
        blocks = tuple(values.reshape(BLOCKS, BLOCK) for values in arrays)

        def add(index: int, so_far: tuple) -> tuple:
            return jax.tree.map(jnp.add, so_far, block(params, straighten, index, blocks, fixed, count))

        shapes = jax.eval_shape(lambda: block(params, straighten, 0, blocks, fixed, count))
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        return jax.lax.fori_loop(0, BLOCKS, add, nothing)

    return run

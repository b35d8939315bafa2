"""The same look at very many rows: by chunks that stay in the cache, a thread a core, without a copy of the data.

The curvature is summed as a Gram matrix of columns that are first made nearly orthonormal, by the factor that a sample
of the rows gives (a preconditioned Gram: as exact as QR, at the cost of one product). What bends beyond that, the
second-order part of the Hessian, is looked for in the sample first: where that sees nothing beyond its noise, least
squares need no more, as none of it is in their slope, their loss or their errors. Else one more pass sums it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from downslope.arrays import double_precision
from downslope.objective import Objective, Rows
from downslope.objective.objective import one_block
from downslope.objective.shards import CHUNK, Layout, Piece, Shards, arrays_of, as_rows
from downslope.probe.look import Look, look
from downslope.probe.minimum import Looker

NOISE = 6.0
THIN = 1e-8
"""Share of a column's length below which the sample's factor is not trusted to straighten it."""


def looker(
    objective: Objective,
    shards: Shards,
    constants: Mapping[str, np.ndarray],
    sample: Rows,
    mean_weight: float = 1.0,
) -> Looker:
    """What is seen of all rows; `sample` holds some of them, drawn at random, whose weights are 1 on average.
    constants: (1,) each; mean_weight: of a row of the shards.
    """
    last: dict[bytes, Look] = {}
    first: list[Look] = []

    def seen(params: np.ndarray) -> Look:
        if not first:
            first.append(look(objective, params, rows=sample))  # near it, any metric serves
        size, few, squares = params.size, first[0], objective.loss.least_squares
        straighten = _inverse(few.triangle)
        weight, loss, gradient, gram = shards.total(_AtAPoint(_summed, objective, constants, params, straighten))
        factor = _root(gram / weight)
        if factor is None:  # the sample's directions are not those of all rows: straighten once more, by what was seen
            straighten = straighten / np.sqrt(np.maximum(np.diagonal(gram / weight), np.finfo(float).tiny))
            weight, loss, gradient, gram = shards.total(_AtAPoint(_summed, objective, constants, params, straighten))
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
        size = params.size
        if objective.loss.least_squares:
            some = look(objective, params, directions, rows=sample)
            of_all, of_some = (part.triangle[:, :size] @ directions for part in (found, some))
            bent = some.hessian - of_some.T @ of_some
            if np.linalg.norm(bent) <= NOISE * size / np.sqrt(sample.weight.size):
                # so much is seen in a sample where there is nothing
                return found._replace(hessian=of_all.T @ of_all, scores=some.scores)
        weight, hessian, scores = shards.total(_AtAPoint(_second, objective, constants, params, directions))
        return found._replace(hessian=hessian / weight, scores=scores / weight / mean_weight)  # a square of the weights

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


@dataclass(frozen=True)
class _AtAPoint:
    """What a compiled program sees of a piece at params (p,), along directions, one a column: a list of arrays."""

    program: Callable[[Objective, Layout], Any]
    objective: Objective
    constants: Mapping[str, np.ndarray]
    params: np.ndarray
    along: np.ndarray
    most: ClassVar[int] = CHUNK

    def __call__(self, piece: Piece) -> list[np.ndarray]:
        layout, arrays, fixed, count = arrays_of(piece, self.constants)
        run = self.program(self.objective, layout)
        with double_precision():
            return [np.asarray(each) for each in run(self.params, self.along, arrays, fixed, count)]

    def add(self, one: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
        return [first + second for first, second in zip(one, other, strict=True)]


@lru_cache(maxsize=32)
def _second(objective: Objective, layout: Layout) -> Any:
    """weight, second derivatives along the directions, (p, p), and the squares of the rows' slopes there."""

    def block(params: jax.Array, along: jax.Array, rows: Rows) -> tuple:
        def moved(step: jax.Array) -> jax.Array:
            return objective.block_loss(params + along @ step, rows)

        def predict(step: jax.Array) -> jax.Array:
            return objective.predict(params + along @ step, rows.columns) / rows.spread

        nowhere = jnp.zeros_like(params)
        prediction, jacobian = predict(nowhere), jax.jacfwd(predict)(nowhere)
        rise = (rows.weight * objective.slopes(prediction, rows))[:, None] * jacobian
        return jnp.sum(rows.weight), jax.jacfwd(jax.grad(moved))(nowhere), rise.T @ rise

    @jax.jit
    def run(params: jax.Array, along: jax.Array, arrays: tuple, fixed: tuple, count: Any) -> tuple:
        return _over_blocks(lambda rows: block(params, along, rows), as_rows(layout, arrays, fixed, count))

    return run


def _over_blocks(block: Any, rows: Rows) -> Any:
    """What the blocks of some rows add."""

    def add(index: int, so_far: tuple) -> tuple:
        return jax.tree.map(jnp.add, so_far, block(one_block(rows, index)))

    shapes = jax.eval_shape(lambda: block(one_block(rows, 0)))
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    return jax.lax.fori_loop(0, rows.used, add, nothing)


@lru_cache(maxsize=32)
def _summed(objective: Objective, layout: Layout) -> Any:
    """weight, loss, slope along the straightened directions, and gram; loss and slope are 0 for least squares."""

    def block(params: jax.Array, straighten: jax.Array, rows: Rows) -> tuple:
        columns, target, weight, spread = rows.columns, rows.target, rows.weight, rows.spread
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
        return _over_blocks(lambda rows: block(params, straighten, rows), as_rows(layout, arrays, fixed, count))

    return run

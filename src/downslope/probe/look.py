"""One careful look at the objective at one point: loss, slope, curvature, and what rounding hides."""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.descent.compiling import QUICK
from downslope.objective import Objective, Rows, Sums
from downslope.objective.objective import one_block, triangular

EPSILON = float(np.finfo(float).eps)
FEW_ROWS = 4096
"""Rows up to which the time to compile is what a user waits for."""


class Look(NamedTuple):
    """What is seen at a point; all of the mean objective.

    loss (), gradient (p,), triangle as in `objective.Sums`.
    blur:    by how much rounding may falsify the slope, in the Gauss-Newton metric
    rough:   Σ |what adds up to the gradient|, (p,)
    hessian: second derivatives along the given directions, (p, p)
    scores:  mean square of the rows' gradients along them, (p, p)
    """

    loss: float
    gradient: np.ndarray
    triangle: np.ndarray
    blur: float
    rough: np.ndarray
    hessian: np.ndarray
    scores: np.ndarray


def look(objective: Objective, params: np.ndarray, directions: np.ndarray | None = None, *, rows: Rows) -> Look:
    """Look at params (p,). Directions (p, p), one a column: zero columns ask nothing; without them the Hessian is 0."""
    asked = directions is not None
    along = directions if asked else np.zeros((params.size, params.size))
    few = rows.weight.size <= FEW_ROWS
    # one array comes back, as each takes its time: cut as it was put together
    flat = np.asarray(_compiled(objective, few)(params, along, asked, rows))
    size, width = params.size, params.size + objective.loss.least_squares
    shapes = ((), (size,), (width, width), (), (size,), (size, size), (size, size))
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
    loss, gradient, triangle, blur, rough, hessian, scores = parts
    return Look(float(loss), gradient, triangle, float(np.sqrt(blur)), rough, hessian, scores)


class _Seen(NamedTuple):
    sums: Any
    blur: Any
    rough: Any
    hessian: Any
    scores: Any

    def plus(self, other: "_Seen") -> "_Seen":
        rest = jax.tree.map(jnp.add, self._replace(sums=None), other._replace(sums=None))
        return rest._replace(sums=self.sums.plus(other.sums))


@lru_cache(maxsize=64)
def _compiled(objective: Objective, few: bool) -> Any:
    def seen(params: jax.Array, along: jax.Array, asked: jax.Array, block: Rows) -> _Seen:
        jacobian = jax.jacfwd(objective.predict)(params, block.columns) / block.spread[..., None]
        prediction = objective.predict(params, block.columns) / block.spread
        target = block.target / block.spread
        slope = objective.slopes(prediction, block)
        bend = jax.grad(lambda each: jnp.sum(objective.slopes(each, block)))(prediction)
        # a prediction is wrong by the rounding of its parameters, of what it is made of, and of itself
        wrong = 4 * EPSILON * (jnp.abs(target) + jnp.abs(prediction) + jnp.abs(jacobian) @ jnp.abs(params))
        size = params.shape[0]

        def second() -> tuple[jax.Array, jax.Array]:
            def moved(step: jax.Array) -> jax.Array:
                return objective.block_loss(params + along @ step, block)

            rise = (block.weight * slope)[:, None] * (jacobian @ along)
            return jax.jacfwd(jax.grad(moved))(jnp.zeros_like(params)), rise.T @ rise

        nothing = jnp.zeros((size, size), params.dtype)
        hessian, scores = jax.lax.cond(asked, second, lambda: (nothing, nothing))
        factor = jnp.sqrt(block.weight * jnp.maximum(bend, 0.0))[:, None] * jacobian
        if objective.loss.least_squares:
            right = jnp.sqrt(2.0 * block.weight) * (prediction - target)
            factor = jnp.concatenate([factor, right[:, None]], axis=1)
        rises = (block.weight * slope)[:, None] * jacobian
        loss = jnp.sum(block.weight * objective.loss.by_row(prediction, target))
        sums = Sums(jnp.sum(block.weight), loss, jnp.sum(rises, axis=0), factor)
        blur = jnp.sum(block.weight * jnp.maximum(bend, 0.0) * wrong**2)
        return _Seen(sums, blur, jnp.sum(jnp.abs(rises), axis=0), hessian, scores)

    @partial(jax.jit, compiler_options=QUICK if few else None)
    def run(params: jax.Array, along: jax.Array, asked: jax.Array, rows: Rows) -> jax.Array:
        def one(index: Any) -> _Seen:
            return seen(params, along, asked, one_block(rows, index))

        if rows.weight.shape[0] == 1:
            every = one(0)
            triangle = triangular(jnp.asarray(every.sums.triangle))
        else:
            width = params.shape[0] + objective.loss.least_squares
            shapes = jax.eval_shape(one, 0)
            nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
            empty = nothing._replace(sums=nothing.sums._replace(triangle=jnp.zeros((width, width), params.dtype)))

            def add(index: int, so_far: _Seen) -> _Seen:
                return so_far.plus(one(index))

            every = jax.lax.fori_loop(0, rows.used, add, empty)
            triangle = every.sums.triangle
        weight = every.sums.weight
        mean = every.sums._replace(triangle=triangle).mean()
        others = (every.blur / weight, every.rough / weight, every.hessian / weight, every.scores / weight)
        return jnp.concatenate([jnp.ravel(each) for each in (mean.loss, mean.gradient, mean.triangle, *others)])

    return run

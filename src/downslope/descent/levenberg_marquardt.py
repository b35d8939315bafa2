"""Levenberg-Marquardt on the generalised Gauss-Newton curvature, for any smooth convex loss and few parameters.

One evaluation an iteration: a step is proposed, evaluated as the next row of the history, and taken back if the loss
rose. Damping by gain ratio (Nielsen 1999), scaled by the curvature along each parameter (Marquardt 1963), so that the
units of the parameters do not matter. MINPACK scales by the largest curvature ever seen (Moré 1978); on exponentials
that start far up, where it is larger by powers of ten than near the minimum, every later step is then too short.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.descent.stops import EDGE, GOING_ON, SETTLED, STUCK
from downslope.objective import Sums

NEGLIGIBLE = 1e-24
"""Gain left, as a share of the loss, below which nothing is left to do: 1e-12 standard errors times the root of
the rows.
"""
ROUNDING, BLUR = 1e-8, 1e-20
"""Gain left, as a share of the loss, or of the mean square of the predictions, that may be an illusion of rounding when
no step lowers the loss any more."""
SMALLEST_STEP = 1e-15
"""Step, as a share of the parameters, below which the numbers no longer move."""


class Memory(NamedTuple):
    """The best point so far with its sums, the damping, its growth, the gain that the last step promised, whether an
    edge of the model is near, and whether and why it is over."""

    params: jax.Array
    loss: jax.Array
    gradient: jax.Array
    curvature: jax.Array
    damping: jax.Array
    growth: jax.Array
    promised: jax.Array
    edge: jax.Array
    end: jax.Array


def init(params: jax.Array) -> Memory:
    """Nothing seen yet."""
    zero, size = jnp.zeros((), params.dtype), params.shape[0]
    return Memory(
        params,
        zero + jnp.inf,
        jnp.zeros_like(params),
        jnp.zeros((size, size), params.dtype),
        zero + 1e-3,
        zero + 2.0,
        zero + jnp.inf,
        zero,
        zero,
    )


def update(sums: Sums, memory: Memory, params: jax.Array) -> tuple[jax.Array, Memory]:
    """Judge the point just evaluated, and propose the next from the best one."""
    first = jnp.isinf(memory.loss)
    bend: Any = sums.curvature
    finite = jnp.isfinite(sums.loss) & jnp.isfinite(sums.gradient).all() & jnp.isfinite(bend).all()
    better = finite & (sums.loss <= memory.loss)
    gain = jnp.where(first | ~finite, 1.0, (memory.loss - sums.loss) / memory.promised)
    eased = memory.damping * jnp.where(first, 1.0, jnp.maximum(1.0 / 3.0, 1.0 - (2.0 * gain - 1.0) ** 3))
    damping = jnp.where(better, jnp.maximum(eased, 1e-20), memory.damping * memory.growth)
    growth = jnp.where(better, 2.0, 2.0 * memory.growth)

    best = jnp.where(better, params, memory.params)
    loss = jnp.where(better, sums.loss, memory.loss)
    gradient = jnp.where(better, sums.gradient, memory.gradient)
    curvature = jnp.where(better, bend, memory.curvature)
    scale = jnp.sqrt(jnp.diagonal(curvature))
    width = jnp.where(scale > 0, scale, 1.0)

    scaled = curvature / (width[:, None] * width[None, :])
    slope = gradient / width
    # the second, all but undamped, tells what is left to gain; so little damping only keeps out what is lost in
    # rounding
    damped, undamped = _solve(scaled, slope, jnp.stack([damping, jnp.full_like(damping, 1e-14)]))
    move = -damped / width
    promised = -(gradient @ move) - 0.5 * move @ curvature @ move
    left = 0.5 * slope @ undamped
    size = jnp.sqrt(jnp.sum((best * width) ** 2))
    tiny = jnp.sqrt(jnp.sum((move * width) ** 2)) <= SMALLEST_STEP * size
    close = left <= ROUNDING * jnp.abs(loss) + BLUR * (best @ curvature @ best)
    settled = (left <= NEGLIGIBLE * jnp.abs(loss)) | (gradient == 0).all()
    stands_still = tiny & ~first
    settled = (better & settled) | (stands_still & close)
    # an edge counts as near until the search has gone on twice without meeting it
    edge = jnp.where(finite, jnp.where(better, jnp.maximum(memory.edge - 1.0, 0.0), memory.edge), 2.0)
    end = jnp.where(settled, jnp.where(edge > 0, EDGE, SETTLED), jnp.where(stands_still, STUCK, GOING_ON))
    after = Memory(best, loss, gradient, curvature, damping, growth, promised, edge, end.astype(params.dtype))
    return best + move - params, after


def _solve(matrix: jax.Array, right: jax.Array, dampings: jax.Array) -> jax.Array:
    """x (k, p) of (matrix + damping) x = right for each damping (k,).

    For a symmetric matrix (p, p) without negative eigenvalues and a small p: Gauss-Jordan elimination, stable without
    pivoting for such a matrix. The loop would otherwise call LAPACK, through which a fresh process waits 0.1 s for
    SciPy to be imported; what is lost to rounding is made up by the next iteration.
    """
    size = right.shape[0]

    def eliminate(index: jax.Array, table: jax.Array) -> jax.Array:
        pivot = table[index] / table[index, index]
        return (table - jnp.outer(table[:, index], pivot)).at[index].set(pivot)

    def solve(damping: jax.Array) -> jax.Array:
        table = jnp.concatenate([matrix + damping * jnp.eye(size, dtype=matrix.dtype), right[:, None]], axis=1)
        return jax.lax.fori_loop(0, size, eliminate, table)[:, -1]

    return jax.vmap(solve)(dampings)


def ended(memory: Memory) -> jax.Array:
    """Why the search is over: SETTLED, STUCK, EDGE, or GOING_ON if it is not."""
    return memory.end

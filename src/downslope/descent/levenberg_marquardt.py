"""Levenberg-Marquardt on the triangular factor of the curvature, for any smooth loss and few parameters.

One evaluation an iteration: a step is proposed, evaluated as the next row of the history, and taken back if the loss
rose. Damping by gain ratio (Nielsen 1999), scaled by the curvature along each parameter (Marquardt 1963), so that the
units of the parameters do not matter. MINPACK scales by the largest curvature ever seen (Moré 1978); on exponentials
that start far up, where it is larger by powers of ten than near the minimum, every later step is then too short.

Bounds: a step is cut off at them, and a parameter on its bound with a slope that presses outwards takes no part in the
next step (projected Levenberg-Marquardt; Kanzow, Yamashita and Fukushima 2004).

Variable projection (Golub and Pereyra 1973, in the form of Kaufman 1975): parameters that enter linearly are not
damped, and are set to their best values for the others before each evaluation (`project`).

Newton: the same with the Hessian in place of its Gauss-Newton part, its negative eigenvalues turned around, so that
every step leads down (Dauphin et al. 2014).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular

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
UNDAMPED = 1e-28
"""So little damping only keeps out what is lost in rounding."""

WRITTEN_OUT = 8
"""Parameters up to which a triangular system is solved by a formula for each."""

Limits = tuple[jax.Array, jax.Array]
"""Lower and upper bounds, (p,) each; infinite where there are none."""


class Memory(NamedTuple):
    """The best point so far with its sums, the damping, its growth, the gain that the last step promised, what was
    left to gain at the best point, whether an edge of the model is near, and whether and why it is over.

    factor: of the curvature there, with q as its last column for the squared loss, as in `Sums.triangle`.
    """

    params: jax.Array
    loss: jax.Array
    gradient: jax.Array
    factor: jax.Array
    damping: jax.Array
    growth: jax.Array
    promised: jax.Array
    left: jax.Array
    edge: jax.Array
    end: jax.Array


def ended(memory: Memory) -> jax.Array:
    """Why the search is over: SETTLED, STUCK, EDGE, or GOING_ON if it is not."""
    return memory.end


class Search(NamedTuple):
    """The pieces of the rule for one kind of objective.

    least_squares: whether the factor has the column q; linear: places of the parameters that are projected.
    """

    least_squares: bool
    linear: tuple[int, ...] = ()

    def init(self, params: jax.Array) -> Memory:
        """Nothing seen yet."""
        zero, size = jnp.zeros((), params.dtype), params.shape[0]
        width = size + self.least_squares
        return Memory(
            params,
            zero + jnp.inf,
            jnp.zeros_like(params),
            jnp.zeros((width, width), params.dtype),
            zero + 1e-3,
            zero + 2.0,
            zero + jnp.inf,
            zero + jnp.inf,
            zero,
            zero,
        )

    def update(self, sums: Sums, memory: Memory, params: jax.Array, limits: Limits) -> tuple[jax.Array, Memory]:
        """Judge the point just evaluated, and propose the next from the best one."""
        lower, upper = limits
        first = jnp.isinf(memory.loss)
        here = _factor(sums)
        finite = jnp.isfinite(sums.loss) & jnp.isfinite(sums.gradient).all() & jnp.isfinite(here).all()
        better = finite & (sums.loss <= memory.loss)
        sure = ~first & finite & (memory.promised > 0)
        gain = jnp.where(sure, (memory.loss - sums.loss) / memory.promised, 0.5)
        eased = memory.damping * jnp.where(first, 1.0, jnp.maximum(1.0 / 3.0, 1.0 - (2.0 * gain - 1.0) ** 3))
        damping = jnp.where(better, jnp.maximum(eased, 1e-20), memory.damping * memory.growth)
        growth = jnp.where(better, 2.0, 2.0 * memory.growth)

        best = jnp.where(better, params, memory.params)
        loss = jnp.where(better, sums.loss, memory.loss)
        gradient = jnp.where(better, sums.gradient, memory.gradient)
        factor = jnp.where(better, here, memory.factor)

        held = (lower >= upper) | ((best <= lower) & (gradient > 0)) | ((best >= upper) & (gradient < 0))
        size = best.shape[0]
        curve = factor[:size, :size]
        scale = jnp.sqrt(jnp.sum(curve * curve, axis=0))
        width = jnp.where(scale > 0, scale, 1.0)
        unit = jnp.where(held[None, :], 0.0, curve / width[None, :])
        slope = jnp.where(held, 0.0, gradient / width)
        right = jnp.where(held.all(), 0.0, factor[:size, size]) if self.least_squares else None
        damped = jnp.ones_like(best).at[jnp.array(self.linear, int)].set(UNDAMPED) if self.linear else 1.0
        move, explained = _solve(unit, right, slope, jnp.sqrt(damping * damped) * jnp.ones_like(best))
        # what the damped step explains is what is left to gain once the damping has faded, as it has near a minimum;
        # while it is large, that is less by about the damping, and where steps are taken back it only grows
        left = jnp.where(better, explained * (1.0 + damping), memory.left)
        move = jnp.where(held, 0.0, move / width)
        move = jnp.clip(best + move, lower, upper) - best
        promised = -(gradient @ move) - 0.5 * jnp.sum((curve @ move) ** 2)

        length = jnp.sqrt(jnp.sum((best * width) ** 2))
        tiny = jnp.sqrt(jnp.sum((move * width) ** 2)) <= SMALLEST_STEP * length
        close = left <= ROUNDING * jnp.abs(loss) + BLUR * jnp.sum((curve @ best) ** 2)
        settled = (left <= NEGLIGIBLE * jnp.abs(loss)) | (jnp.where(held, 0.0, gradient) == 0).all()
        stands_still = tiny & ~first
        settled = (better & settled) | (stands_still & close)
        # an edge counts as near until the search has gone on twice without meeting it
        edge = jnp.where(finite, jnp.where(better, jnp.maximum(memory.edge - 1.0, 0.0), memory.edge), 2.0)
        end = jnp.where(settled, jnp.where(edge > 0, EDGE, SETTLED), jnp.where(stands_still, STUCK, GOING_ON))
        after = Memory(best, loss, gradient, factor, damping, growth, promised, left, edge, end.astype(best.dtype))
        return best + move - params, after

    def project(self, sums: Sums, params: jax.Array) -> jax.Array:
        """The same point with its linear parameters at their best for the others; sums: means at `params`."""
        places = jnp.array(self.linear, int)
        factor, size = _factor(sums), params.shape[0]
        columns = factor[:, places]
        width = jnp.sqrt(jnp.sum(columns * columns, axis=0))
        width = jnp.where(width > 0, width, 1.0)
        count = len(self.linear)
        nothing, damping = jnp.zeros(count, params.dtype), jnp.full(count, UNDAMPED**0.5)
        move, _ = _solve(columns / width[None, :], factor[:, size], nothing, damping)
        moved = params.at[places].add(move / width)
        return jnp.where(jnp.isfinite(moved).all(), moved, params)


def _factor(sums: Sums) -> jax.Array:
    """F with FᵀF = the curvature that the search steps by."""
    if sums.triangle is not None:
        return sums.triangle
    matrix = jnp.asarray(sums.hessian)
    width = jnp.sqrt(jnp.abs(jnp.diagonal(matrix)))
    width = jnp.where(width > 0, width, 1.0)
    values, vectors = jnp.linalg.eigh(matrix / (width[:, None] * width[None, :]))
    return jnp.sqrt(jnp.abs(values))[:, None] * vectors.T * width[None, :]


def _solve(
    factor: jax.Array, right: jax.Array | None, slope: jax.Array, damping: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """d that minimises |factor d + right|² + |damping d|², and half the square of what of `right` it explains.

    factor (m, p); damping (p,), positive. Without `right`, that of a function with this slope (p,) and curvature
    factorᵀ factor. By QR of the factor with the damping below it, which keeps all digits that the factor has.
    """
    size = factor.shape[1]
    tall = jnp.concatenate([factor, jnp.diag(damping)])
    if right is None:
        curve = jnp.linalg.qr(tall, mode="r")
        known = _backwards(curve, slope, transposed=True)
    else:
        column = jnp.concatenate([right, jnp.zeros(size, factor.dtype)])
        whole = jnp.linalg.qr(jnp.concatenate([tall, column[:, None]], axis=1), mode="r")
        curve, known = whole[:size, :size], whole[:size, size]
    return -_backwards(curve, known), 0.5 * known @ known


def _backwards(curve: jax.Array, right: jax.Array, transposed: bool = False) -> jax.Array:
    """x of curve x = right, for an upper triangular matrix.

    Written out where it is small: side by side in many lanes, LAPACK would be called once for each.
    """
    size = right.shape[0]
    if size > WRITTEN_OUT:
        return solve_triangular(curve, right, trans="T" if transposed else "N")
    found: dict[int, jax.Array] = {}
    order = range(size) if transposed else range(size - 1, -1, -1)
    for row in order:
        known = [(curve[place, row] if transposed else curve[row, place]) * x for place, x in found.items()]
        found[row] = (right[row] - sum(known, start=jnp.zeros((), right.dtype))) / curve[row, row]
    return jnp.stack([found[row] for row in range(size)])

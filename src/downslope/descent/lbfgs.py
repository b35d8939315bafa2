"""Limited-memory BFGS (Nocedal 1980) with backtracking, for smooth losses of many parameters.

The direction is Optax's; here stand the length of the step and the end. One evaluation an iteration: a point that falls
short of Armijo's condition is taken back, and the step shortened to the minimum of the parabola through what is known.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.descent.stops import GOING_ON, SETTLED, STUCK
from downslope.objective import Sums

ARMIJO = 1e-4
NEGLIGIBLE, ROUNDING = 1e-20, 1e-10
"""Gain that a step promises, as a share of the loss: below the first nothing is left to do; below the second, rounding
may be all that hides it where no step lowers the loss."""
SHORTEST = 1e-14


class Memory(NamedTuple):
    """The best point so far, the direction from there, the slope along it, the length tried, and why it is over."""

    params: jax.Array
    loss: jax.Array
    gradient: jax.Array
    direction: jax.Array
    slope: jax.Array
    length: jax.Array
    end: jax.Array
    past: Any


def _optax() -> Any:
    import optax

    return optax.scale_by_lbfgs(memory_size=20)


def init(params: jax.Array) -> Memory:
    """Nothing seen yet."""
    zero = jnp.zeros((), params.dtype)
    nothing = jnp.zeros_like(params)
    return Memory(params, zero + jnp.inf, nothing, nothing, zero, zero, zero, _optax().init(params))


def update(sums: Sums, memory: Memory, params: jax.Array, limits: Any) -> tuple[jax.Array, Memory]:
    """Judge the point just evaluated, and propose the next."""
    first = jnp.isinf(memory.loss)
    finite = jnp.isfinite(sums.loss) & jnp.isfinite(sums.gradient).all()
    enough = finite & (first | (sums.loss <= memory.loss + ARMIJO * memory.length * memory.slope))
    ahead, past = _optax().update(sums.gradient, memory.past, params)
    downhill = -ahead
    steep = -sums.gradient
    downhill = jnp.where(sums.gradient @ downhill < 0, downhill, steep)

    best = jnp.where(enough, params, memory.params)
    loss = jnp.where(enough, sums.loss, memory.loss)
    gradient = jnp.where(enough, sums.gradient, memory.gradient)
    direction = jnp.where(enough, downhill, memory.direction)
    slope = gradient @ direction
    bend = sums.loss - memory.loss - memory.length * memory.slope
    lowest = -memory.slope * memory.length**2 / (2 * jnp.where(bend > 0, bend, jnp.inf))
    shorter = jnp.where(finite, jnp.clip(lowest, 0.1 * memory.length, 0.5 * memory.length), 0.1 * memory.length)
    length = jnp.where(enough, 1.0, shorter)
    kept = jax.tree.map(lambda new, old: jnp.where(enough, new, old), past, memory.past)

    promised = -0.5 * slope
    nothing_left = enough & ((promised <= NEGLIGIBLE * jnp.abs(loss)) | (gradient == 0).all())
    stands_still = ~enough & (length * jnp.abs(direction).max() <= SHORTEST * jnp.abs(best).max())
    settled = nothing_left | (stands_still & (promised <= ROUNDING * jnp.abs(loss)))
    end = jnp.where(settled, SETTLED, jnp.where(stands_still, STUCK, GOING_ON)).astype(best.dtype)
    after = Memory(best, loss, gradient, direction, slope, length, end, kept)
    return best + length * direction - params, after


def ended(memory: Memory) -> jax.Array:
    """Why the search is over: SETTLED, STUCK, or GOING_ON if it is not."""
    return memory.end

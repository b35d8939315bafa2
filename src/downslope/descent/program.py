"""The loop as one compiled program, built once for a model, a loss and a rule.

A step of a small problem costs the loop's overhead, not its arithmetic. XLA runs a loop body of a few kernels
several times faster than one of many (measured on the thermometer: 0.12 against 1 microsecond a step), so all that
travels is packed into one vector and all that is recorded into one row. Rates, batches, data, start and the number
of steps are arguments: a new value of any of them recompiles nothing.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.choice import Choice
from downslope.descent.evaluation import evaluate
from downslope.descent.rates import plateau_rule
from downslope.descent.rules import Rule
from downslope.descent.stops import BELOW_TOLERANCE, GOING_ON, NOT_FINITE
from downslope.objective import Objective, Rows
from downslope.objective.objective import chosen_rows

MOST_RECORDED = 8192
"""Rows recorded in one call, for a model of few parameters."""
MOST_NUMBERS = 1 << 20
"""Numbers recorded in one call, for a model of many."""


def fresh(params: np.ndarray, steps: int = 0) -> np.ndarray:
    """The packed state of a descent that has nothing to remember at these parameters (p,), after so many steps: in the
    place of the step stands -1 - steps.
    """
    return np.concatenate([[-1.0 - steps], params])


class State(NamedTuple):
    """Where the descent stands: what the next step needs, and nothing else.

    Shapes: params (p,); step, and the loss at the last point evaluated (); the gradient there and the step from
            there (p,).
    """

    step: Any
    params: Any
    loss: Any
    gradient: Any
    move: Any
    memory: Any
    plateau: Any


class Program(NamedTuple):
    """Compiled steps.

    first:   start (p,) -> packed state, not begun
    resumed: packed state of an earlier run, whose rate may have been of another kind -> packed state
    advance: (packed, steps, rates, small gradient, rows, index, limits) -> (packed after the steps, rows seen (steps
             + 1, 5 + 2p), halted); the last row seen is where it then stands, halted tells why it stands before all
             steps were taken; limits are lower and upper bounds, (p,) each, read where the program is `bounded`
    """

    capacity: int
    first: Callable[[np.ndarray], np.ndarray]
    resumed: Callable[[np.ndarray], np.ndarray]
    advance: Callable[..., tuple[np.ndarray, np.ndarray, int]]


def step_of(packed: np.ndarray) -> int:
    """Steps taken so far."""
    return int(packed[0]) if packed[0] >= 0 else int(-1 - packed[0])


@lru_cache(maxsize=128)
def program(
    objective: Objective, rule: Rule, plateau: Choice | None, size: int, batches: bool, bounded: bool
) -> Program:
    """The program for a model of `size` parameters; equal arguments give the same one."""
    capacity = max(64, min(MOST_RECORDED, 1 << (MOST_NUMBERS // (5 + 2 * size)).bit_length() - 1))
    slower = plateau_rule(plateau) if plateau else None

    def initial(params: Any) -> State:
        zero, nothing = jnp.zeros_like(params[0]), jnp.zeros_like(params)
        easing = slower.init(params) if slower else None
        return State(zero, params, zero, nothing, nothing, rule.init(params), easing)

    shapes = _with_types(initial, size)

    def step(state: State, rate: jax.Array, block: Rows, limits: Any) -> tuple[State, jax.Array]:
        """One evaluation and the step from there, and what was seen."""
        if batches:
            # over the rows, not over their weights: those would cancel in a batch of one row
            sums = objective.block_sums(state.params, block, rule.curvature)._replace(weight=block.used).mean()
        else:
            params, sums = evaluate(objective, rule, state.params, block, state.step > 0)
            state = state._replace(params=params)
        loss, gradient = sums.loss, sums.gradient
        direction, memory = rule.update(sums, state.memory, state.params, limits)
        easing = state.plateau
        if slower:
            _, easing = slower.update(direction, easing, state.params, value=loss)
            rate = rate * easing.scale
        move = rate * direction
        if bounded and not rule.searches:
            move = jnp.clip(state.params + move, *limits) - state.params
        landing = jnp.sum(gradient * state.move) / jnp.sum(state.gradient * state.move)
        scalars = jnp.stack([loss, rate, _length(gradient), _length(move), landing])
        ahead = state.params + move
        if bounded:  # rounding may carry it a last digit too far
            ahead = jnp.clip(ahead, *limits)
        after = State(state.step + 1, ahead, loss, gradient, move, memory, easing)
        return after, jnp.concatenate([scalars, state.params, gradient])

    def halted(state: State, small_gradient: jax.Array) -> jax.Array:
        """Why the descent must not go on from the point evaluated last, or GOING_ON. Kept out of the loop's body:
        see above.
        """
        lost = ~(jnp.isfinite(state.loss) & jnp.isfinite(state.gradient).all())
        if rule.searches:  # it takes such a point back; only a start that is not finite leaves it nowhere to go
            lost = lost & (state.step <= 1)
        close = jnp.sum(state.gradient * state.gradient) <= small_gradient**2
        reason = jnp.where(lost, NOT_FINITE, jnp.where(close & (small_gradient > 0), BELOW_TOLERANCE, GOING_ON))
        if rule.ended is None:
            return reason
        end = rule.ended(state.memory).astype(reason.dtype)
        return jnp.where((end == GOING_ON) | lost, reason, end)

    @jax.jit
    def loop(packed: Any, steps: Any, rates: Any, small_gradient: Any, rows: Rows, index: Any, limits: Any) -> tuple:
        def stands(now: jax.Array) -> jax.Array:
            return halted(unpack(now, shapes), small_gradient)

        def going(carry: tuple) -> jax.Array:
            done, _, now, _ = carry
            return (done <= steps) & ((done == 0) | (stands(now) == GOING_ON))

        def body(carry: tuple) -> tuple:
            done, _, now, record = carry
            block = chosen_rows(rows, index[done]) if batches else rows
            after, seen = step(unpack(now, shapes), rates[done], block, limits)
            return done + 1, now, pack(after), jax.lax.dynamic_update_index_in_dim(record, seen, done, 0)

        begun = initial(packed[1 : 1 + size])._replace(step=-1.0 - packed[0])
        packed = jnp.where(packed[0] < 0, pack(begun), packed)
        record = jnp.zeros((capacity, 5 + 2 * size), packed.dtype)
        done, before, now, record = jax.lax.while_loop(going, body, (0, packed, packed, record))
        return before, record, done, stands(now)

    def advance(
        packed: Any, steps: int, rates: Any, small_gradient: float, rows: Rows, index: Any, limits: Any
    ) -> tuple:
        before, record, done, why = loop(packed, steps, rates, small_gradient, rows, index, limits)
        return np.asarray(before), np.asarray(record)[: int(done)], int(why)

    def first(start: np.ndarray) -> np.ndarray:
        # what a rule remembers at first is made inside the loop's program: one more program is 40 ms more to wait for
        packed = np.zeros(sum(leaf.size for leaf in jax.tree.leaves(shapes)))
        packed[: 1 + size] = fresh(start)
        return packed

    def resumed(packed: np.ndarray) -> np.ndarray:
        width = first(np.zeros(size)).size
        if packed.size == width:
            return packed
        if packed[0] < 0:
            return np.concatenate([packed, np.zeros(width - packed.size)])
        plateau = sum(leaf.size for leaf in jax.tree.leaves(shapes.plateau))
        if rule.searches or abs(width - packed.size) > 16:  # of another version: what the rule remembered is not known
            return resumed(fresh(packed[1 : 1 + size], step_of(packed)))
        # a plateau, which is packed last, has come or gone: it begins afresh
        kept = width - plateau
        begun = np.array(jax.jit(lambda params: pack(initial(params)))(packed[1 : 1 + size]))
        begun[:kept] = packed[:kept]
        return begun

    return Program(capacity, first, resumed, advance)


def _length(vector: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.sum(vector * vector))


def pack(state: State) -> jax.Array:
    """All numbers of a state in one vector of the parameters' type; counters are exact in it up to 2^53."""
    leaves = jax.tree.leaves(state)
    return jnp.concatenate([jnp.ravel(leaf).astype(state.params.dtype) for leaf in leaves])


def unpack(packed: Any, shapes: State) -> State:
    """The state from its vector; `shapes` tells what is in it."""
    leaves, tree = jax.tree.flatten(shapes)
    ends = np.cumsum([leaf.size for leaf in leaves])
    parts = [
        packed[end - leaf.size : end].reshape(leaf.shape).astype(leaf.dtype)
        for leaf, end in zip(leaves, ends, strict=True)
    ]
    return jax.tree.unflatten(tree, parts)


def _with_types(initial: Callable[[Any], State], size: int) -> State:
    return jax.eval_shape(initial, jax.ShapeDtypeStruct((size,), np.float64))

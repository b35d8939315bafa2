"""Many rates of one rule side by side, from one start, over the same rows or the same batches: one compiled program.

Rates, rows, batches and the number of steps are arguments: new ones compile nothing. A lane that leaves for infinity
stays there; nothing it does reaches the others.
"""

import time
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.data.batches import block as batch_block
from downslope.descent.rules import Rule
from downslope.objective import Objective, Rows
from downslope.objective.objective import chosen_rows

LEAST_WIDTH = 16
MOST_SECONDS = 0.1
"""Aim for one compiled stretch of steps, so that Ctrl-C is never far away."""
MOST_AHEAD = 1 << 20
"""Row numbers that are drawn ahead, at most."""


class Race(NamedTuple):
    """What the lanes run over.

    rows: and how many there are; start (q,); limits: bounds (q,) each; steepest: unit direction (q,) along which it is
    counted whether a step turns the slope, 0 if none is known; arrived: loss from which on a lane has arrived.
    """

    objective: Objective
    rule: Rule
    rows: Rows
    row_count: int
    start: np.ndarray
    limits: tuple[np.ndarray, np.ndarray]
    steepest: np.ndarray
    arrived: float
    steps: int
    batch_size: int | None = None
    seed: int = 0


class Lanes(NamedTuple):
    """What was seen of k lanes; of batches, losses and slopes are theirs.

    params     (k, q) after all steps; memory: what the rule remembers there, a tree of (k, ...)
    loss       (k,) there
    middle, end  (k,) mean loss over the eighth of the steps before the middle and before the end
    first_slope (k,) length of the gradient at the start
    middle_slope, end_slope  (k,) largest slope along the steepest direction in the same
    turned     (k,) Σ slope · next slope along the steepest direction: negative where steps turn it around
    across     (k,) share of the steps of the last quarter that landed across the valley
    away, path (k,) how far the last quarter of the steps led, and how long the way was
    late       (k,) the last step at which the loss was above `arrived`; -1 if it never was
    """

    params: Any
    memory: Any
    loss: Any
    middle: Any
    end: Any
    first_slope: Any
    middle_slope: Any
    end_slope: Any
    turned: Any
    across: Any
    away: Any
    path: Any
    late: Any


class _Carry(NamedTuple):
    """A lane on its way: also the slope along the steepest direction, the last move, where the last quarter began."""

    seen: Lanes
    slope: Any
    move: Any
    corner: Any


def race(asked: Race, rates: np.ndarray) -> Lanes:
    """Take the same number of steps at each of the rates (k,)."""
    count, size = rates.size, asked.start.size
    width = max(LEAST_WIDTH, 1 << max(0, count - 1).bit_length())
    every = np.concatenate([rates, np.full(width - count, rates[-1])])
    batches = asked.batch_size is not None
    begin, run = _compiled(asked.objective, asked.rule, size, batches, bool(np.isfinite(asked.limits).any()))
    carry, done, chunk = begin(asked.start, every), 0, 16
    ahead = max(1, min(1 << 13, MOST_AHEAD // (asked.batch_size or 1)))
    while done <= asked.steps:
        stretch = min(chunk, ahead, asked.steps + 1 - done)
        index = None
        if asked.batch_size is not None:
            index = np.full((ahead, asked.batch_size), -1, dtype=np.int32)
            index[:stretch] = batch_block(asked.row_count, asked.batch_size, asked.seed, done, stretch)
        started = time.perf_counter()
        carry = jax.block_until_ready(
            run(
                carry, every, done, stretch, asked.steps, asked.rows, index, asked.limits, asked.steepest, asked.arrived
            )
        )
        done += stretch
        # the first stretch also compiled: it tells nothing of the pace
        pace = stretch / max(time.perf_counter() - started, 1e-6)
        chunk = max(1, min(4 * chunk, int(pace * MOST_SECONDS))) if done > 16 else chunk
    found: Lanes = jax.tree.map(lambda leaf: np.asarray(leaf)[:count], carry.seen)
    quarter = max(1, asked.steps // 4)
    return found._replace(
        middle=found.middle / _window(asked.steps), end=found.end / _window(asked.steps), across=found.across / quarter
    )


def _window(steps: int) -> int:
    """Steps in an eighth of them."""
    return max(1, steps // 8)


@lru_cache(maxsize=64)
def _compiled(objective: Objective, rule: Rule, size: int, batches: bool, bounded: bool) -> tuple[Any, Any]:
    def lane(
        carry: _Carry, rate: Any, done: Any, steps: Any, block: Rows, limits: Any, along: Any, goal: Any
    ) -> _Carry:
        seen = carry.seen
        here = seen.params
        if batches:
            sums = objective.block_sums(here, block)._replace(weight=block.used).mean()
        else:
            sums = objective.sums(here, block).mean()
        loss, gradient = sums.loss, sums.gradient
        direction, memory = rule.update(sums, seen.memory, here, None)
        ahead = here + rate * direction
        if bounded:
            ahead = jnp.clip(ahead, *limits)
        moving = done < steps
        ahead = jnp.where(moving, ahead, here)
        move, slope = ahead - here, jnp.sum(gradient * along)
        window = jnp.maximum(1, steps // 8)
        in_middle = (done > steps // 2 - window) & (done <= steps // 2)
        at_end = done > steps - window
        last = done > steps - jnp.maximum(1, steps // 4)
        nothing = jnp.zeros_like(loss)
        after = Lanes(
            ahead,
            memory,
            loss,
            seen.middle + jnp.where(in_middle, loss, nothing),
            seen.end + jnp.where(at_end, loss, nothing),
            jnp.where(done == 0, jnp.sqrt(jnp.sum(gradient * gradient)), seen.first_slope),
            jnp.maximum(seen.middle_slope, jnp.where(in_middle, jnp.abs(slope), nothing)),
            jnp.maximum(seen.end_slope, jnp.where(at_end, jnp.abs(slope), nothing)),
            seen.turned + slope * carry.slope,
            seen.across + jnp.where(last & (jnp.sum(gradient * carry.move) > 0), nothing + 1, nothing),
            jnp.where(last, jnp.sqrt(jnp.sum((here - carry.corner) ** 2)), nothing),
            seen.path + jnp.where(last, jnp.sqrt(jnp.sum(carry.move**2)), nothing),
            jnp.where(loss <= goal, seen.late, nothing + done),
        )
        corner = jnp.where(last, carry.corner, here)
        return _Carry(after, slope, move, corner)

    def begin(start: Any, rates: Any) -> _Carry:
        def one(rate: Any) -> _Carry:
            zero, nothing = jnp.zeros_like(rate), jnp.zeros_like(start)
            seen = Lanes(start, rule.init(start), zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero - 1)
            return _Carry(seen, zero, nothing, start)

        return jax.vmap(one)(rates)

    def run(
        carry: _Carry, rates: Any, done: Any, count: Any, steps: Any, rows: Rows, index: Any, limits: Any, along: Any,
        goal: Any,
    ) -> _Carry:  # fmt: skip
        ways = (0, 0, None, None, None, None, None, None)

        def body(turn: Any, carry: _Carry) -> _Carry:
            block = chosen_rows(rows, index[turn]) if batches else rows
            return jax.vmap(lane, ways)(carry, rates, done + turn, steps, block, limits, along, goal)

        return jax.lax.fori_loop(0, count, body, carry)

    return jax.jit(begin), jax.jit(run)

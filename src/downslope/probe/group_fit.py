"""One compiled program for a whole search in many lanes: judge, follow, take the last steps, certify."""

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.descent.compiling import QUICK
from downslope.descent.group_lanes import Lanes, Posed
from downslope.descent.group_search import Reached, best_of, followed, judged
from downslope.descent.stops import GOING_ON, SETTLED
from downslope.probe.group_look import Certified, certified, polished

SAME, ROUNDING, INVISIBLE = 1e-6, 1e-14, 1e-20
"""Differences of two losses up to which two ends count as one minimum: as a share of the loss, of the floor's, and of
the mean square of the target."""

ALONE = {"xla_cpu_multi_thread_eigen": False}
"""The threads that call it have a core each: the program itself starts none."""


class Way(NamedTuple):
    """How to search: `follow` of the candidates are followed; absolute: whether the spread of the rows is their true
    standard deviation; projected: places of the parameters that are at their least-squares best when candidates are
    judged; abreast: lanes that are worked on at a time, so that they stay in the cache, and slow ones hold up few.
    """

    follow: int
    absolute: bool
    projected: tuple[int, ...]
    abreast: int


class Effort(NamedTuple):
    """How far to go: the first `always` candidates are among those that are followed, for so many steps at most; looks
    at the minimum, at most.
    """

    always: Any
    steps: Any
    looks: Any


class Told(NamedTuple):
    """What a search tells of its lanes: the answer, and how many starts ended there; second (L,): the loss of the next
    best minimum that was met, inf where none was; end (L,) as in `stops`.
    """

    answer: Certified
    agreed: Any
    second: Any
    end: Any


@lru_cache(maxsize=64)
def program(posed: Posed, way: Way, quick: bool) -> Any:
    """(candidates (C, q, L), lanes, effort) -> Told; compiled once for each shape."""

    def run(candidates: jax.Array, lanes: Lanes, effort: Effort) -> Told:
        # rows, points and lanes meet in many shapes, each of which is meant
        with jax.numpy_rank_promotion("allow"):
            if lanes.rows.size <= way.abreast:
                return searched(candidates, lanes, effort)

            by_lane = lanes._asdict()
            alike = {name: by_lane.pop(name) for name in ("constants", "lower", "upper")}
            if lanes.spread.shape[-1] == 1:
                alike["spread"] = by_lane.pop("spread")

            def some(part: tuple[jax.Array, dict[str, Any]]) -> Told:
                points, own = part
                return searched(points, Lanes(**own, **alike), effort)

            def parted(values: jax.Array) -> jax.Array:
                return jnp.moveaxis(values.reshape(*values.shape[:-1], -1, way.abreast), -2, 0)

            def joined(values: jax.Array) -> jax.Array:
                return jnp.moveaxis(values, 0, -2).reshape(*values.shape[1:-1], -1)

            return jax.tree.map(joined, jax.lax.map(some, jax.tree.map(parted, (candidates, by_lane))))

    def searched(candidates: jax.Array, lanes: Lanes, effort: Effort) -> Told:
        floor, size = lanes.floor, posed.size
        if len(posed.linear) == size:  # a linear model: the last steps alone lead to its only minimum
            zero = jnp.zeros_like(candidates[0, :1])
            reached = Reached((zero,) * size, zero, zero + SETTLED)
        else:
            points, losses = judged(posed, candidates, lanes, way.projected)
            given = jnp.arange(len(losses))[:, None] < effort.always
            starts = best_of(points, jnp.where(given, -jnp.inf, losses), way.follow)
            reached = followed(posed, tuple(starts[:, k] for k in range(size)), lanes, effort.steps)
        lowest = jnp.min(reached.loss, axis=0)
        invisible = INVISIBLE * lanes.level if posed.squares else 0.0
        low = reached.loss <= lowest + SAME * jnp.abs(lowest - floor) + invisible + ROUNDING * jnp.abs(floor)
        agreeing = low & (reached.end != GOING_ON)
        others = jnp.where(~low & (reached.end == SETTLED), reached.loss, jnp.inf)
        # of mirror images of one minimum, the one with the fewest minus signs
        minus = sum((each < 0).astype(floor.dtype) for each in reached.point)
        rank = jnp.where(agreeing, minus, jnp.where(low, size + 1.0, size + 2.0))
        chosen = jnp.arange(len(rank))[:, None] == jnp.argmin(rank, axis=0)

        def picked(each: jax.Array) -> jax.Array:
            return jnp.sum(jnp.where(chosen, each, 0.0), axis=0)

        at, seen = polished(posed, tuple(picked(each) for each in reached.point), lanes, effort.looks)
        answer = certified(posed, at, seen, lanes, way.absolute)
        return Told(answer, jnp.sum(agreeing, axis=0), jnp.min(others, axis=0), picked(reached.end))

    return jax.jit(run, compiler_options=ALONE | (QUICK if quick else {}))

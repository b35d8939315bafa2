"""Lanes: many searches of one objective side by side, in one compiled program.

For looking from many starts, for profiles (a lane with a parameter held at a value) and for the bootstrap (a lane with
its own weights).
"""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.descent.compiling import QUICK
from downslope.descent.evaluation import evaluate
from downslope.descent.rules import Rule
from downslope.descent.stops import GOING_ON
from downslope.objective import Objective, Rows

WIDTHS = (16, 64, 512)
"""Lanes are filled up to one of these, so that few widths are ever compiled."""
MOST_RECORDED = 128
"""Evaluations of each lane that are recorded, at most."""


class Ends(NamedTuple):
    """Where the lanes ended: params (k, p), loss (k,) (inf where no point was finite), end (k,) as in `stops`, steps
    (k,), the factor of the curvature there (k, p or more, p or more), and, where it was asked for, what each evaluation
    saw: (m, k, 1 + 2p), loss, params and gradient.
    """

    params: np.ndarray
    loss: np.ndarray
    end: np.ndarray
    steps: np.ndarray
    factor: np.ndarray
    seen: np.ndarray | None = None


def search(
    objective: Objective,
    rule: Rule,
    starts: np.ndarray,
    rows: Rows,
    lower: np.ndarray,
    upper: np.ndarray,
    steps: int,
    weight: np.ndarray | None = None,
    record: bool = False,
) -> Ends:
    """Search from each start until every lane is at its end, or has taken so many steps.

    Args:   starts, lower, upper: (k, p); a lane with lower == upper holds that parameter.
            weight: (k, blocks, block), weights of the rows in each lane, in place of their own.
            record: whether to keep what was seen on the way; they then run in groups of the smallest width.
    """
    lanes, size = starts.shape
    run = _compiled(objective, rule, size, weight is not None, record)
    steps = min(steps, MOST_RECORDED - 1) if record else steps
    ends = []
    most = WIDTHS[0] if record else WIDTHS[-1]
    for first in range(0, lanes, most):
        some = slice(first, first + most)
        count = len(starts[some])
        width = next(width for width in WIDTHS if width >= count)
        fill = np.minimum(np.arange(width), count - 1)
        weights = rows.weight if weight is None else weight[some][fill]
        found = run(starts[some][fill], lower[some][fill], upper[some][fill], rows, weights, steps)
        ends.append([np.asarray(each)[:count] for each in found[:-1]] + [np.asarray(found[-1])[:, :count]])
    *plain, seen = zip(*ends, strict=True)
    params, loss, end, taken, factor = map(np.concatenate, plain)
    path = np.concatenate(seen, axis=1) if record else None
    return Ends(params, loss, end.astype(int), taken.astype(int), factor, path)


@lru_cache(maxsize=64)
def _compiled(objective: Objective, rule: Rule, size: int, own_weights: bool, record: bool) -> Any:
    def advance(params: Any, memory: Any, lower: Any, upper: Any, weight: Any, rows: Rows, done: Any) -> tuple:
        here, sums = evaluate(objective, rule, params, rows._replace(weight=weight), done > 0)
        direction, memory = rule.update(sums, memory, here, (lower, upper))
        ahead = jnp.clip(here + direction, lower, upper)  # rounding may carry it a last digit too far
        return ahead, memory, jnp.concatenate([sums.loss[None], here, sums.gradient])

    ways = (0, 0, 0, 0, 0 if own_weights else None, None, None)
    ended = rule.ended
    if ended is None:
        raise ValueError(f"{rule.text} has no end of its own")

    # what is recorded is small and done once: half the time to compile is worth more than code that runs faster
    @partial(jax.jit, compiler_options=QUICK if record else None)
    def run(starts: Any, lower: Any, upper: Any, rows: Rows, weight: Any, steps: Any) -> tuple:
        def going(carry: tuple) -> jax.Array:
            done, _, memory, _, _ = carry
            return (done < steps) & (jax.vmap(ended)(memory) == GOING_ON).any()

        def body(carry: tuple) -> tuple:
            done, params, memory, taken, record_of = carry
            over = jax.vmap(ended)(memory) != GOING_ON
            moved, after, seen = jax.vmap(advance, ways)(params, memory, lower, upper, weight, rows, done)

            def kept(old: jax.Array, new: jax.Array) -> jax.Array:
                return jnp.where(over.reshape(-1, *[1] * (old.ndim - 1)), old, new)

            if record:
                record_of = jax.lax.dynamic_update_index_in_dim(record_of, seen, done, 0)
            return (
                done + 1,
                kept(params, moved),
                jax.tree.map(kept, memory, after),
                taken + (~over).astype(taken.dtype),
                record_of,
            )

        lanes = len(starts)
        empty = jnp.zeros((MOST_RECORDED if record else 0, lanes, 1 + 2 * size), starts.dtype)
        begun = (0, starts, jax.vmap(rule.init)(starts), jnp.zeros(lanes, int), empty)
        _, _, memory, taken, seen = jax.lax.while_loop(going, body, begun)
        return memory.params, memory.loss, jax.vmap(ended)(memory), taken, memory.factor, seen

    return run

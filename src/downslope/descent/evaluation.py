"""One evaluation, as every loop takes it."""

import jax
import jax.numpy as jnp

from downslope.descent.rules import Rule
from downslope.objective import Objective, Rows, Sums


def evaluate(
    objective: Objective, rule: Rule, params: jax.Array, rows: Rows, begun: jax.Array | bool = True
) -> tuple[jax.Array, Sums]:
    """The mean sums at params (p,), or, for a rule that projects, at what it puts in their place; and that point.

    begun: whether the descent has left its start, which is evaluated where it is.
    """
    project = rule.project
    if project is None:
        return params, objective.sums(params, rows, rule.curvature).mean()

    def turn(index: int, seen: tuple[jax.Array, Sums]) -> tuple[jax.Array, Sums]:
        here, _ = seen
        sums = objective.sums(here, rows, rule.curvature).mean()
        return jnp.where(index == 0, project(sums, here), here), sums

    # a loop of two rounds rather than two copies of the objective: half as much to compile
    shapes = jax.eval_shape(lambda: objective.sums(params, rows, rule.curvature).mean())
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    return jax.lax.fori_loop(jnp.where(begun, 0, 1), 2, turn, (params, nothing))

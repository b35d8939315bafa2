"""The objective: (Σ weight · loss(prediction, target)) / (Σ weight), with what each block adds to it.

Everything that a step needs is a sum over rows, so blocks may be added in any order, by anyone.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.model import Model
from downslope.objective.loss import Loss
from downslope.objective.rows import Rows


class Sums(NamedTuple):
    """What some rows add: their weight (), loss (), gradient (p,) and, where asked for, curvature (p, p).

    The curvature is the generalised Gauss-Newton matrix Σ weight · loss'' · J Jᵀ (Schraudolph 2002): never
    indefinite for a convex loss. It is None where nobody asked.
    """

    weight: jax.Array
    loss: jax.Array
    gradient: jax.Array
    curvature: jax.Array | None = None

    def plus(self, other: "Sums") -> "Sums":
        """The sums of both sets of rows."""
        return jax.tree.map(jnp.add, self, other)

    def mean(self) -> "Sums":
        """Divided by the weight: the objective, its gradient and curvature."""
        return jax.tree.map(lambda total: total / self.weight, self)


@dataclass(frozen=True, eq=False)
class Objective:
    """A model and a loss. Objectives of equal `key` are equal: they share compiled programs."""

    predict: Callable[[Any, Mapping[str, Any]], Any]
    loss: Loss
    key: Hashable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Objective) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def block_loss(self, params: jax.Array, block: Rows) -> jax.Array:
        """Σ weight · loss over one block; every array in it is (block,)."""
        prediction = self.predict(params, block.columns)
        by_row = self.loss.by_row(prediction / block.spread, block.target / block.spread)
        return jnp.sum(block.weight * by_row)

    def block_sums(self, params: jax.Array, block: Rows, curvature: bool) -> Sums:
        """What one block adds."""
        loss, gradient = jax.value_and_grad(self.block_loss)(params, block)
        if not curvature:
            return Sums(jnp.sum(block.weight), loss, gradient)
        # forward mode: one pass per parameter, and the parameters are few wherever curvature is asked for
        jacobian = jax.jacfwd(self.predict)(params, block.columns) / block.spread[..., None]
        bend = jax.grad(lambda prediction: jnp.sum(self._slope(prediction, block)))
        bends = bend(self.predict(params, block.columns) / block.spread)
        return Sums(jnp.sum(block.weight), loss, gradient, jacobian.T @ ((block.weight * bends)[:, None] * jacobian))

    def _slope(self, prediction: jax.Array, block: Rows) -> jax.Array:
        return jax.grad(lambda each: jnp.sum(self.loss.by_row(each, block.target / block.spread)))(prediction)

    def sums(self, params: jax.Array, rows: Rows, *, curvature: bool = False) -> Sums:
        """What all rows add, block by block."""
        blocks = rows.weight.shape[0]
        if blocks == 1:
            return self.block_sums(params, one_block(rows, 0), curvature)
        width = params.shape[0]
        zero = jnp.zeros((), params.dtype)
        nothing = Sums(
            zero, zero, jnp.zeros_like(params), jnp.zeros((width, width), params.dtype) if curvature else None
        )
        return jax.lax.fori_loop(
            0, rows.used, lambda i, sums: sums.plus(self.block_sums(params, one_block(rows, i), curvature)), nothing
        )


def one_block(rows: Rows, index: jax.Array | int) -> Rows:
    """One block of the rows; arrays lose their first axis."""

    def pick(values: jax.Array) -> jax.Array:
        return values[0] if values.shape[0] == 1 else jax.lax.dynamic_index_in_dim(values, index, keepdims=False)

    columns = {name: pick(values) for name, values in rows.columns.items()}
    return Rows(columns, pick(rows.target), pick(rows.weight), pick(rows.spread), 1)


def chosen_rows(rows: Rows, index: jax.Array) -> Rows:
    """One block made of the rows with these numbers; -1 stands for no row. index: (k,) integers. `used` counts them."""

    def pick(values: jax.Array) -> jax.Array:
        flat = values.reshape(-1)
        return flat[jnp.maximum(index, 0)] if flat.shape[0] > 1 else flat

    columns = {name: pick(values) for name, values in rows.columns.items()}
    weight = jnp.where(index >= 0, pick(rows.weight), 0.0)
    return Rows(columns, pick(rows.target), weight, pick(rows.spread), jnp.sum(index >= 0).astype(weight.dtype))


def build(model: Model, loss: Loss) -> Objective:
    """The objective of a model under a loss."""
    return Objective(model.predict, loss, (model.key, loss.key))

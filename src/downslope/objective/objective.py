"""The objective: (Σ weight · loss(prediction, target)) / (Σ weight), with what each block adds to it.

Everything that a step needs is a sum over rows, so blocks may be added in any order, by anyone.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from downslope.model import Model
from downslope.objective.loss import Loss
from downslope.objective.rows import Rows

Curvature = Literal["", "triangle", "hessian"]
"""What a step wants to know of it: nothing, the Gauss-Newton factor, or the second derivatives."""


class Sums(NamedTuple):
    """What some rows add: their weight (), loss (), gradient (p,) and, where asked for, the curvature.

    triangle: upper triangular R such that RᵀR is the generalised Gauss-Newton curvature Σ weight · loss'' · J Jᵀ
              (Schraudolph 2002), never indefinite for a convex loss; (p, p). For the squared loss it is that of [J |
              r], (p + 1, p + 1): its last column q is in the same units, so that Rᵀq is the gradient. It keeps twice
              the digits that RᵀR would, and two of them are added by one small QR.
    hessian:  second derivatives, (p, p).
    """

    weight: jax.Array
    loss: jax.Array
    gradient: jax.Array
    triangle: jax.Array | None = None
    hessian: jax.Array | None = None

    def plus(self, other: "Sums") -> "Sums":
        """The sums of both sets of rows."""
        triangle = None
        if self.triangle is not None and other.triangle is not None:
            triangle = triangular(jnp.concatenate([self.triangle, other.triangle]))
        plain = jax.tree.map(jnp.add, self._replace(triangle=None), other._replace(triangle=None))
        return plain._replace(triangle=triangle)

    def mean(self) -> "Sums":
        """Divided by the weight: the objective, its gradient and curvature."""
        triangle = None if self.triangle is None else self.triangle / jnp.sqrt(self.weight)
        plain = jax.tree.map(lambda total: total / self.weight, self._replace(triangle=None))
        return plain._replace(triangle=triangle)


def triangular(tall: jax.Array) -> jax.Array:
    """R of a QR decomposition, square: (columns, columns)."""
    rows, columns = tall.shape
    if rows < columns:
        tall = jnp.concatenate([tall, jnp.zeros((columns - rows, columns), tall.dtype)])
    return jnp.linalg.qr(tall, mode="r")


@dataclass(frozen=True, eq=False)
class Objective:
    """A model and a loss. Objectives of equal `key` are equal: they share compiled programs."""

    predict: Callable[[Any, Mapping[str, Any]], Any]
    loss: Loss
    key: Hashable
    model: Model | None = None
    """The model whose predictions these are, if it is one: what an objective is made of in another process."""

    def __reduce__(self) -> Any:
        return super().__reduce__() if self.model is None else (build, (self.model, self.loss))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Objective) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def block_loss(self, params: jax.Array, block: Rows) -> jax.Array:
        """Σ weight · loss over one block; every array in it is (block,)."""
        prediction = self.predict(params, block.columns)
        by_row = self.loss.by_row(prediction / block.spread, block.target / block.spread)
        return jnp.sum(block.weight * by_row)

    def block_sums(self, params: jax.Array, block: Rows, curvature: Curvature = "") -> Sums:
        """What one block adds."""
        loss, gradient = jax.value_and_grad(self.block_loss)(params, block)
        sums = Sums(jnp.sum(block.weight), loss, gradient)
        if curvature == "triangle":
            return sums._replace(triangle=triangular(self.block_factor(params, block)))
        if curvature == "hessian":
            return sums._replace(hessian=jax.jacfwd(jax.grad(self.block_loss))(params, block))
        return sums

    def block_factor(self, params: jax.Array, block: Rows) -> jax.Array:
        """Rows of √(weight · loss'') · [J | loss' / loss''], the last column for the squared loss only."""
        # forward mode: one pass per parameter, and the parameters are few wherever curvature is asked for
        jacobian = jax.jacfwd(self.predict)(params, block.columns) / block.spread[..., None]
        prediction = self.predict(params, block.columns) / block.spread
        if self.loss.least_squares:
            residual = prediction - block.target / block.spread
            return jnp.sqrt(2.0 * block.weight)[:, None] * jnp.concatenate([jacobian, residual[:, None]], axis=1)
        bends = jax.grad(lambda each: jnp.sum(self.slopes(each, block)))(prediction)
        return jnp.sqrt(block.weight * jnp.maximum(bends, 0.0))[:, None] * jacobian

    def slopes(self, prediction: jax.Array, block: Rows) -> jax.Array:
        """loss' of each row, by a prediction that is in units of the spread."""
        return jax.grad(lambda each: jnp.sum(self.loss.by_row(each, block.target / block.spread)))(prediction)

    def sums(self, params: jax.Array, rows: Rows, curvature: Curvature = "") -> Sums:
        """What all rows add, block by block."""
        if rows.weight.shape[0] == 1:
            return self.block_sums(params, one_block(rows, 0), curvature)

        def add(index: int, sums: Sums) -> Sums:
            block = one_block(rows, index)
            if curvature != "triangle":
                return sums.plus(self.block_sums(params, block, curvature))
            # one QR of the triangle so far and the block, in place of two
            tall = jnp.concatenate([jnp.asarray(sums.triangle), self.block_factor(params, block)])
            plain = sums._replace(triangle=None).plus(self.block_sums(params, block))
            return plain._replace(triangle=triangular(tall))

        shapes = jax.eval_shape(lambda: self.block_sums(params, one_block(rows, 0), curvature))
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        return jax.lax.fori_loop(0, rows.used, add, nothing)


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
    return Objective(model.predict, loss, (model.key, loss.key), model)

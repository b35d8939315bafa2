"""Many problems side by side: the same model and loss on the rows of many groups, a lane for each.

Lanes are the last axis of every array, so that each operation runs along them without a gap, and no linear algebra
library is called for matrices of three by three. Short groups are filled up with copies of their first row at weight 0.

    columns, target, weight, spread   (n, L)                    n rows, L lanes
    point                             q arrays (L,) or (S, L)   one point in each lane, or S of them
    predictions                       (n, L) or (n, S, L)
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.objective import Objective

Point = tuple[jax.Array, ...]
MOST_PARAMETERS = 10
"""Parameters up to which the algebra is written out."""


class Lanes(NamedTuple):
    """The rows of L groups. spread: (n, L), or (1, 1) for 1.0; constants: (1,) each, what the model reads beside the
    columns; lower, upper: (q,) bounds; rows: (L,), how many count, as a float; total: (L,), the sum of their weights;
    level: (L,), mean square of the targets in units of the spread; floor: (L,), the loss of a perfect fit.
    """

    columns: Mapping[str, Any]
    target: Any
    weight: Any
    spread: Any
    constants: Mapping[str, Any]
    lower: Any
    upper: Any
    rows: Any
    total: Any
    level: Any
    floor: Any


class Posed(NamedTuple):
    """What all lanes have in common, known when they are compiled.

    linear: places of the parameters that are set to their best values for the others; direct: whether the model may be
    asked about arrays of any shape at once (a formula), or has to be asked lane by lane (a function); bounded: whether
    any parameter has a bound.
    """

    objective: Objective
    size: int
    linear: tuple[int, ...]
    direct: bool
    bounded: bool

    @property
    def squares(self) -> bool:
        """Whether the loss is the squared difference."""
        return self.objective.loss.least_squares

    def predict(self, point: Point, lanes: Lanes) -> jax.Array:
        """Predictions in units of the spread."""
        several = point[0].ndim == 2
        columns = {name: spaced(values, several) for name, values in lanes.columns.items()}
        if self.direct:
            shape = (lanes.target.shape[0], *point[0].shape)
            answer = jnp.broadcast_to(jnp.asarray(self.objective.predict(point, columns)), shape)
            return answer / spaced(lanes.spread, several)

        def one(params: jax.Array, read: Mapping[str, Any]) -> jax.Array:
            return self.objective.predict(params, {**read, **lanes.constants})

        across = jax.vmap(one, (1, 1), 1)
        if several:
            across = jax.vmap(across, (1, None), 1)
        return across(jnp.stack(point), dict(lanes.columns)) / spaced(lanes.spread, several)

    def linearised(self, point: Point, lanes: Lanes, places: tuple[int, ...]) -> tuple[jax.Array, list[jax.Array]]:
        """Predictions, and their derivatives by the parameters at some places."""
        answer, columns = self.predict(point, lanes), []
        for place in places:
            along = self.alone(point, lanes, place)
            columns.append(jax.jvp(along, (point[place],), (jnp.ones_like(point[place]),))[1])
        return answer, columns

    def alone(self, point: Point, lanes: Lanes, place: int) -> Any:
        """The predictions as a function of one parameter: what does not hang on it is then not differentiated."""
        return lambda value: self.predict((*point[:place], value, *point[place + 1 :]), lanes)

    def rows(self, prediction: jax.Array, lanes: Lanes) -> tuple[jax.Array, jax.Array, jax.Array]:
        """weight · loss, and its first and second derivative by the prediction."""
        several = prediction.ndim == 3
        target, weight = spaced(lanes.target / lanes.spread, several), spaced(lanes.weight, several)
        if self.squares:
            residual = prediction - target
            return weight * residual * residual, 2.0 * weight * residual, jnp.broadcast_to(2.0 * weight, residual.shape)

        def by_row(each: jax.Array) -> jax.Array:
            flat = jnp.broadcast_to(target, each.shape).reshape(-1)
            return self.objective.loss.by_row(each.reshape(-1), flat).reshape(each.shape)

        def slope(each: jax.Array) -> jax.Array:
            return jax.grad(lambda at: jnp.sum(by_row(at)))(each)

        first, second = jax.jvp(slope, (prediction,), (jnp.ones_like(prediction),))
        return weight * by_row(prediction), weight * first, weight * second

    def loss(self, point: Point, lanes: Lanes) -> jax.Array:
        """Mean loss in each lane."""
        return jnp.sum(self.rows(self.predict(point, lanes), lanes)[0], axis=0) / lanes.total


def spaced(values: Any, several: bool) -> Any:
    """What is (n, L) as it meets several points of each lane."""
    return values[:, None, :] if several else values


def finite(*values: jax.Array) -> jax.Array:
    """Whether all of them are numbers, in each lane."""
    sound = jnp.isfinite(values[0])
    for each in values[1:]:
        sound = sound & jnp.isfinite(each)
    return sound

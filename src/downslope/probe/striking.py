"""Striking: of very many rows those that may be outliers, with the largest residuals and the largest leverages; one
pass over all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from downslope.arrays import double_precision
from downslope.objective import Objective
from downslope.objective.shards import CHUNK, Layout, Piece, arrays_of, as_rows

KEPT = 500
"""Rows of each kind that are kept."""


class Striking(NamedTuple):
    """numbers (k,) from 1, jacobian (k, p) and residual (k,), both by the spread and times the root of the weight, and
    how striking: (k,) and (k,) squares of the residual and leverage.
    """

    numbers: np.ndarray
    jacobian: np.ndarray
    residual: np.ndarray
    squares: np.ndarray
    leverage: np.ndarray

    def most(self) -> "Striking":
        """The KEPT with the largest residuals and the KEPT with the largest leverages."""
        if self.numbers.size <= KEPT:
            return self
        places = [np.argpartition(-each, KEPT)[:KEPT] for each in (self.squares, self.leverage)]
        chosen = np.unique(np.concatenate(places))
        return Striking(*(each[chosen] for each in self))


@dataclass(frozen=True)
class StrikingWork:
    """The most striking rows of a piece at params (p,); straighten (p, p) makes the jacobian's columns orthonormal."""

    objective: Objective
    constants: Mapping[str, np.ndarray]
    params: np.ndarray
    straighten: np.ndarray
    most: ClassVar[int] = CHUNK

    def __call__(self, piece: Piece) -> Striking:
        layout, arrays, fixed, count = arrays_of(piece, self.constants)
        with double_precision():
            found = _compiled(self.objective, layout)(self.params, self.straighten, arrays, fixed, count)
            residual, jacobian, leverage = (np.asarray(each)[:count] for each in found)
        numbers = 1 + piece.first + np.arange(count)
        return Striking(numbers, jacobian, residual, residual**2, leverage).most()

    def add(self, one: Striking, other: Striking) -> Striking:
        return Striking(*(np.concatenate(pair) for pair in zip(one, other, strict=True))).most()


@lru_cache(maxsize=16)
def _compiled(objective: Objective, layout: Layout) -> Any:
    @jax.jit
    def run(params: jax.Array, straighten: jax.Array, arrays: tuple, fixed: tuple, count: Any) -> tuple:
        rows = as_rows(layout, arrays, fixed, count)
        flat = {name: jnp.ravel(values) for name, values in rows.columns.items()}
        root = jnp.sqrt(jnp.ravel(rows.weight)) / jnp.ravel(rows.spread)
        jacobian = jax.jacfwd(lambda at: objective.predict(at, flat) * jnp.ones(CHUNK))(params) * root[:, None]
        residual = (objective.predict(params, flat) - jnp.ravel(rows.target)) * root
        return residual, jacobian, jnp.sum((jacobian @ straighten) ** 2, axis=1)

    return run

"""Holding out: some rows take no part in the descent, so that the loss over them tells how well the model predicts what
it has not seen.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from downslope.data.table import Table
from downslope.errors import RequestError

STREAM = 1
"""With the seed, the stream of random numbers that draws these rows; batches are drawn from another."""


def divide(rows: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Places, in rising order, of the rows that stay and of the share that is held out, rounded to whole rows.

    Raises: RequestError if one side would be left without rows.

    >>> kept, out = divide(10, 0.2, seed=0)
    >>> kept.size, out.size
    (8, 2)
    """
    count = int(np.floor(share * rows + 0.5))
    if rows < 2:
        raise RequestError(f"validation={share:g} holds rows out, and there is only {rows} row; leave it out")
    if count == 0:
        raise RequestError(
            f"validation={share:g} of {rows:,} rows holds out none; {1 / rows:.2g} holds out one of them"
        )
    if count == rows:
        raise RequestError(
            f"validation={share:g} of {rows:,} rows holds out all of them and leaves none to fit; "
            f"{np.floor(100 * (rows - 1) / rows) / 100:.2g} leaves one or more"
        )
    out = np.zeros(rows, dtype=bool)
    out[np.random.default_rng([seed, STREAM]).permutation(rows)[:count]] = True
    return np.flatnonzero(~out), np.flatnonzero(out)


class HeldOut(NamedTuple):
    """Rows that take no part in the descent, for validation: their places in the table, and (n,) each, the user's
    columns that the model reads, target, weight (None: all count alike) and spread.
    """

    places: np.ndarray
    columns: Mapping[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None
    spread: np.ndarray | float

    @classmethod
    def of(
        cls,
        names: tuple[str, ...],
        table: Table,
        places: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray | None,
        spread: np.ndarray | float,
    ) -> "HeldOut":
        """Of the rows at these places, from weight and spread of all rows of the table."""
        return cls(
            places,
            {name: table[name][places] for name in names},
            target,
            None if weight is None else weight[places],
            spread[places] if isinstance(spread, np.ndarray) else spread,
        )

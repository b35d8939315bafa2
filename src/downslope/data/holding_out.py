"""Holding out: some rows take no part in the descent, so that the loss over them tells how well the model predicts what
it has not seen.
"""

import numpy as np

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

"""Batches: which rows each step sees. Every epoch is a fresh seeded order of all rows, cut into batches.

The order of an epoch follows from the seed and the number of the epoch alone, so that any step can be entered without
replaying those before it: an interrupted run goes on exactly where it stood. It is the order that sorts the raw words
of a Philox counter generator, whose stream NumPy keeps the same from version to version (unlike `permutation`).
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from downslope.errors import RequestError

_WORDS = 4  # Philox gives four words for each count


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """How many batches one pass over the data takes; the last may be smaller.

    >>> steps_per_epoch(10, 4)
    3
    """
    if rows < 1:
        raise RequestError("there are no rows to draw batches from")
    if batch_size < 1:
        raise RequestError(f"batch_size is {batch_size}; it must be a positive whole number")
    return -(-rows // batch_size)


def batches(rows: int, batch_size: int, *, seed: int, start: int = 0) -> Iterator[np.ndarray]:
    """The rows of each step from step `start` on, without end.

    Returns: int32 arrays of batch_size row numbers; the last one of each epoch may be shorter.

    >>> first, second = (next(batches(5, 3, seed=0, start=step)) for step in (0, 1))
    >>> sorted([*first.tolist(), *second.tolist()])
    [0, 1, 2, 3, 4]
    """
    each = steps_per_epoch(rows, batch_size)
    epoch, step = divmod(start, each)
    while True:
        order = _orders(rows, seed, epoch, 1)[0]
        for first in range(step * batch_size, rows, batch_size):
            yield order[first : first + batch_size]
        epoch, step = epoch + 1, 0


def block(rows: int, batch_size: int, seed: int, first_step: int, steps: int) -> np.ndarray:
    """The rows of many steps at once, for a compiled loop.

    Returns: (steps, batch_size) int32; the places that a short batch leaves empty hold -1.

    >>> block(3, 2, seed=0, first_step=0, steps=2)[1, 1]
    np.int32(-1)
    """
    each = steps_per_epoch(rows, batch_size)
    if steps < 1:
        return np.empty((0, batch_size), np.int32)
    first_epoch, skipped = divmod(first_step, each)
    epochs = (skipped + steps - 1) // each + 1
    padded = np.full((epochs, each * batch_size), -1, np.int32)
    padded[:, :rows] = _orders(rows, seed, first_epoch, epochs)
    return padded.reshape(epochs * each, batch_size)[skipped : skipped + steps]


@lru_cache(maxsize=1)  # blocks within one epoch of many rows ask for the same order again
def _orders(rows: int, seed: int, first_epoch: int, epochs: int) -> np.ndarray:
    """(epochs, rows) int32: a permutation of the rows for each epoch."""
    if seed < 0:
        raise RequestError(f"seed is {seed}; it must be a whole number, 0 or more")
    counts = -(-rows // _WORDS)
    generator = np.random.Philox(key=seed, counter=first_epoch * counts)
    words = generator.random_raw(epochs * counts * _WORDS).reshape(epochs, counts * _WORDS)
    orders = np.argsort(words[:, :rows], axis=1, kind="stable").astype(np.int32)
    orders.flags.writeable = False
    return orders

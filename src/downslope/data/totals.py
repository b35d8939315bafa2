"""Totals: sums of long columns of one length, in one reading of them all."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from downslope.cores import cores

CHUNK = 16_384
"""Rows added up at a time, of all columns: those of one matrix lie side by side, and are read together."""
PART = 16 * CHUNK
"""Rows that a thread is given."""


def totals(columns: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of each of some columns of one length, (len(columns),); the same bits whatever the number of cores.

    >>> totals([np.ones(100_000), np.arange(100_000.0)]).tolist()
    [100000.0, 4999950000.0]
    """
    rows = columns[0].size if columns else 0

    def part(first: int) -> np.ndarray:
        added = np.zeros(len(columns))
        with np.errstate(all="ignore"):
            for begin in range(first, min(first + PART, rows), CHUNK):
                added += [values[begin : begin + CHUNK].sum() for values in columns]
        return added

    with ThreadPoolExecutor(cores()) as threads, np.errstate(all="ignore"):
        return np.sum(list(threads.map(part, range(0, rows, PART))), axis=0) if rows else np.zeros(len(columns))

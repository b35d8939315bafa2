"""Packing: groups of like lengths side by side, as the compiled programs take them, in few shapes."""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from downslope.descent.group_lanes import Lanes
from downslope.many.spec import Bound

MOST_LENGTHS = 4
"""Lengths to which the groups of a slab are filled up: each is compiled once."""
WIDTHS = (8, 64, 1024)
"""Groups side by side: one of these."""
LITTLE = 400_000
"""Rows, filled up, that are not worth another length to compile."""
CACHED = 98_304
"""Numbers of one column that are worked on together, so that they stay in the cache."""


class Rows(NamedTuple):
    """The rows of a slab that count, one group after the other.

    columns, target, weight (None: all count the same), spread (None: 1): (n,); starts: (g + 1,).
    """

    columns: Mapping[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None
    spread: np.ndarray | None
    starts: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each group, (g,)."""
        return np.diff(self.starts)


def rung(lengths: np.ndarray) -> np.ndarray:
    """The next length of a ladder with steps of a quarter: 4, 8, 12, … 32, 40, 48, 56, 64, 80, …

    >>> rung(np.array([1, 20, 33, 100])).tolist()
    [4, 20, 40, 112]
    """
    power = np.maximum(np.floor(np.log2(np.maximum(lengths - 1, 1))).astype(int), 4)
    step = np.maximum(1 << (power - 2), 4)
    return -(-lengths // step) * step


def buckets(lengths: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Groups by the length that they are filled up to: a few lengths, chosen so that little is added; one where all of
    it is little.
    """
    most = 1 if lengths.size * int(lengths.max()) <= LITTLE else MOST_LENGTHS
    rungs, count = np.unique(rung(lengths), return_counts=True)
    kept = list(zip(rungs.tolist(), count.tolist(), strict=True))
    while len(kept) > most:
        costs = [number * (above - length) for (length, number), (above, _) in pairwise(kept)]
        place = int(np.argmin(costs))
        kept[place + 1] = (kept[place + 1][0], kept[place + 1][1] + kept[place][1])
        del kept[place]
    tops = np.array([length for length, _ in kept])
    which = np.searchsorted(tops, lengths)
    return [(int(top), np.flatnonzero(which == place)) for place, top in enumerate(tops)]


def width_for(length: int, points: int, groups: int) -> int:
    """How many groups of a length are put side by side, with so many points of each: one of two widths at most, so that
    little is compiled.
    """
    fitting = [width for width in WIDTHS if width * length * points <= CACHED] or [WIDTHS[0]]
    return fitting[-1] if groups >= fitting[-1] // 2 else fitting[-2:][0]


def pack(bound: Bound, rows: Rows, groups: np.ndarray, length: int, width: int) -> tuple[Lanes, np.ndarray]:
    """Some groups as lanes, filled up with copies of the last one; and the lengths of the lanes (L,)."""
    lanes = groups[np.minimum(np.arange(width), len(groups) - 1)]
    lengths = rows.lengths[lanes]
    step = np.arange(length)[:, None]
    real = step < lengths
    place = rows.starts[lanes] + np.where(real, step, 0)
    target = rows.target[place]
    if rows.weight is None:
        weight, total = real.astype(np.float64), lengths.astype(np.float64)
    else:
        weight = np.where(real, rows.weight[place], 0.0)
        weight *= lengths / weight.sum(axis=0)
        total = weight.sum(axis=0)
    spread = np.ones((1, 1)) if rows.spread is None else rows.spread[place]
    size = target / spread
    floor = np.zeros(width)
    if bound.loss.lowest is not None:
        with np.errstate(all="ignore"):
            floor = np.sum(weight * bound.loss.lowest(target), axis=0) / total
    return Lanes(
        {name: rows.columns[name][place] for name in bound.model.columns},
        target,
        weight,
        spread,
        {name: np.array([value]) for name, value in bound.restriction.constants.items()},
        bound.lower,
        bound.upper,
        lengths.astype(np.float64),
        total,
        np.sum(weight * size * size, axis=0) / total,
        floor,
    ), lengths

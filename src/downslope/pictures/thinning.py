"""Thinning: which rows of a long history are drawn, so that a picture stays small and looks as if all were."""

from collections.abc import Sequence

import numpy as np

MOST = 600
"""Points of a line: more would lie within one pixel of each other."""


def thinned(*values: np.ndarray, most: int = MOST, always: Sequence[int] = ()) -> np.ndarray:
    """Rows to draw of lines through these values (n,): of each stretch the lowest and the highest of every one, so that
    no peak is lost; the first, the last and those of `always` as well. All, if they are few.

    >>> wave = np.zeros(10_000)
    >>> wave[5_432] = 1.0
    >>> rows = thinned(wave)
    >>> rows.size <= 600, 5_432 in rows, int(rows[0]), int(rows[-1])
    (True, True, 0, 9999)
    """
    count = values[0].size
    if count <= most:
        return np.arange(count)
    kept = {0, count - 1, *always}
    stretches = max(1, (most - len(kept)) // (2 * len(values)))
    width = -(-count // stretches)
    whole = -(-count // width)
    begin = np.arange(whole) * width
    rows = [np.array(sorted(kept))]
    for each in values:
        filled = np.full(whole * width, np.nan)
        filled[:count] = each
        seen = np.isfinite(filled)
        for worst, pick in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            found = begin + pick(np.where(seen, filled, worst).reshape(whole, width), axis=1)
            rows.append(found[seen[found]])
    return np.unique(np.concatenate(rows))


def frames(rows: int, most: int, always: Sequence[int] = ()) -> np.ndarray:
    """At most so many of so many rows for a moving curve: dense at the beginning, where most happens, and even
    afterwards; the first, the last and those of `always` are among them.

    >>> frames(5, 60).tolist()
    [0, 1, 2, 3, 4]
    >>> chosen = frames(10_001, 20, always=[777])
    >>> chosen.size <= 20, 777 in chosen, int(chosen[0]), int(chosen[-1]), chosen[:5].tolist()
    (True, True, 0, 10000, [0, 1, 2, 3, 4])
    """
    if rows <= most:
        return np.arange(rows)
    asked = [row for row in always if 0 < row < rows - 1]
    kept = np.unique([0, rows - 1, *asked[: max(0, most - 2)]])
    left = max(0, most - kept.size)
    first = np.arange(1, 1 + left // 4)
    growing = np.geomspace(1 + left // 4, rows - 1, left // 4 + 1)[:-1]
    even = np.linspace(0, rows - 1, left - 2 * (left // 4) + 2)[1:-1]
    return np.unique(np.concatenate([kept, first, np.rint(growing).astype(int), np.rint(even).astype(int)]))

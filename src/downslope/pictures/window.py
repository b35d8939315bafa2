"""Window: what part of the numbers a picture shows, whatever numbers there are."""

import numpy as np

from downslope.pictures.scene import Axis, Scale

LARGEST = 1e307
"""Beyond it the width of a window would overflow; such values are out of view."""

MANY = 10_000
"""Numbers beyond which their ends are looked for first."""


def axis(label: str, *values: np.ndarray, scale: Scale = "linear", margin: float = 0.05) -> Axis:
    """An axis on which all these values are seen, as far as they are finite (and positive, on a log scale).

    >>> axis("x", np.array([0.0, 10.0, np.inf]), margin=0.1)
    Axis(label='x', low=-1.0, high=11.0, scale='linear', ticks=())
    >>> axis("x", np.array([7.0])).low < 7 < axis("x", np.array([7.0])).high
    True
    """
    every = np.concatenate([_ends(np.ravel(part), scale).astype(float) for part in values] or [np.empty(0)])
    if scale == "log":
        logs = np.clip(np.log10(every[np.isfinite(every) & (every > 0)]), -307.0, 308.0)
        low, high = _around(logs, margin, alone=0.5)
        return Axis(label, 10.0 ** max(low, -307.5), 10.0 ** min(high, 308.0), scale)
    return Axis(label, *_around(every[np.abs(every) <= LARGEST], margin, alone=None), scale)


def _ends(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Of very many numbers, all of which can be seen, the smallest and the largest; else all."""
    if values.size < MANY:
        return values
    ends = np.array([values.min(), values.max()])
    return ends if np.all(np.abs(ends) <= LARGEST) and (scale == "linear" or ends[0] > 0) else values


def _around(values: np.ndarray, margin: float, alone: float | None) -> tuple[float, float]:
    """From the smallest to the largest and a margin; around a single value `alone`, or a tenth of it."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= 1e-12 * size:  # closer than an axis can label
        room = alone or 0.1 * size or 1.0
        low, high = low - max(room, 1e-300), high + max(room, 1e-300)
        return low, high
    room = margin * (high - low)
    return low - room, high + room


def clipped(x: np.ndarray, y: np.ndarray, across: Axis, up: Axis) -> tuple[np.ndarray, np.ndarray]:
    """A line cut at the edges of the window; a nan stands where it was cut off.

    Each segment is cut where it crosses an edge (Liang and Barsky 1984), so that what is left keeps its slope. A point
    that is not finite ends the line. A line that lies inside comes back as it is.

    >>> edge = Axis("", 0.0, 1.0)
    >>> clipped(np.array([0.5, 0.5]), np.array([0.5, 1e300]), edge, edge)
    (array([0.5, 0.5]), array([0.5, 1. ]))
    """
    return clipped_steps(x, y, np.arange(np.size(x)), across, up)[:2]


def clipped_steps(
    x: np.ndarray, y: np.ndarray, steps: np.ndarray, across: Axis, up: Axis
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for a line that grows: with the step that reaches each point, or each cut, that is left.

    >>> edge = Axis("", 0.0, 1.0)
    >>> clipped_steps(np.array([0.5, 0.5, 9.0]), np.array([0.5, 3.0, 3.0]), np.array([0, 10, 20]), edge, edge)[2]
    array([ 0, 10])
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.size < 2 or bool(inside(x, y, across, up).all()):
        keep = inside(x, y, across, up)
        return x[keep], y[keep], steps[keep]
    with np.errstate(all="ignore"):
        enter, leave = np.zeros(x.size - 1), np.ones(x.size - 1)
        for values, edge in ((x, across), (y, up)):
            start, move = values[:-1], np.diff(values)
            first, second = (edge.low - start) / move, (edge.high - start) / move
            still = move == 0
            outside = still & ((start < edge.low) | (start > edge.high))
            near = np.where(still, np.where(outside, np.inf, -np.inf), np.fmin(first, second))
            far = np.where(still, np.inf, np.fmax(first, second))
            enter, leave = np.maximum(enter, near), np.minimum(leave, far)
        seen = np.isfinite(x[:-1] + y[:-1] + x[1:] + y[1:]) & (enter <= leave)
        ends = [
            # an end that is not cut stays what it was, to the bit
            np.where(part == 0, values[:-1], np.where(part == 1, values[1:], values[:-1] + part * np.diff(values)))
            for part in (enter, leave)
            for values in (x, y)
        ]
        ends = [np.clip(cut, edge.low, edge.high) for cut, edge in zip(ends, (across, up) * 2, strict=True)]
    gap = np.full(x.size - 1, np.nan)
    pieces = [np.stack([ends[place], ends[place + 2], gap], axis=1)[seen].ravel() for place in (0, 1)]
    # a segment is there once its second end is reached; its first, if it is not cut, was there before
    reached = np.stack([np.where(enter == 0, steps[:-1], steps[1:]), steps[1:], steps[1:]], axis=1)[seen].ravel()
    # two segments that meet become one line: the gap and the repeated point between them go
    meets = np.zeros(pieces[0].size, dtype=bool)
    if pieces[0].size:
        joined = np.diff(np.flatnonzero(seen)) == 1
        whole = joined & (leave[seen][:-1] == 1) & (enter[seen][1:] == 0)
        meets[2:-1:3] = whole
        meets[3::3] = whole
        meets[-1] = True
    return pieces[0][~meets], pieces[1][~meets], reached[~meets]


def cut(curves: np.ndarray, up: Axis) -> np.ndarray:
    """Curves (m, n) cut at the upper and lower edge of the window, nan beyond. Where a curve leaves it, its first point
    outside is put on the edge: along x it is a point like the others.

    >>> cut(np.array([[0.5, 3.0, 9.0, -9.0, np.nan]]), Axis("", 0.0, 1.0))
    array([[0.5, 1. , 1. , 0. , nan]])
    >>> cut(np.array([[0.5, 3.0, 9.0, 9.0]]), Axis("", 0.0, 1.0))
    array([[0.5, 1. , nan, nan]])
    """
    with np.errstate(invalid="ignore"):
        side = np.where(np.isfinite(curves), (curves > up.high) * 1.0 - (curves < up.low), np.nan)
        differs = (np.diff(side, axis=1) != 0) & np.isfinite(side[:, 1:] + side[:, :-1])
    seen = side == 0
    seen[:, 1:] |= differs
    seen[:, :-1] |= differs
    return np.where(seen, np.clip(curves, up.low, up.high), np.nan)


def inside(x: np.ndarray, y: np.ndarray, across: Axis, up: Axis) -> np.ndarray:
    """(n,) whether a point is in the window; one that is not finite is not."""
    return (x >= across.low) & (x <= across.high) & (y >= up.low) & (y <= up.high)


def exponent(axis: Axis) -> int:
    """The power of ten to take out of an axis so that its numbers are of ordinary size.

    >>> exponent(Axis("", 0.0, 3e12)), exponent(Axis("", 0.0, 100.0)), exponent(Axis("", 1e-300, 2e-300))
    (12, 0, -300)
    """
    power = int(np.floor(np.log10(max(abs(axis.low), abs(axis.high)))))
    return 0 if axis.scale == "log" or -4 <= power < 6 else power // 3 * 3


def shrunk(values: np.ndarray, power: int) -> np.ndarray:
    """Values over 10**power, also where that is no float.

    >>> shrunk(np.array([2e300]), 300)
    array([2.])
    """
    half = power // 2
    with np.errstate(over="ignore"):
        return np.asarray(np.asarray(values, dtype=float) / 10.0**half / 10.0 ** (power - half))

"""Profiles: how far one parameter can be moved, the others following, until the loss has risen by a given amount.

Each parameter and each side is a search for one crossing. Trial values of all of them are followed side by side, as
lanes that hold one parameter (Bates and Watts 1988, section 6.1).
"""

from typing import NamedTuple

import numpy as np

from downslope.descent.lanes import WIDTHS, search
from downslope.descent.rules import Rule
from downslope.descent.stops import EDGE, SETTLED
from downslope.objective import Objective, Rows

TRIALS = np.array([0.5, 1.0, 2.0, 4.0])
"""First values to try, in the widths that are expected."""
FURTHER = np.array([4.0, 16.0, 64.0, 256.0])
"""Where the loss has not risen far enough yet: multiples of the farthest value so far."""
MOST_STRETCHES = 3
"""So many times farther, a hundred million widths in all; a loss that has not risen by then never does."""
NARROWED = np.array([-0.1, 0.0, 0.1, 0.0])
"""Around the crossing that two points suggest, in their distance; the last is replaced by the middle between them."""
ENOUGH = 1e-7
"""Difference of the root of the rise from the one wanted that is worth no other round."""
MOST_ROUNDS, STEPS = 16, 100
STRAYED = 3.0
"""Root of the rise from which the end of a search is no guide for its neighbours."""
AT_ONCE = 64 * 2**20
"""Bytes of what is computed for all lanes at once."""
LOWER = 1e-9
"""Fall of the loss, as a share of it, from which another minimum is meant, not rounding."""


class Profile(NamedTuple):
    """ends: (q, 2), where the loss has risen as far as asked, below and above the answer; infinite where it never does.

    cut: (q, 2) bool, where a bound came first; unsure: (q,) bool, where a search beside the end did not settle, so that
    the true end may be farther out; lowest: the lowest loss that was met.
    """

    ends: np.ndarray
    cut: np.ndarray
    unsure: np.ndarray
    lowest: float


def profile(
    objective: Objective,
    rule: Rule,
    answer: np.ndarray,
    loss: float,
    rise: np.ndarray,
    width: np.ndarray,
    follow: np.ndarray,
    rows: Rows,
    lower: np.ndarray,
    upper: np.ndarray,
) -> Profile:
    """The profile of every parameter around a minimum (q,), where the loss is known.

    Args:   rise: (q,), how far the mean loss is to rise; width: (q,), where that is expected, positive and finite;
            follow: (q, q), column i is how the others are expected to move with parameter i; lower, upper: (q,).
    """
    size = answer.size
    sign = np.array([-1.0, 1.0])
    room = np.stack([answer - lower, upper - answer], axis=1)  # as far as a bound, (q, 2)
    trials = np.minimum(width[:, None, None] * TRIALS, room[:, :, None])
    crossings = [[_Crossing(room[i, side]) for side in range(2)] for i in range(size)]
    lowest = loss

    for _ in range(MOST_ROUNDS):
        starts = np.empty((size, 2, TRIALS.size, size))
        for i in range(size):
            for side in range(2):
                starts[i, side] = crossings[i][side].starts(answer, sign[side] * follow[:, i], trials[i, side])
                starts[i, side, :, i] = answer[i] + sign[side] * trials[i, side]
        starts = np.clip(starts, lower, upper)
        params, found, end = _held(objective, rule, starts, rows, lower, upper)
        losses = found.reshape(trials.shape)
        lowest = min(lowest, float(np.min(losses)))
        with np.errstate(all="ignore"):
            roots = np.sqrt(np.maximum(losses - loss, 0.0) / rise[:, None, None])
        roots = np.where(np.isfinite(losses), roots, np.inf)
        settled = np.isin(end, (SETTLED, EDGE)).reshape(trials.shape)
        reached = params.reshape(starts.shape)
        for i in range(size):
            for side in range(2):
                crossing = crossings[i][side]
                crossing.add(trials[i, side], roots[i, side], reached[i, side] - answer, settled[i, side])
                trials[i, side] = crossing.next()
        if all(crossing.done for both in crossings for crossing in both):
            break

    away = np.array([[crossing.end for crossing in both] for both in crossings])
    return Profile(
        answer[:, None] + sign * away,
        np.array([[crossing.cut for crossing in both] for both in crossings]),
        np.array([any(crossing.unsure for crossing in both) for both in crossings]),
        lowest,
    )


class _Crossing:
    """The search for the distance from the answer, on one side, at which the root of the rise is 1.

    On a parabola that root is proportional to the distance, so two points tell where the crossing is.
    """

    def __init__(self, room: float) -> None:
        self.room = room
        self.away, self.root = np.zeros(1), np.zeros(1)
        self.moved: np.ndarray | None = None
        self.settled = np.ones(1, dtype=bool)
        self.stretches = 0
        self.done = room == 0

    def starts(self, answer: np.ndarray, follow: np.ndarray, trials: np.ndarray) -> np.ndarray:
        """Where the lanes of these trials begin, (k, q): between the ends of their neighbours, or as is expected.

        A neighbour that did not settle, or ended far up, may have strayed to another valley, and leads nobody.
        """
        if self.moved is None:
            return answer + trials[:, None] * follow
        good = self.settled & (self.root <= STRAYED)
        away, moved = self.away[good], self.moved[good]
        found = np.stack([np.interp(trials, away, column) for column in moved.T], axis=1)
        if good.all():
            beyond = trials[:, None] / max(away[-1], 1e-300) * moved[-1]
            found = np.where((trials > away[-1])[:, None], beyond, found)
        return answer + np.where(np.isfinite(found), found, 0.0)

    def add(self, trials: np.ndarray, roots: np.ndarray, moved: np.ndarray, settled: np.ndarray) -> None:
        """What was seen at some distances."""
        moved = np.where(np.isfinite(moved), moved, 0.0)
        before = np.zeros((1, moved.shape[1])) if self.moved is None else self.moved
        self.away, first = np.unique(np.concatenate([self.away, trials]), return_index=True)
        self.root = np.concatenate([self.root, roots])[first]
        self.moved = np.concatenate([before, moved])[first]
        self.settled = np.concatenate([self.settled, settled])[first]

    @property
    def bracket(self) -> tuple[int, int] | None:
        """The two neighbours between which the root first passes 1."""
        above = np.flatnonzero(self.root >= 1.0)
        return (int(above[0]) - 1, int(above[0])) if above.size else None

    @property
    def cut(self) -> bool:
        """Whether the bound is reached before the loss has risen far enough."""
        return bool(np.isfinite(self.room) and self.bracket is None)

    @property
    def end(self) -> float:
        """The distance of the crossing; infinite if there is none."""
        return self.room if self.bracket is None else self._suggested()

    @property
    def unsure(self) -> bool:
        """Whether one of the two neighbours did not settle, though it is a point of the model."""
        if self.bracket is None:
            return False
        pair = list(self.bracket)
        return bool((~self.settled[pair] & np.isfinite(self.root[pair])).any())

    def next(self) -> np.ndarray:
        """Where to look next, (k,); once it is done, where it has been."""
        if self.bracket is None:
            farthest = self.away[-1]
            if farthest >= self.room or self.stretches == MOST_STRETCHES:
                self.done = True
                return np.full(TRIALS.size, farthest)
            self.stretches += 1
            return np.minimum(farthest * FURTHER, self.room)
        inner, outer = self.bracket
        gap = self.away[outer] - self.away[inner]
        near = np.abs(self.root[[inner, outer]] - 1.0).min()
        if near <= ENOUGH or gap <= ENOUGH * self.away[outer]:
            self.done = True
            return np.full(TRIALS.size, self.away[outer])
        trials = np.clip(self._suggested() + gap * NARROWED, self.away[inner], self.away[outer])
        trials[-1] = 0.5 * (self.away[inner] + self.away[outer])
        return trials

    def _suggested(self) -> float:
        """Where the line through the two neighbours passes 1; their middle where one is no number."""
        inner, outer = self.bracket or (0, 0)
        low, high = self.root[inner], self.root[outer]
        share = (1.0 - low) / (high - low) if np.isfinite(high) and high > low else 0.5
        return float(self.away[inner] + share * (self.away[outer] - self.away[inner]))


def _held(
    objective: Objective, rule: Rule, starts: np.ndarray, rows: Rows, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Follow starts (q, 2, k, q), those of parameter i with it held where it starts: params, loss, end of each lane."""
    size = starts.shape[-1]
    flat = starts.reshape(-1, size)
    low, high = np.broadcast_to(lower, starts.shape).copy(), np.broadcast_to(upper, starts.shape).copy()
    for i in range(size):
        low[i, ..., i] = high[i, ..., i] = starts[i, ..., i]
    low, high = low.reshape(flat.shape), high.reshape(flat.shape)
    count = lanes_at_once(rows, size)
    parts = [
        search(objective, rule, flat[some], rows, low[some], high[some], STEPS)
        for some in (slice(first, first + count) for first in range(0, len(flat), count))
    ]
    return tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("params", "loss", "end"))


def lanes_at_once(rows: Rows, size: int, own: int = 0) -> int:
    """Lanes that are followed at once, for q parameters and so many numbers of each lane's own: what memory takes."""
    each = 8 * (rows.weight.shape[1] * (size + 3) + own)
    return max(width for width in WIDTHS if width * each <= AT_ONCE or width == WIDTHS[0])

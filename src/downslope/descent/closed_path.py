"""Closed path: where plain descent on a linear least-squares problem is after any number of steps, without the others.

Along each principal direction of the problem a step is the same linear map of three numbers each time: the misfit, what
the rule remembers of earlier ones, and the sum of the steps. Its powers B^(2^j) come from squaring. What is squared is
by how much they differ from the unit matrix, (I + E)² - I = E(E + 2I): so a direction along which a step is next to
nothing keeps its digits.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dgejsv

from downslope.choice import parse
from downslope.descent.closed_form import Straight
from downslope.descent.descend import Block, Descent, check_rates, stopped_by
from downslope.descent.program import step_of
from downslope.descent.rates import Rates
from downslope.descent.rules import Rule, options_of
from downslope.descent.stops import GOING_ON
from downslope.history import History

PLAIN = ("gd", "momentum", "nesterov")
FROM = 10_000
"""Steps up to which each of them is taken, and kept; beyond, this is the shorter way."""
AT_ONCE = 16_384
"""Rows of one block: more than are kept, so that nobody who does not count the steps finds it half done."""
NEAR_END = 64
"""Steps that are taken one by one before a stop, so that it comes where it would have come."""
ROTATED = 100
"""Parameters up to which directions are found by rotations."""
FLOOR = 1e6
"""Roundings of a slope below which it is not told from nothing."""


def can_jump(rule: Rule | None, rates: Rates, steps: int) -> bool:
    """Whether a rule at these rates has a closed path, and it is worth taking."""
    if rule is None or not isinstance(rule.key, str) or rule.own_rate or steps <= FROM:
        return False
    return (
        parse(rule.text, what="optimizer").name in PLAIN and not isinstance(rates.text, str) and rates.plateau is None
    )


def closed_path(
    descent: Descent,
    straight: Straight,
    each: Callable[[int], Sequence[int]],
    wanted: Callable[[], bool] = lambda: True,
) -> Iterator[Block]:
    """Blocks of the descent on this problem, with the rows of some steps: the first, the last and the lowest are there.

    If the last block has not stopped, the loop is to go on from there: before a stop, which it tells to the very step,
    and wherever this way cannot go. Not for a rule or rates that no closed path is known of: see `can_jump`.

    Args:   straight: in the parameters of the descent. each: of a run of so many steps, the numbers of whose multiples
            the rows are.
    """
    check_rates(descent.rates.at(0, 1))
    way = _way(descent, straight)
    if way is None:
        return
    first = way.first
    end = first - descent.done + descent.steps
    last = _last(way, descent, straight, end)
    if last is None or last <= first:
        return
    steps = _kept(first, last, each(last))
    steps = np.union1d(steps, [_lowest(way, steps)])
    for begin in range(0, steps.size - 1, AT_ONCE):
        block = steps[begin : begin + AT_ONCE + 1]
        history, memory, moves = way.history(descent, block)
        stopped = stopped_by(descent, GOING_ON, bool(block[-1] >= end)) or ("" if wanted() else "interrupted")
        yield Block(history, memory, stopped, moves=moves)
        if stopped:
            return


class _Way(NamedTuple):
    """The path from step `first` on, along q principal directions.

    turn (p, q) with them as columns; push (q,): slope along one for its misfit of 1; maps: (q, 3, 3) what a step adds
    to misfit, memory and sum of steps, as a multiple of them; state: them at first, (q,) each; rest: squared misfit
    that no parameter moves.
    """

    first: int
    start: np.ndarray
    turn: np.ndarray
    push: np.ndarray
    rate: float
    past: float
    ahead: bool
    maps: np.ndarray
    state: "_States"
    rest: float
    weight: float
    before: tuple[np.ndarray, np.ndarray] | None
    """Slope at the step before the first and the step from there, (p,) each."""

    def at(self, steps: np.ndarray) -> "_States":
        """Where it is after steps (m,); the digits of one do not depend on which others are asked for."""
        left = steps - self.first
        state = _States(*(np.repeat(part[None], steps.size, axis=0) for part in self.state))
        power = self.maps
        with np.errstate(all="ignore"):
            while left.any():
                odd = (left & 1).astype(bool)
                further = _further(power, _States(*(part[odd] for part in state)))
                for part, moved in zip(state, further, strict=True):
                    part[odd] = moved
                left = left >> 1
                power = power @ (power + 2.0 * np.eye(3))  # not 2 * power + power @ power, which cancels near -2
        return state

    def losses(self, steps: np.ndarray) -> np.ndarray:
        """The mean loss at steps (m,)."""
        with np.errstate(all="ignore"):
            return self.loss(self.at(steps))

    def loss(self, state: "_States") -> np.ndarray:
        """The same of states, (m,)."""
        return (np.sum(state.misfit**2, axis=1) + self.rest) / self.weight

    def slopes(self, steps: np.ndarray) -> np.ndarray:
        """The length of the slope at steps (m,)."""
        with np.errstate(all="ignore"):
            return np.linalg.norm(self.at(steps).misfit * self.push, axis=1)

    def traced(self, state: "_States") -> np.ndarray:
        """What the rule remembers after the slope there has been seen, (m, q)."""
        return state.misfit + self.past * state.memory

    def forth(self, state: "_States") -> np.ndarray:
        """The step from there, as a multiple of the rate and `push`, downhill: (m, q)."""
        return state.misfit + self.past * self.traced(state) if self.ahead else self.traced(state)

    def out(self, along: np.ndarray) -> np.ndarray:
        """From multiples of the directions (m, q) to parameters (m, p)."""
        return np.asarray(np.einsum("mq,pq->mp", along, self.turn))

    def history(self, descent: Descent, steps: np.ndarray) -> tuple[History, np.ndarray, np.ndarray]:
        """The rows of some steps, the packed state at the last of them, and the steps from there (m, p)."""
        with np.errstate(all="ignore"):
            earlier = self.at(np.maximum(steps - 1, self.first))
            now = _further(self.maps, earlier)
            for part, begun in zip(now, self.state, strict=True):
                part[steps == self.first] = begun
            slope, before = now.misfit * self.push, earlier.misfit * self.push
            back, forth = self.forth(earlier) * self.push, self.forth(now) * self.push
            size = np.max(np.abs(before), axis=1, initial=0.0)[:, None]  # or what is left would be lost in its square
            landing = np.sum(slope / size * back, axis=1) / np.sum(before / size * back, axis=1)
            gradient, moves = self.out(slope), -self.rate * self.out(forth)
            params = self.start - self.rate * self.out(now.moved * self.push)
            loss = self.loss(now)
            ends = self.out(np.stack([before[-1], -self.rate * back[-1], self.traced(earlier)[-1] * self.push]))
        if steps[0] == self.first:
            landing[0] = np.nan
            params[0] = self.start
            if self.before is not None:
                with np.errstate(all="ignore"):
                    landing[0] = (gradient[0] @ self.before[1]) / (self.before[0] @ self.before[1])
        rate, step_norm = np.full(steps.size, self.rate), self.rate * np.linalg.norm(forth, axis=1)
        rate[-1] = step_norm[-1] = np.nan
        norms = np.linalg.norm(gradient, axis=1)
        history = History(descent.parameters, steps, loss, rate, norms, step_norm, landing, params, gradient)
        known = ends if remembers(descent.rule) else ends[:2]
        packed = np.concatenate([[float(steps[-1])], params[-1], self.losses(steps[-1:] - 1), *known])
        return history, packed, moves


class _States(NamedTuple):
    """Where it is along each direction, (m, q) each: the misfit, what the rule remembers as a misfit, and by how many
    misfits it has moved.
    """

    misfit: np.ndarray
    memory: np.ndarray
    moved: np.ndarray


def _further(maps: np.ndarray, state: _States) -> _States:
    """States after what the maps (q, 3, 3) add to them; what was moved so far changes nothing."""
    misfit, memory, _ = state
    added = (row[:, 0] * misfit + row[:, 1] * memory for row in maps.transpose(1, 0, 2))
    return _States(*(part + more for part, more in zip(state, added, strict=True)))


def remembers(rule: Rule) -> bool:
    """Whether a rule of `PLAIN` keeps a trace of earlier slopes."""
    return not rule.text.startswith("gd")


def _way(descent: Descent, straight: Straight) -> _Way | None:
    """The path of a descent; None where its numbers are out of reach, or it goes on from a memory of another kind."""
    size = descent.start.size
    start, first, trace, before = descent.start, 0, np.zeros(size), None
    packed = descent.memory
    traced = remembers(descent.rule)
    if packed is not None:
        first, start = step_of(packed), packed[1 : 1 + size]
        if packed[0] >= 0:
            if packed.size != 2 + (4 if traced else 3) * size:
                return None
            rest = packed[2 + size :]
            before = rest[:size], rest[size : 2 * size]
            trace = rest[2 * size :] if traced else trace
    matrix, right, weight = _few_rows(straight)
    with np.errstate(all="ignore"):
        misfit = matrix @ start - right
        if not np.isfinite(matrix).all() or not np.isfinite(misfit @ misfit):
            return None
        left, values, turn = _directions(matrix)
        d = left.T @ misfit
        rest_of_it = misfit - left @ d
        push = 2.0 * values / weight
        rate = float(descent.rates.at(first, 1)[0])
        past = float(options_of(descent.rule.text).get("momentum", 0.0))
        ahead = descent.rule.text.startswith("nesterov")
        maps = _maps(rate * push * values, past, ahead)
        memory = np.where(push > 0, (turn.T @ trace) / np.where(push > 0, push, 1.0), 0.0)
        maps[(d == 0) & (memory == 0)] = 0.0  # nothing there moves, whatever its power
    if not (np.isfinite(maps).all() and np.isfinite(d).all() and np.isfinite(memory).all()):
        return None
    state = _States(d, memory, np.zeros_like(d))
    rest_loss = float(rest_of_it @ rest_of_it)
    return _Way(first, np.array(start), turn, push, rate, past, ahead, maps, state, rest_loss, float(weight), before)


def _few_rows(problem: Straight) -> Straight:
    """The same in no more rows than there are parameters and one more."""
    if problem.right.size <= problem.matrix.shape[1] + 1 or not np.isfinite(problem.matrix).all():
        return problem
    triangle = np.asarray(np.linalg.qr(np.column_stack([problem.matrix, problem.right]), mode="r"))
    return Straight(triangle[:, :-1], triangle[:, -1], problem.weight)


def _maps(bend: np.ndarray, past: float, ahead: bool) -> np.ndarray:
    """What a step adds to misfit, memory and sum (q, 3, 3), where `bend` (q,) is the rate times the curvature."""
    maps = np.zeros((bend.size, 3, 3))
    forth = np.array([1.0 + past, past**2]) if ahead else np.array([1.0, past])
    maps[:, 0, :2] = -bend[:, None] * forth
    maps[:, 1, :2] = 1.0, past - 1.0
    maps[:, 2, :2] = forth
    if not past:  # nothing is remembered: the memory is of no effect
        maps[:, 1, :] = 0.0
        maps[:, :, 1] = 0.0
    return maps


def _directions(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The singular values (q,) of a matrix (n, p) and their directions, as columns: (n, q), (p, q).

    By Jacobi's rotations, which keep the digits of small ones where columns differ in their units, not in what they
    say.
    """
    if matrix.shape[1] <= min(len(matrix), ROTATED):
        values, left, right, scale, _, failed = dgejsv(np.asfortranarray(matrix), joba=0, jobu=0, jobv=0, jobt=0)
        values = values * (scale[0] / scale[1])
        if not failed and np.isfinite(values).all():
            return left[:, : values.size], values, right
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return left, values, right.T


def _last(way: _Way, descent: Descent, straight: Straight, end: int) -> int | None:
    """The step up to which the loop is not needed; None where it is from the start."""
    tolerance = descent.tolerance
    last = end
    if tolerance is not None:
        norm = descent.first_norm
        if norm is None:
            if descent.memory is not None:  # the first slope is that of another start
                return None
            norm = float(way.slopes(np.array([way.first]))[0])
        scale = np.linalg.norm(straight.matrix) * float(np.max(way.push, initial=0.0))
        size = scale * np.linalg.norm(way.start) + float(np.max(way.push, initial=0.0)) * np.linalg.norm(straight.right)
        if way.past or (way.maps[:, 0, 0] < -2.0).any() or tolerance * norm <= FLOOR * np.finfo(float).eps * size:
            return None
        last = _first(lambda steps: way.slopes(steps) <= tolerance * norm, way.first, end, last)
    count = max(descent.row_count, len(straight.right))

    def lost(steps: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return ~np.isfinite(count * way.losses(steps)) | ~np.isfinite(way.slopes(steps) ** 2)

    return _first(lost, way.first, end, last)


def _first(holds: Callable[[np.ndarray], np.ndarray], first: int, end: int, last: int) -> int:
    """A little before the first step at which something holds that goes on holding; `last` if it never does."""
    if not holds(np.array([end]))[0]:
        return last
    low, high = first, end  # it holds at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(np.array([middle]))[0] else (middle, high)
    return max(first, min(last, high - NEAR_END))


def _kept(first: int, last: int, every: Sequence[int]) -> np.ndarray:
    """Steps from first to last, both, that are a multiple of one of `every`."""
    parts = [np.arange(-(-first // each) * each, last + 1, each, dtype=np.int64) for each in every]
    return np.unique(np.concatenate([np.array([first, last], dtype=np.int64), *parts]))


def _lowest(way: _Way, steps: np.ndarray) -> int:
    """The step of the lowest loss: among these, then among all around it; exact where the loss falls and rises once, or
    where all around it fit in one look.
    """
    while True:
        losses = np.concatenate([way.losses(steps[at : at + AT_ONCE]) for at in range(0, steps.size, AT_ONCE)])
        best = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
        low, high = int(steps[max(0, best - 1)]), int(steps[min(steps.size - 1, best + 1)])
        if steps[-1] - steps[0] == steps.size - 1:  # all of them
            return int(steps[best])
        steps = np.unique(np.linspace(low, high, min(AT_ONCE, high - low + 1)).astype(np.int64))

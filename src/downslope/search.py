"""Search: from where to go down, when nobody said so, or when what was said is only a hint.

Many candidates are judged, the best of them are followed side by side to their ends, and the lowest end wins.
"""

from contextlib import suppress
from dataclasses import replace
from threading import Thread
from typing import Any, NamedTuple

import numpy as np

from downslope.arrays import double_precision
from downslope.descent import Block, standing
from downslope.descent.lanes import Ends, search
from downslope.descent.stops import GOING_ON, SETTLED, STOPPED
from downslope.errors import RequestError
from downslope.model import Formula, read_formula
from downslope.objective import Rows, as_loss, build
from downslope.plan import Plan
from downslope.probe import Starts, minimum, propose
from downslope.probe.judging import by_formula, by_program, plain, projected
from downslope.probe.starts import pick
from downslope.problem import Problem
from downslope.strategy import Strategy, choose

SAMPLE = 2048
"""Rows by which starts are compared; of a larger set, so many are drawn."""
JUDGED = 1024
"""Rows by which candidates are judged."""
ROUNDS = ((256, 15), (4096, 63))
"""Candidates judged and followed, at first, and again where the first round found nothing sure."""
STEPS = 100
SAME = 1e-6
"""Difference of two losses, as a share of them, up to which two ends count as one minimum."""
INVISIBLE = 1e-20
"""The same as a share of the mean square of the target: two perfect fits differ by rounding only."""
ROUNDING = 1e-14
"""The same as a share of the loss of a perfect fit, where that is not 0."""
SAMPLING = 4 * np.sqrt(2 / SAMPLE)
"""Difference of two losses over a sample, as a share of them, that may be the other way round over all rows."""
MOST_COMPARED = 4
"""Minima that are compared on all rows."""

_compiled: set[Any] = set()


class Found(NamedTuple):
    """How the best start went, in the parameters that the descent works with; None where it is to be gone again, on
    all rows. start (q,): where to go on from; factor: of the curvature there. starts: what the others say of it.
    """

    start: np.ndarray
    block: Block | None
    starts: Starts
    notes: tuple[str, ...]
    factor: np.ndarray


def look_around(problem: Problem, strategy: Strategy, plan: Plan) -> Found | None:
    """The best of many starts; None if no number came of any.

    For a loss with kinks it is the best least-squares answer: near enough to go on from.
    """
    if strategy.rule is None:
        smooth = replace(problem, objective=build(problem.restriction.model, as_loss("mse")))
        found = look_around(smooth, choose(plan.changed(loss="mse", learning_rate=None), smooth), plan)
        return None if found is None else found._replace(block=None)
    sampled = problem.target.size > SAMPLE
    rows = problem.some_rows(SAMPLE, plan.seed) if sampled else problem.rows
    first = problem.inner(problem.start[None])
    certifier = _compiling_ahead(problem, first[0])
    try:
        ends, candidates = _best_round(problem, strategy, plan, first, rows)
    finally:
        if certifier is not None:
            certifier.join()
    if ends is None or not np.isfinite(ends.loss).any():
        return None
    return _told(problem, plan, ends, candidates, rows if sampled else None)


def _best_round(
    problem: Problem, strategy: Strategy, plan: Plan, first: np.ndarray, rows: Rows
) -> tuple[Ends | None, int]:
    """Where the starts ended, and how many candidates they were chosen from: a second, larger round where no two of the
    first agree. Losses are counted from that of a perfect fit. None if the start that was asked for gives no number: it
    is refused, with its reason, by whoever descends from it.
    """
    best: Ends | None = None
    candidates, floor = 0, _floor(problem, rows)
    for count, keep in ROUNDS:
        points = _lined_up(problem, plan, first, count, keep)
        ends = _followed(problem, strategy, points, rows)
        if not np.isfinite(ends.loss[0]) and plan.start:
            return None, 0
        ends = ends._replace(loss=ends.loss - floor)
        candidates += count
        agree = _agreeing(problem, ends).sum() >= 2
        lowest = np.inf if best is None else np.min(best.loss)
        if best is None or np.min(ends.loss) <= lowest + SAME * abs(lowest):
            best = ends if agree or best is None or np.min(ends.loss) < lowest else best
        if problem.convex or agree:
            break
    return best, candidates


def _floor(problem: Problem, rows: Rows) -> float:
    """The loss of a perfect fit to these rows."""
    lowest = problem.objective.loss.lowest
    return 0.0 if lowest is None else float(np.sum(rows.weight * lowest(rows.target)) / np.sum(rows.weight))


def _compiling_ahead(problem: Problem, point: np.ndarray) -> Thread | None:
    """A thread in which the program of the certificate is compiled while that of the search is; None if it has been, or
    if it holds a user's function: that is called from one thread at a time.
    """
    if problem.straight is not None or problem.many or problem.model.target is None:
        return None
    key = problem.objective, problem.users_rows.weight.shape
    if key in _compiled:
        return None
    if len(_compiled) > 256:
        _compiled.clear()
    _compiled.add(key)

    def compile_it() -> None:
        # a fault comes up again where the program is used
        with double_precision(), np.errstate(all="ignore"), suppress(Exception):
            problem.look(point, np.eye(point.size))

    thread = Thread(target=compile_it, daemon=True)
    thread.start()
    return thread


def _told(problem: Problem, plan: Plan, ends: Ends, candidates: int, sample: Rows | None) -> Found:
    sampled = sample is not None
    start: np.ndarray | None = None
    if sample is not None and not problem.convex:
        ends, start = _on_all_rows(problem, plan, ends)
    floor = problem.floor if sampled else _floor(problem, problem.rows)
    agreeing = _agreeing(problem, ends)
    lane = _preferred(problem, plan, ends, agreeing) if agreeing.any() else int(np.argmin(ends.loss))
    others = ends.loss[(ends.end == SETTLED) & ~agreeing & np.isfinite(ends.loss)]
    second = floor + float(others.min()) if others.size and not problem.convex else None
    starts = Starts(len(ends.loss), max(1, int(agreeing.sum())), second)
    notes = []
    if not problem.convex:
        rows = f", on {SAMPLE:,} of the rows" if sampled else ""
        notes.append(f"start: of {candidates:,} candidates{rows}, the best of {len(ends.loss)} that were followed")
        if second is not None:
            notes.append(f"the next best minimum that was met has the loss {second:.6g}")
        if plan.start and not agreeing[0] and ends.end[0] != GOING_ON:
            notes.append(
                f"start: the one that was given leads to another minimum, of loss {floor + ends.loss[0]:.6g}; this one "
                "is lower"
            )
    block = None
    if ends.seen is not None and not sampled:
        seen = ends.seen[: ends.steps[lane], lane]
        size = ends.params.shape[1]
        stopped = STOPPED.get(int(ends.end[lane]), "")
        block = standing(problem.free, seen[:, 1 : 1 + size], seen[:, 0], seen[:, 1 + size :], stopped)
    return Found(ends.params[lane] if start is None else start, block, starts, tuple(notes), ends.factor[lane])


def _on_all_rows(problem: Problem, plan: Plan, ends: Ends) -> tuple[Ends, np.ndarray | None]:
    """The same ends with losses over all rows, and the lowest of them: what is lower on a sample need not be so on all.

    The lowest minima are gone on from; of the others it is enough to know that they are higher. Where there is but one,
    nothing is to be compared.
    """
    settled = (ends.end == SETTLED) & np.isfinite(ends.loss)
    if (~settled | _agreeing(problem, ends)).all():
        return ends, None
    losses, lowest = np.full_like(ends.loss, np.inf), np.min(ends.loss)
    best, start = np.inf, ends.params[int(np.argmin(ends.loss))]
    waiting = settled | (ends.loss == lowest)
    for _ in range(MOST_COMPARED):
        if not waiting.any():
            break
        group = waiting & _agreeing(problem, ends._replace(loss=np.where(waiting, ends.loss, np.inf)))
        if not group.any():
            group = waiting & (ends.loss == np.min(ends.loss[waiting]))
        lane = _preferred(problem, plan, ends, group)
        with np.errstate(all="ignore"):
            found = minimum(problem.look, ends.params[lane], problem.lower, problem.upper, problem.enough)
        losses[group] = found.seen.loss - problem.floor
        if losses[lane] < best:
            best, start = losses[lane], found.params
        waiting = waiting & ~group
        if waiting.any() and np.min(ends.loss[waiting]) > lowest + SAMPLING * abs(lowest):
            next_best = int(np.flatnonzero(waiting)[np.argmin(ends.loss[waiting])])
            losses[waiting] = problem.look(ends.params[next_best], None).loss - problem.floor
            break
    end = np.where(np.isfinite(losses), ends.end, GOING_ON)
    return ends._replace(loss=losses, end=end), start


def _preferred(problem: Problem, plan: Plan, ends: Ends, agreeing: np.ndarray) -> int:
    """Of lanes that ended equally low, in mirror images of one minimum (two equal terms may change places, the width of
    a peak its sign): the one nearest to the start, where one was asked for; else the one with the fewest minus signs.
    """
    said = [place for place, name in enumerate(problem.free) if name in plan.start]
    begun = problem.inner(problem.start[None])[0, said]
    reached = ends.params[:, said]
    with np.errstate(all="ignore"):
        far = ((reached - begun) / (np.abs(reached) + np.abs(begun))) ** 2
    away = np.sum(np.where(np.isfinite(far), far, 0.0), axis=1).round(6)
    minus = np.sum(ends.params < 0, axis=1)
    lanes = np.flatnonzero(agreeing)
    return int(lanes[np.lexsort((lanes, minus[lanes], away[lanes]))[0]])


def _agreeing(problem: Problem, ends: Ends) -> np.ndarray:
    """Lanes that ended at the lowest minimum, (k,) bool."""
    lowest = np.min(ends.loss)
    if not np.isfinite(lowest):
        return np.zeros(len(ends.loss), dtype=bool)
    invisible = (
        INVISIBLE * float(np.mean(problem.target[:SAMPLE] ** 2)) if problem.objective.loss.least_squares else 0.0
    )
    rounding = ROUNDING * abs(problem.floor)
    return (ends.end != GOING_ON) & (ends.loss <= lowest + SAME * abs(lowest) + invisible + rounding)


def _lined_up(problem: Problem, plan: Plan, first: np.ndarray, count: int, keep: int) -> np.ndarray:
    """Starts (k, q), the one that was asked for first."""
    bounded = np.isfinite(problem.lower) | np.isfinite(problem.upper)
    by_squares = problem.objective.loss.by_spread
    linear = tuple(place for place in problem.linear if by_squares and not bounded[place])
    points = first if problem.convex else _candidates(problem, plan, first, linear, count)
    chosen = _few(problem, plan.seed)
    target, columns = problem.target[chosen], {name: values[chosen] for name, values in problem.inner_columns.items()}
    formula = _formula(problem)
    many = (
        by_program(problem.objective, {**columns, **problem.constants}, target.size)
        if formula is None
        else by_formula(formula, problem.model.parameters, problem.restriction.full, columns, target.size)
    )
    weight = problem.weights[chosen] if problem.weight is not None else np.ones(target.size)
    spread = problem.spread[chosen] if isinstance(problem.spread, np.ndarray) else problem.spread
    if by_squares:
        points, losses = projected(many, points, linear, target, np.sqrt(weight) / spread)
    else:
        losses = plain(many, points, problem.objective, target, weight)
    best = points if problem.convex else points[pick(points, losses, keep)]
    return np.vstack([first, best])


def _candidates(problem: Problem, plan: Plan, first: np.ndarray, linear: tuple[int, ...], count: int) -> np.ndarray:
    """Points (count, q) to judge: the nonlinear parameters of the size that formula and data suggest."""
    names, size = problem.free, len(problem.free)
    bent = [place for place in range(size) if place not in linear]
    points = np.tile(first, (count, 1))
    points[:, bent] = propose(
        _formula(problem),
        [names[place] for place in bent],
        problem.columns,
        problem.target,
        problem.lower[bent],
        problem.upper[bent],
        count,
        plan.seed,
    )
    said = [place for place, name in enumerate(names) if name in plan.start]
    points[::2, said] = first[0, said]  # half of them keep what was said
    return points


def _few(problem: Problem, seed: int) -> np.ndarray | slice:
    """Rows by which candidates are judged."""
    if problem.target.size <= JUDGED:
        return slice(None)
    return np.sort(np.random.default_rng(seed).choice(problem.target.size, JUDGED, replace=False))


def _followed(problem: Problem, strategy: Strategy, points: np.ndarray, rows: Rows) -> Ends:
    lower, upper = (np.broadcast_to(limit, points.shape) for limit in (problem.lower, problem.upper))
    rule = strategy.rule
    if rule is None:
        raise ValueError("only a rule can be followed")
    return search(problem.objective, rule, points, rows, lower, upper, STEPS, record=True)


def _formula(problem: Problem) -> Formula | None:
    try:
        return read_formula(problem.model.text)
    except RequestError:
        return None  # a function, or a ready model that is too long to be written out

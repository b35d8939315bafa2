"""Solving: the way to the minimum that the strategy chose, as blocks of history."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from downslope.data import Scaling
from downslope.descent import Block, Descent, descend, searching, standing
from downslope.descent.closed_form import solve
from downslope.descent.closed_path import closed_path
from downslope.descent.kinks import descend_kinks, descend_scattered
from downslope.descent.passes import Elsewhere, descend_by_passes
from downslope.descent.program import step_of
from downslope.errors import RequestError
from downslope.history import History, Run, spacing
from downslope.kinking import kinked, scattered
from downslope.objective.rows import BLOCK
from downslope.objective.shards import in_memory
from downslope.plan import Plan
from downslope.probe import look_large, minimum
from downslope.problem import Problem
from downslope.search import Found
from downslope.strategy import Strategy

MIDDLE = 65_536
"""Rows between those by which starts are compared and very many."""


def blocks(
    problem: Problem,
    strategy: Strategy,
    plan: Plan,
    found: Found | None,
    before: Run | None,
    wanted: Callable[[], bool],
    watched: int = 0,
) -> Iterator[Block]:
    """The blocks of the solver or the descent, on from where the search or an earlier run has ended.

    In what the descent works with; `in_users_units` turns them around. `watched`: every so many steps somebody looks.
    """
    if strategy.name == "closed-form":
        yield _closed_form(problem)
        return
    if strategy.name == "linear-programming":
        yield _along_kinks(
            problem, strategy, problem.inner(problem.start[None])[0] if found is None else found.start, wanted
        )
        return
    start, memory = problem.inner(problem.start[None])[0], before.memory if before else None
    if found is not None:
        start = found.start
        if problem.many and problem.rescaling is None and strategy.rule is not None and strategy.rule.curvature:
            block = _finished(problem, start)
            if block is not None:
                yield block
                if block.stopped:
                    return
                start, memory = block.history.params[-1], block.memory
        if found.block is not None:
            yield found.block
            if found.block.stopped:
                return
            memory = found.block.memory
    if strategy.rule is None:
        raise ValueError(f"{strategy.name} is no rule")
    bounded = problem.bounded
    elsewhere = _elsewhere(problem) if not strategy.on_factor else None
    rule = strategy.rule
    if elsewhere is not None and rule.project is not None:  # a pass sees one point: what enters linearly is stepped too
        rule = searching("levenberg-marquardt", True, ())
    objective, rows = problem.factor_rows if strategy.on_factor else (problem.objective, None)
    if rows is None and elsewhere is None:
        rows = problem.rows
    descent = Descent(
        objective,
        rows,
        len(problem.free) + 1 if strategy.on_factor else problem.size,
        problem.free,
        rule,
        strategy.rates,
        start,
        strategy.steps,
        strategy.batch_size,
        plan.seed,
        plan.tolerance,
        first_norm(problem, before),
        memory,
        (problem.lower, problem.upper) if bounded else None,
        before.steps - before.unfinished.began if before and before.unfinished else 0,
    )
    if strategy.jumps and problem.inner_straight is not None:
        begun = 0 if memory is None else step_of(memory)
        seen = [watched] if watched else []

        def each(steps: int) -> list[int]:
            return [spacing(len(problem.model.parameters), steps), *seen]

        for block in closed_path(descent, problem.inner_straight, each, wanted):
            yield block
            if block.stopped:
                return
            memory = block.memory
        if memory is not None and memory is not descent.memory:
            descent = descent._replace(memory=memory, done=descent.done + step_of(memory) - begun)
    yield from descend(descent, wanted) if elsewhere is None else descend_by_passes(descent, elsewhere, wanted)


def _elsewhere(problem: Problem) -> Elsewhere | None:
    """The rows of a problem that are not in memory, in the columns that the descent works in."""
    everywhere = problem.everywhere
    if everywhere is None:
        return None
    shards = everywhere.shards if problem.rescaling is None else everywhere.scaled(Scaling.of(problem.columns))
    return Elsewhere(shards, problem.constants, everywhere.weight / everywhere.rows)


def _finished(problem: Problem, start: np.ndarray) -> Block | None:
    """From the answer of some rows to that of all, by Newton's steps: first on more rows, then on all of them. None if
    that answer is no number on all of them.
    """
    limits = problem.lower, problem.upper
    with np.errstate(all="ignore"):
        if problem.size > 2 * MIDDLE:
            few = min(MIDDLE, problem.target.size)
            some = np.sort(np.random.default_rng(0).choice(problem.target.size, few, replace=False))
            shards = in_memory(problem.here.at(some))
            look = look_large.looker(problem.objective, shards, problem.constants, problem.some_rows(BLOCK, 0))
            near = minimum(look, start, *limits, problem.enough)
            start = near.params if near.found else start
        best = minimum(problem.look, start, *limits, problem.enough)
    if not np.isfinite(best.way[0][1].loss) or not np.isfinite(best.way[0][1].gradient).all():
        return None
    points = np.array([point for point, _ in best.way])
    losses = np.array([seen.loss for _, seen in best.way])
    slopes = np.array([seen.gradient for _, seen in best.way])
    block = standing(problem.free, points, losses, slopes, "nothing left to gain" if best.found else "")
    return block._replace(proof=best if best.found else None)


def _closed_form(problem: Problem) -> Block:
    """Two rows: the start and the answer."""
    straight = problem.straight
    start = problem.start[list(problem.restriction.free)]
    if straight is None:
        here = np.asarray(problem.model.predict(problem.start, problem.columns), dtype=np.float64)
        if not np.isfinite(here).all():  # refused with its rows when it is recorded
            nothing = np.full((1, start.size), np.nan)
            return standing(problem.free, start[None], nothing[:, 0], nothing, "not finite")
        raise RequestError(
            f"{problem.model.text!r} is linear in its parameters, but its numbers leave the range in which that can be "
            "used. Give the columns in other units"
        )
    points = np.array([start, solve(straight)])
    with np.errstate(over="ignore"):  # a start that is no number is refused when it is recorded
        losses = np.array([straight.loss(point) for point in points])
        slopes = np.array([straight.gradient(point) for point in points])
    way = problem.rescaling
    if way is not None:
        points = np.array([way.forward(point) for point in points])
        slopes = slopes @ way.turn
    return standing(problem.free, points, losses, slopes, "nothing left to gain")


def _along_kinks(problem: Problem, strategy: Strategy, start: np.ndarray, wanted: Callable[[], bool]) -> Block:
    """A row for each step from corner to corner."""
    if problem.everywhere is not None:
        return _across_kinks(problem, strategy, start, wanted)
    points, stopped = [], ""
    for point in descend_kinks(kinked(problem), start, strategy.steps):
        points.append(point)
        if not point.end and not wanted():
            stopped = "interrupted"
            break
    stopped = stopped or points[-1].end or f"all {strategy.steps:,} steps taken"
    block = standing(
        problem.free,
        np.array([point.params for point in points]),
        np.array([point.loss for point in points]),
        np.array([point.gradient for point in points]),
        stopped,
    )
    return block._replace(proof=points[-1])


def _across_kinks(problem: Problem, strategy: Strategy, start: np.ndarray, wanted: Callable[[], bool]) -> Block:
    """The same over rows that are elsewhere: a row for each lower point, whose losses are those of all rows."""
    way = problem.rescaling
    found, stopped = [], ""
    for met in descend_scattered(scattered(problem), start if way is None else way.back(start)):
        found.append(met)
        stopped = met.point.end or ("" if wanted() else "interrupted")
        if stopped or len(found) > strategy.steps:
            break
    points = np.array([met.point.params for met in found])
    slopes = np.array([met.point.gradient for met in found])
    if way is not None:
        points, slopes = np.array([way.forward(point) for point in points]), slopes @ way.turn
    losses = np.array([met.point.loss for met in found])
    block = standing(problem.free, points, losses, slopes, stopped or f"all {strategy.steps:,} steps taken")
    return block._replace(proof=found[-1])


def in_users_units(problem: Problem, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with histories of the user's parameters."""
    same = problem.rescaling is None and problem.model is problem.restriction.model
    for block in blocks:
        yield block if same else block._replace(history=_in_users_units(block.history, problem, block.moves))


def _in_users_units(history: History, problem: Problem, moves: np.ndarray | None) -> History:
    """A history of what the descent worked with, as one of the user's parameters; `landing` is the same in both."""
    params, gradient = problem.outer(history.params), problem.outer_slope(history.gradient)
    moved = np.diff(params, axis=0) if moves is None else (problem.outer(history.params + moves) - params)[:-1]
    step_norm = np.append(np.linalg.norm(moved, axis=1), np.nan)
    return replace(
        history,
        parameters=problem.model.parameters,
        params=params,
        gradient=gradient,
        step_norm=step_norm,
        gradient_norm=np.linalg.norm(gradient, axis=1),
    )


def first_norm(problem: Problem, before: Run | None) -> float | None:
    """Length of the first gradient of an earlier run, in what the descent works with; None where there was none, or
    where it is measured again, as the run that goes on is still the first.
    """
    if before is None or before.unfinished is not None:
        return before.unfinished.first_norm if before and before.unfinished else None
    gradient = before.history.gradient[0][list(problem.restriction.free)]
    return float(np.linalg.norm(gradient if problem.rescaling is None else problem.rescaling.turn.T @ gradient))

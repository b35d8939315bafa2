"""What the rows tell: which of them carry the loss, which units they switch on, what they cannot determine."""

from dataclasses import replace

import numpy as np

from downslope.history import Birth, Outlying, Reference, Run, Units, Validation
from downslope.probe import jacobian
from downslope.probe.born import born
from downslope.probe.held_out import held_out, sampled
from downslope.probe.outlying import Whole, outlying
from downslope.probe.silent import silent
from downslope.probe.striking import StrikingWork
from downslope.probe.units_on import units_on
from downslope.problem import Problem

MOST_NUMBERS = 2e7
"""Numbers of a Jacobian up to which every row is held against the others."""


def carrying(problem: Problem, known: Reference | None) -> Outlying | None:
    """The rows that carry the squared loss, at the lowest point known."""
    free = len(problem.free)
    if known is not None and problem.everywhere is not None:
        return _of_everywhere(problem, known)
    if known is None or not problem.objective.loss.least_squares or problem.target.size * free > MOST_NUMBERS:
        return None
    inside = known.params[list(problem.restriction.free)]
    root = np.sqrt(problem.weights) / problem.spread
    straight = problem.by_row
    if straight is not None:
        slopes, residual = straight.matrix, straight.matrix @ inside - straight.right
    else:
        columns = {**problem.columns, **problem.constants}
        slopes = jacobian(problem.objective, inside, columns) * np.reshape(root, (-1, 1))
        prediction = np.asarray(problem.objective.predict(inside, columns), dtype=np.float64)
        residual = (prediction - problem.target) * root
    if not (np.isfinite(slopes).all() and np.isfinite(residual).all()):
        return None
    size = float(np.sqrt(np.mean((problem.target * root) ** 2)))
    return outlying(slopes, residual, problem.numbers, size=size)


def _of_everywhere(problem: Problem, known: Reference) -> Outlying | None:
    """The same of rows that are not in memory, by a pass that finds the most striking of them."""
    everywhere = problem.everywhere
    if everywhere is None or not problem.objective.loss.least_squares or not everywhere.open:
        return None
    inside = known.params[list(problem.restriction.free)]
    triangle = problem.look(inside, None).triangle * np.sqrt(everywhere.weight / 2.0)
    whole = Whole(everywhere.rows, triangle)
    if not np.isfinite(triangle).all() or whole.back.shape[1] < inside.size:
        return None
    found = problem.shards.total(StrikingWork(problem.objective, problem.constants, inside, whole.back))
    size = float(np.sqrt(np.mean((problem.target * np.sqrt(problem.weights) / problem.spread) ** 2)))
    return outlying(found.jacobian, found.residual, found.numbers, size=size, whole=whole)


def units(problem: Problem, run: Run, known: Reference | None) -> Units | None:
    """The ReLU units of a formula, at the start, on the way and at the end."""
    if problem.model.smooth:
        return None
    names, history = problem.model.parameters, run.history
    way = [row for row in sampled(history.step)[1:-1] if history.finite[row]]
    between = [(int(history.step[row]), _by_name(names, history.params[row])) for row in way]
    best = None if known is None else _by_name(names, known.params)
    columns = {name: problem.of_counted(values) for name, values in problem.table.columns.items()}
    return units_on(
        problem.model.text, _by_name(names, history.params[0]), _by_name(names, run.params), columns, between, best
    )


def without_effect(problem: Problem, run: Run, known: Reference | None) -> tuple[str, ...]:
    """Parameters on which no prediction depends."""
    if problem.straight is not None:
        return tuple(np.array(problem.free)[~problem.straight.matrix.any(axis=0)].tolist())
    places = list(problem.restriction.free)
    points = np.stack([run.history.params[0], run.params, *([known.params] if known is not None else [])])[:, places]
    columns = {**problem.columns, **problem.constants}
    return tuple(problem.free[place] for place in silent(problem.objective, points, columns))


def validated(problem: Problem, run: Run, known: Reference | None) -> Validation | None:
    """The loss over the rows held out, along the way."""
    out = problem.held_out
    if out is None:
        return None
    predict, loss = problem.model.predict, problem.objective.loss
    rows = out.columns, out.target, loss, out.weight, out.spread
    seen = held_out(predict, run.history.step, run.history.params, *rows)
    there = None if known is None else held_out(predict, np.zeros(1, dtype=int), known.params[None], *rows)
    return seen if seen is None or there is None else replace(seen, at_best=float(there.losses[0]))


def birth(problem: Problem, run: Run) -> Birth | None:
    """Where a number that is not finite came from."""
    if run.stopped != "not finite":
        return None
    columns = {name: problem.of_counted(values) for name, values in problem.table.columns.items()}
    return born(problem.model.text, run.history, columns, problem.numbers, problem.objective.loss, problem.target)


def _by_name(names: tuple[str, ...], params: np.ndarray) -> dict[str, float]:
    return dict(zip(names, map(float, params), strict=True))

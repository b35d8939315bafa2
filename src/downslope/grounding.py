"""Grounding: the minimum that a scan of rates looks at, and the curvature there and at the start."""

from typing import NamedTuple

import numpy as np

from downslope.fitting import train
from downslope.history import Curvature
from downslope.objective import Objective, Rows
from downslope.plan import Plan
from downslope.probe import gradient, losses_at, minimum
from downslope.probe.curvature import spectra, summed_up
from downslope.probe.lanczos import extremes
from downslope.probe.minimum import held_at
from downslope.problem import Problem
from downslope.report.numbers import count, number
from downslope.strategy import FEW_PARAMETERS


class Ground(NamedTuple):
    """A minimum, in what the descent works in.

    minimum (q,) and its loss; lowest: loss that is known, there or elsewhere; matrix: the Hessian there (q, q), None
    for kinks and for many parameters; values (m,) and vectors (q, m), its eigenvalues and eigenvectors, of what may
    move: none for kinks, the ends alone for many parameters; starting: eigenvalues at the start.
    """

    minimum: np.ndarray
    loss: float
    lowest: float
    matrix: np.ndarray | None
    values: np.ndarray
    vectors: np.ndarray
    starting: np.ndarray
    curvature: Curvature | None


def grounded(problem: Problem, plan: Plan, start: np.ndarray, notes: list[str]) -> Ground:
    """The minimum by our own means, and the curvature there; what should be known of them is added to the notes.

    Args:   start: (q,).
    """
    size = len(problem.free)
    smooth = problem.restriction.model.smooth and problem.objective.loss.level is None
    many = smooth and size > problem.size
    own = plan.changed(
        optimizer=("adam" if problem.bounded else "lbfgs") if many else "auto",
        learning_rate=None, steps=None, epochs=None, batch_size=None, tolerance=None,
    )  # fmt: skip
    answer = train(problem, own)
    point = problem.inner(answer.run.params[None])[0]
    # not the loss of the fit: rounded in the same way as those of the real runs
    loss = float(losses_at(*_seen(problem, point))[0])
    if not smooth:
        which = "the model" if problem.objective.loss.level is None else "the loss"
        notes.append(f"{which} has kinks, where curvature tells nothing: all is read off the real runs")
        none = np.zeros(0)
        return Ground(point, loss, loss, None, none, np.zeros((size, 0)), none, None)
    if not problem.convex:
        notes.append("not a parabola: limit and fastest hold near the minimum; the real runs decide")
    return _at(problem, start, point, loss, loss, answer.run.steps, notes)


def leading(problem: Problem, ground: Ground, reached: np.ndarray, arrived: float, notes: list[str]) -> Ground:
    """The ground under a point (q,) that a real run has reached: that of our own fit, if it leads there; else the
    minimum nearby, or the point itself.
    """
    start_loss = float(losses_at(*_seen(problem, reached))[0])
    if not np.isfinite(start_loss) or start_loss <= arrived or problem.rescaling is not None:
        return ground
    near, size = None, reached.size
    if size <= min(FEW_PARAMETERS, problem.size):
        with np.errstate(all="ignore"):
            near = minimum(problem.look, reached, problem.lower, problem.upper, problem.enough)
    if near is not None and near.found:
        point = near.params
        loss = float(losses_at(*_seen(problem, point))[0])
        if loss <= arrived:
            return ground
        notes.append(
            f"your start leads to a minimum of loss {number(loss)}; a lower one, {number(ground.loss)}, is known"
        )
    else:
        point, loss = reached, start_loss
        notes.append(
            f"curvature is that of the lowest point on the way, loss {number(loss)}; the lowest known, "
            f"{number(ground.loss)}, is far from there"
        )
    steps = 0 if ground.curvature is None else int(ground.curvature.steps[-1])
    other = _at(problem, problem.inner(problem.start[None])[0], point, loss, ground.loss, steps, notes)
    return other if other.values.size and other.values.max() > 0 else ground


def _at(
    problem: Problem, start: np.ndarray, point: np.ndarray, loss: float, lowest: float, steps: int, notes: list[str]
) -> Ground:
    """What is known of the curvature at a point and at the start."""
    names, size, steps_of = problem.free, point.size, np.array([0, steps])
    objective, rows = problem.stepped
    none = Ground(point, loss, lowest, None, np.zeros(0), np.zeros((size, 0)), np.zeros(0), None)
    if size > FEW_PARAMETERS:
        ends = [extremes(objective, each, rows) for each in (start, point)]
        sure = "" if ends[1].sure else f", to {max(ends[1].errors):.1g}"
        notes.append(f"{count(size)} parameters: only the ends of the spectrum are known{sure}")
        values = np.array([[each.lowest, each.highest] for each in ends])
        if not np.isfinite(values[1]).all():
            return none
        vectors = np.stack([ends[1].flattest, ends[1].steepest], axis=1)
        known = summed_up(names, steps_of, values, vectors)
        return none._replace(values=values[1], vectors=vectors, starting=values[0], curvature=known)
    values, vectors = spectra(objective, np.array([start, point]), rows)
    if not np.isfinite(values[1]).all():
        notes.append("the curvature at the minimum is no number: all is read off the real runs")
        return none
    matrix = (vectors[1] * values[1]) @ vectors[1].T
    resting = held_at(point, gradient(objective, point, rows), problem.lower, problem.upper)
    if resting.any():  # a parameter that rests on its bound takes no part
        moving = np.ix_(~resting, ~resting)
        inner = np.zeros((size, size))
        inner[moving] = matrix[moving]
        matrix = inner
        values[1], vectors[1] = np.linalg.eigh(matrix)
    known = summed_up(names, steps_of, values, vectors)
    return Ground(point, loss, lowest, matrix, values[1], vectors[1], values[0], known)


def _seen(problem: Problem, point: np.ndarray) -> tuple[Objective, np.ndarray, Rows]:
    """A point (q,) for `losses_at`, on what the real runs see."""
    objective, rows = problem.stepped
    return objective, point[None], rows

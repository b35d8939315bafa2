"""The way that a run took: curvature along it, where it ended, and the pace that theory foretells."""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from downslope.data import Scaling
from downslope.descent import Descent, as_rates, as_rule, descend
from downslope.diagnosis.arrival import tolerance
from downslope.history import AtEnd, Curvature, Overall, Pace, Reference, Run
from downslope.measuring.point import look_at
from downslope.model.linear import rescaling
from downslope.probe import losses_at
from downslope.probe.curvature import summed_up
from downslope.probe.lanczos import extremes
from downslope.probe.rate_theory import Law, determined, law, steps_needed
from downslope.probe.rate_theory import floor as noise_floor
from downslope.problem import Problem
from downslope.strategy import FEW_PARAMETERS

OF_RUN_TIME = 0.05
"""Share of a run's time that looking at the curvature along its way may take."""
MOST_LOOKS = 32
"""Beside the one at the end."""
MOST_LOSSES = 129
EPSILON = float(np.finfo(float).eps)
LADDER = (1.0, 0.3, 0.1)
"""Parts of the best rate that are tried, where no theory tells whether it arrives."""
MOST_SECONDS = 3.0
"""Of a run, for which others are tried beside it."""


def along(problem: Problem, run: Run) -> Curvature | None:
    """The curvature at some points of the way: in so much time that the run would hardly have been longer for it."""
    rows = np.flatnonzero(run.history.finite)
    if not rows.size:
        return None
    names, last, first = problem.free, int(rows[-1]), int(rows[0])
    if len(names) > FEW_PARAMETERS:  # the ends of the spectrum alone, at the ends of the way
        seen = [
            extremes(problem.objective, point, problem.rows)
            for point in problem.inner(run.history.params[[first, last]])
        ]
        values = np.array([[each.lowest, each.highest] for each in seen])
        steps, ends = run.history.step[[first, last]], np.stack([seen[1].flattest, seen[1].steepest], axis=1)
        return summed_up(names, steps, values, ends) if np.isfinite(values).all() else None
    started = time.perf_counter()
    matrices = {last: look_at(problem, run.history.params[last]).hessian}
    cost = max(time.perf_counter() - started, 1e-7)
    if problem.straight is not None:
        matrices[first] = matrices[last]  # the same everywhere
    else:
        more = min(MOST_LOOKS, int(OF_RUN_TIME * run.seconds / cost) - 1)
        # the start first, then evenly
        for place in np.unique(np.linspace(0, rows.size - 1, more + 1).astype(int))[:more] if more > 0 else ():
            matrices.setdefault(int(rows[place]), look_at(problem, run.history.params[rows[place]]).hessian)
    kept = [row for row in sorted(matrices) if np.isfinite(matrices[row]).all()]
    if not kept:
        return None
    values, vectors = np.linalg.eigh(np.array([matrices[row] for row in kept]))
    return summed_up(names, run.history.step[kept], values, vectors)


def at_end(problem: Problem, run: Run) -> AtEnd | None:
    """The parabola that fits where the run ended; None if its numbers are not finite."""
    point = look_at(problem, run.params)
    if not point.finite:
        return None
    values, vectors = np.linalg.eigh(point.hessian)
    size = np.abs(values)
    seen = size > np.finfo(float).eps * size.max(initial=0.0)
    # downhill along what curves down as well: as far as curvature of this size lets a parabola promise
    slope = (vectors.T @ point.gradient)[seen]
    return AtEnd(float(np.sum(0.5 * slope**2 / size[seen])), float(values[0]), float(values[-1]))


def pace(problem: Problem, run: Run, known: Reference) -> Pace | None:
    """How many steps it takes, at this rate and at the best one; None for a rule of which no theory tells, and for a
    run that has arrived where theory alone does not tell either.
    """
    named = isinstance(run.plan.optimizer, str)  # not a transformation of the user's own
    rule, rates = law(str(run.chosen["optimizer"])) if named else None, run.history.rate[np.isfinite(run.history.rate)]
    exact, enough = problem.straight is not None, known.loss + tolerance(known)
    if rule is None or not rates.size or (run.loss <= enough and not exact):
        return None
    point = look_at(problem, known.params)
    if not point.finite:
        return None
    ends = np.stack([run.history.params[0], known.params])
    valley = _valley(point.hessian, problem.inner(ends))
    if valley is None:
        return None
    best = rule.reach / 2 / valley.curves[-1]
    found = Pace(
        as_it_was=valley.steps(rule, float(rates.mean()), tolerance(known)),
        at_best=valley.steps(rule, best, tolerance(known)),
        best_rate=float(best),
        condition=valley.condition,
    )
    if not exact:
        rate, steps = _tried(problem, run, best, enough)
        found = replace(found, best_rate=rate, at_best=steps)
    other = None if problem.rescaling is not None or run.plan.bounds else _on_scaled_columns(problem)
    if other is None or other.rescaling is None:
        return found
    turn = other.rescaling.turn
    hidden = valley.curves.size
    valley = _valley(turn.T @ point.hessian @ turn, other.inner(ends))
    if valley is None:
        return found
    if hidden < valley.curves.size:  # what the data determine is lost in the rounding of these columns
        found = replace(found, at_best=float("inf"), condition=1 / EPSILON)
    rate = rule.reach / 2 / valley.curves[-1]
    steps = valley.steps(rule, rate, tolerance(known))
    if not exact:
        rate, steps = _tried(other, run, rate, enough)
    return replace(found, scaled=steps, scaled_rate=float(rate), scaled_condition=valley.condition)


class _Valley(NamedTuple):
    """A parabola: curvatures (q,) that the data determine, rising, and the way from floor to start along each."""

    curves: np.ndarray
    away: np.ndarray

    @property
    def condition(self) -> float:
        return float(self.curves[-1] / self.curves[0])

    def steps(self, rule: Law, rate: float, allowed: float) -> float:
        return float(steps_needed(rule, np.array([rate]), self.curves, self.away, allowed)[0])


def _valley(hessian: np.ndarray, ends: np.ndarray) -> _Valley | None:
    """Of the Hessian (q, q) at the floor, and the start and the floor (2, q); None if nothing curves upwards."""
    if not np.isfinite(hessian).all():
        return None
    values, vectors = np.linalg.eigh(hessian)
    seen = determined(values) & (values > 0)
    return _Valley(values[seen], vectors[:, seen].T @ (ends[0] - ends[1])) if seen.any() else None


def _on_scaled_columns(problem: Problem) -> Problem | None:
    """The same problem on columns brought to about -1..1; None if that cannot be undone."""
    scaled = Scaling.of(problem.columns).forward(problem.columns)
    columns = {**problem.columns, **problem.constants}
    turned = rescaling(problem.restriction.model, columns, scaled | dict(problem.constants))
    if turned is None or np.linalg.det(turned.turn) == 0:  # a single row, a constant column
        return None
    return replace(problem, inner_columns=scaled, rescaling=turned)


def _tried(problem: Problem, run: Run, best: float, enough: float) -> tuple[float, float]:
    """A rate, and the steps after which a run at it, as long as this one, is at a loss and stays there: inf if it does
    not, nan if it would take too long to try. The programs have been compiled.

    The best rate by the curvature at the reference is tried first; on the way there the curvature may be larger.
    """
    if run.history.batch_size is not None or run.seconds > MOST_SECONDS or run.steps < 1:
        return best, float("nan")
    for part in LADDER:
        trial = Descent(
            problem.objective,
            problem.rows,
            problem.target.size,
            problem.free,
            as_rule(str(run.chosen["optimizer"])),
            as_rates(best * part, run.steps),
            problem.inner(run.history.params[:1])[0],
            run.steps,
            limits=(problem.lower, problem.upper) if problem.bounded else None,
        )
        above, here = 0, 0
        for block in descend(trial):
            rows = np.flatnonzero(~(block.history.loss <= enough))
            above = int(block.history.step[rows[-1]]) if rows.size else above
            here = int(block.history.step[-1])
        if above < here == run.steps:
            return best * part, above + 1.0
    return best, float("inf")


def overall(problem: Problem, run: Run, known: Reference | None, few: bool) -> Overall:
    """The loss over all rows along the way of a run on batches."""
    finite = np.flatnonzero(run.history.finite)
    rows = finite[np.unique(np.linspace(0, finite.size - 1, MOST_LOSSES).astype(int))]
    losses = losses_at(problem.objective, problem.inner(run.history.params[rows]), problem.rows)
    floor, rates = float("nan"), run.history.rate[np.isfinite(run.history.rate)]
    if few and known is not None and run.rule in ("gd", "sgd") and rates.size:
        point = look_at(problem, known.params)
        if point.finite:
            batch = int(run.history.batch_size or 1)
            values, vectors = np.linalg.eigh(point.hessian)
            floor = float(noise_floor(rates[-1:], values, point.scatter(vectors), problem.target.size, batch)[0])
    return Overall(run.history.step[rows], losses, floor)

"""The learning-rate ruler: what each rate leads to, from the curvature, and from really running hundreds side by side.

problem ─► its minimum ─► curvature there ─► theory ─┐
                   └────► lanes of real runs ────────┴─► Scan
"""

from typing import Any

import numpy as np

from downslope.arrays import double_precision
from downslope.clustering import on_cluster
from downslope.data import Reading
from downslope.descent import SEARCHES, SOLVERS, Rule, as_rule
from downslope.descent.rate_lanes import Lanes, Race, race
from downslope.device import on_device
from downslope.errors import RequestError
from downslope.grounding import Ground, grounded, leading
from downslope.measuring.point import look_at
from downslope.plan import Plan, check_names
from downslope.posing import pose
from downslope.probe import gradient, losses_at
from downslope.probe.rate_theory import Law, edge, factors, fastest, floor, law, limit, steps_needed
from downslope.probe.rates import Goal, Shape, divisors, foretold, seen, sharpness
from downslope.problem import Problem
from downslope.report.numbers import count
from downslope.ruler import Scan

LANES = 256
LEAST_STEPS, MOST_STEPS = 500, 20_000
MOST_RATES = 4096
WORK = 1.5e8
"""Evaluations of a row that the real runs may take: some seconds."""
LEAST_ROWS = 256
BELOW, ABOVE = 3e-4, 3.0
"""Rates tried, in units of the limit."""
AT_EDGE = 0.9
"""Of rate · preconditioned sharpness over its edge: from here on an adaptive rule has reached it, and hovers there."""


def scan(
    model: Any,
    data: Any,
    target: Any = None,
    *,
    rates: Any = None,
    steps: int | None = None,
    reading: Reading | None = None,
    cluster: Any = None,
    **settings: Any,
) -> Scan:
    """Which learning rates stall, learn, overshoot, bounce or diverge, for this model, these data and this rule.

    Args:
        model, data, target, reading, cluster: as for `fit`.
        rates: the rates to try; left out, 256 around the limit.
        steps: of each real run; left out, enough for the fastest rate, from 500 to 20,000.
        settings: the fields of `Plan`. `optimizer` is the rule, "gd" if left out; with `batch_size`, the noise of
            batches is told too; a number as `learning_rate` is judged by the scan.
    Raises: RequestError for a rule without a rate, a schedule in its place, rates that are not positive numbers; and
        as `fit`.

    Each real run starts where `fit` would. Theory looks at the minimum that our own automatic fit finds: on a parabola
    it is exact; elsewhere it holds nearby, and the real runs decide.
    """
    check_names(settings)
    plan = Plan(**settings, steps=steps)
    rule = _rule(plan)
    tried = None if rates is None else _checked(rates)
    with double_precision(), on_device(plan.device), on_cluster(cluster, data, reading) as data:
        problem = pose(model, data, target, plan, reading)
        return _scanned(problem, plan, rule, tried)


def _scanned(problem: Problem, plan: Plan, rule: Rule, tried: np.ndarray | None) -> Scan:
    notes = list(problem.notes)
    start = problem.inner(problem.start[None])[0]
    objective, rows = problem.stepped
    start_loss = float(losses_at(objective, start[None], rows)[0])
    if problem.everywhere is not None and problem.factor is None:
        notes.append(f"the scan is of the {count(problem.target.size)} rows that are kept of all")
    ground = grounded(problem, plan, start, notes)
    known = law(rule.text) if ground.values.size else None
    if known and not problem.convex and tried is None:
        ground = _where_it_leads(problem, plan, rule, known, start, ground, notes)
    most = limit(known, ground.values) if known else float("nan")
    quick = fastest(known, ground.values) if known else float("nan")
    if tried is None:
        tried = _around(problem, rule, start, ground, known, most)
        if np.isfinite(quick) and tried[0] < quick < tried[-1]:
            tried = np.sort(np.append(tried[1:], quick))
    away = ground.vectors.T @ (start - ground.minimum)
    goal = Goal(ground.loss, problem.level, 0, problem.floor)
    goal = goal._replace(steps=_steps(plan, problem, known, quick, ground, away, goal.margin, tried.size))
    lanes, losses, here = _run(problem, plan, rule, start, ground, goal, tried, notes)
    best = float(np.min(losses[np.isfinite(losses)], initial=np.inf))
    further = best < goal.best - goal.margin  # than the ground: steps to there are of another place
    goal = goal._replace(best=best) if further else goal
    shape: Shape = "unknown" if known is None else "parabola" if problem.straight is not None else "curved"
    was = seen(lanes, losses, start_loss, goal, goal.best if here is None else here, shape)
    nothing = np.full(tried.size, np.nan)
    told: tuple[str, ...] = ()
    needed, shrinks, arrived = nothing, nothing, nothing
    if known:
        shrinks = factors(known, tried, ground.values)
    if known and not plan.batch_size and rule.text != "sgd":
        needed = steps_needed(known, tried, ground.values, away, goal.margin)
        told = foretold(known, tried, ground.values, away, needed, goal.steps)
    if not plan.batch_size and rule.text != "sgd" and not further:
        arrived = np.where((lanes.late < goal.steps) & np.isfinite(losses), lanes.late + 1, np.nan)
    if known is None:
        most = _edge(rule, tried, lanes, ground)
        quick = float(tried[np.nanargmin(arrived)]) if np.isfinite(arrived).any() else float("nan")
    exact = bool(told) and shape == "parabola" and not problem.bounded
    return Scan(
        rule=rule.text,
        formula=problem.model.text,
        source=problem.table.source,
        rows=problem.size,
        steps=goal.steps,
        limit=most,
        fastest=quick,
        rates=tried,
        outcomes=told if exact else was,
        foretold=told,
        seen=was,
        factors=shrinks,
        steps_needed=needed,
        arrived=arrived,
        losses=losses,
        best=_best(tried, losses, arrived, start_loss),
        floor=_floor(problem, plan, known, tried, ground, notes),
        start_loss=start_loss,
        lowest=min(ground.lowest, goal.best, best),
        curvature=ground.curvature,
        asked=float("nan") if plan.learning_rate is None else float(plan.learning_rate),  # type: ignore[arg-type]
        notes=tuple(notes),
    )


def _where_it_leads(
    problem: Problem, plan: Plan, rule: Rule, known: Law, start: np.ndarray, ground: Ground, notes: list[str]
) -> Ground:
    """The minimum that the rule comes to from its start, where that is another than the one of our own fit."""
    first = float(ground.starting.max())
    goal = Goal(ground.loss, problem.level, plan.steps or 4 * LEAST_STEPS, problem.floor)
    tried = np.geomspace(BELOW, ABOVE, LANES // 4) * known.reach / first if first > 0 else np.zeros(0)
    if not tried.size:
        return ground
    lanes, losses, _ = _run(problem, plan, rule, start, ground, goal, tried, [])
    losses = np.where(np.isfinite(losses), losses, np.inf)
    return leading(problem, ground, np.asarray(lanes.params[int(np.argmin(losses))]), goal.arrived, notes)


def _rule(plan: Plan) -> Rule:
    """The rule that is asked for, whose rate is to be scanned."""
    asked = "gd" if plan.optimizer == "auto" else plan.optimizer
    if not isinstance(asked, str):
        raise RequestError("an optax transformation holds its own rate; name a rule to scan, such as 'momentum(0.9)'")
    if asked in (*SEARCHES, *SOLVERS):
        raise RequestError(f"{asked} takes no learning rate, so there is nothing to scan; leave optimizer out for gd")
    if plan.learning_rate is not None and not isinstance(plan.learning_rate, int | float):
        raise RequestError(
            "scan tries constant rates; give learning_rate as a number to have it judged, or leave it out"
        )
    if plan.validation is not None or plan.repair:
        raise RequestError("scan descends on all rows and repairs nothing; leave validation and repair out")
    return as_rule(asked)


def _checked(rates: Any) -> np.ndarray:
    """The rates that were asked for, ascending, each once."""
    try:
        asked = np.unique(np.asarray(rates, dtype=np.float64).reshape(-1))
    except (TypeError, ValueError):
        raise RequestError(f"rates are {rates!r:.80}; give positive numbers, such as [0.001, 0.01, 0.1]") from None
    if not asked.size or asked.size > MOST_RATES or not (np.isfinite(asked).all() and (asked > 0).all()):
        raise RequestError(f"rates are {rates!r:.80}; give positive numbers, from 1 to {count(MOST_RATES)} of them")
    return asked


def _around(
    problem: Problem, rule: Rule, start: np.ndarray, ground: Ground, known: Law | None, most: float
) -> np.ndarray:
    """Rates to try: around the limits at the minimum and at the start; without them, around the rate of one step to the
    minimum.
    """
    if known and np.isfinite(most):
        with np.errstate(all="ignore"):
            first = known.reach / float(np.max(ground.starting))
        sound = 1e-3 * most < first < 1e3 * most
        low, high = (min(most, first), max(most, first)) if sound else (most, most)
        return np.geomspace(BELOW * low, ABOVE * high, LANES)
    way = float(np.max(np.abs(ground.minimum - start), initial=0.0)) or 1.0
    if law(rule.text):
        slope = float(np.linalg.norm(gradient(problem.stepped[0], start, problem.stepped[1])))
        way = way / slope if np.isfinite(slope) and slope > 0 else way
    return np.geomspace(1e-4 * way, 10 * way, LANES)


def _steps(
    plan: Plan, problem: Problem, known: Law | None, quick: float, ground: Ground, away: np.ndarray, margin: float,
    lanes: int,
) -> int:  # fmt: skip
    """Steps of each run."""
    rows = problem.target.size
    if plan.epochs is not None:
        return max(1, plan.epochs * -(-rows // (plan.batch_size or rows)))
    if plan.steps is not None:
        return max(1, plan.steps)
    wanted = float(LEAST_STEPS)
    if known and np.isfinite(quick) and ground.matrix is not None:
        wanted = 4 * float(steps_needed(known, np.array([quick]), ground.values, away, margin)[0])
    affordable = WORK / (lanes * min(rows, LEAST_ROWS))
    return int(max(LEAST_STEPS, min(wanted, MOST_STEPS, affordable)))


def _run(
    problem: Problem, plan: Plan, rule: Rule, start: np.ndarray, ground: Ground, goal: Goal, tried: np.ndarray,
    notes: list[str],
) -> tuple[Lanes, np.ndarray, float | None]:  # fmt: skip
    """The real runs, their losses over all rows, and the loss of the minimum on the rows that they saw, if not all."""
    objective, rows, size = problem.objective, problem.rows, problem.target.size
    batch_size = plan.batch_size or (1 if rule.text == "sgd" else None)
    if batch_size is not None and batch_size > size:
        raise RequestError(f"batch_size is {batch_size}, but there are only {size} rows")
    most = int(max(LEAST_ROWS, WORK / (tried.size * goal.steps)))
    here = None
    if batch_size is None and problem.factor is not None:
        (objective, rows), size = problem.stepped, len(problem.free) + 1
    elif batch_size is None and size > most:
        rows = problem.some_rows(most, plan.seed)
        here = float(losses_at(problem.objective, ground.minimum[None], rows)[0])
        notes.append(
            f"the real runs saw {count(most)} of {count(size)} rows, drawn by the seed; curvature is of all rows"
        )
    steepest = ground.vectors[:, int(np.argmax(ground.values))] if ground.values.size else np.zeros(start.size)
    limits = problem.lower, problem.upper
    arrived = goal.arrived if here is None else goal._replace(best=here).arrived
    asked = Race(objective, rule, rows, size, start, limits, steepest, arrived, goal.steps, batch_size, plan.seed)
    lanes = race(asked, tried)
    if here is None and batch_size is None:
        return lanes, lanes.loss, None
    return lanes, losses_at(problem.objective, lanes.params, problem.rows), here


def _edge(rule: Rule, tried: np.ndarray, lanes: Lanes, ground: Ground) -> float:
    """Of an adaptive rule, the rate from which on its runs came to the edge of stability; 0 if all did, nan where none
    did, or where there is no edge.
    """
    most = edge(rule.text)
    divisor = divisors(lanes.memory, rule.text)
    if divisor is None or ground.matrix is None or not np.isfinite(most):
        return float("nan")
    share = tried * sharpness(ground.matrix, divisor) / most
    there = np.flatnonzero(share >= AT_EDGE)
    if not there.size:
        return float("nan")
    return float(tried[there[0]]) if there[0] > 0 else 0.0


def _best(tried: np.ndarray, losses: np.ndarray, arrived: np.ndarray, start_loss: float) -> float:
    """The rate to take: the first to arrive, else the lowest."""
    if np.isfinite(arrived).any():
        return float(tried[np.nanargmin(arrived)])
    known = np.where(np.isfinite(losses), losses, np.inf)
    return float(tried[np.argmin(known)]) if known.min() < start_loss else float("nan")


def _floor(
    problem: Problem, plan: Plan, known: Law | None, tried: np.ndarray, ground: Ground, notes: list[str]
) -> np.ndarray:
    """What the noise of batches keeps up, for plain descent."""
    size = plan.batch_size or (1 if plan.optimizer == "sgd" else None)
    if size is None:
        return np.zeros(tried.size)
    if known is None or known.momentum or ground.matrix is None or problem.bounded:
        notes.append("the noise floor of batches is known for plain descent on smooth losses only: see the real runs")
        return np.full(tried.size, np.nan)
    scatter = look_at(problem, problem.outer(ground.minimum[None])[0]).scatter(ground.vectors)
    return floor(tried, ground.values, scatter, problem.target.size, size)

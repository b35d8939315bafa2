"""Posing: a model, data and a plan brought together and checked at the door. What comes out is a Problem."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from downslope.data import Reading, Scaling, Stream, Table, streamed_if_large
from downslope.data.holding_out import HeldOut, divide
from downslope.errors import RequestError, UnknownName
from downslope.history import History, Run
from downslope.history.store import Described
from downslope.inputs import gather, needed, row_weights, target_of, written_out
from downslope.model import (
    Formula,
    Model,
    Ready,
    Restriction,
    as_model,
    check_model,
    check_rows_apart,
    match_truth,
    read_formula,
    restrict,
)
from downslope.model.linear import rescaling
from downslope.objective import as_loss, build
from downslope.objective.loss import check_loss, check_target
from downslope.plan import Plan, asdict_shallow, differing, named
from downslope.problem import Problem

THE_WAY = {"optimizer", "learning_rate", "steps", "epochs", "batch_size", "tolerance", "repair", "device"}
"""Fields of a plan on which no problem depends; nor on the seed, unless rows are held out."""


def pose(
    model: Any, data: Any, target: Any, plan: Plan, reading: Reading | None = None, truth: str | None = None
) -> Problem:
    """Read the data, bind the model to its columns, and check all that can be checked without compiling.

    Raises: RequestError for the model, the parameters or the settings; DataError for the data.
    """
    if hasattr(data, "crew"):
        from downslope.clustering import pose_on_cluster

        return pose_on_cluster(model, data, target, plan, truth)
    data = streamed_if_large(data, needed(model, target, plan), reading or Reading())
    if isinstance(data, Stream):
        from downslope.streaming import pose_stream  # which poses some of its rows here

        return pose_stream(model, data, target, plan, truth)
    table, target_column = gather(model, data, target, plan, reading or Reading())
    if truth is not None:
        table = replace(table, truth=truth)
    if isinstance(model, Ready):
        model = written_out(model, table, target_column, plan)
    available = table.available
    if not isinstance(model, str | Formula):
        available = tuple(name for name in available if name != target_column)
    bound = as_model(model, available, tuple(name for _, name in named(plan)))
    for setting, parameter in named(plan):
        if parameter not in bound.parameters:
            raise UnknownName(f"parameter in {setting}", parameter, bound.parameters)
    held = restrict(bound, plan.fixed, plan.tied)
    notes = [*table.notices, *_names_to_mention(bound), *check_model(bound, table.rows)]
    loss = as_loss(plan.loss)
    weight, spread = row_weights(table, plan, loss, table.rows)
    check_loss(loss)
    counted = None
    if weight is not None and not weight.all():
        counted = np.flatnonzero(weight)
        notes.append(f"{table.rows - counted.size:,} rows of weight 0 do not count")
    some = slice(None) if counted is None else counted
    values, name = target_of(bound, table, target_column, some)
    check_target(loss, values if plan.sigma is None else values / spread, name)
    apart = None
    if plan.validation is not None:
        kept, out = divide(values.size, float(plan.validation), plan.seed)
        counted = np.arange(table.rows) if counted is None else counted
        apart = HeldOut.of(bound.columns, table, counted[out], values[out], weight, spread)
        notes.append(f"{out.size:,} of {values.size:,} rows held out for validation")
        counted, values = counted[kept], values[kept]
        some = counted
    if counted is not None:
        spread = spread[counted] if isinstance(spread, np.ndarray) else spread
        weight = None if weight is None else weight[counted] / weight[counted].mean()
    columns = {name: table[name][some] for name in bound.columns}
    start = _start(bound, held, columns | {name: table[name][some] for name in bound.target_columns}, plan)
    check_rows_apart(bound, start, columns)
    constants = {constant: np.array([number]) for constant, number in held.constants.items()}
    inner, way = columns, None
    if plan.scale == "columns":
        scaling = Scaling.of(columns)
        inner = scaling.forward(columns)
        if plan.bounds:
            raise RequestError("bounds are on your parameters, and scale='columns' descends on others; leave one out")
        way = rescaling(held.model, columns | constants, inner | constants)
        if way is None:
            raise RequestError(
                f"scale='columns' cannot be undone exactly for {bound.text!r}: it must be linear in its parameters and "
                "hold a constant term. Try scaling inside the formula, such as w*(x - 50)/50 + b"
            )
        notes.append(
            "scaled: " + ", ".join(f"{column} to about -1..1" for column in columns) + "; parameters are in your units"
        )
    lower, upper = _limits(held.model, plan)
    return Problem(
        bound,
        model,
        table,
        name,
        values,
        build(held.model, loss),
        inner,
        weight,
        spread,
        start,
        held,
        lower,
        upper,
        way,
        _truth(bound, table),
        tuple(notes),
        plan.sigma_is == "absolute",
        bool(plan.tied),
        counted,
        apart,
    )


def pose_changed(problem: Problem, before: Plan, plan: Plan) -> Problem:
    """The problem under another plan; nothing is read or checked anew of what the change leaves alone.

    Raises: as `pose`.
    """
    changed = set(differing(before, plan)) - THE_WAY - (set() if plan.validation is not None else {"seed"})
    if changed - {"start"}:
        return pose(problem.spec, problem.source, None if problem.model.target else problem.target_name, plan)
    for name in plan.start:
        if name not in problem.model.parameters:
            raise UnknownName("parameter in start", name, problem.model.parameters)
    columns = {name: problem.of_counted(problem.table[name]) for name in problem.model.target_columns}
    return problem.from_start(_start(problem.model, problem.restriction, {**problem.columns, **columns}, plan))


def pose_again(run: Run, spec: Any, plan: Plan, data: Any = None, reading: Reading | None = None) -> Problem:
    """The problem of an earlier run, from the data that it kept, or from `data`, which must be the same.

    Raises: RequestError if they are not, or if none were kept and none are given.
    """
    for name, value in asdict_shallow(run.plan).items():
        if isinstance(value, Described):
            raise RequestError(f"{name} was {value.name!r} and was not saved, so the run cannot be taken up again")
    if data is None and run.columns is None:
        raise RequestError(f"the data of this run were too large to keep; give them again: {run.source}")
    begun = dict(zip(run.parameters, run.history.params[0], strict=True))
    plan = plan.changed(start={name: value for name, value in begun.items() if name not in {*plan.fixed, *plan.tied}})
    table = Table(run.columns or {}, source=run.source, truth=run.truth_text) if data is None else data
    problem = pose(spec, table, run.target if run.is_code else None, plan, reading)
    if problem.fingerprint != run.fingerprint:
        values = ", ".join(f"{name!r}: {value!r}" for name, value in run.values.items())
        raise RequestError(
            f"these are not the data that the run saw ({run.source}). To go on from its answer on other data, fit anew "
            f"with start={{{values}}}"
        )
    return problem


def check_unchanged(problem: Problem) -> None:
    """Refuse data that are the user's own arrays, and were changed since they were read.

    Raises: RequestError with their names.
    """
    changed = problem.table.changed
    if changed:
        names = " and ".join(changed)
        raise RequestError(
            f"{names} {'was' if len(changed) == 1 else 'were'} changed since the fit read the data: it keeps no copy "
            "of arrays that large. Fit anew, or give the data as they were"
        )


def check_start(problem: Problem, history: History) -> None:
    """Refuse a start at which the loss or its gradient is not a number: no descent leaves it.

    Args:   history: of a descent that has taken no step before its first row.
    Raises: RequestError with the rows and values at fault.
    """
    if history.step[0] > 0 or (np.isfinite(history.loss[0]) and np.isfinite(history.gradient[0]).all()):
        return
    columns = problem.columns

    def number(row: int) -> int:
        return 1 + (row if problem.counted is None else int(problem.counted[row]))

    at = ", ".join(f"{name} = {value:g}" for name, value in zip(problem.model.parameters, problem.start, strict=True))
    prediction = np.asarray(problem.model.predict(problem.start, columns), dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(prediction))
    if bad.size:
        row = int(bad[0])
        there = ", ".join(f"{name} = {values[row]:g}" for name, values in columns.items())
        what = (
            f"the prediction is {prediction[row]} in row {number(row)} ({there}), and not a finite number in "
            f"{bad.size} of {prediction.size} rows"
        )
    elif np.isfinite(history.loss[0]):
        lost = [
            name for name, slope in zip(history.parameters, history.gradient[0], strict=True) if not np.isfinite(slope)
        ]
        what = (
            f"the loss is {history.loss[0]:g}, but its derivative by {' and '.join(lost)} is not a number: the start "
            "lies on an edge of the model"
        )
    else:
        far = int(np.argmax(np.abs(prediction - problem.target)))
        what = (
            f"the loss is {history.loss[0]}: in row {number(far)} the prediction is {prediction[far]:g} and the target "
            f"{problem.target[far]:g}"
        )
    raise RequestError(
        f"at the start ({at}) {what}. Give a start where it is a number, such as start={{...}} or --start.NAME VALUE"
    )


def _start(model: Model, held: Restriction, columns: Mapping[str, np.ndarray], plan: Plan) -> np.ndarray:
    """Where all parameters begin (p,): as said, as fixed or tied, as the model suggests, or 1; inside the bounds."""
    starts = {**dict.fromkeys(model.parameters, 1.0), **model.start(columns), **plan.start, **plan.fixed}
    free = np.array([float(starts[name]) for name in held.model.parameters])
    return held.full(np.clip(free, *_limits(held.model, plan)))


def _limits(model: Model, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds, (q,) each; infinite where there are none."""
    pairs = [plan.bounds.get(name, (None, None)) for name in model.parameters]
    lower = np.array([-np.inf if low is None else low for low, _ in pairs])
    return lower, np.array([np.inf if high is None else high for _, high in pairs])


def _names_to_mention(model: Model) -> list[str]:
    """A column with a one-letter name may have been meant as a parameter."""
    short = [name for name in model.columns if len(name) == 1 and name not in "xtz"]
    return [f"{name} is a column of the data here, not a parameter" for name in short]


def _truth(model: Model, table: Table) -> Mapping[str, float] | None:
    """The parameters that made the data, where the two formulas have one shape."""
    if table.truth is None or model.target is None:
        return None
    return _matched(model.text, table.truth)


@lru_cache(maxsize=64)
def _matched(text: str, truth: str) -> Mapping[str, float] | None:
    return match_truth(read_formula(text), read_formula(truth))

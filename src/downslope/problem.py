"""Problem: a model, data and a plan brought together, checked at the door and ready to descend on.

Conducts the rooms data, model and objective; `fitting.py`, for fits and for the gradient check, starts from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from downslope.data import Reading, Scaling, Table, from_arrays
from downslope.errors import DataError, RequestError, UnknownName, shortened
from downslope.history import History, Run
from downslope.history.store import Described
from downslope.inputs import gather, written_out
from downslope.model import (
    Formula,
    Model,
    Ready,
    as_model,
    check_model,
    check_rows_apart,
    match_truth,
    read_formula,
)
from downslope.model.linear import Rescaling, rescaling
from downslope.objective import Loss, Objective, Rows, as_loss, build, pack
from downslope.objective.loss import check_loss, check_target
from downslope.plan import Plan, asdict_shallow


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be fitted to what; `spec` is the model as it can be bound again, to other data.

    Shapes: target (n,); start (p,), in the user's columns. `rows` and `objective` are in the columns that the descent
    works in: scaled ones if `rescaling` is there.
    """

    model: Model
    spec: Any
    table: Table
    target_name: str
    target: np.ndarray
    objective: Objective
    rows: Rows
    start: np.ndarray
    rescaling: Rescaling | None
    truth: Mapping[str, float] | None
    notes: tuple[str, ...]
    reach: float | None = None
    """A step of sensible length along a parameter, where the search for the start has told it."""

    def inner(self, points: np.ndarray) -> np.ndarray:
        """Points (m, p) of the user's parameters, in the columns that the descent works in."""
        return points if self.rescaling is None else np.array([self.rescaling.forward(point) for point in points])


def pose(
    model: Any, data: Any, target: Any, plan: Plan, reading: Reading | None = None, truth: str | None = None
) -> Problem:
    """Read the data, bind the model to its columns, and check all that can be checked without compiling.

    Raises: RequestError for the model, the parameters or the settings; DataError for the data.
    """
    table, target_column = gather(model, data, target, plan, reading or Reading())
    if truth is not None:
        table = replace(table, truth=truth)
    if isinstance(model, Ready):
        model = written_out(model, table, target_column, plan)
    available = table.available
    if not isinstance(model, str | Formula):
        available = tuple(name for name in available if name != target_column)
    bound = as_model(model, available, tuple(plan.start))
    columns = {name: table[name] for name in bound.columns}
    notes = [*table.notices, *_names_to_mention(bound), *check_model(bound, table.rows)]
    values, name = _target(bound, table, target_column)
    loss = as_loss(plan.loss)
    weight, spread = _weights(table, plan, loss, values.size)
    check_loss(loss)
    check_target(loss, values, name)
    start = _start(bound, columns | {name: table[name] for name in bound.target_columns}, plan)
    check_rows_apart(bound, start, columns)
    inner, way = columns, None
    if plan.scale == "columns":
        scaling = Scaling.of(columns)
        inner = scaling.forward(columns)
        way = rescaling(bound, columns, inner)
        if way is None:
            raise RequestError(
                f"scale='columns' cannot be undone exactly for {bound.text!r}: it must be linear in its parameters and "
                "hold a constant term. Try scaling inside the formula, such as w*(x - 50)/50 + b"
            )
        notes.append(
            "scaled: " + ", ".join(f"{column} to about -1..1" for column in columns) + "; parameters are in your units"
        )
    return Problem(
        bound,
        model,
        table,
        name,
        values,
        build(bound, loss),
        pack(inner, values, weight, spread),
        start,
        way,
        _truth(bound, table),
        tuple(notes),
    )


def pose_again(run: Run, spec: Any, plan: Plan, data: Any = None, reading: Reading | None = None) -> Problem:
    """The problem of an earlier run, from the data that it kept, or from `data`, which must be the same.

    Raises: RequestError if they are not, or if none were kept and none are given.
    """
    for name, value in asdict_shallow(run.plan).items():
        if isinstance(value, Described):
            raise RequestError(f"{name} was {value.name!r} and was not saved, so the run cannot be taken up again")
    if data is None and run.columns is None:
        raise RequestError(f"the data of this run were too large to keep; give them again: {run.source}")
    plan = plan.changed(start=dict(zip(run.parameters, run.history.params[0], strict=True)))
    table = Table(run.columns or {}, source=run.source, truth=run.truth_text) if data is None else data
    problem = pose(spec, table, run.target if run.is_code else None, plan, reading)
    if problem.table.fingerprint() != run.fingerprint:
        values = ", ".join(f"{name!r}: {value!r}" for name, value in run.values.items())
        raise RequestError(
            f"these are not the data that the run saw ({run.source}). To go on from its answer on other data, fit anew "
            f"with start={{{values}}}"
        )
    return problem


def check_start(problem: Problem, history: History) -> None:
    """Refuse a start at which the loss or its gradient is not a number: no descent leaves it.

    Args:   history: of a descent that has taken no step before its first row.
    Raises: RequestError with the rows and values at fault.
    """
    if history.step[0] > 0 or (np.isfinite(history.loss[0]) and np.isfinite(history.gradient[0]).all()):
        return
    columns = {name: problem.table[name] for name in problem.model.columns}
    at = ", ".join(f"{name} = {value:g}" for name, value in zip(problem.model.parameters, problem.start, strict=True))
    prediction = np.asarray(problem.model.predict(problem.start, columns), dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(prediction))
    if bad.size:
        row = int(bad[0])
        there = ", ".join(f"{name} = {values[row]:g}" for name, values in columns.items())
        what = (
            f"the prediction is {prediction[row]} in row {row + 1} ({there}), and not a finite number in {bad.size} of "
            f"{prediction.size} rows"
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
            f"the loss is {history.loss[0]}: in row {far + 1} the prediction is {prediction[far]:g} and the target "
            f"{problem.target[far]:g}"
        )
    raise RequestError(
        f"at the start ({at}) {what}. Give a start where it is a number, such as start={{...}} or --start.NAME VALUE"
    )


def _target(model: Model, table: Table, column: str | None) -> tuple[np.ndarray, str]:
    if model.target is not None:
        values = np.asarray(model.target({name: table[name] for name in model.target_columns}), dtype=np.float64)
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            at = ", ".join(f"{name} = {table[name][row]:g}" for name in model.target_columns)
            bad = int((~np.isfinite(values)).sum())
            raise RequestError(
                f"{model.target_text} is {values[row]} in row {row + 1} ({at}), and not a finite number in {bad} of "
                f"{values.size} rows"
            )
        return values, str(model.target_text)
    if column is None:
        raise RequestError(f"which column is the target? Say target='...'. Columns: {shortened(table.available)}")
    return table[column], column


def _weights(table: Table, plan: Plan, loss: Loss, rows: int) -> tuple[np.ndarray | None, np.ndarray | float]:
    """Weight (n,) or None, and spread (n,) or 1."""
    if plan.weights is not None:
        weight = _by_row("weights", plan.weights, table, rows)
        if (weight < 0).any():
            row = int(np.argmax(weight < 0))
            raise DataError(f"weights must not be negative: row {row + 1} has {weight[row]:g}")
        if not weight.any():
            raise DataError("all weights are 0: no row counts")
        return weight / weight.mean(), 1.0  # one on average, so that the mean over a batch needs no other divisor
    if plan.sigma is None:
        return None, 1.0
    if not loss.by_spread:
        raise RequestError(f"sigma has no meaning for the loss {loss.text}; use weights")
    spread = _by_row("sigma", plan.sigma, table, rows)
    if (spread <= 0).any():
        row = int(np.argmax(spread <= 0))
        raise DataError(f"sigma must be positive: row {row + 1} has {spread[row]:g}")
    return None, spread


def _by_row(what: str, given: Any, table: Table, rows: int) -> np.ndarray:
    """One number a row, from a column's name, one number or an array."""
    if isinstance(given, str):
        if given in table.available:
            return table[given]
        try:
            given = float(given)
        except ValueError:
            return table[given]  # which says that there is no such column
    values = np.asarray(from_arrays((what,), (given,))[what] if np.ndim(given) else np.full(rows, float(given)))
    if values.shape != (rows,):
        raise DataError(f"{what} has {values.size} rows, the data {rows}")
    if not np.isfinite(values).all():
        raise DataError(f"{what} is not a finite number in row {int(np.argmin(np.isfinite(values))) + 1}")
    return values


def _start(model: Model, columns: Mapping[str, np.ndarray], plan: Plan) -> np.ndarray:
    for name in plan.start:
        if name not in model.parameters:
            raise UnknownName("parameter", name, model.parameters)
    starts = {**dict.fromkeys(model.parameters, 1.0), **model.start(columns), **plan.start}
    return np.array([float(starts[name]) for name in model.parameters])


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

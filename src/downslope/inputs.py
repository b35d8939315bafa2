"""Inputs: what the user gave, as one Table, with the name of its target where the model does not say it, and what each
of its rows counts.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from downslope.data import Reading, Table, from_arrays, read
from downslope.data.positional import is_positional, split
from downslope.errors import DataError, RequestError, shortened
from downslope.model import Formula, Model, Ready, arguments, as_model, names_in, read_formula
from downslope.model.names import column_text
from downslope.objective import Loss
from downslope.plan import Plan


def needed(model: Any, target: Any, plan: Plan) -> set[str] | None:
    """Names that may be columns which are needed; None if only the data can tell."""
    names = names_in(model)
    extra = {name for name in (target, plan.sigma, plan.weights) if isinstance(name, str)}
    return None if names is None else set(names) | extra


def gather(model: Any, data: Any, target: Any, plan: Plan, reading: Reading) -> tuple[Table, str | None]:
    """The data as a Table, and the name of the column that holds the target where the model does not say."""
    names = names_in(model)
    if not is_positional(data):
        table = read(data, only=needed(model, target, plan), reading=reading)
        if isinstance(target, str) and _has_left_side(model):
            raise RequestError(
                f"the formula says what is predicted, and target={target!r} says it again; leave target out, or give a "
                "model without a left side"
            )
        if target is None or isinstance(target, str):
            return table, target
        name = _left_name(model) or "y"
        return _with_column(table, name, target), name
    arrays = split(data)
    columns = _array_names(model, len(arrays), names)
    if target is None or isinstance(target, str):
        raise RequestError("the data are arrays, so the target must be given as an array too: fit(model, x, y)")
    name = _left_name(model) or _unused("y", columns)
    if name in columns:
        raise RequestError(
            f"the target is called {name!r} in the formula, and so is an array of the data; pass a mapping of names to "
            "arrays"
        )
    return from_arrays((*columns, name), (*arrays, target)), name


def _array_names(model: Any, count: int, names: frozenset[str] | None) -> tuple[str, ...]:
    if not isinstance(model, str | Formula) and names is not None and callable(model):
        first = tuple(arguments(model))[:count]
        if len(first) == count:
            return first
    columns = ("x",) if count == 1 else tuple(f"x{number}" for number in range(1, count + 1))
    if isinstance(model, str | Formula) and names is not None and not set(columns) & names:
        raise RequestError(
            f"the arrays of the data are called {', '.join(columns)} in a formula; this one has "
            f"{', '.join(sorted(names))}. Pass a mapping of names to arrays instead: {{'name': array}}"
        )
    return columns


def _has_left_side(model: Any) -> bool:
    return isinstance(model, str | Formula)


def _left_name(model: Any) -> str | None:
    """The column on the left side of a formula, if it is a plain one."""
    if isinstance(model, str):
        model = read_formula(model)
    return model.left_name if isinstance(model, Formula) else None


def written_out(model: Ready, table: Table, target: str | None, plan: Plan) -> str:
    """A ready model as the formula that it stands for, so that it is shown, saved and bound again like any other."""
    if target is None:
        raise RequestError(f"which column is the target? Say target='...'. Columns: {shortened(table.available)}")
    bound = as_model(model, [name for name in table.available if name != target], tuple(plan.start))
    return f"{column_text(target)} = {model.called(column_text(bound.columns[0]))}"


def _unused(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _unused(name + "_", taken)


def _with_column(table: Table, name: str, values: Any) -> Table:
    if name in table.available:
        raise RequestError(
            f"the data have a column {name!r} already; leave the target out, or give it another name in the formula"
        )
    return from_arrays((*table.columns, name), (*table.columns.values(), values))


def target_of(
    model: Model, table: Table, column: str | None, some: slice | np.ndarray, first: int = 0
) -> tuple[np.ndarray, str]:
    """The target of some rows, and what it is called; `first` rows stand before those of the table.

    Raises: RequestError if it is no number, with the row; or if nothing says what it is.
    """
    if model.target is not None:
        values = np.asarray(model.target({name: table[name] for name in model.target_columns}), dtype=np.float64)
        if not np.isfinite(values[some]).all():
            row = int(np.arange(values.size)[some][np.argmin(np.isfinite(values[some]))])
            at = ", ".join(f"{name} = {table[name][row]:g}" for name in model.target_columns)
            bad = int((~np.isfinite(values[some])).sum())
            raise RequestError(
                f"{model.target_text} is {values[row]} in row {first + row + 1} ({at}), and not a finite number "
                f"in {bad} of {values.size} rows"
            )
        return values[some], str(model.target_text)
    if column is None:
        raise RequestError(f"which column is the target? Say target='...'. Columns: {shortened(table.available)}")
    return table[column][some], column


def row_weights(table: Table, plan: Plan, loss: Loss, rows: int) -> tuple[np.ndarray | None, np.ndarray | float]:
    """Weight (n,) or None, and spread (n,) or 1."""
    weight, spread = raw_weights(table, plan, loss, rows)
    if weight is None:
        return weight, spread
    if not weight.any():
        raise DataError("all weights are 0: no row counts")
    return weight / weight.mean(), spread  # one on average, so that the mean over a batch needs no other divisor


def raw_weights(
    table: Table, plan: Plan, loss: Loss, rows: int, first: int = 0
) -> tuple[np.ndarray | None, np.ndarray | float]:
    """The same as they were given; `first` rows stand before those of the table."""
    if plan.weights is not None:
        weight = _by_row("weights", plan.weights, table, rows, first)
        if (weight < 0).any():
            row = int(np.argmax(weight < 0))
            raise DataError(f"weights must not be negative: row {first + row + 1} has {weight[row]:g}")
        return weight, 1.0
    if plan.sigma is None:
        return None, 1.0
    if not loss.by_spread:
        raise RequestError(f"sigma has no meaning for the loss {loss.text}; use weights")
    spread = _by_row("sigma", plan.sigma, table, rows, first)
    if (spread <= 0).any():
        row = int(np.argmax(spread <= 0))
        raise DataError(f"sigma must be positive: row {first + row + 1} has {spread[row]:g}")
    return None, spread


def _by_row(what: str, given: Any, table: Table, rows: int, first: int) -> np.ndarray:
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
        raise DataError(f"{what} is not a finite number in row {first + int(np.argmin(np.isfinite(values))) + 1}")
    return values

"""Born: where a number that is not finite came from, operation by operation."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from downslope.history import History
from downslope.history.readings import Birth
from downslope.model import Formula
from downslope.model.evaluate import apply
from downslope.model.tree import constant
from downslope.objective import Loss
from downslope.probe.node_values import Readable, Step, node_values, readable


def born(
    text: str | Formula,
    history: History,
    columns: Mapping[str, np.ndarray],
    numbers: np.ndarray | None = None,
    loss: Loss | None = None,
    target: np.ndarray | None = None,
) -> Birth | None:
    """The first operation of a formula that made a number that is not finite from finite ones; then, in this order, the
    loss, and the first operation whose slope is no number. None if the history is finite, or the model no formula.

    It is looked where the numbers ended, and if the parameters are no numbers there, at the point before.

    Args:   columns: the user's, (n,) each, of the rows that count; numbers: (n,) of these rows as the user counts them,
            from 1 if left out; loss, target (n,): to look beyond the prediction.

    >>> history = History.of(("a",), step=[0, 1], loss=[2.0, np.nan], params=[[1.0], [-2.0]])
    >>> found = born("y = log(a + x)", history, {"x": np.arange(3.0), "y": 0})
    >>> found.operation, found.row, found.given, found.step
    ('log(a + x)', 1, -2.0, 1)
    """
    formula = readable(text, columns)
    if formula is None or not len(history):
        return None
    sound = history.finite
    if not np.isnan(history.gradient).all():  # else none were kept
        sound = sound & np.isfinite(history.gradient).all(axis=1)
    if sound.all():
        return None
    stop = int(np.argmin(sound))
    row = stop if np.isfinite(history.params[stop]).all() else stop - 1
    if row < 0:
        return None
    params = dict(zip(history.parameters, map(float, history.params[row]), strict=True))
    found = _at(formula, params, columns, loss, target)
    if found is None:
        return None
    operation, place, given, slope = found
    number = place + 1 if numbers is None else int(numbers[place])
    return Birth(operation, number, given, int(history.step[stop]), slope)


def _at(
    formula: Readable,
    params: Mapping[str, float],
    columns: Mapping[str, np.ndarray],
    loss: Loss | None,
    target: np.ndarray | None,
) -> tuple[str, int, float, bool] | None:
    """(operation, place of the row, what it was given there, whether it is the slope) at one point."""
    steps = list(node_values(formula, params, columns))
    for step in steps:
        bad = ~np.isfinite(np.asarray(step.value, dtype=np.float64))
        for given in step.given:
            bad = bad & np.isfinite(np.asarray(given, dtype=np.float64))
        if np.any(bad):
            return step.text, _place(bad), _given(step, _place(bad)), False
    if loss is not None and target is not None and steps:
        prediction = np.broadcast_to(np.asarray(steps[-1].value, dtype=np.float64), target.shape)
        by_row = np.asarray(loss.by_row(jax.numpy.asarray(prediction), jax.numpy.asarray(target)))
        if not np.isfinite(by_row).all():
            place = _place(~np.isfinite(by_row))
            return f"the loss {loss.text}", place, float(prediction[place]), False
    for step in steps:
        bad = ~np.isfinite(_slope(step))
        if np.any(bad):
            return step.text, _place(bad), _given(step, _place(bad)), True
    return None


def _place(bad: np.ndarray) -> int:
    return int(np.argmax(np.atleast_1d(bad)))


def _given(step: Step, place: int) -> float:
    """Of several arguments the one to blame: the exponent and the factor rarely are, the divisor is."""
    which = 1 if step.node.op == "/" else 0
    values = np.atleast_1d(np.asarray(step.given[which], dtype=np.float64))
    return float(values[place] if values.size > 1 else values[0])


def _slope(step: Step) -> np.ndarray:
    """The derivative of an operation by all of its arguments that are not constant, added up."""
    moving = [place for place, node in enumerate(step.node.args) if constant(node) is None]
    if not moving or np.asarray(step.value).dtype == bool:
        return np.zeros(1)

    def of(*values: Any) -> Any:
        given = list(step.given)
        for place, value in zip(moving, values, strict=True):
            given[place] = value
        return jax.numpy.asarray(apply(step.node.op, given, in_jax=True), np.float64)

    inputs = [jax.numpy.asarray(step.given[place]) for place in moving]
    if any(value.dtype == bool for value in inputs):
        return np.zeros(1)
    shape = np.broadcast_shapes(*(value.shape for value in inputs))
    inputs = [jax.numpy.broadcast_to(value, shape) for value in inputs]
    _, slope = jax.jvp(of, tuple(inputs), tuple(jax.numpy.ones_like(value) for value in inputs))
    return np.asarray(slope)

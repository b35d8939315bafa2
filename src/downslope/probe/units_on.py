"""Units on: how many rows switch on each ReLU unit of a formula."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from downslope.history.readings import Units
from downslope.model import Formula
from downslope.model.tree import Apply, constant, names
from downslope.probe.node_values import Readable, Step, node_values, readable


def units_on(
    text: str | Formula,
    start: Mapping[str, float],
    end: Mapping[str, float],
    columns: Mapping[str, np.ndarray],
    between: Sequence[tuple[int, Mapping[str, float]]] = (),
    best: Mapping[str, float] | None = None,
) -> Units | None:
    """Rows that switch on each unit, at the start and at the end; None for a model without units, or without formula.

    A unit is relu(…), maximum(…, 0) or minimum(…, 0) with a parameter inside; it is on in a row where its slope is
    not 0.

    Args:   start, end: all parameters by name; columns: (n,) each, of the rows that count.
            between: (step, parameters) at some steps of the way in rising order, the start and the end left out, to
            tell since when a unit is off.

    >>> units = units_on("y = a*relu(x - k)", {"a": 1, "k": 0}, {"a": 1, "k": 9}, {"x": np.arange(-1.0, 3), "y": 0})
    >>> units.on, units.rows
    ((('relu(x - k)', 2, 0),), 4)
    """
    formula = readable(text, columns)
    if formula is None:
        return None
    first, last = _count(formula, start, columns), _count(formula, end, columns)
    if not last:
        return None
    way = [(0, first), *((step, _count(formula, params, columns)) for step, params in between)]
    since = tuple(_since(place, count, way) for place, (_, count) in enumerate(last))
    on = tuple((name, before, after) for (name, before), (_, after) in zip(first, last, strict=True))
    off = -1 if best is None else sum(count == 0 for _, count in _count(formula, best, columns))
    return Units(on, _rows(formula, columns), since, off)


def _rows(formula: Readable, columns: Mapping[str, np.ndarray]) -> int:
    return max((np.size(columns[column]) for column in formula.reads.values()), default=1)


def _since(place: int, count: int, way: Sequence[tuple[int, list[tuple[str, int]]]]) -> int:
    """The first of the steps from which on no row switched the unit on; -1 if a row does at the end."""
    if count:
        return -1
    found = -1
    for step, units in reversed(way):
        if units[place][1]:
            break
        found = step
    # off at none of the steps that were looked at but the end: it went off after the last of them
    return found if found >= 0 else way[-1][0] + 1


def _count(formula: Readable, params: Mapping[str, float], columns: Mapping[str, np.ndarray]) -> list[tuple[str, int]]:
    rows = _rows(formula, columns)
    return [
        (step.text, int(np.sum(np.broadcast_to(on, rows))))
        for step in node_values(formula, params, columns)
        if _is_unit(step.node, formula.parameters) and (on := _on(step)) is not None
    ]


def _is_unit(node: Apply, parameters: Sequence[str]) -> bool:
    zero = node.op in ("maximum", "minimum") and any(constant(each) == 0 for each in node.args)
    return (node.op == "relu" or zero) and any(name.name in parameters for name in names(node))


def _on(step: Step) -> Any:
    inside = next(given for node, given in zip(step.node.args, step.given, strict=True) if constant(node) != 0)
    return inside < 0 if step.node.op == "minimum" else inside > 0

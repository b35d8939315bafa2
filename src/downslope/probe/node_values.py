"""The values of a formula node by node: what its operations were given, and what they made of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from downslope.errors import RequestError
from downslope.model import Formula, read_formula
from downslope.model.evaluate import operations
from downslope.model.names import resolve
from downslope.model.tree import Apply, postorder


class Step(NamedTuple):
    """One operation of a formula: its node, its text, what it was given and what came out."""

    node: Apply
    text: str
    given: Sequence[Any]
    value: Any


class Readable(NamedTuple):
    """A formula whose names are known: from names as it writes them to columns, and its parameters."""

    formula: Formula
    reads: Mapping[str, str]
    parameters: tuple[str, ...]


def readable(text: str | Formula, columns: Mapping[str, Any]) -> Readable | None:
    """A formula by its text, on data with these columns; None for the name of a Python function, which is no formula.

    >>> readable("y = w*x + b", {"x": 0, "y": 0}).parameters
    ('w', 'b')
    >>> readable("my_function(x, w)", {"x": 0})
    """
    try:
        formula = read_formula(text) if isinstance(text, str) else text
        known = resolve(formula.source, formula.left, formula.right, tuple(columns), (), formula.ready)
    except RequestError:
        return None
    return Readable(formula, known.right, known.parameters)


def node_values(of: Readable, params: Mapping[str, float], columns: Mapping[str, np.ndarray]) -> Iterator[Step]:
    """Each operation of the right side, in the order in which they are computed, on all rows.

    >>> line = readable("y = w*x + b", {"x": 0, "y": 0})
    >>> [(step.text, step.value.tolist()) for step in node_values(line, {"w": 2.0, "b": 1.0}, {"x": np.arange(2.0)})]
    [('w*x', [0.0, 2.0]), ('w*x + b', [1.0, 3.0])]
    """
    values: dict[str, Any] = {name: np.float64(value) for name, value in params.items()}
    values |= {name: np.asarray(columns[column], dtype=np.float64) for name, column in of.reads.items()}
    nodes = postorder(of.formula.right, into_constants=False)
    steps = operations(nodes, values, np.asarray)
    while True:
        with np.errstate(all="ignore"):  # not around the yield: it would hold for whoever looks, too
            found = next(steps, None)
        if found is None:
            return
        node, given, value = found
        yield Step(node, of.formula.source[node.start : node.end].strip(), given, value)

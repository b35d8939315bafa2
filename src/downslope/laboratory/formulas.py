"""Formulas while they are typed: what is wrong with one, which parameters it has, and one to begin with."""

import re
from collections.abc import Sequence
from typing import Any

import downslope as ds
from downslope.errors import DownslopeError
from downslope.laboratory.refused import told

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = re.compile(r"[A-Za-z]\w*", re.ASCII)
_FREE = ("w", "b", "a", "c", "slope", "level", "p1", "p2", "weight_", "offset_")


def checked(formula: str, available: Sequence[str]) -> dict[str, Any]:
    """What a page shows while a formula is typed: its error with the place, or its parameters and columns. Nothing is
    fitted.

    >>> checked("y = w*x + b", ["x", "y"])
    {'error': None, 'parameters': ['w', 'b'], 'columns': ['x']}
    >>> checked("y = w*x +", ["x", "y"])["error"]
    {'message': "something is missing after '+'", 'start': 8, 'end': 9}
    """
    try:
        model = ds.as_model(formula, tuple(available))
    except DownslopeError as error:
        said = told(error, ())
        return {"error": {name: said[name] for name in ("message", "start", "end")}, "parameters": [], "columns": []}
    return {"error": None, "parameters": list(model.parameters), "columns": list(model.columns)}


def suggested(table: "ds.Table") -> str | None:
    """A line through the first column and the last one, to begin with; None where there are not two columns of numbers.

    >>> suggested(ds.sample("thermometer"))
    'unknown = w*celsius + b'
    >>> suggested(ds.read({"a b": [1, 2], "w": [2, 3]}))
    'w = b*col("a b") + a'
    """
    usable = [name for name in table.available if name in table.columns]
    if len(usable) < 2:
        return None
    column, target = written(usable[0]), written(usable[-1])
    slope, level = [name for name in _FREE if name not in table.available][:2]
    return f"{target} = {slope}*{column} + {level}"


def written(column: str) -> str:
    """A column as a formula writes it: by its bare name where that is read as the column, else in quotes.

    >>> written("x"), written("exp"), written("decay rate")
    ('x', 'col("exp")', 'col("decay rate")')
    """
    if _PLAIN.fullmatch(column):
        target = f"not_{column}"
        if checked(f"{target} = free_*{column}", (column, target))["columns"] == [column]:
            return column
    escaped = "".join(_ESCAPES.get(letter, letter) for letter in column)
    return f'col("{escaped}")'

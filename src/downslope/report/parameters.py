"""Parameters: each as a row of a table, values with their errors in words."""

import math
from typing import Any

from downslope.history import Run
from downslope.pictures.scene import plain
from downslope.report import words
from downslope.report.numbers import number, with_error

LONGEST = 600


def parameters(run: Run, most: int) -> list[dict[str, Any]]:
    """Name, value, error, start and truth of the first parameters, None where there is none, and `text`: the value with
    its error; `remark`: what is special about it.
    """
    errors = run.uncertainty.errors if run.uncertainty is not None else [math.nan] * len(run.parameters)
    start = run.history.params[0] if len(run.history) else [math.nan] * len(run.parameters)
    truth = run.truth or {}
    rows = zip(run.parameters[:most], run.params, errors, start, strict=False)
    return [
        _row(run, name, float(value), float(error), float(first), truth.get(name)) for name, value, error, first in rows
    ]


def parameter_rows(run: Run, most: int) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Heads and rows of a table of the first parameters, in words."""
    heads = ("parameter", "value" if run.uncertainty is None else "value ± error", "true value", "start", "note")
    rows = [
        (each["name"], each["text"], _number(each["truth"]), _number(each["start"]), each["remark"])
        for each in parameters(run, most)
    ]
    return heads, rows


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else number(value)


def _row(run: Run, name: str, value: float, error: float, start: float, truth: float | None) -> dict[str, Any]:
    known = name not in run.plan.fixed and not math.isnan(error)
    return {
        "name": plain(name, LONGEST),
        "value": value,
        "error": error if known else None,
        "start": start,
        "truth": truth,
        "text": with_error(value, error) if known else number(value),
        "remark": plain(words.remark(run, name)),
    }

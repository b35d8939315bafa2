"""NIST's reference problems, and how many digits of an answer are right."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"
MOST_DIGITS = 15.0

_TERMS: dict[str, tuple[tuple[int, ...], ...]] = {
    "Gauss": ((2, 3, 4), (5, 6, 7)),
    "Lanczos": ((0, 1), (2, 3), (4, 5)),
    "MGH17": ((1, 3), (2, 4)),
    "ENSO": ((3, 4, 5), (6, 7, 8)),
}
"""Parameters of terms that are alike: exchanging the terms changes no prediction."""
_SIGNS: dict[str, tuple[tuple[int, ...], ...]] = {
    "Gauss": ((4,), (7,)),
    "Eckerle4": ((0, 1),),
    "ENSO": ((3, 5), (6, 8)),
}
"""Parameters that may change sign together, and change no prediction."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A fit whose answer is known.

    model: (columns, *params) -> predictions (n,), in NumPy; target: what they are held against, the left side of the
    formula (n,); values, errors: the answer to 16 digits; rss: its residual sum of squares; freedom:
    rows less parameters; starts: of NIST.
    """

    name: str
    formula: str
    parameters: tuple[str, ...]
    table: dict[str, np.ndarray]
    columns: dict[str, np.ndarray]
    target: np.ndarray
    model: Callable[..., np.ndarray]
    values: np.ndarray
    errors: np.ndarray
    rss: float
    freedom: int
    starts: tuple[np.ndarray, ...]

    def residual(self, params: np.ndarray) -> np.ndarray:
        """Prediction less target, (n,)."""
        return np.broadcast_to(self.model(self.columns, *params), self.target.shape) - self.target


def load(*files: str) -> list[Problem]:
    """The problems of some golden files, each checked: its values give its residual sum of squares."""
    problems = [_problem(each) for file in files for each in json.loads((GOLDEN / file).read_text())["problems"]]
    for problem in problems:
        residual, rounding = problem.residual(problem.values), _rounding(problem)
        allowed = 1e-9 * problem.rss + float(2 * np.abs(residual) @ rounding + rounding @ rounding)
        assert abs(residual @ residual - problem.rss) <= allowed, problem.name
        for order, signs in _alike(problem):
            change = problem.residual(problem.values[order] * signs) - residual
            assert np.all(np.abs(change) <= rounding), problem.name
    return problems


def digits(found: Any, wanted: Any) -> float:
    """Correct digits of the worst number, 0 to 15: -log10 of the relative error; the absolute error where 0 is wanted.

    >>> round(digits([1.001, 200.0], [1.0, 200.0]), 6)
    3.0
    """
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    with np.errstate(all="ignore"):
        error = np.abs(found - wanted) / np.where(wanted == 0, 1.0, np.abs(wanted))
        error = np.where(np.isfinite(error), error, 1.0)
        return float(np.clip(-np.log10(error), 0.0, MOST_DIGITS).min()) + 0.0  # no -0.0


def values_and_errors(problem: Problem, values: Any, errors: Any = None) -> tuple[float, float]:
    """Digits of values and of errors, with terms that are alike in the order that fits best."""
    values = np.asarray(values, float)
    errors = np.full(values.shape, np.nan) if errors is None else np.asarray(errors, float)
    return max(
        (digits(values[order] * signs, problem.values), digits(errors[order], problem.errors))
        for order, signs in _alike(problem)
    )


def standard_errors_off(problem: Problem, values: Any) -> float:
    """How far the worst parameter is from the answer, in standard errors."""
    values = np.asarray(values, float)
    off = [np.abs(values[order] * signs - problem.values) / problem.errors for order, signs in _alike(problem)]
    return min(float(np.nan_to_num(each, nan=np.inf).max()) for each in off)


def _rounding(problem: Problem) -> np.ndarray:
    """What double precision can leave in the residuals at the answer, (n,)."""
    few = 8 * np.finfo(float).eps
    at = problem.residual(problem.values)
    moved = problem.values * (1 + few * np.eye(problem.values.size))
    return few * np.abs(problem.target) + sum(np.abs(problem.residual(each) - at) for each in moved)


def _alike(problem: Problem) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every (order, signs) such that params[order] * signs give the same predictions as params."""
    width = len(problem.parameters)
    terms = _of(_TERMS, problem.name)
    for exchanged in permutations(terms):
        order = np.arange(width)
        for place, source in zip(terms, exchanged, strict=True):
            order[list(place)] = source
        flips = _of(_SIGNS, problem.name)
        for chosen in product((1.0, -1.0), repeat=len(flips)):
            signs = np.ones(width)
            for places, sign in zip(flips, chosen, strict=True):
                signs[list(places)] = sign
            yield order, signs


def _of(table: dict[str, tuple[tuple[int, ...], ...]], name: str) -> tuple[tuple[int, ...], ...]:
    return next((entry for key, entry in table.items() if name.startswith(key)), ())


def _problem(entry: dict[str, Any]) -> Problem:
    left, right = entry["formula"].split(" = ", 1)
    columns = {name: np.array(values) for name, values in entry["x"].items()}
    table = {**columns, "y": np.array(entry["y"])}
    return Problem(
        name=entry["name"],
        formula=entry["formula"],
        parameters=tuple(entry["parameters"]),
        table=table,
        columns=columns,
        target=_python(left, ["y"], [])(table),
        model=_python(right, list(columns), entry["parameters"]),
        values=np.array(entry["refined"]),
        errors=np.array(entry["refined_sd"]),
        rss=entry["rss"],
        freedom=entry["dof"],
        starts=tuple(np.array(entry[key]) for key in ("start1", "start2") if entry[key] is not None),
    )


def _python(side: str, columns: list[str], parameters: list[str]) -> Callable[..., np.ndarray]:
    """One side of a formula as the function that a user of NumPy would write."""
    names = {name: getattr(np, name) for name in ("exp", "log", "cos", "sin", "arctan", "pi")}
    reads = "".join(f"    {name} = columns[{name!r}]\n" for name in columns)
    exec(f"def side({', '.join(['columns', *parameters])}):\n{reads}    return {side}", names)
    return names["side"]

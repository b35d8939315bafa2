"""Random problems whose minimum is found apart from downslope: SciPy, then Newton's method in extended precision."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

LONG = np.longdouble
NEWTON_STEPS = 15
TINY = 1e-12
"""Gaps below this share of the loss are taken from the parabola at the minimum: their difference would be rounding."""


class Measured(NamedTuple):
    """Mean loss (), gradient (p,) and second derivatives (p, p), all in extended precision."""

    loss: Any
    gradient: np.ndarray
    hessian: np.ndarray


Measure = Callable[[np.ndarray], Measured]
Curve = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""params (p,) -> predictions (n,), derivatives (n, p) and second derivatives (n, p, p)."""
RowLoss = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""predictions (n,) -> loss of each row and its two derivatives by the prediction, (n,) each."""


@dataclass(frozen=True, eq=False)
class Random:
    """A problem: what `fit` is given, the parameters that made it, and its loss, measured exactly."""

    kind: str
    formula: str
    names: tuple[str, ...]
    table: dict[str, np.ndarray]
    loss: Any
    truth: np.ndarray
    measure: Measure


def draw(count: int, seed: int = 0) -> Iterator[Random]:
    """Problems of five kinds in turn, of 15 to 80 rows, x in random units, and y too where the loss allows it."""
    generator = np.random.default_rng(seed)
    kinds = (_linear, _logistic_curve, _logistic_loss, _exponential, _huber)
    for index in range(count):
        yield kinds[index % len(kinds)](generator)


def true_gap(problem: Random, found: np.ndarray) -> float:
    """Loss at `found` less that of the lowest minimum reached from the truth and from `found`; inf if no number."""
    with np.errstate(all="ignore"):
        here = problem.measure(found.astype(LONG))
    if not np.isfinite(here.loss):
        return float("inf")
    ends = [_minimum(problem, start) for start in (problem.truth, found)]
    best, minimum = min(ends, key=lambda end: end[1].loss)
    if here.loss - minimum.loss > TINY * abs(minimum.loss):
        return float(here.loss - minimum.loss)
    move = found.astype(LONG) - best
    return float(move @ minimum.hessian @ move / 2)


def _minimum(problem: Random, start: np.ndarray) -> tuple[np.ndarray, Measured]:
    """The minimum below a start, found in units in which the truth and the loss there are 1."""
    unit, size = np.abs(problem.truth), float(problem.measure(problem.truth.astype(LONG)).loss)

    def scaled(params: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        seen = problem.measure(params * unit)
        return (
            float(seen.loss / size),
            (seen.gradient * unit / size).astype(float),
            (seen.hessian * np.outer(unit, unit) / size).astype(float),
        )

    with np.errstate(all="ignore"):
        near = minimize(
            lambda params: scaled(params)[:2],
            start / unit,
            jac=True,
            hess=lambda params: scaled(params)[2],
            method="trust-exact",
            options={"gtol": 1e-9},
        )
        params = near.x.astype(LONG)
        for _ in range(NEWTON_STEPS):
            _, slope, curvature = scaled(params)
            move = np.linalg.lstsq(curvature, slope)[0]
            if not scaled(params - move)[0] <= scaled(params)[0] * (1 + TINY):
                break
            params = params - move
        return params * unit, problem.measure(params * unit)


def _linear(generator: np.random.Generator) -> Random:
    rows, width = int(generator.integers(15, 81)), int(generator.integers(1, 5))
    x = _unit(generator) * (generator.uniform(-1, 1, (rows, width)) + generator.uniform(-10, 10))
    matrix, truth = _design(x), generator.normal(size=width + 1) * _unit(generator)
    y = _noisy(matrix @ truth, generator)

    def squared(prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        residual = prediction - y
        return residual**2, 2 * residual, 2 + 0 * residual

    names = tuple(f"b{index}" for index in range(width + 1))
    formula = "y = b0 + " + " + ".join(f"b{index}*x{index}" for index in range(1, width + 1))
    table = {f"x{index + 1}": x[:, index] for index in range(width)} | {"y": y}
    return Random("linear", formula, names, table, "mse", truth, _of_rows(matrix, squared))


def _huber(generator: np.random.Generator) -> Random:
    """A line, a fifth of whose rows are far off."""
    rows, unit = int(generator.integers(15, 81)), _unit(generator)
    x, truth = unit * generator.uniform(-2, 2, rows), generator.normal(size=2) * [3, 3 / unit]
    off = (generator.random(rows) < 0.2) * generator.normal(size=rows) * 20
    matrix = _design(x[:, None])
    y = (matrix @ truth).astype(float) + 0.5 * generator.normal(size=rows) + off

    def by_row(prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        residual = prediction - y
        near = np.clip(residual, -1, 1)
        return near**2 / 2 + abs(residual) - abs(near), near, (abs(residual) <= 1).astype(LONG)

    return Random("Huber", "y = b + w*x", ("b", "w"), {"x": x, "y": y}, "huber(1)", truth, _of_rows(matrix, by_row))


def logistic_loss(prediction: Any, target: Any) -> Any:
    """-log likelihood of a 0 or 1 whose log-odds are the prediction."""
    return jnp.logaddexp(0.0, prediction) - target * prediction


def _logistic_loss(generator: np.random.Generator) -> Random:
    rows, unit = int(generator.integers(40, 81)), _unit(generator)
    x, truth = unit * generator.uniform(-2, 2, rows), np.array([generator.normal(), generator.uniform(0.3, 1.5) / unit])
    matrix = _design(x[:, None])
    y = (generator.random(rows) < 1 / (1 + np.exp(-(matrix @ truth)))).astype(float)

    def by_row(prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chance = 1 / (1 + np.exp(-prediction))
        return np.logaddexp(LONG(0), prediction) - y * prediction, chance - y, chance * (1 - chance)

    measure = _of_rows(matrix, by_row)
    return Random("logistic loss", "y = b + w*x", ("b", "w"), {"x": x, "y": y}, logistic_loss, truth, measure)


def _logistic_curve(generator: np.random.Generator) -> Random:
    rows, unit, height = int(generator.integers(15, 81)), _unit(generator), _unit(generator)
    x, truth = unit * generator.uniform(-3, 3, rows), np.array([generator.normal(), 2 / unit, height])
    exact = x.astype(LONG)

    def curve(params: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a, b, c = params
        s = 1 / (1 + np.exp(-(a + b * exact)))
        up = s * (1 - s)
        bend = c * up * (1 - 2 * s)
        bends = [[bend, exact * bend, up], [exact * bend, exact**2 * bend, exact * up], [up, exact * up, 0 * s]]
        return c * s, np.stack([c * up, c * exact * up, s], axis=1), np.moveaxis(np.array(bends), 2, 0)

    formula = "y = c/(1 + exp(-(a + b*x)))"
    return _least_squares("logistic curve", formula, ("a", "b", "c"), x, truth, curve, generator)


def _exponential(generator: np.random.Generator) -> Random:
    rows, unit, height = int(generator.integers(15, 81)), _unit(generator), _unit(generator)
    x = unit * generator.uniform(0, 3, rows)
    truth = np.array([height, generator.uniform(0.5, 3) / unit, height * generator.uniform(-1, 1)])
    exact = x.astype(LONG)

    def curve(params: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a, b, c = params
        fall = np.exp(-b * exact)
        none = 0 * fall
        bends = [[none, -exact * fall, none], [-exact * fall, a * exact**2 * fall, none], [none, none, none]]
        slopes = np.stack([fall, -a * exact * fall, none + 1], axis=1)
        return a * fall + c, slopes, np.moveaxis(np.array(bends), 2, 0)

    return _least_squares("exponential", "y = a*exp(-b*x) + c", ("a", "b", "c"), x, truth, curve, generator)


def _least_squares(
    kind: str,
    formula: str,
    names: tuple[str, ...],
    x: np.ndarray,
    truth: np.ndarray,
    curve: Curve,
    generator: np.random.Generator,
) -> Random:
    y = _noisy(curve(truth.astype(LONG))[0], generator)

    def measure(params: np.ndarray) -> Measured:
        prediction, slopes, bends = curve(params)
        residual = prediction - y
        hessian = slopes.T @ slopes + np.einsum("n,nij->ij", residual, bends)
        return Measured(np.mean(residual**2), 2 * slopes.T @ residual / y.size, 2 * hessian / y.size)

    return Random(kind, formula, names, {"x": x, "y": y}, "mse", truth, measure)


def _of_rows(matrix: np.ndarray, by_row: RowLoss) -> Measure:
    """The mean of a loss whose prediction is matrix @ params."""

    def measure(params: np.ndarray) -> Measured:
        loss, slope, bend = by_row(matrix @ params)
        return Measured(np.mean(loss), matrix.T @ slope / slope.size, (matrix.T * bend) @ matrix / slope.size)

    return measure


def _design(x: np.ndarray) -> np.ndarray:
    """A column of ones before x (n, p), in extended precision."""
    return np.column_stack([np.ones(len(x)), x]).astype(LONG)


def _unit(generator: np.random.Generator) -> float:
    return float(10.0 ** generator.uniform(-3, 3))


def _noisy(clean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """With noise of 0.1 to 10 % of its spread, in double precision."""
    clean = clean.astype(float)
    return clean + 10.0 ** generator.uniform(-3, -1) * clean.std() * generator.normal(size=clean.size)

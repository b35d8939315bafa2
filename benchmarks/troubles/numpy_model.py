"""A formula and its loss in NumPy, apart from downslope: predictions, exact derivatives, many lanes at once.

Derivatives are complex steps (Squire and Trapp 1998): f'(x) = Im f(x + ih) / h, without any cancellation, so that h
can be so small that they are exact to rounding.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

STEP = 1e-30
Columns = Mapping[str, np.ndarray]


def _relu(z: np.ndarray) -> np.ndarray:
    return np.where(np.real(z) > 0, z, 0.0)


def _where_positive(function: Callable) -> Callable:
    # a complex logarithm of a negative number is no nan, but in a fit it is one
    return lambda z: np.where(np.real(z) >= 0, function(np.where(np.real(z) >= 0, z, 1.0)), np.nan)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    small = np.exp(-np.where(np.real(z) > 0, z, -z))
    return np.where(np.real(z) > 0, 1.0 / (1.0 + small), small / (1.0 + small))


WORDS = {
    "relu": _relu,
    "log": _where_positive(np.log),
    "sqrt": _where_positive(np.sqrt),
    "sigmoid": _sigmoid,
    **{name: getattr(np, name) for name in ("exp", "sin", "cos", "tanh")},
}


@dataclass(frozen=True)
class Model:
    """The right side of a formula; all names that are neither its columns nor functions are parameters."""

    formula: str
    columns: tuple[str, ...]

    @cached_property
    def tree(self) -> ast.AST:
        return ast.parse(self.formula.split("=", 1)[1].strip(), mode="eval")

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """In the order in which they are met."""
        names = [node for node in ast.walk(self.tree) if isinstance(node, ast.Name)]
        names.sort(key=lambda node: (node.lineno, node.col_offset))
        return tuple(dict.fromkeys(n.id for n in names if n.id not in self.columns and n.id not in WORDS))

    def compiled(self, text: str) -> Callable:
        """A part of the formula as a function of all names."""
        arguments = ", ".join((*self.columns, *self.parameters))
        names: dict = dict(WORDS)
        exec(f"def part({arguments}):\n    return {text}", names)
        return names["part"]

    @cached_property
    def _whole(self) -> Callable:
        return self.compiled(ast.unparse(self.tree))

    @cached_property
    def units(self) -> tuple[Callable, ...]:
        """What stands inside each relu, as a function of all names."""
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and node.func.id == "relu"]
        return tuple(self.compiled(ast.unparse(call.args[0])) for call in calls)

    def predict(self, params: np.ndarray, columns: Columns, part: Callable | None = None) -> np.ndarray:
        """params (..., p) and columns (..., n) to (..., n)."""
        spread = np.moveaxis(params, -1, 0)[..., None]
        given = [columns[name] for name in self.columns]
        result = (part or self._whole)(*given, *spread)
        return result + 0.0 * given[0] + 0.0 * np.real(spread[0])  # of full shape, also where a column is missing

    def jacobian(self, params: np.ndarray, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """Predictions (..., n) and their derivatives (..., p, n)."""
        moved = params[..., None, :] + 1j * STEP * np.eye(params.shape[-1])
        wide = {name: values[..., None, :] for name, values in columns.items()}
        result = self.predict(moved, wide)
        return result[..., 0, :].real, result.imag / STEP


@dataclass(frozen=True)
class Loss:
    """mse, mae, huber(delta) or logistic, of predictions and targets (..., n)."""

    text: str

    @cached_property
    def delta(self) -> float:
        return float(self.text[6:-1]) if self.text.startswith("huber(") else 1.0

    def rows(self, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
        """What each row costs."""
        r = prediction - target
        if self.text == "mse":
            return r * r
        if self.text == "mae":
            return np.abs(r)
        if self.text == "logistic":
            return np.logaddexp(0.0, prediction) - target * prediction
        far = self.delta * (np.abs(r) - 0.5 * self.delta)
        return np.where(np.abs(r) <= self.delta, 0.5 * r * r, far)

    def slopes(self, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Derivative by the prediction."""
        r = prediction - target
        if self.text == "mse":
            return 2.0 * r
        if self.text == "mae":
            return np.sign(r)
        if self.text == "logistic":
            return _sigmoid(prediction) - target
        return np.clip(r, -self.delta, self.delta)

    def curvatures(self, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Second derivative by the prediction; of the mse for mae, which has none: it sets a scale there."""
        r = prediction - target
        if self.text in ("mse", "mae"):
            return np.full_like(r, 2.0)
        if self.text == "logistic":
            share = _sigmoid(prediction)
            return share * (1.0 - share)
        return np.where(np.abs(r) <= self.delta, 1.0, 0.0)

    def constant(self, target: np.ndarray) -> float:
        """Loss of the best constant prediction for one target (n,)."""
        if self.text == "mse":
            return float(target.var())
        if self.text == "mae":
            return float(np.abs(target - np.median(target)).mean())
        if self.text == "logistic":
            share = min(max(float(target.mean()), 1e-12), 1 - 1e-12)
            return float(-share * np.log(share) - (1 - share) * np.log(1 - share))
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda level: self.rows(level, target).mean(), bracket=tuple(np.quantile(target, (0.2, 0.8)))
        )
        return float(found.fun)


def gradient(model: Model, loss: Loss, params: np.ndarray, columns: Columns, target: np.ndarray) -> tuple:
    """Mean loss (...,) and its gradient (..., p)."""
    prediction, slopes = model.jacobian(params, columns)
    pulled = loss.slopes(prediction, target)
    mean = loss.rows(prediction, target).mean(-1)
    return mean, np.matmul(slopes, pulled[..., None])[..., 0] / target.shape[-1]


def hessian(model: Model, loss: Loss, params: np.ndarray, columns: Columns, target: np.ndarray) -> np.ndarray:
    """(p, p) at one place (p,), from central differences of the exact gradient; of mae, that of mse in its place."""
    if loss.text == "mae" or model_is_straight(model, columns):
        prediction, slopes = model.jacobian(params, columns)
        return (slopes * loss.curvatures(prediction, target)) @ slopes.T / target.size
    size = 1e-5 * (1.0 + np.abs(params))
    moves = np.diag(size)
    slopes, curvatures = model.jacobian(params, columns)[1], loss.curvatures(model.predict(params, columns), target)
    by_row = np.empty((params.size, params.size, target.size))
    for place, move in enumerate(moves):
        ends = [_by_row(model, loss, params + sign * move, columns, target) for sign in (1, -1)]
        by_row[place] = (ends[0] - ends[1]) / (2 * size[place])
        # a row that a unit passes on the way shows the kink of the unit, not the curvature beside it
        on = [
            [np.real(model.predict(params + sign * move, columns, unit)) > 0 for unit in model.units]
            for sign in (1, -1)
        ]
        passed = np.any(np.not_equal(*on), axis=0) if model.units else np.zeros(target.size, bool)
        by_row[place][:, passed] = (slopes[place] * slopes * curvatures)[:, passed]
    half = by_row.mean(-1)
    return (half + half.T) / 2


def _by_row(model: Model, loss: Loss, params: np.ndarray, columns: Columns, target: np.ndarray) -> np.ndarray:
    """Gradient of each row's loss, (p, n)."""
    prediction, slopes = model.jacobian(params, columns)
    return slopes * loss.slopes(prediction, target)


def model_is_straight(model: Model, columns: Columns) -> bool:
    """Whether predictions are linear in the parameters: the derivatives are the same at two random places."""
    generator = np.random.default_rng(0)
    one = {name: np.atleast_2d(values)[0] for name, values in columns.items()}
    places = generator.normal(size=(2, len(model.parameters)))
    with np.errstate(all="ignore"):
        here, there = (model.jacobian(place, one)[1] for place in places)
    return bool(np.allclose(here, there, rtol=1e-9, atol=1e-12))

"""The lowest loss that is known, by SciPy alone: linear programming for mae, many starts for what is not convex."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares, linprog, minimize

from benchmarks.troubles.numpy_model import Columns, Loss, Model, gradient, hessian, model_is_straight


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where it is (p,), its loss, the loss of the best constant, the Hessian's eigenvalues and vectors there, and
    the directions (k, p) that change no prediction, for parameters measured by their effect.
    """

    params: np.ndarray
    loss: float
    level: float
    spectrum: np.ndarray
    directions: np.ndarray
    null: np.ndarray

    def arrived(self, loss: np.ndarray | float, margin: float = 1.0) -> np.ndarray:
        """Within 1 % of the lowest loss, or a millionth of the level; with `margin` times that room."""
        return np.asarray(loss) <= self.loss * (1 + 0.01 * margin) + 1e-6 * margin * self.level

    @property
    def undetermined(self) -> bool:
        """Whether some direction changes no prediction."""
        return bool(len(self.null))


def lowest(model: Model, loss: Loss, columns: Columns, target: np.ndarray, guesses: np.ndarray) -> Minimum:
    """From guesses (g, p), of which the best end counts."""
    if loss.text == "mae":
        ends = [_least_absolute(model, columns, target)]
    else:
        some = guesses[:1] if model_is_straight(model, columns) else guesses
        ends = [local(model, loss, columns, target, guess) for guess in some]
    params, best = min(ends, key=lambda end: end[1])
    spectrum, directions = np.linalg.eigh(hessian(model, loss, params, columns, target))
    return Minimum(params, best, loss.constant(target), spectrum, directions, _null(model, columns, params))


def _null(model: Model, columns: Columns, params: np.ndarray) -> np.ndarray:
    """Directions without effect, from the singular values of the derivatives: to nine digits, which are exact."""
    slopes = model.jacobian(params, columns)[1]
    size = np.linalg.norm(slopes, axis=1)
    _, values, right = np.linalg.svd((slopes / np.where(size > 0, size, 1.0)[:, None]).T, full_matrices=False)
    return right[values < 1e-9 * values[0]]


def local(model: Model, loss: Loss, columns: Columns, target: np.ndarray, guess: np.ndarray) -> tuple:
    """(params, loss) of the minimum that SciPy goes to from a guess; (guess, inf) where it fails."""
    with np.errstate(all="ignore"):
        try:
            if loss.text == "mse":
                found = least_squares(
                    lambda params: model.predict(params, columns) - target,
                    guess,
                    jac=lambda params: model.jacobian(params, columns)[1].T,
                    x_scale="jac",
                    xtol=1e-13,
                    ftol=1e-13,
                    gtol=1e-13,
                    max_nfev=400,
                )
                params = found.x
            else:
                params = minimize(
                    lambda params: gradient(model, loss, params, columns, target),
                    guess,
                    jac=True,
                    hess=lambda params: hessian(model, loss, params, columns, target),
                    method="trust-exact",
                    options={"gtol": 1e-11},
                ).x
        except (ValueError, np.linalg.LinAlgError):
            return guess, np.inf
        value = float(loss.rows(model.predict(params, columns), target).mean())
    return (params, value) if np.isfinite(value) else (guess, np.inf)


def downhill(
    model: Model, loss: Loss, columns: Columns, target: np.ndarray, begin: np.ndarray, steepest: float
) -> tuple:
    """(params, loss) at the bottom of the very basin that a place is in: small steps downhill for long, then SciPy's
    search for the last digits, unless that leaves the basin for a lower one.

    steepest: the largest curvature there is on the way. A search alone may jump over a ridge. Smooth models follow the
    gradient's own differential equation by implicit steps; past the kinks of a relu only short explicit ones lead.
    """

    def slope(_: float, params: np.ndarray) -> np.ndarray:
        return -gradient(model, loss, params, columns, target)[1]

    end = begin
    with np.errstate(all="ignore"):
        if model.units:
            for _ in range(4000):
                end = end + slope(0.0, end) * 0.5 / steepest
        else:
            way = solve_ivp(slope, (0.0, 1e5 / steepest), begin, method="BDF", rtol=1e-6, atol=1e-9)
            end = way.y[:, -1]
        values = [float(loss.rows(model.predict(each, columns), target).mean()) for each in (begin, end)]
        params, value = local(model, loss, columns, target, end)
    jumped = values[1] - value > 0.1 * (values[0] - values[1]) + 0.01 * abs(value)
    return (end, values[1]) if jumped else (params, value)


def _least_absolute(model: Model, columns: Columns, target: np.ndarray) -> tuple:
    """Exact for a linear model: minimise the sum of t where -t <= prediction - target <= t."""
    offset, slopes = model.jacobian(np.zeros(len(model.parameters)), columns)
    rows, width = target.size, len(model.parameters)
    cost = np.concatenate([np.zeros(width), np.full(rows, 1.0 / rows)])
    above = np.hstack([np.vstack([slopes.T, -slopes.T]), np.vstack([-np.eye(rows)] * 2)])
    wanted = target - offset
    found = linprog(cost, A_ub=above, b_ub=np.concatenate([wanted, -wanted]), bounds=(None, None))
    return found.x[:width], float(found.fun)

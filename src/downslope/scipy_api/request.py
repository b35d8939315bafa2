"""What was asked of curve_fit, checked with SciPy's own rules and words (scipy.optimize, 1.17)."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.optimize import Bounds

from downslope.scipy_api.evaluations import Evaluations

METHODS = ("lm", "trf", "dogbox")
ITS_OWN = {"ftol", "xtol", "gtol", "epsfcn", "factor", "diag", "x_scale", "diff_step"} | {
    "tr_solver",
    "tr_options",
    "jac_sparsity",
    "verbose",
    "f_scale",
}
"""Settings of SciPy's iterations, which mean nothing to others."""
MOST_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class Request:
    """A problem of curve_fit.

    Shapes: xdata anything that f takes; target (m,); sigma (m,), or None; whiten (m, m), the inverse of the Cholesky
    factor of a covariance, or None; first, the answer of f at the start, as f gives it; start, lower, upper (p,).
    """

    function: Callable[..., Any]
    seen: Evaluations
    names: tuple[str, ...]
    xdata: Any
    target: np.ndarray
    sigma: np.ndarray | None
    whiten: np.ndarray | None
    absolute: bool
    first: np.ndarray
    start: np.ndarray
    start_given: bool
    lower: np.ndarray
    upper: np.ndarray
    method: str
    most_calls: int | None

    @property
    def steps(self) -> int | None:
        """Iterations that the calls asked for are worth: MINPACK takes its derivatives from calls too."""
        if self.most_calls is None:
            return None
        each = self.start.size + 1 if self.method == "lm" and self.seen.jacobian is None else 1
        return max(1, min(MOST_STEPS, self.most_calls // each))

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """SciPy's `fvec`: what the answer of f misses, in units of sigma; (m,)."""
        missed = np.broadcast_to(np.asarray(values, dtype=float), self.target.shape) - self.target
        if self.whiten is not None:
            return self.whiten @ missed
        return missed if self.sigma is None else missed / self.sigma


def read_request(
    f: Any,
    xdata: Any,
    ydata: Any,
    p0: Any,
    sigma: Any,
    absolute_sigma: bool,
    check_finite: bool | None,
    bounds: Any,
    method: str | None,
    jac: Any,
    nan_policy: str | None,
    options: Mapping[str, Any],
) -> Request:
    """Tidy and check the arguments of curve_fit.

    Raises: ValueError or TypeError as SciPy does; whatever f raises at the start.
    """
    names = _names(f, None if p0 is None else np.atleast_1d(p0).size)
    size = len(names)
    lower, upper = _limits(bounds, size)
    start = _feasible(lower, upper) if p0 is None else np.atleast_1d(np.asarray(p0, dtype=float)).ravel()
    bounded = bool(np.any((lower > -np.inf) | (upper < np.inf)))
    method = method or ("trf" if bounded else "lm")
    if method == "lm" and bounded:
        raise ValueError("Method 'lm' only works for unconstrained problems. Use 'trf' or 'dogbox' instead.")
    if method not in METHODS:
        raise ValueError("`method` must be 'trf', 'dogbox' or 'lm'.")
    most_calls = _most_calls(options, method)
    if check_finite is None:
        check_finite = nan_policy is None
    take = np.asarray_chkfinite if check_finite else np.asarray
    ydata = take(ydata, float)
    if isinstance(xdata, list | tuple | np.ndarray):
        xdata = take(xdata, float)
    if ydata.size == 0:
        raise ValueError("`ydata` must not be empty!")
    if not check_finite and nan_policy is not None:
        xdata, ydata, sigma = _without_nan(xdata, ydata, sigma, nan_policy)
    if method == "lm" and ydata.size != 1 and size > ydata.size:
        raise TypeError(f"The number of func parameters={size} must not exceed the number of data points={ydata.size}")
    if not np.all((start >= lower) & (start <= upper)):
        raise ValueError("Initial guess is outside of provided bounds")
    seen = Evaluations(f, jac if callable(jac) else None, xdata, bool(options.get("col_deriv")))
    first = seen.values(start)
    missed = first - ydata
    if missed.ndim > 1:
        raise ValueError(f"f must give one number for each of ydata; its answer less ydata has shape {missed.shape}")
    if not np.isfinite(missed).all():
        raise ValueError("Residuals are not finite in the initial point.")
    target = np.broadcast_to(ydata, missed.shape).reshape(-1).astype(float)
    spread, whiten = _noise(sigma, ydata.size, target.size)
    seen.whiten, seen.rows = whiten, target.size
    return Request(
        f,
        seen,
        names,
        xdata,
        target,
        spread,
        whiten,
        bool(absolute_sigma),
        first,
        start,
        p0 is not None,
        lower,
        upper,
        method,
        most_calls,
    )


def _names(f: Any, size: int | None) -> tuple[str, ...]:
    """Names of the parameters: those of f where it has them, else p1, p2, …"""
    try:
        listed = list(inspect.signature(f).parameters.values())
    except (ValueError, TypeError):
        listed = []
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = [each.name for each in listed if each.kind in by_place]
    if size is None:
        if len(known) < 2:
            raise ValueError("Unable to determine number of fit parameters.")
        return tuple(known[1:])
    return tuple(known[1 : size + 1]) if len(known) > size else tuple(f"p{place + 1}" for place in range(size))


def _limits(bounds: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(bounds, Bounds):
        bounds = (bounds.lb, bounds.ub)
    try:
        lower, upper = (np.asarray(each, dtype=float) for each in bounds)
    except ValueError:
        if len(bounds) == 2:
            raise
        raise ValueError("`bounds` must contain 2 elements.") from None
    lower, upper = (np.resize(each, size) if each.size == 1 else each for each in (lower, upper))
    if lower.shape != (size,) or upper.shape != (size,):
        raise ValueError("Inconsistent shapes between bounds and `x0`.")
    if np.any(lower >= upper):
        raise ValueError("Each lower bound must be strictly less than each upper bound.")
    return lower, upper


def _feasible(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """SciPy's start: the middle of two bounds, 1 beyond a single one, 1 without."""
    low, high = np.isfinite(lower), np.isfinite(upper)
    start = np.ones(lower.shape)
    start[low & high] = 0.5 * (lower[low & high] + upper[low & high])
    start[low & ~high] = lower[low & ~high] + 1
    start[~low & high] = upper[~low & high] - 1
    return start


def _most_calls(options: Mapping[str, Any], method: str) -> int | None:
    if "args" in options:
        raise ValueError("'args' is not a supported keyword argument.")
    if options.get("loss", "linear") != "linear":
        raise ValueError(
            f"loss={options['loss']!r} is not taken here; say downslope.fit(..., loss='huber(1)'), whose standard "
            "errors are made for such losses"
        )
    for name in options:
        if name not in ITS_OWN | {"maxfev", "max_nfev", "col_deriv", "loss"}:
            raise TypeError(f"curve_fit() got an unexpected keyword argument {name!r}")
    most = options.get("max_nfev", options.get("maxfev")) if method != "lm" else options.get("maxfev")
    return int(most) if most else None


def _without_nan(xdata: Any, ydata: np.ndarray, sigma: Any, policy: str) -> tuple[Any, np.ndarray, Any]:
    if policy == "propagate":
        raise ValueError("`nan_policy='propagate'` is not supported by this function.")
    if policy not in ("raise", "omit"):
        raise ValueError("nan_policy must be one of {None, 'raise', 'omit'}")
    if not (np.isnan(xdata).any() or np.isnan(ydata).any()):
        return xdata, ydata, sigma
    if policy == "raise":
        raise ValueError("The input contains nan values")
    lost = np.isnan(xdata)
    lost = lost.any(axis=tuple(range(lost.ndim - 1))) | np.isnan(ydata)
    if sigma is not None:
        sigma = np.asarray(sigma)
        sigma = sigma[~lost] if sigma.ndim == 1 else sigma[~lost][:, ~lost] if sigma.ndim == 2 else sigma
    return xdata[..., ~lost], ydata[~lost], sigma


def _noise(sigma: Any, size: int, rows: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Standard deviations (m,), or the matrix that makes residuals of unit variance (m, m); or neither."""
    if sigma is None:
        return None, None
    sigma = np.asarray(sigma, dtype=float)
    if sigma.size == 1 or sigma.shape == (size,):
        return np.abs(np.broadcast_to(sigma.reshape(-1), (rows,))), None
    if sigma.shape != (size, size) or size != rows:
        raise ValueError("`sigma` has incorrect shape.")
    try:
        factor = cholesky(sigma, lower=True)
    except LinAlgError as error:
        raise ValueError("`sigma` must be positive definite.") from error
    return None, solve_triangular(factor, np.eye(size), lower=True)

"""curve_fit: SciPy's arguments in, SciPy's answers out, downslope's fit between them."""

from typing import Any

import numpy as np

import downslope as ds
from downslope.scipy_api.outcome import Outcome, found
from downslope.scipy_api.request import Request, read_request
from downslope.scipy_api.rows import Way, ways

SAME = 1e-6
"""Relative difference of two losses that counts as none."""


def curve_fit(
    f: Any,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-np.inf, np.inf),
    method: str | None = None,
    jac: Any = None,
    *,
    full_output: bool = False,
    nan_policy: str | None = None,
    **kwargs: Any,
) -> Any:
    """Fit a function to data by least squares: `scipy.optimize.curve_fit` with downslope's search and its doubts.

    f may be written with NumPy: its derivatives are exact wherever JAX has the functions that it calls, and central
    differences elsewhere. An answer that downslope does not trust is returned with an OptimizeWarning that says why.

    Args: as SciPy's. `p0` is one start of several, of which the lowest end wins; with `maxfev` or `max_nfev` it is the
        only one, and they limit the search. `method` decides nothing but which arguments are allowed. Tolerances and
        the other settings of SciPy's iterations are taken and mean nothing: the search goes on until rounding ends it.
    Returns: popt (p,), pcov (p, p); with full_output also infodict, mesg and ier. pcov is inf throughout, with an
        OptimizeWarning, when the data leave any parameter open.
    Raises: ValueError and TypeError for arguments, as SciPy's; RuntimeError when nothing was found within the limit.

    >>> x = np.linspace(0.0, 4.0, 20)
    >>> popt, pcov = curve_fit(lambda x, a, b: a * np.exp(-b * x), x, 2.5 * np.exp(-1.3 * x))
    >>> popt.round(6)
    array([2.5, 1.3])
    """
    request = read_request(
        f, xdata, ydata, p0, sigma, absolute_sigma, check_finite, bounds, method, jac, nan_policy, kwargs
    )
    answer, values = _fitted(request)
    outcome: Outcome = found(request, answer, values)
    outcome.warn(stacklevel=3)
    if full_output:
        return outcome.popt, outcome.pcov, outcome.information(), outcome.message, outcome.ier
    return outcome.popt, outcome.pcov


def _fitted(request: Request) -> tuple[ds.Fit, np.ndarray]:
    """The fit by the first way that does, and what f itself gives at its answer."""
    *first, last = ways(request)
    looks_around = request.most_calls is None and request.start.size <= request.target.size
    for way in first:
        try:
            answer = _fit(request, way, looks_around)
        except ds.ModelError:
            continue
        values = _values(request, answer)
        if _agrees(request, answer, values):
            return answer, values
    answer = _fit(request, last, False)
    return answer, _values(request, answer)


def _fit(request: Request, way: Way, looks_around: bool) -> ds.Fit:
    """From many starts, with the one that was asked for among them; or from that one, with the steps asked for."""
    pairs = zip(request.lower, request.upper, strict=True)
    limits = {
        name: (low if low > -np.inf else None, high if high < np.inf else None)
        for name, (low, high) in zip(request.names, pairs, strict=True)
        if low > -np.inf or high < np.inf
    }
    settings: dict[str, Any] = {
        "bounds": limits,
        "sigma": np.ones(request.target.size) if request.sigma is None else request.sigma,
        "sigma_is": "absolute" if request.absolute else "relative",
    }
    if request.start_given or not looks_around:
        settings["start"] = dict(zip(request.names, map(float, request.start), strict=True))
    if not looks_around:
        settings |= {"optimizer": "levenberg-marquardt", "steps": request.steps}
    try:
        answer = ds.fit(way.model, way.data, way.target, **settings)
    except ds.ModelError:
        raise
    except ds.DownslopeError as error:
        if request.seen.raised is None:
            raise ValueError(str(error)) from error
    if request.seen.raised is not None:
        raise request.seen.raised
    return answer


def _values(request: Request, answer: ds.Fit) -> np.ndarray:
    return request.seen.values(np.array([answer.params[name] for name in request.names]))


def _agrees(request: Request, answer: ds.Fit, values: np.ndarray) -> bool:
    """Whether what was differentiated is what f computes with plain numbers, at the start and at the answer."""
    rows = request.target.size
    scale = np.mean(request.residuals(np.zeros(rows)) ** 2)
    pairs = [(answer.loss, values)]
    if np.array_equal(answer.history.params[0], request.start):
        pairs.append((float(answer.history.loss[0]), request.first))
    for loss, own in pairs:
        expected = float(np.mean(request.residuals(own) ** 2))
        if not abs(loss - expected) <= SAME * expected + 1e-12 * (scale + expected) and np.isfinite(expected):
            return False
    return True

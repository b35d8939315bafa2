import inspect
import math
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pandas
import pytest
import scipy.optimize
import scipy.special
from scipy.optimize import OptimizeWarning

from downslope.scipy_api import curve_fit

X = np.linspace(0.0, 4.0, 50)
NOISE = np.random.default_rng(0).normal(size=50)
TRUE = (2.5, 1.3, 0.5)


def decay(x, a, b, c):
    return a * np.exp(-b * x) + c


def decay_slopes(x, a, b, c):
    return np.stack([np.exp(-b * x), -a * x * np.exp(-b * x), np.ones_like(x)], axis=1)


Y = decay(X, *TRUE) + 0.1 * NOISE
TIGHT = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "jac": decay_slopes}


def looped(x, a, b, c):
    return np.array([float(a) * math.exp(-float(b) * each) + float(c) for each in x])


def beside_others(x, a, b, c):
    return a * np.exp(-b * (x - x.mean() + 2.0)) + c


def both_kinds(x, a, b, c):
    return a * np.exp(-b * x) + c * jnp.ones(50)


def with_branch(x, a, b, c):
    return decay(x, a, b, c) if b > 0 else np.full(x.shape, 1e3)


def other_when_traced(x, a, b, c):
    return decay(x, a, b, c) if isinstance(x, np.ndarray) else decay(x, 2 * a, b, c)


def assert_same(found, expected, digits=1e-9):
    np.testing.assert_allclose(found[0], expected[0], rtol=digits)
    np.testing.assert_allclose(found[1], expected[1], rtol=100 * digits)


def test_the_signature_is_scipys():
    ours, theirs = inspect.signature(curve_fit), inspect.signature(scipy.optimize.curve_fit)
    assert list(ours.parameters) == list(theirs.parameters)
    for name, parameter in theirs.parameters.items():
        assert ours.parameters[name].kind == parameter.kind
        assert ours.parameters[name].default == parameter.default


@pytest.mark.parametrize("p0", [None, [1.0, 1.0, 1.0], (5, 0.1, -2)])
def test_the_minimum_that_scipy_finds_with_its_tolerances_at_rounding(p0):
    found = curve_fit(decay, X, Y, p0)
    assert_same(found, scipy.optimize.curve_fit(decay, X, Y, p0 or TRUE, **TIGHT), 2e-8)  # MINPACK ends so far away
    slope = decay_slopes(X, *found[0]).T @ (decay(X, *found[0]) - Y)
    assert np.max(np.abs(slope)) < 1e-12


@pytest.mark.parametrize("function", [looped, beside_others, both_kinds, with_branch, other_when_traced])
@pytest.mark.parametrize("sigma", [None, 0.1])
def test_functions_that_cannot_be_differentiated_are_fitted_too(function, sigma):
    found = curve_fit(function, X, Y, sigma=sigma, absolute_sigma=sigma is not None)
    expected = curve_fit(decay, X, Y, sigma=sigma, absolute_sigma=sigma is not None)
    assert_same(found, expected, 1e-8)


def test_special_functions_exactly():
    def step(x, a, middle, width):
        return a * scipy.special.erf((x - middle) / width)

    y = step(X, 2.0, 1.5, 0.7) + 0.01 * NOISE
    found = curve_fit(step, X, y, [1, 1, 1])
    assert_same(found, scipy.optimize.curve_fit(step, X, y, found[0], ftol=1e-15, xtol=1e-15, gtol=1e-15), 1e-6)


def straight(x, a, b):
    return a * x + b


def test_a_covariance_as_sigma_is_generalised_least_squares():
    """β = (AᵀC⁻¹A)⁻¹ AᵀC⁻¹ y, covariance (AᵀC⁻¹A)⁻¹ (Aitken 1935)."""
    matrix = np.random.default_rng(1).normal(size=(50, 50))
    covariance = matrix @ matrix.T / 50 + np.eye(50)
    design = np.stack([X, np.ones(50)], axis=1)
    inverse = np.linalg.inv(design.T @ np.linalg.solve(covariance, design))
    best = inverse @ design.T @ np.linalg.solve(covariance, Y)
    assert_same(curve_fit(straight, X, Y, sigma=covariance, absolute_sigma=True), (best, inverse), 1e-8)
    missed = Y - design @ best
    size = missed @ np.linalg.solve(covariance, missed) / 48
    assert_same(curve_fit(straight, X, Y, sigma=covariance), (best, size * inverse), 1e-8)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_jac_is_used_as_it_is(transposed):
    called = []

    def jac(x, *params):
        called.append(params)
        slopes = decay_slopes(x, *params)
        return slopes.T if transposed else slopes

    found = curve_fit(decay, X, Y, [1, 1, 1], jac=jac, method="lm", col_deriv=int(transposed))
    assert called and len(set(called)) == len(called)
    assert_same(found, curve_fit(decay, X, Y), 1e-7)


@pytest.mark.parametrize("lead", [(2,), (1, 2), (2, 1)])
def test_several_rows_of_xdata(lead):
    x = np.stack([X, np.sin(X)]).reshape(*lead, 50)

    def plane(x, a, b, c):
        assert x.shape[:-1] == lead
        flat = x.reshape(2, -1)
        return a * np.exp(-b * flat[0]) + c * flat[1]

    y = plane(x, *TRUE)
    np.testing.assert_allclose(curve_fit(plane, x, y, [1, 1, 1])[0], TRUE, rtol=1e-10)


def test_other_kinds_of_xdata():
    frame = pandas.DataFrame({"t": X, "on": X > 2})
    for x, function in (
        (pandas.Series(X), decay),
        (frame, lambda table, a, b, c: decay(table["t"], a, b, c)),
        (None, lambda _, a, b, c: decay(X, a, b, c)),
        ({"t": X}, lambda named, a, b, c: decay(named["t"], a, b, c)),
    ):
        assert_same(curve_fit(function, x, Y, [1, 1, 1]), curve_fit(decay, X, Y), 1e-8)


def test_any_number_of_parameters_with_p0():
    found = curve_fit(lambda x, *p: p[0] * np.exp(-p[1] * x) + p[2], X, Y, p0=[1, 1, 1])
    assert_same(found, curve_fit(decay, X, Y), 1e-7)


def test_bounds_hold():
    popt, pcov = curve_fit(decay, X, Y, bounds=([0, 0, 0], [3.0, 1.0, 0.5]))
    expected, _ = scipy.optimize.curve_fit(decay, X, Y, bounds=([0, 0, 0], [3.0, 1.0, 0.5]), ftol=1e-15)
    np.testing.assert_allclose(popt, expected, rtol=1e-6)
    assert popt[1] == 1.0 and np.isfinite(pcov).all()


@pytest.mark.parametrize(
    "arguments, kind, says",
    [
        ({"p0": [5, 5, 5], "bounds": (0, 1)}, ValueError, "Initial guess is outside of provided bounds"),
        ({"bounds": (1, 0)}, ValueError, "strictly less"),
        ({"bounds": (0, 1, 2)}, ValueError, "must contain 2 elements"),
        ({"bounds": ([0, 0], 1)}, ValueError, "Inconsistent shapes"),
        ({"method": "lm", "bounds": (0, 1)}, ValueError, "only works for unconstrained"),
        ({"method": "simplex"}, ValueError, "`method` must be"),
        ({"sigma": np.ones(3)}, ValueError, "`sigma` has incorrect shape"),
        ({"sigma": -np.eye(50)}, ValueError, "`sigma` must be positive definite"),
        ({"sigma": np.zeros(50)}, ValueError, "sigma must be positive"),
        ({"loss": "soft_l1"}, ValueError, "downslope.fit"),
        ({"ftool": 1e-9}, TypeError, "unexpected keyword argument 'ftool'"),
        ({"p0": [1, -1e4, 1]}, ValueError, "Residuals are not finite in the initial point"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_refused(arguments, kind, says):
    with pytest.raises(kind, match=says):
        curve_fit(decay, X, Y, **arguments)


def test_a_limit_that_is_reached():
    for options, says in (({"maxfev": 8}, "maxfev = 8"), ({"max_nfev": 2, "method": "trf"}, "is exceeded")):
        with pytest.raises(RuntimeError, match=f"Optimal parameters not found: .*{says}"):
            curve_fit(decay, X, Y, [1, 1, 1], **options)


def test_doubt_is_said():
    with pytest.warns(OptimizeWarning, match="Covariance of the parameters could not be estimated: .*a.*b"):
        _, pcov = curve_fit(lambda x, a, b, c: a * b * x + c, X, Y, [1, 2, 3])
    assert np.isinf(pcov).all()


class Broken(Exception):
    pass


def test_an_exception_of_the_function_is_raised_as_it_was():
    def breaks(x, a, b, c):
        if float(a) != 1.0:
            raise Broken("here")
        return decay(x, a, b, c)

    with pytest.raises(Broken, match="here"):
        curve_fit(breaks, X, Y, [1, 1, 1])


def test_the_search_keeps_away_from_where_the_function_has_no_number():
    def logarithm(x, a, b):
        return np.array([float(a) * math.log(float(b) + each) for each in x])

    y = 2.0 * np.log(0.01 + X)
    np.testing.assert_allclose(curve_fit(logarithm, X, y, [1.0, 1.0])[0], [2.0, 0.01], rtol=1e-6)


def test_full_output_is_that_of_minpack():
    """fjac holds R of the Jacobian with its columns in the order ipvt; qtf is Qᵀ times the residuals."""
    popt, pcov, known, message, ier = curve_fit(decay, X, Y, [1, 1, 1], sigma=np.full(50, 0.1), full_output=True)
    np.testing.assert_allclose(known["fvec"], (decay(X, *popt) - Y) / 0.1)
    assert known["nfev"] > 1 and ier == 1 and "correct digits" in message
    triangle = np.triu(known["fjac"].T[:3])
    order = known["ipvt"] - 1
    np.testing.assert_allclose(
        triangle.T @ triangle,
        (decay_slopes(X, *popt).T @ decay_slopes(X, *popt))[np.ix_(order, order)] * 100,
        rtol=1e-7,
    )
    np.testing.assert_allclose(known["qtf"], 0.0, atol=1e-6)  # at the minimum
    noise = known["fvec"] @ known["fvec"] / 47
    np.testing.assert_allclose(np.linalg.inv(triangle.T @ triangle) * noise, pcov[np.ix_(order, order)], rtol=1e-6)


def test_other_data_compile_nothing(compiled):
    def fresh():
        return lambda x, a, b, c: a * np.exp(-b * x) + c + 0.0

    for function in (lambda: decay, lambda: looped, fresh):
        curve_fit(function(), X, Y, [1, 1, 1])
        compiled.clear()
        for scale in (2.0, 3.0, 4.0):
            curve_fit(function(), X, scale * Y, [1, 1, 1])
        assert compiled == []


def test_a_changed_constant_is_seen():
    scale = 1.0

    def scaled(x, a, b, c):
        return scale * decay(x, a, b, c)

    one = curve_fit(scaled, X, Y)[0]
    scale = 2.0
    np.testing.assert_allclose(curve_fit(scaled, X, Y)[0], one / [2, 1, 2], rtol=1e-9)


def test_importing_downslope_does_not_import_it():
    code = "import sys, downslope; sys.exit(any('scipy' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def wave(x, a, w, phase):
    return a * np.sin(w * x + phase)


@pytest.mark.parametrize("p0", [None, [1, 4.5, 0], [2, 2.5, 0]])
def test_the_best_minimum_is_found_from_a_poor_start(p0):
    found, _ = curve_fit(wave, X, wave(X, 2.0, 5.0, 1.0) + 0.1 * NOISE, p0)
    np.testing.assert_allclose(found, [2.0, 5.0, 1.0], atol=0.1)


def test_of_equal_minima_the_one_near_p0():
    for turns in (0, 1, -2):
        found, _ = curve_fit(lambda x, phase: np.sin(x + phase), X, np.sin(X + 1), [1.3 + 2 * np.pi * turns])
        np.testing.assert_allclose(found, 1.0 + 2 * np.pi * turns)


def test_a_limit_asks_for_a_local_search():
    y = wave(X, 2.0, 5.0, 1.0) + 0.1 * NOISE
    found, _ = curve_fit(wave, X, y, [2, 2.5, 0], maxfev=4000)
    assert abs(found[1] - 2.5) < 1

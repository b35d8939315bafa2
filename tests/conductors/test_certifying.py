"""What is certified, and what is never certified: saddles, directions that nothing determines, ends on the way."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import downslope as ds

X = np.linspace(0, 10, 50)
NOISE = np.random.default_rng(0).standard_t(2, 50)
PROBLEMS = {
    "plain": (X, 3 * X + 1 + 0.1 * NOISE),
    "far up": (X, 3 * X + 1e6 + 0.1 * NOISE),
    "years": (np.linspace(1950, 2020, 50), 0.02 * np.linspace(0, 70, 50) + 14 + 0.1 * NOISE),
    "tiny": (X, 1e-12 * (2 * X + 1 + 0.1 * NOISE)),
}


def least(x, y, level):
    """The lowest mean pinball loss of a line, by linear programming."""
    rows = x.size
    cost = np.concatenate([np.zeros(4), np.full(rows, level), np.full(rows, 1 - level)]) / rows
    y = y - np.median(y)  # the tolerance of the linear program is absolute
    scale = np.abs(y).max()
    line = np.column_stack([x - x.mean(), np.ones(rows)])
    equal = np.hstack([line, -line, np.eye(rows), -np.eye(rows)])
    return linprog(cost, A_eq=equal, b_eq=y / scale, bounds=(0, None)).fun * scale


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize(("loss", "level", "factor"), [("mae", 0.5, 2), ("quantile(0.8)", 0.8, 1)])
def test_with_nothing_said_a_loss_with_kinks_is_certified_at_its_minimum_whatever_the_units(name, loss, level, factor):
    x, y = PROBLEMS[name]
    fit = ds.fit("y = w*x + b", {"x": x, "y": y}, loss=loss)
    lowest = factor * least(x, y, level)
    assert fit.state == "certified"
    assert fit.loss == pytest.approx(lowest, rel=1e-9)
    assert fit.loss - lowest <= fit.certificate.gap + 1e-9 * lowest


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_digits_of_a_corner_are_not_more_than_it_has(name):
    """Far up, most digits of the target are lost in the difference of two rows, which gives the slope."""
    x, y = PROBLEMS[name]
    fit = ds.fit("y = w*x + b", {"x": x, "y": y}, loss="mae")
    w, b = fit.params.values()
    one, other = np.argsort(np.abs(w * x + b - y))[:2]
    x1, y1, x2, y2 = (Fraction(float(value)) for value in (x[one], y[one], x[other], y[other]))
    slope = (y1 - y2) / (x1 - x2)
    for value, exact, digits in zip((w, b), (slope, y1 - slope * x1), fit.certificate.digits, strict=True):
        assert abs(float((Fraction(value) - exact) / exact)) <= 10.0**-digits


SADDLES = {
    "product": ("y = a*b*x", {"a": 0.0, "b": 0.0}, 2 * X),
    "two equal terms": ("y = exp(-(x - a)**2) + exp(-(x - b)**2)", {"a": 5.0, "b": 5.0}, None),
    "square at its maximum": ("y = a**2*x", {"a": 0.0}, X),
    "cosine at its maximum": ("y = cos(a)*x", {"a": 0.0}, -2 * X),
}


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "newton", "gd", "lbfgs"])
@pytest.mark.parametrize("name", SADDLES)
def test_a_saddle_is_never_certified(name, optimizer):
    formula, start, y = SADDLES[name]
    y = np.exp(-((X - 4) ** 2)) + np.exp(-((X - 6) ** 2)) if y is None else y
    fit = ds.fit(
        formula, {"x": X, "y": y}, start=start, optimizer=optimizer, **({"steps": 5} if optimizer == "gd" else {})
    )
    lowest = ds.fit(formula, {"x": X, "y": y}).loss
    assert fit.state != "certified" or fit.loss <= lowest * (1 + 1e-6) + 1e-20


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_what_is_certified_is_lower_than_all_around(seed):
    """For a sum of two peaks, from anywhere and with nothing searched but downhill."""
    generator = np.random.default_rng(seed)
    x = np.linspace(-4, 4, 40)
    y = np.exp(-((x - 1) ** 2)) + np.exp(-((x + 1) ** 2)) + 0.02 * np.random.default_rng(0).normal(size=40)
    start = dict(zip("paqb", generator.uniform([-2, -3, -2, -3], [2, 3, 2, 3]), strict=True))
    formula = "y = p*exp(-(x - a)**2) + q*exp(-(x - b)**2)"
    fit = ds.fit(formula, {"x": x, "y": y}, start=start, optimizer="levenberg-marquardt")
    p, a, q, b = (fit.params[name] for name in "paqb")
    around = np.array([p, a, q, b]) + 1e-3 * generator.normal(size=(200, 4))
    peaks = around[:, :1] * np.exp(-((x - around[:, 1:2]) ** 2)) + around[:, 2:3] * np.exp(-((x - around[:, 3:]) ** 2))
    if fit.state == "certified":
        assert fit.loss <= np.mean((peaks - y) ** 2, axis=1).min()
        assert fit.certificate.lowest > 0


def test_where_somebody_asked_to_stop_the_answer_is_not_moved():
    data = {"x": X, "y": 3 * X + 1 + NOISE}
    fit = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.001, steps=10)
    assert list(fit.params.values()) == fit.history.params[-1].tolist()
    assert fit.state == "usable" and "standard errors away" in fit.reasons[0]
    assert np.isnan(list(fit.errors.values())).all(), "errors belong to the minimum"


def test_a_descent_that_was_asked_for_and_has_arrived_is_certified_with_errors():
    data = {"x": X / 10, "y": 3 * X + 1 + NOISE}
    fit = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.5, steps=5000)
    best = ds.fit("y = w*x + b", data)
    assert fit.state == "certified"
    assert fit.errors == pytest.approx(best.errors, rel=1e-6)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber(1)"])
def test_collinear_columns_are_never_certified_and_are_named(loss):
    fit = ds.fit("y = a*x + b*z", {"x": X, "z": 3 * X, "y": 3 * X + NOISE}, loss=loss)
    assert fit.state == "untrusted"
    assert any("a and b" in reason for reason in fit.reasons)
    assert not np.isfinite(list(fit.errors.values())).any()


def test_with_all_parameters_on_their_bounds_the_answer_is_certified():
    fit = ds.fit("y = w*x + b", {"x": X, "y": 3 * X + 5}, bounds={"w": (0, 1), "b": (0, 1)})
    assert fit.params == {"w": 1.0, "b": 1.0} and fit.state == "certified"
    assert dict(fit.run.uncertainty.resting) == {"w": "upper", "b": "upper"}
    assert fit.certificate.gap < 1e-20 * fit.loss and min(fit.certificate.digits) > 15


def test_a_way_to_a_bound_that_is_still_to_go_is_in_the_gap():
    data, bounds = {"x": X / 10, "y": 0.3 * X + 5 + 0.01 * NOISE}, {"w": (0, 1), "b": (0, 10)}
    fit = ds.fit("y = w*x + b", data, bounds=bounds, optimizer="gd", learning_rate=0.01, steps=5, start={"w": 0.0})
    best = ds.fit("y = w*x + b", data, bounds=bounds)
    assert best.params["w"] == 1 and fit.params["w"] < 1
    assert fit.loss - best.loss <= fit.certificate.gap

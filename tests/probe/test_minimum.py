"""The minimum nearby: found where there is one, and never where there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from downslope.arrays import double_precision
from downslope.plan import Plan
from downslope.posing import pose
from downslope.probe import minimum

X = np.linspace(1, 2, 20)
WIDE = np.linspace(-4, 4, 40)
TWO_PEAKS = np.exp(-((WIDE - 1) ** 2)) + np.exp(-((WIDE + 1) ** 2))


def go(formula, x, y, start, lower=None, upper=None, loss="mse"):
    with double_precision():
        problem = pose(formula, {"x": x, "y": y}, None, Plan(loss=loss))
        low = problem.lower if lower is None else lower
        high = problem.upper if upper is None else upper
        return minimum(problem.look, np.array(start, dtype=float), low, high)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), far=st.floats(0, 0.05), units=st.sampled_from([1e-6, 1.0, 1e6]))
def test_from_nearby_the_minimum_of_an_exponential_is_reached_to_rounding(seed, far, units):
    generator = np.random.default_rng(seed)
    x = np.linspace(0, 4, 30)
    y = units * (3 * np.exp(-x) + 1 + 0.1 * generator.normal(size=30))
    start = np.array([3 * units, 1, units]) * (1 + far * generator.uniform(-1, 1, 3))
    best = go("y = a*exp(-b*x) + c", x, y, start)
    a, b, c = best.params
    residual = a * np.exp(-b * x) + c - y
    jacobian = np.column_stack([np.exp(-b * x), -a * x * np.exp(-b * x), np.ones(30)])
    assert best.found
    assert best.seen.loss == pytest.approx(np.mean(residual**2))
    norms = np.linalg.norm(jacobian, axis=0) * np.linalg.norm(residual)
    assert (np.abs(jacobian.T @ residual) <= 1e-12 * norms).all()
    assert 0 < best.doubt < 1e-10 * np.sqrt(best.seen.loss)


NOT_MINIMA = {
    "saddle of a product": ("y = a*b*x", X, X, [0, 0]),
    "saddle of a product, reached along a valley": ("y = a*b*x", X, -X, [1, 1]),
    "maximum of a cosine": ("y = cos(a)*x", X, -2 * X, [0.0]),
    "maximum of a cosine, all but": ("y = cos(a)*x", X, -2 * X, [1e-9]),
    "maximum of a square": ("y = a**2*x", X, X, [0.0]),
    "inflection of a cube": ("y = a**3*x", X, X, [0.0]),
    "saddle between two peaks": ("y = exp(-(x - a)**2) + exp(-(x - b)**2)", WIDE, TWO_PEAKS, [0, 0]),
    "saddle between two peaks of free height": (
        "y = p*exp(-(x - a)**2) + q*exp(-(x - b)**2)",
        WIDE,
        TWO_PEAKS,
        [0.8, 0.0, 0.8, 0.0],
    ),
    "maximum in the place of a peak": ("y = a*exp(-(x - m)**2)", WIDE, np.exp(-(WIDE**2)), [-1.0, 0.0]),
    "the flank of a peak": ("y = a*exp(-(x - m)**2)", WIDE, np.exp(-(WIDE**2)), [1.0, 0.8]),
    "flat ground": ("y = a*exp(-b*x)", X, X, [0.0, 1000.0]),
}


@pytest.mark.parametrize("name", NOT_MINIMA)
def test_what_is_no_minimum_is_never_said_to_be_found(name):
    formula, x, y, start = NOT_MINIMA[name]
    best = go(formula, x, y, start)
    if best.found:  # it left the place: then where it ended nothing nearby is lower
        rng = np.random.default_rng(0)
        with double_precision():
            problem = pose(formula, {"x": x, "y": y}, None, Plan())
            near = [problem.look(best.params + 1e-4 * rng.normal(size=best.params.size), None).loss for _ in range(50)]
        assert best.seen.loss <= min(near)
        assert np.linalg.norm(best.params - start) > 1e-3


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_wherever_it_starts_what_is_found_is_lower_than_all_around(seed):
    generator = np.random.default_rng(seed)
    formula = "y = p*exp(-(x - a)**2) + q*exp(-(x - b)**2)"
    y = TWO_PEAKS + 0.02 * np.random.default_rng(0).normal(size=40)
    start = generator.uniform([-2, -3, -2, -3], [2, 3, 2, 3])
    with double_precision():
        problem = pose(formula, {"x": WIDE, "y": y}, None, Plan())
        best = minimum(problem.look, start, problem.lower, problem.upper)
        if not best.found:
            return
        around = best.params + 1e-3 * generator.normal(size=(30, 4))
        assert best.seen.loss <= min(problem.look(point, None).loss for point in around)
    assert best.lowest > 0


def test_from_far_away_it_is_not_found_and_says_so():
    best = go("y = sin(a*x)", X, np.sin(X), [1e6 + 0.3])
    assert not best.found or best.seen.loss > 0.01, "the minimum at a = 1 is out of sight"


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_inside_bounds_it_ends_where_scipy_does(seed):
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, 15)
    y = generator.normal(size=15)
    lower = generator.uniform(-1, 0, 3)
    upper = lower + generator.uniform(0.05, 1, 3)
    best = go("y = a*x**2 + b*x + c", x, y, np.clip(generator.normal(size=3), lower, upper), lower, upper)
    expected = lsq_linear(np.column_stack([x**2, x, np.ones(15)]), y, (lower, upper), tol=1e-14).x
    assert best.found
    assert best.params == pytest.approx(expected, abs=1e-6)
    on_edge = (best.params == lower) | (best.params == upper)
    assert best.held.tolist() == on_edge.tolist()


def test_with_all_parameters_on_their_bounds_that_is_the_minimum():
    best = go("y = w*x + b", X, 3 * X + 2, [0.5, 0.5], np.zeros(2), np.ones(2))
    assert best.found and best.held.all() and best.params.tolist() == [1, 1]


def test_what_is_not_determined_is_told_by_the_metric_and_the_rest_is_found():
    best = go("y = a*b*x + c", X, 2 * X + 1 + 0.1 * np.sin(9 * X), [1.0, 2.0, 1.0])
    assert best.metric.rank == 2 and len(best.metric.lost) == 1
    slope, constant = np.polyfit(X, 2 * X + 1 + 0.1 * np.sin(9 * X), 1)
    assert best.params[0] * best.params[1] == pytest.approx(slope)
    assert best.params[2] == pytest.approx(constant)


@pytest.mark.parametrize("loss", ["huber(0.1)", "log-cosh"])
def test_other_losses_are_at_rest_where_their_slope_is_zero(loss):
    y = 2 * X + 1 + 0.3 * np.random.default_rng(1).standard_t(2, 20)
    best = go("y = w*x + b", X, y, [2.0, 1.0], loss=loss)
    assert best.found and np.abs(best.seen.gradient).max() < 1e-12

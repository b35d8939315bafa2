"""A look at a point: by automatic differentiation, in NumPy for a linear model, and by chunks for many rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.arrays import double_precision
from downslope.plan import Plan
from downslope.posing import pose
from downslope.probe import look

GENERATOR = np.random.default_rng(0)
X = np.linspace(0.1, 3, 40)
COUNTS = GENERATOR.poisson(np.exp(0.3 + 0.5 * X)).astype(float)
WEIGHT, SIGMA = GENERATOR.uniform(0.2, 2, 40), GENERATOR.uniform(0.5, 2, 40)
DATA = {"x": X, "y": COUNTS, "k": WEIGHT, "s": SIGMA}
HERE = np.array([0.4, 0.3])
ROWS = {
    "mse": lambda f, y: (f - y) ** 2,
    "poisson": lambda f, y: f - y * np.log(f),
    "log-cosh": lambda f, y: np.log(np.cosh(f - y)),
}


def posed(formula="y = exp(a + b*x)", data=DATA, **settings):
    return pose(formula, data, None, Plan(**settings))


@pytest.mark.parametrize("extra", [{}, {"weights": "k"}, {"sigma": "s", "sigma_is": "absolute"}], ids=str)
@pytest.mark.parametrize("loss", ["mse", "poisson", "log-cosh"])
def test_loss_slope_and_curvature_are_those_of_differences(loss, extra):
    if loss == "poisson" and "sigma" in extra:
        pytest.skip("counts have no sigma")
    with double_precision():
        seen = posed(loss=loss, **extra).look(HERE, np.eye(2))
    weight = WEIGHT if "weights" in extra else np.ones(40)
    spread = SIGMA if "sigma" in extra else 1.0

    def mean(a, b):
        return np.average(ROWS[loss](np.exp(a + b * X) / spread, COUNTS / spread), weights=weight)

    step = 1e-4
    units = step * np.eye(2)
    gradient = [(mean(*HERE + unit) - mean(*HERE - unit)) / (2 * step) for unit in units]
    hessian = [
        [
            (mean(*HERE + u + v) - mean(*HERE + u - v) - mean(*HERE - u + v) + mean(*HERE - u - v)) / (4 * step**2)
            for v in units
        ]
        for u in units
    ]
    assert seen.loss == pytest.approx(mean(*HERE), rel=1e-12)
    assert seen.gradient == pytest.approx(gradient, rel=1e-5, abs=1e-7)
    assert seen.hessian == pytest.approx(np.array(hessian), rel=1e-4, abs=1e-5)


def test_the_triangle_of_least_squares_holds_curvature_slope_and_loss():
    with double_precision():
        seen = posed(weights="k").look(HERE, None)
    prediction = np.exp(HERE[0] + HERE[1] * X)
    both = np.column_stack([prediction, X * prediction, prediction - COUNTS])
    mean = 2 * both.T @ (WEIGHT[:, None] * both) / WEIGHT.sum()
    assert seen.triangle.T @ seen.triangle == pytest.approx(mean, rel=1e-12)
    assert seen.triangle[:, :2].T @ seen.triangle[:, 2] == pytest.approx(seen.gradient, rel=1e-12)
    assert not seen.hessian.any() and not seen.scores.any(), "not asked for"


def test_scores_are_the_mean_square_of_the_rows_own_slopes():
    along = np.array([[1.0, 2.0], [0.0, -1.0]])
    with double_precision():
        seen = posed(loss="poisson").look(HERE, along)
    prediction = np.exp(HERE[0] + HERE[1] * X)
    slopes = (1 - COUNTS / prediction)[:, None] * np.column_stack([prediction, X * prediction]) @ along
    assert seen.scores == pytest.approx(slopes.T @ slopes / 40, rel=1e-10)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), weighted=st.booleans(), scaled=st.booleans())
def test_the_looks_at_a_linear_model_in_numpy_and_by_differentiation_agree(seed, weighted, scaled):
    generator = np.random.default_rng(seed)
    plan = ({"weights": "k"} if weighted else {}) | ({"scale": "columns"} if scaled else {})
    params, along = generator.normal(size=3), generator.normal(size=(3, 3))
    with double_precision():
        problem = posed("y = a*x**2 + b*x + c", **plan)
        first = problem.look(params, along)
        second = look(problem.objective, params, along, rows=problem.users_rows)
    assert problem.straight is not None
    assert first.loss == pytest.approx(second.loss, rel=1e-12)
    assert first.gradient == pytest.approx(second.gradient, rel=1e-11)
    assert np.abs(first.triangle) == pytest.approx(np.abs(second.triangle), rel=1e-9, abs=1e-12)
    assert first.hessian == pytest.approx(second.hessian, rel=1e-10, abs=1e-12)
    assert 0.1 < first.blur / second.blur < 10


@pytest.mark.parametrize("loss", ["mse", "log-cosh"])
def test_many_blocks_are_looked_at_as_one(loss):
    x = np.linspace(0, 1, 12_000)
    y = np.exp(-x) + 0.01 * np.sin(1000 * x)
    params, along = np.array([1.1, 0.9]), np.array([[1.0, 0.5], [-0.5, 1.0]])
    with double_precision():
        whole = posed("y = a*exp(-b*x)", {"x": x, "y": y}, loss=loss).look(params, along)
        halves = [
            posed("y = a*exp(-b*x)", {"x": x[part], "y": y[part]}, loss=loss).look(params, along)
            for part in (slice(0, None, 2), slice(1, None, 2))
        ]
    for name in ("loss", "gradient", "rough", "hessian", "scores"):
        mean = sum(np.asarray(getattr(half, name)) for half in halves) / 2
        assert np.asarray(getattr(whole, name)) == pytest.approx(mean, rel=1e-9, abs=1e-14), name
    grams = [each.triangle.T @ each.triangle for each in (whole, *halves)]
    assert grams[0] == pytest.approx((grams[1] + grams[2]) / 2, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("extra", [{}, {"weights": "k"}, {"sigma": "s", "sigma_is": "absolute"}], ids=str)
@pytest.mark.parametrize("loss", ["mse", "log-cosh"])
def test_very_many_rows_are_looked_at_as_a_few_are_but_for_what_a_sample_tells(loss, extra):
    generator = np.random.default_rng(0)
    x, noise, weight, sigma = generator.uniform(0.2, 1, (4, 150_000))
    data = {"x": x, "y": np.exp(-x) + 0.1 * noise, "k": weight, "s": sigma}
    params, along = np.array([1.1, 0.9]), np.array([[1.0, 0.5], [-0.5, 1.0]])
    with double_precision():
        problem = posed("y = a*exp(-b*x)", data, loss=loss, **extra)
        assert problem.many
        found, exact = problem.look(params, along), look(problem.objective, params, along, rows=problem.users_rows)
    assert found.loss == pytest.approx(exact.loss, rel=1e-11)
    assert found.gradient == pytest.approx(exact.gradient, rel=1e-9)
    assert found.triangle.T @ found.triangle == pytest.approx(exact.triangle.T @ exact.triangle, rel=1e-9)
    assert found.hessian == pytest.approx(exact.hessian, rel=0.05, abs=0.05 * np.abs(exact.hessian).max())
    assert found.scores == pytest.approx(exact.scores, rel=0.2, abs=0.1 * np.abs(exact.scores).max())


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_rounding_moves_the_slope_by_no_more_than_blur_says(seed):
    """The same point with its data and parameters each moved by one last digit: the slope in the metric changes by less
    than the blur.
    """
    generator = np.random.default_rng(seed)
    params = generator.uniform(0.2, 0.8, 2)

    def nudged(values):
        return values * (1 + np.finfo(float).eps * generator.integers(-1, 2, np.shape(values)))

    with double_precision():
        there = posed().look(params, None)
        near = posed(data={**DATA, "y": nudged(COUNTS)}).look(nudged(params), None)
    directions = np.linalg.inv(there.triangle[:2, :2])
    moved = np.linalg.norm(directions.T @ (there.gradient - near.gradient))
    rounding = 40 * np.finfo(float).eps * np.linalg.norm(np.abs(directions).T @ there.rough)
    assert moved <= there.blur + rounding

"""What a hostile user found: each was once wrong without a word."""

import numpy as np
import pytest

import downslope as ds

X = np.linspace(0, 3, 30)
NOISE = 0.1 * np.random.default_rng(0).normal(size=30)


@pytest.mark.parametrize("seed", range(4))
def test_a_sine_faster_than_uneven_rows_seem_to_allow_is_found(seed):
    generator = np.random.default_rng(seed)
    x, speed = np.sort(generator.uniform(0, 10, 25)), 15 + 0.5 * seed
    y = np.sin(speed * x + 1) + 0.1 * generator.normal(size=25)
    fit = ds.fit("y = a*sin(w*x + p) + c", {"x": x, "y": y})
    assert fit.state != "certified" or abs(abs(fit.params["w"]) - speed) < 0.2


def test_a_perfect_fit_that_leaves_its_parameters_open_is_not_certified():
    fit = ds.fit("y = a*x + b", {"x": X, "y": 1e15 + 2 * X + 1 + NOISE})
    assert fit.state == "usable"


def test_a_perfect_fit_through_the_origin_is_certified():
    fit = ds.fit("y = a*x + b", {"x": [0.0, 1, 2], "y": [0.0, 2, 4]})
    assert (fit.state, fit.params) == ("certified", {"a": pytest.approx(2), "b": pytest.approx(0, abs=1e-14)})


def test_targets_that_sigma_makes_too_small_are_refused():
    with pytest.raises(ds.DataError, match="other units"):
        ds.fit("y = a*x + b", {"x": X, "y": X}, sigma=1e200, sigma_is="absolute")


def test_a_corner_on_a_bound_is_counted_and_said():
    fit = ds.fit("y = a*x + b", {"x": X, "y": 2 * X + 3 + NOISE}, loss="mae", bounds={"b": (None, 1)})
    assert fit.params["b"] == 1
    assert min(fit.certificate.digits) > 9
    assert any("b rests on its upper bound" in reason for reason in fit.reasons)
    assert np.isnan(fit.errors["b"])


def test_huber_gives_no_errors_where_hardly_a_row_is_curved():
    fit = ds.fit("y = a*x + b", {"x": X, "y": 2 * X + 1 + 10 * NOISE}, loss="huber(0.01)")
    assert np.isnan(list(fit.errors.values())).all()
    assert any("huber's distance" in reason for reason in fit.reasons)


@pytest.mark.parametrize("loss", ["log-cosh", "huber(1)"])
def test_small_targets_lose_no_digits(loss):
    small = ds.fit("y = a*x + b", {"x": X, "y": 1e-8 * (2 * X + 1 + NOISE)}, loss=loss)
    squares = ds.fit("y = a*x + b", {"x": X, "y": 1e-8 * (2 * X + 1 + NOISE)})
    assert small.state == "certified"
    assert small.params == pytest.approx(squares.params, rel=1e-9)


def test_a_choice_between_parameters_by_a_column_is_linear():
    fit = ds.fit("y = where(x < 1, a, b)", {"x": X, "y": X})
    assert (fit.run.chosen["optimizer"], fit.state) == ("closed-form", "certified")
    assert fit.params == pytest.approx({"a": X[X < 1].mean(), "b": X[X >= 1].mean()})


def test_many_linear_parameters_are_still_solved_in_closed_form():
    generator = np.random.default_rng(1)
    columns = {f"x{k}": generator.normal(size=401) for k in range(301)}
    formula = "y = " + " + ".join(f"b{k}*x{k}" for k in range(301))
    fit = ds.fit(formula, {**columns, "y": sum(columns.values()) + generator.normal(size=401)})
    assert (fit.run.chosen["optimizer"], fit.state) == ("closed-form", "certified")


def test_a_bootstrap_of_three_rows_is_refused():
    fit = ds.fit("y = a*x + b", {"x": [0.0, 1, 2], "y": [0.0, 1.1, 1.9]})
    with pytest.raises(ds.RequestError, match="too few different"):
        fit.bootstrap(100)


def test_huber_whose_bend_no_row_reaches_has_no_errors_but_an_answer():
    generator = np.random.default_rng(2)
    x = np.linspace(0, 4, 60)
    data = {"x": x, "y": 2 * x + 1 + generator.standard_t(2, 60)}
    fit = ds.fit("y = w*x + b", data, loss="huber(0.01)", optimizer="gd", steps=500, learning_rate=0.05)
    assert np.isfinite(fit.loss) and fit.state in ("usable", "untrusted")

"""Standard errors, held against the textbook's and against repeated experiments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

import downslope as ds

X = np.linspace(0.1, 4, 30)
GENERATOR = np.random.default_rng(0)
Y = 3 * np.exp(-0.8 * X) + 1 + 0.1 * GENERATOR.normal(size=30)
SIGMA = GENERATOR.uniform(0.05, 0.2, 30)
DECAY = "y = a*exp(-b*x) + c"


def decay(x, a, b, c):
    return a * np.exp(-b * x) + c


def test_the_errors_of_a_line_are_the_textbooks():
    fit = ds.fit("y = w*x + b", {"x": X, "y": Y})
    (w, b), covariance = np.polyfit(X, Y, 1, cov=True)
    assert list(fit.params.values()) == pytest.approx([w, b])
    assert fit.covariance == pytest.approx(covariance, rel=1e-9)
    assert fit.run.uncertainty.freedom == 28


@pytest.mark.parametrize("absolute", [False, True])
def test_with_sigma_they_are_scipys_of_the_same_convention(absolute):
    fit = ds.fit(DECAY, {"x": X, "y": Y}, sigma=SIGMA, sigma_is="absolute" if absolute else "relative")
    found, covariance = curve_fit(decay, X, Y, [3, 1, 1], SIGMA, absolute_sigma=absolute, xtol=1e-14, ftol=1e-14)
    assert list(fit.params.values()) == pytest.approx(found, rel=1e-6)
    assert fit.covariance == pytest.approx(covariance, rel=1e-4)
    said = "as given by sigma" if absolute else "from the residuals"
    assert said in fit.run.uncertainty.kind


def test_weights_are_those_of_one_over_sigma_squared():
    first = ds.fit(DECAY, {"x": X, "y": Y}, sigma=SIGMA, sigma_is="relative")
    second = ds.fit(DECAY, {"x": X, "y": Y, "k": 7 / SIGMA**2}, weights="k")
    assert second.covariance == pytest.approx(first.covariance, rel=1e-9)


def test_rows_of_weight_zero_are_no_rows():
    data = {"x": np.append(X, 2.0), "y": np.append(Y, 99.0), "k": np.append(np.ones(30), 0.0)}
    fit = ds.fit(DECAY, data, weights="k")
    assert fit.covariance == pytest.approx(ds.fit(DECAY, {"x": X, "y": Y}).covariance, rel=1e-9)
    assert fit.run.uncertainty.freedom == 27


@settings(max_examples=10)
@given(by_y=st.sampled_from([1e-9, 1e-3, 1e6]), by_x=st.sampled_from([1e-6, 1.0, 1e6]))
def test_in_other_units_they_are_the_same_errors(by_y, by_x):
    plain, other = ds.fit(DECAY, {"x": X, "y": Y}), ds.fit(DECAY, {"x": by_x * X, "y": by_y * Y})
    units = np.array([by_y, 1 / by_x, by_y])
    assert other.covariance == pytest.approx(plain.covariance * np.outer(units, units), rel=1e-6)


def test_the_sandwich_of_logistic_regression_is_the_textbooks():
    y = (np.random.default_rng(1).random(30) < 1 / (1 + np.exp(2 - X))).astype(float)
    fit = ds.fit("y = a + b*x", {"x": X, "y": y}, loss="logistic")
    design = np.column_stack([np.ones(30), X])
    share = 1 / (1 + np.exp(-design @ list(fit.params.values())))
    bread = np.linalg.inv(design.T @ ((share * (1 - share))[:, None] * design))
    meat = design.T @ (((share - y) ** 2)[:, None] * design)
    assert fit.covariance == pytest.approx(bread @ meat @ bread * 30 / 28, rel=1e-8)
    assert "sandwich" in fit.run.uncertainty.kind


@pytest.mark.parametrize(
    ("formula", "extra", "unknown"),
    [
        ("y = a*x + b*z + c", {"z": 3 * X}, "ab"),
        ("y = a*x + b*z + c", {"z": 0 * X + 7}, "bc"),
        ("y = a*x + b*z + c", {"z": 0 * X}, "b"),
        ("y = a*b*x + c", {}, "ab"),
        ("y = a*exp(b - c*x)", {}, "ab"),
        ("y = exp(a)*exp(b)*exp(-c*x)", {}, "ab"),
    ],
)
@pytest.mark.parametrize("loss", ["mse", "huber(0.1)"])
def test_what_is_not_determined_is_named_and_has_an_infinite_error_and_no_covariance(formula, extra, unknown, loss):
    fit = ds.fit(formula, {"x": X, "y": Y, **extra}, loss=loss)
    assert fit.state == "untrusted"
    (said,) = fit.run.uncertainty.undetermined
    assert said in fit.reasons
    assert {name for name, error in fit.errors.items() if np.isinf(error)} == set(unknown)
    for place, name in enumerate(fit.params):
        others = np.delete(fit.covariance[place], place)
        if name in unknown:
            assert name in said and np.isnan(others).all()
        else:
            assert 0 < fit.errors[name] < 10


def test_fixed_parameters_have_no_error_and_tied_ones_that_of_their_formula():
    fit = ds.fit(DECAY, {"x": X, "y": Y}, fixed={"c": 1.0})
    plain = ds.fit("y = a*exp(-b*x) + 1", {"x": X, "y": Y})
    assert fit.errors["c"] == 0 and not fit.covariance[2].any()
    assert fit.covariance[:2, :2] == pytest.approx(plain.covariance, rel=1e-9)
    tied = ds.fit("y = a*exp(-b*x) + c", {"x": X, "y": Y}, tied={"c": "a**2/9"})
    assert tied.errors["c"] == pytest.approx(abs(2 * tied.params["a"] / 9) * tied.errors["a"], rel=1e-9)
    assert tied.correlation[0, 2] == pytest.approx(1)


def test_a_parameter_on_its_bound_is_said_so_and_its_error_is_how_far_inside_it_may_lie():
    """The loss rises inwards by slope · t + curvature · t²/2; the error is where it has risen by noise / rows."""
    free = ds.fit("y = w*x + b", {"x": X, "y": Y})
    bound = free.params["w"] + free.errors["w"]
    fit = ds.fit("y = w*x + b", {"x": X, "y": Y}, bounds={"w": (bound, None)})
    assert fit.params["w"] == bound and dict(fit.run.uncertainty.resting) == {"w": "lower"}
    assert any("w rests on its lower bound" in reason for reason in fit.reasons)

    def loss(w):
        return np.var(Y - w * X)

    noise = fit.loss * 30 / 29  # one parameter moved
    assert loss(bound + fit.errors["w"]) - loss(bound) == pytest.approx(noise / 30, rel=1e-6)
    assert fit.errors["w"] < free.errors["w"]
    assert fit.errors["b"] == pytest.approx(np.sqrt(noise / 30), rel=1e-9), "with w held"


def test_an_answer_that_meets_every_row_has_errors_of_the_size_of_rounding_not_none():
    fit = ds.fit("y = w*x + b", {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.0]})
    assert fit.state == "certified"
    assert all(0 < error < 1e-13 for error in fit.errors.values())


def test_what_only_rounding_determines_has_no_small_error():
    """Around a = 0, b changes the prediction by its last digit only."""
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": X, "y": np.full(30, 5.0)})
    assert fit.state == "untrusted"
    assert not fit.errors["b"] < 0.1


def test_no_row_is_left_to_tell_the_noise():
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": [0.0, 1.0, 2.0], "y": [4.0, 2.0, 1.5]})
    assert np.isnan(list(fit.errors.values())).all() and fit.run.uncertainty.freedom == 0
    known = ds.fit("y = a*exp(-b*x) + c", {"x": [0.0, 1.0, 2.0], "y": [4.0, 2.0, 1.5]}, sigma=0.1, sigma_is="absolute")
    assert np.isfinite(list(known.errors.values())).all()


def test_with_many_repeats_the_intervals_of_a_line_hold_the_truth_as_often_as_they_say():
    generator = np.random.default_rng(5)
    x = np.linspace(0, 1, 12)
    inside = 0
    for _ in range(400):
        fit = ds.fit("y = w*x + b", {"x": x, "y": 2 * x + 1 + generator.normal(size=12)})
        inside += abs(fit.params["w"] - 2) <= 2.2281388519649385 * fit.errors["w"]  # Student's t, 10 degrees
    assert 0.925 <= inside / 400 <= 0.975

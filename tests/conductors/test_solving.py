"""The chosen way to the minimum: NIST's linear problems, fixed and tied parameters, and what is handed on."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds

GOLDEN = Path(__file__).parent.parent / "golden"
LINEAR = [
    problem
    for file in ("nist_linear.json", "nist_linear_rest.json")
    for problem in json.loads((GOLDEN / file).read_text())["problems"]
]
X = np.linspace(0.1, 4, 30)
Y = 3 * np.exp(-0.8 * X) + 1 + 0.1 * np.random.default_rng(0).normal(size=30)


@pytest.mark.parametrize("problem", LINEAR, ids=[problem["name"] for problem in LINEAR])
def test_nists_linear_problems_are_solved_in_one_pass_with_nine_digits(problem):
    fit = ds.fit(problem["formula"], {**problem["x"], "y": problem["y"]})
    digits = 6 if problem["name"] == "Filip" else 9  # its condition is 1e15
    assert any("closed-form, because every parameter enters linearly" in note for note in fit.notes)
    assert len(fit.history) == 2 and fit.state != "untrusted"
    assert fit.params == pytest.approx(
        dict(zip(problem["parameters"], problem["refined"], strict=True)), rel=10.0**-digits
    )
    if problem["rss"] > 0:
        errors = dict(zip(problem["parameters"], problem["refined_sd"], strict=True))
        assert fit.errors == pytest.approx(errors, rel=10.0**-digits)


@settings(max_examples=8)
@given(value=st.floats(0.2, 2), model=st.sampled_from(["y = a*exp(-b*x) + c", "y = a*x**2 + b*x + c"]))
def test_fixed_parameters_give_the_fit_of_the_formula_with_the_number_in_it(value, model):
    fixed = ds.fit(model, {"x": X, "y": Y}, fixed={"b": value})
    written = ds.fit(model.replace("b", repr(value)), {"x": X, "y": Y})
    assert fixed.params["b"] == value and fixed.errors["b"] == 0
    assert {name: fixed.params[name] for name in "ac"} == pytest.approx(written.params, rel=1e-9)
    assert {name: fixed.errors[name] for name in "ac"} == pytest.approx(written.errors, rel=1e-9)
    assert fixed.loss == pytest.approx(written.loss, rel=1e-12) and fixed.state == written.state == "certified"


TIES = [
    ("y = a*exp(-b*x) + c", {"c": "a/3"}, "y = a*exp(-b*x) + a/3"),
    ("y = a*exp(-b*x) + c", {"a": "3*c", "b": "c"}, "y = 3*c*exp(-c*x) + c"),
    ("y = a*x + b*x**2 + c", {"b": "-a/6"}, "y = a*x - a/6*x**2 + c"),
    ("y = a*exp(-b*x) + c*exp(-d*x)", {"d": "2*b", "c": "a"}, "y = a*exp(-b*x) + a*exp(-2*b*x)"),
]


@pytest.mark.parametrize(("model", "tied", "written"), TIES)
def test_tied_parameters_give_the_fit_of_the_formula_with_the_tie_in_it(model, tied, written):
    fit, plain = ds.fit(model, {"x": X, "y": Y}, tied=tied), ds.fit(written, {"x": X, "y": Y})
    assert {name: fit.params[name] for name in plain.params} == pytest.approx(plain.params, rel=1e-8)
    assert {name: fit.errors[name] for name in plain.params} == pytest.approx(plain.errors, rel=1e-6)
    assert fit.loss == pytest.approx(plain.loss, rel=1e-12)
    assert fit.state == plain.state == "certified"
    assert fit.history.parameters == tuple(fit.params), "the history tells all of them"


def test_the_closed_form_has_the_start_and_the_answer_as_its_history():
    fit = ds.fit("y = w*x + b", {"x": X, "y": Y}, start={"w": 5.0, "b": 2.0})
    assert fit.history.params[0].tolist() == [5, 2]
    assert fit.history.loss[0] == pytest.approx(np.mean((5 * X + 2 - Y) ** 2))
    assert fit.history.params[1] == pytest.approx(list(fit.params.values()), rel=1e-12)
    assert fit.stopped == "nothing left to gain"


def test_on_scaled_columns_the_closed_form_gives_the_same_answer_in_your_units():
    plain = ds.fit("y = w*x + b", {"x": 1e6 + X, "y": Y})
    scaled = ds.fit("y = w*x + b", {"x": 1e6 + X, "y": Y}, scale="columns")
    assert scaled.params == pytest.approx(plain.params, rel=1e-6)
    assert scaled.history.parameters == ("w", "b")


def test_weights_and_sigma_are_in_the_closed_form():
    sigma = np.random.default_rng(1).uniform(0.1, 1, 30)
    slope, constant = np.polyfit(X, Y, 1, w=1 / sigma)
    for plan in ({"sigma": sigma, "sigma_is": "relative"}, {"weights": 1 / sigma**2}):
        fit = ds.fit("y = w*x + b", {"x": X, "y": Y}, **plan)
        assert fit.params == pytest.approx({"w": slope, "b": constant}, rel=1e-10)


@pytest.mark.parametrize(
    ("model", "plan", "words"),
    [
        ("y = a*exp(-b*x)", {"optimizer": "closed-form"}, "b do not enter linearly"),
        ("y = w*x", {"optimizer": "closed-form", "loss": "huber(1)"}, "the loss is huber"),
        ("y = w*x", {"optimizer": "closed-form", "bounds": {"w": (0, 1)}}, "knows no bounds"),
        ("y = w*x", {"optimizer": "closed-form", "batch_size": 4}, "needs all rows"),
        ("y = exp(a*x)", {"optimizer": "variable-projection"}, "no parameter enters linearly"),
        ("y = w*x", {"optimizer": "variable-projection", "loss": "log-cosh"}, "the loss is log-cosh"),
        ("y = w*x", {"optimizer": "linear-programming"}, "is for mae and quantile"),
        ("y = w*x", {"optimizer": "newton", "loss": "mae"}, "needs a loss with curvature"),
        ("y = w*x", {"optimizer": "levenberg-marquardt", "loss": "mae"}, "needs a loss with curvature"),
        ("y = w*x", {"optimizer": "newton", "learning_rate": 0.1}, "sets its own"),
    ],
)
def test_a_solver_that_cannot_solve_this_is_refused_with_the_reason(model, plan, words):
    with pytest.raises(ds.RequestError, match=words):
        ds.fit(model, {"x": X, "y": Y}, **plan)


def test_a_model_that_is_no_number_anywhere_is_refused_with_its_rows():
    """Not as a linear model whose numbers are too large."""
    with pytest.raises(ds.RequestError, match="the prediction is nan in row 1"):
        ds.fit("y = a*log(-x)", {"x": X, "y": Y})

"""Golden: NIST's certified fits. Property: what must hold for any smooth loss and few parameters."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1.0, 1e6]), offset=st.sampled_from([0.0, 1e4]))
def test_a_line_is_found_to_rounding_whatever_its_units(seed, scale, offset):
    generator = np.random.default_rng(seed)
    x = offset + generator.uniform(-1, 1, 12)
    y = scale * (3 * x - 2 + generator.normal(size=12))
    fit = ds.fit("y = w*x + b", {"x": x, "y": y})
    centred = x - x.mean()
    w = centred @ (y - y.mean()) / (centred @ centred)
    assert fit.state == "usable"
    assert fit.params["w"] == pytest.approx(w, rel=1e-8)
    assert fit.params["b"] == pytest.approx(y.mean() - w * x.mean(), abs=1e-8 * abs(w * x.mean()) + 1e-8 * scale)


def test_an_exponential_is_found_from_a_poor_start():
    x = np.linspace(0, 5, 30)
    y = 4 * np.exp(-0.7 * x) + 1.5
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y})
    assert fit.params == pytest.approx({"a": 4, "b": 0.7, "c": 1.5}, rel=1e-7)
    assert fit.loss == fit.history.loss.min(), "the best point is the answer, not the last one tried"


@pytest.mark.parametrize("loss", ["huber(0.5)", "log-cosh", "poisson"])
def test_other_smooth_losses_end_where_their_slope_is_zero(loss):
    generator = np.random.default_rng(1)
    x = generator.uniform(0, 2, 60)
    y = generator.poisson(np.exp(0.5 + 0.8 * x)).astype(float)
    fit = ds.fit("y = exp(a + b*x)", {"x": x, "y": y}, loss=loss)
    row = fit.history.best
    assert fit.state == "usable"
    assert fit.history.gradient_norm[row] < 1e-9 * max(1.0, fit.history.gradient_norm[0])


def test_what_the_data_cannot_tell_apart_is_not_trusted_and_named():
    fit = ds.fit("y = a*x + b*x + c", {"x": [1.0, 2.0, 3.0, 5.0], "y": [1.0, 2.0, 3.5, 5.0]})
    assert fit.state == "untrusted"
    assert any("cannot tell a and b apart" in reason for reason in fit.reasons)


def test_a_parameter_without_effect_is_not_trusted_and_named():
    fit = ds.fit("y = a*x + 0*b", {"x": [1.0, 2.0, 3.0, 5.0], "y": [1.0, 2.0, 3.5, 5.0]})
    assert fit.state == "untrusted"
    assert any("b has no effect" in reason for reason in fit.reasons)


def test_a_step_out_of_the_domain_is_taken_back():
    x = np.linspace(1, 3, 20)
    fit = ds.fit("y = sqrt(x - k)", {"x": x, "y": np.sqrt(x - 0.9)}, start={"k": 0.0})
    assert fit.params["k"] == pytest.approx(0.9, rel=1e-6)


def test_a_start_on_flat_ground_is_not_called_the_minimum():
    """From b = 1, exp(-b*x) is 0 on all rows but the first, and nothing there tells b to shrink to 0.0005."""
    x = np.linspace(0, 1e4, 50)
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": 3e5 * np.exp(-x / 2e3) + 1e4})
    assert fit.state == "untrusted"
    assert any("the search is stuck" in reason for reason in fit.reasons)


NIST = json.loads((Path(__file__).parent.parent / "golden" / "nist_nonlinear.json").read_text())["problems"]


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("problem", NIST, ids=[problem["name"] for problem in NIST])
def test_nist_problems_are_solved_or_not_trusted(problem, start):
    begin = dict(zip(problem["parameters"], problem[start], strict=True))
    fit = ds.fit(problem["formula"], {**problem["x"], "y": problem["y"]}, start=begin)
    certified = dict(zip(problem["parameters"], problem["refined"], strict=True))
    right = fit.params == pytest.approx(certified, rel=1e-6)
    assert right == (fit.state == "usable"), (fit.params, fit.reasons)
    assert right or (problem["name"], start) in [("MGH17", "start1"), ("BoxBOD", "start1")], (
        "known to need better starts"
    )


T = np.linspace(0, 100, 40)
FAR_UP = {
    "exponential": ("y = a*exp(b*t)", 3 * np.exp(-0.02 * T), {}, {"a": 3, "b": -0.02}),
    "power": ("y = a*(t + 1)**b", 2 * np.sqrt(T + 1), {"b": 30}, {"a": 2, "b": 0.5}),
    "growth": ("y = p*exp(r*t/2)", 100 * np.exp(0.01 * T), {}, {"p": 100, "r": 0.02}),
}


@pytest.mark.parametrize("name", FAR_UP)
def test_a_start_far_up_is_left_or_not_trusted(name):
    """From exp(100) the first step falls far; the scale of what was left behind must not shorten the next ones."""
    formula, y, start, truth = FAR_UP[name]
    fit = ds.fit(formula, {"t": T, "y": y}, start=start)
    assert fit.state == "usable" and fit.findings == ()
    assert fit.params == pytest.approx(truth, rel=1e-6)


def test_a_wall_is_not_called_a_minimum():
    """The best line for these counts lies beyond the line where its log stops being a number."""
    x = np.linspace(0, 10, 50)
    fit = ds.fit("y = a*x + b", {"x": x, "y": np.floor(20 - 2 * x).clip(0)}, loss="poisson")
    assert fit.state == "untrusted"

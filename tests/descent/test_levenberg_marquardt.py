"""Golden: NIST's certified fits from NIST's starts. Property: what must hold for any smooth loss and few parameters."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares, lsq_linear

import downslope as ds

LM = {"optimizer": "levenberg-marquardt"}


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1.0, 1e6]), offset=st.sampled_from([0.0, 1e4]))
def test_a_line_is_found_to_rounding_whatever_its_units(seed, scale, offset):
    generator = np.random.default_rng(seed)
    x = offset + generator.uniform(-1, 1, 12)
    y = scale * (3 * x - 2 + generator.normal(size=12))
    fit = ds.fit("y = w*x + b", {"x": x, "y": y}, **LM)
    centred = x - x.mean()
    w = centred @ (y - y.mean()) / (centred @ centred)
    assert fit.state == "certified"
    assert fit.params["w"] == pytest.approx(w, rel=1e-8)
    assert fit.params["b"] == pytest.approx(y.mean() - w * x.mean(), abs=1e-8 * abs(w * x.mean()) + 1e-8 * scale)


def test_an_exponential_is_found_from_a_poor_start():
    x = np.linspace(0, 5, 30)
    y = 4 * np.exp(-0.7 * x) + 1.5
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y}, **LM)
    assert fit.params == pytest.approx({"a": 4, "b": 0.7, "c": 1.5}, rel=1e-7)
    assert fit.loss == fit.history.loss.min(), "the best point is the answer, not the last one tried"


@pytest.mark.parametrize("optimizer", ["auto", "levenberg-marquardt", "newton"])
@pytest.mark.parametrize("loss", ["huber(0.5)", "log-cosh", "poisson"])
def test_other_smooth_losses_end_where_their_slope_is_zero(loss, optimizer):
    generator = np.random.default_rng(1)
    x = generator.uniform(0, 2, 60)
    y = generator.poisson(np.exp(0.5 + 0.8 * x)).astype(float)
    fit = ds.fit("y = exp(a + b*x)", {"x": x, "y": y}, loss=loss, optimizer=optimizer)
    row = fit.history.best
    assert fit.state == "certified"
    assert fit.history.gradient_norm[row] < 1e-9 * max(1.0, fit.history.gradient_norm[0])


def test_what_the_data_cannot_tell_apart_is_not_trusted_and_named():
    fit = ds.fit("y = a*x + b*x + c", {"x": [1.0, 2.0, 3.0, 5.0], "y": [1.0, 2.0, 3.5, 5.0]}, **LM)
    assert fit.state == "untrusted"
    assert any("cannot tell a and b apart" in reason for reason in fit.reasons)


def test_a_parameter_without_effect_is_not_trusted_and_named():
    fit = ds.fit("y = a*x + 0*b", {"x": [1.0, 2.0, 3.0, 5.0], "y": [1.0, 2.0, 3.5, 5.0]}, **LM)
    assert fit.state == "untrusted"
    assert any("b has no effect" in reason for reason in fit.reasons)


def test_a_step_out_of_the_domain_is_taken_back():
    x = np.linspace(1, 3, 20)
    fit = ds.fit("y = sqrt(x - k)", {"x": x, "y": np.sqrt(x - 0.9)}, start={"k": 0.0}, **LM)
    assert fit.params["k"] == pytest.approx(0.9, rel=1e-6)
    assert not fit.history.finite.all(), "it did step out"


def test_a_start_on_flat_ground_is_not_called_the_minimum():
    """From b = 1, exp(-b*x) is 0 on all rows but the first, and nothing there tells b to shrink to 0.0005."""
    x = np.linspace(0, 1e4, 50)
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": 3e5 * np.exp(-x / 2e3) + 1e4}, **LM)
    assert fit.state == "untrusted"


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "newton"])
def test_much_damping_is_not_taken_for_little_left_to_gain(optimizer):
    """Far up, log-cosh is straight to all digits: after twenty steps taken back the damping is 1e57, and what so small
    a step would gain tells nothing of what there is.
    """
    generator = np.random.default_rng(0)
    x = 1e3 * generator.uniform(-1, 1, 40)
    data = {"x": x, "y": 2e-3 * x + 1 + generator.standard_t(2, 40)}
    fit = ds.fit("y = w*x + b", data, loss="log-cosh", optimizer=optimizer)
    lowest = ds.fit("y = w*x + b", data, loss="log-cosh")
    assert lowest.state == "certified" and lowest.loss < 1
    assert fit.state == "untrusted" or fit.loss == pytest.approx(lowest.loss)


def test_from_flat_ground_other_starts_lead_to_the_minimum():
    x = np.linspace(0, 1e4, 50)
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": 3e5 * np.exp(-x / 2e3) + 1e4})
    assert fit.params == pytest.approx({"a": 3e5, "b": 5e-4, "c": 1e4}, rel=1e-9)
    assert fit.state == "certified"


NIST = json.loads((Path(__file__).parent.parent / "golden" / "nist_nonlinear.json").read_text())["problems"]


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("problem", NIST, ids=[problem["name"] for problem in NIST])
def test_nist_problems_are_certified_with_nine_digits_in_values_and_errors(problem, start):
    begin = dict(zip(problem["parameters"], problem[start], strict=True))
    fit = ds.fit(problem["formula"], {**problem["x"], "y": problem["y"]}, start=begin)
    assert fit.state == "certified", fit.reasons
    assert fit.params == pytest.approx(dict(zip(problem["parameters"], problem["refined"], strict=True)), rel=1e-9)
    errors = dict(zip(fit.run.parameters, fit.run.uncertainty.errors, strict=True))
    assert errors == pytest.approx(dict(zip(problem["parameters"], problem["refined_sd"], strict=True)), rel=1e-9)


@pytest.mark.parametrize("problem", NIST, ids=[problem["name"] for problem in NIST])
def test_from_start_2_a_nist_problem_is_solved_by_one_search_alone(problem):
    begin = dict(zip(problem["parameters"], problem["start2"], strict=True))
    fit = ds.fit(problem["formula"], {**problem["x"], "y": problem["y"]}, start=begin, **LM)
    assert fit.params == pytest.approx(dict(zip(problem["parameters"], problem["refined"], strict=True)), rel=1e-6)
    assert fit.state != "untrusted", fit.reasons


T = np.linspace(0, 100, 40)
FAR_UP = {
    "exponential": ("y = a*exp(b*t)", 3 * np.exp(-0.02 * T), {}, {"a": 3, "b": -0.02}),
    "power": ("y = a*(t + 1)**b", 2 * np.sqrt(T + 1), {"b": 30}, {"a": 2, "b": 0.5}),
    "growth": ("y = p*exp(r*t/2)", 100 * np.exp(0.01 * T), {}, {"p": 100, "r": 0.02}),
}


@pytest.mark.parametrize("name", FAR_UP)
def test_a_start_far_up_is_left(name):
    """From exp(100) the first step falls far; the scale of what was left behind must not shorten the next ones."""
    formula, y, start, truth = FAR_UP[name]
    fit = ds.fit(formula, {"t": T, "y": y}, start=start, **LM)
    assert fit.state != "untrusted" and fit.findings == ()
    assert fit.params == pytest.approx(truth, rel=1e-6)


def test_a_wall_is_not_called_a_minimum():
    """The best line for these counts lies beyond the line where its log stops being a number."""
    x = np.linspace(0, 10, 50)
    fit = ds.fit("y = a*x + b", {"x": x, "y": np.floor(20 - 2 * x).clip(0)}, loss="poisson")
    assert fit.state == "untrusted"


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_inside_bounds_a_linear_model_ends_where_scipy_does_and_no_slope_leads_further(seed):
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 5))
    rows = size + int(generator.integers(2, 20))
    matrix = generator.normal(size=(rows, size))
    y = matrix @ generator.normal(size=size) + generator.normal(size=rows)
    lower = generator.uniform(-1.5, 0.5, size)
    upper = lower + generator.uniform(0.1, 2, size)
    lower[generator.random(size) < 0.3] = -np.inf
    bounds = {f"p{i}": (low, high) for i, (low, high) in enumerate(zip(lower, upper, strict=True))}
    formula = "y = " + " + ".join(f"p{i}*u{i}" for i in range(size))
    fit = ds.fit(formula, {**{f"u{i}": matrix[:, i] for i in range(size)}, "y": y}, bounds=bounds)
    found = np.array(list(fit.params.values()))
    slope = matrix.T @ (matrix @ found - y)
    inside = (found > lower) & (found < upper)
    assert fit.state == "certified", fit.reasons
    assert found == pytest.approx(lsq_linear(matrix, y, (lower, upper), tol=1e-14).x, abs=1e-6)
    assert np.abs(slope[inside]).max(initial=0) < 1e-10 * np.linalg.norm(matrix) * np.linalg.norm(y)
    assert (slope[found == lower] > 0).all() and (slope[found == upper] < 0).all()


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_inside_bounds_an_exponential_is_never_worse_than_scipys(seed):
    generator = np.random.default_rng(seed)
    x = np.sort(generator.uniform(0, 4, 20))
    a, b, c = generator.uniform(0.5, 3, 3)
    y = a * np.exp(-b * x) + c + 0.05 * generator.normal(size=20)
    lower = generator.uniform(0, 1.5, 3)
    upper = lower + generator.uniform(0.1, 3, 3)
    bounds = dict(zip("abc", zip(lower, upper, strict=True), strict=True))
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y}, bounds=bounds)
    starts = lower + (upper - lower) * generator.random((5, 3))

    def residual(p):
        return p[0] * np.exp(-p[1] * x) + p[2] - y

    scipys = [least_squares(residual, start, bounds=(lower, upper), xtol=1e-14, gtol=1e-14).cost for start in starts]
    assert fit.loss <= min(scipys) / 10 * (1 + 1e-7)
    assert all(low <= value <= high for value, low, high in zip(fit.params.values(), lower, upper, strict=True))
    assert ((fit.history.params >= lower) & (fit.history.params <= upper)).all(), "no step leaves them either"


def test_at_every_step_of_variable_projection_the_linear_parameters_are_at_their_best():
    x = np.linspace(0, 5, 30)
    y = 4 * np.exp(-0.7 * x) + 1.5 + 0.1 * np.sin(9 * x)
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y}, optimizer="variable-projection", start={"b": 3.0})
    low = fit.history.params[1:][fit.history.loss[1:] <= fit.history.loss[0]]
    assert len(low) > 3
    for a, b, c in low:  # where exp(-b*x) is 1e27, rounding alone is more than the target
        term = np.exp(-b * x)
        residual = a * term + c - y
        assert abs(residual @ term) <= 1e-9 * np.linalg.norm(term) * np.linalg.norm(y)
        assert abs(residual.sum()) <= 1e-9 * np.linalg.norm(y)


def test_variable_projection_needs_no_more_iterations_than_all_parameters_together():
    x = np.linspace(0, 5, 30)
    data = {"x": x, "y": 4 * np.exp(-0.7 * x) + 1.5 + 0.1 * np.sin(9 * x)}
    plan = {"start": {"a": 1.0, "b": 5.0, "c": 0.0}}
    projected = ds.fit("y = a*exp(-b*x) + c", data, optimizer="variable-projection", **plan)
    together = ds.fit("y = a*exp(-b*x) + c", data, **LM, **plan)
    assert projected.params == pytest.approx(together.params, rel=1e-8)
    assert len(projected.history) <= len(together.history)


def cauchy(prediction, target):
    return jnp.log1p((prediction - target) ** 2)


def test_newton_ends_at_a_minimum_of_a_loss_that_bends_both_ways():
    generator = np.random.default_rng(2)
    x = np.linspace(0, 3, 60)
    y = 2 * x + 1 + 0.2 * generator.standard_cauchy(60)
    fit = ds.fit("y = w*x + b", {"x": x, "y": y}, loss=cauchy, optimizer="newton", start={"w": 1.5, "b": 1.5})
    w, b = fit.params.values()
    residual = w * x + b - y
    bend = 2 * (1 - residual**2) / (1 + residual**2) ** 2
    slope = 2 * residual / (1 + residual**2)
    design = np.column_stack([x, np.ones(60)])
    assert (bend < 0).any(), "in some rows the loss bends downwards"
    assert design.T @ slope == pytest.approx([0, 0], abs=1e-9)
    assert np.linalg.eigvalsh(design.T @ (bend[:, None] * design)).min() > 0
    assert fit.state == "certified"


def test_newton_leaves_a_saddle():
    """At a = b = 0 the slope of a*b*x is 0 and its curvature of both signs; from beside it the way leads down."""
    x = np.linspace(1, 2, 10)
    fit = ds.fit("y = a*b*x + c", {"x": x, "y": 3 * x + 1}, optimizer="newton", start={"a": 1e-3, "b": 2e-3, "c": 5.5})
    assert fit.params["a"] * fit.params["b"] == pytest.approx(3, rel=1e-6)

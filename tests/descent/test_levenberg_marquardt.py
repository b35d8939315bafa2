"""NIST's certified values are for the next pages; here: what must hold for any smooth loss and few parameters."""

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
    assert fit.history.loss[fit.history.best] <= fit.history.loss.min()


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
    assert any("stuck on flat ground" in reason for reason in fit.reasons)

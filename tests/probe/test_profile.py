"""Profiles, held against what the loss itself says: the fit with the parameter fixed at the end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds

X = np.linspace(0.0, 4.0, 30)
NOISE = np.random.default_rng(0).normal(0.0, 1.0, 30)
DECAY = {"x": X, "y": 3 * np.exp(-0.8 * X) + 1 + 0.1 * NOISE}


@pytest.fixture(autouse=True)
def strict_dtypes():
    """The lanes are descent's, where dtypes may mix."""


@given(seed=st.integers(0, 10**6), level=st.floats(0.3, 0.999), size=st.sampled_from([1e-6, 1.0, 1e6]))
@settings(max_examples=20)
def test_of_a_linear_model_it_is_the_covariance(seed, level, size):
    x, noise = np.random.default_rng(seed).normal(size=(2, 14))
    fit = ds.fit("y = a*x**2 + b*x + c", {"x": x, "y": size * (x + noise)})
    found, expected = fit.intervals(level, "profile"), fit.intervals(level)
    for name, error in fit.errors.items():
        assert found[name] == pytest.approx(expected[name], abs=1e-6 * error)
    assert found.disagree == () and found.notes == ()


@pytest.mark.parametrize("level", [0.68, 0.95])
def test_at_its_ends_the_loss_has_risen_as_the_level_says(level):
    from scipy.stats import t

    fit = ds.fit("y = a*exp(-b*x) + c", DECAY)
    found = fit.intervals(level, "profile")
    rise = 1 + t.ppf(0.5 + level / 2, 27) ** 2 / 27
    for name, ends in found.items():
        assert ends[0] < fit.params[name] < ends[1]
        for end in ends:
            held = ds.fit("y = a*exp(-b*x) + c", DECAY, fixed={name: end})
            assert held.loss == pytest.approx(rise * fit.loss, rel=1e-6)


def test_a_loss_that_levels_off_sets_no_limit():
    """From x = 1 on the curve has all but arrived, and a step would fit as well."""
    x = np.arange(8.0)
    y = 2 * (1 - np.exp(-5 * x)) + 0.05 * NOISE[:8]
    fit = ds.fit("y = a*(1 - exp(-b*x))", {"x": x, "y": y}, start={"b": 5})
    found = fit.intervals(method="profile")
    step = np.sum((y[1:] - y[1:].mean()) ** 2) + y[0] ** 2
    assert step < 8 * fit.loss * (1 + 2.446911851144969**2 / 6), "the 97.5 % quantile of t with 6 degrees of freedom"
    assert found["b"][1] == np.inf and 1 < found["b"][0] < fit.params["b"]
    assert "b" in found.disagree
    assert any("b has no limit above" in note for note in found.notes)


def test_it_ends_where_the_model_does():
    """With b below 0 the first row has no prediction; the loss is still low when b gets there."""
    x = np.linspace(0.0, 4.0, 12)
    y = np.sqrt(0.2 + x) + 0.3 * NOISE[:12]
    fit = ds.fit("y = a + sqrt(b + x)", {"x": x, "y": y}, start={"b": 1.0})
    found = fit.intervals(0.99, "profile")
    assert fit.intervals(0.99)["b"][0] < 0
    assert found["b"][0] == pytest.approx(0.0, abs=1e-4)
    assert found["b"][1] > fit.params["b"]


@pytest.mark.slow
def test_a_neighbour_that_strayed_leads_nobody():
    """Rat43 of NIST: below its answer b4 crosses 0, where the model turns over and searches run off to 1e130."""
    formula = "y = b1/((1 + exp(b2 - b3*x))**(1/b4))"
    y = [
        16.08,
        33.83,
        65.80,
        97.20,
        191.55,
        326.20,
        386.87,
        520.53,
        590.03,
        651.92,
        724.93,
        699.56,
        689.96,
        637.56,
        717.41,
    ]
    data = {"x": np.arange(1.0, 16.0), "y": np.array(y)}
    fit = ds.fit(formula, data, start={"b1": 700, "b2": 5, "b3": 0.75, "b4": 1.3})
    found = fit.intervals(method="profile")
    rise = 2.200985160082949**2 / 11  # the 97.5 % quantile of t with 11 degrees of freedom
    for name in ("b2", "b4"):
        near = dict(fit.params) | {"b2": 0.45, "b3": 0.469, "b4": 0.109}
        near.pop(name)
        held = ds.fit(formula, data, fixed={name: found[name][0]}, start=near)
        assert held.loss == pytest.approx(fit.loss * (1 + rise), rel=1e-5)
    assert not any("settle" in note for note in found.notes)


def test_many_lanes_are_taken_in_pieces(monkeypatch):
    fit = ds.fit("y = a*exp(-b*x) + c", DECAY)
    whole = fit.intervals(method="profile")
    monkeypatch.setattr("downslope.probe.profile.AT_ONCE", 0)
    pieces = fit.intervals(method="profile")
    for name in whole:
        assert pieces[name] == pytest.approx(whole[name], rel=1e-9)

"""Bands, held against the textbook's formula for a straight line."""

import numpy as np
import pytest
from scipy.stats import norm, t

import downslope as ds

X = np.linspace(0.0, 4.0, 12)
NOISE = np.random.default_rng(3).normal(0.0, 0.5, 12)
Y = 2 * X - 1 + NOISE
NEW = np.array([-1.0, 2.0, 7.5])


def textbook(x, new):
    """(XᵀX)⁻¹ seen from new rows."""
    return 1 / x.size + (new - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("kind", ["confidence", "prediction"])
def test_of_a_line_it_is_the_textbooks(kind, level):
    fit = ds.fit("y = a*x + b", {"x": X, "y": Y})
    found = fit.band(NEW, level, kind)
    noise = fit.loss * 12 / 10
    half = t.ppf(0.5 + level / 2, 10) * np.sqrt(noise * (textbook(X, NEW) + (kind == "prediction")))
    assert found.prediction == pytest.approx(fit.predict(NEW), rel=1e-12)
    assert found.upper - found.prediction == pytest.approx(half, rel=1e-9)
    assert found.prediction - found.lower == pytest.approx(half, rel=1e-9)


def test_a_sigma_that_is_known_takes_the_place_of_the_residuals():
    fit = ds.fit("y = a*x + b", {"x": X, "y": Y}, sigma=0.5, sigma_is="absolute")
    half = norm.ppf(0.975) * np.sqrt(0.25 * (textbook(X, NEW) + 1))
    found = fit.band({"x": NEW}, kind="prediction")
    assert found.upper - found.prediction == pytest.approx(half, rel=1e-9)


@pytest.mark.parametrize("sigma_is", ["absolute", "relative"])
def test_a_column_sigma_is_read_from_the_new_rows(sigma_is):
    data = {"x": X, "y": Y, "s": np.linspace(0.2, 0.8, 12)}
    fit = ds.fit("y = a*x + b", data, sigma="s", sigma_is=sigma_is)
    new = {"x": NEW, "s": np.array([0.1, 1.0, 5.0])}
    inner, outer = fit.band(new), fit.band(new, kind="prediction")
    size = 1.0 if sigma_is == "absolute" else fit.loss * 12 / 10
    reach = norm.ppf(0.975) if sigma_is == "absolute" else t.ppf(0.975, 10)
    more = ((outer.upper - outer.prediction) ** 2 - (inner.upper - inner.prediction) ** 2) / reach**2
    assert more == pytest.approx(size * new["s"] ** 2, rel=1e-9)
    with pytest.raises(ds.DownslopeError, match="'s'"):
        fit.band({"x": NEW}, kind="prediction")
    with pytest.raises(ds.RequestError, match="the column 's' too"):
        fit.band(NEW, kind="prediction")


def test_a_tie_and_a_fixed_parameter_move_with_their_own(tmp_path):
    """y = a + 2*a*x has one free parameter, whose error is all there is."""
    fit = ds.fit("y = a + b*x + c", {"x": X, "y": Y}, tied={"b": "2*a"}, fixed={"c": -2.0})
    found = fit.band(NEW, 0.9)
    half = t.ppf(0.95, 11) * fit.errors["a"] * np.abs(1 + 2 * NEW)
    assert found.upper - found.prediction == pytest.approx(half, rel=1e-8)
    fit.save(tmp_path / "run")
    assert ds.load(tmp_path / "run").band(NEW, 0.9).upper == pytest.approx(found.upper, rel=1e-12)


@pytest.fixture(autouse=True)
def strict_dtypes():
    """Fits are made here, by descent, where dtypes may mix."""


REFUSED = {
    "weights": ({"weights": "s"}, {"kind": "prediction"}, "column sigma = 1"),
    "an array": ({"sigma": np.full(12, 0.5), "sigma_is": "absolute"}, {"kind": "prediction"}, "sigma was an array"),
    "another loss": ({"loss": "huber(100)"}, {"kind": "prediction"}, "only the loss mse"),
    "no minimum": ({"optimizer": "gd", "steps": 2}, {}, "has no errors.*Without optimizer"),
    "kind": ({}, {"kind": "confident"}, "Did you mean 'confidence'"),
    "level": ({}, {"level": 95}, "level is 95; it must be between 0 and 1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_band_without_a_reason(what):
    settings, asked, says = REFUSED[what]
    fit = ds.fit("y = a*x + b", {"x": X, "y": Y, "s": np.full(12, 0.5)}, **settings)
    with pytest.raises(ds.RequestError, match=says):
        fit.band({"x": NEW}, **asked)


def test_no_band_where_the_data_leave_parameters_open():
    fit = ds.fit("y = a*x + b*x", {"x": X, "y": Y})
    with pytest.raises(ds.RequestError, match="cannot tell a and b apart"):
        fit.band(NEW)

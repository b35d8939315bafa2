"""Errors and intervals as a user asks for them: what every Fit says of its parameters, saved or not."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, t

import downslope as ds

GOLDEN = Path(__file__).parents[1] / "golden"
X = np.linspace(0.0, 4.0, 30)
NOISE = np.random.default_rng(0).normal(0.0, 1.0, 30)
DATA = {"x": X, "y": 3 * np.exp(-0.8 * X) + 1 + 0.1 * NOISE}
DECAY = "y = a*exp(-b*x) + c"


@pytest.fixture(scope="module")
def decay():
    return ds.fit(DECAY, DATA)


def nist(name):
    for file in ("nist_linear.json", "nist_nonlinear.json"):
        for problem in json.loads((GOLDEN / file).read_text())["problems"]:
            if problem["name"] == name:
                return problem
    raise KeyError(name)


@pytest.mark.parametrize("name", ["Norris", "Longley", "Misra1a", "Thurber"])
def test_errors_are_the_deviations_that_nist_certifies(name):
    problem = nist(name)
    fit = ds.fit(problem["formula"], {**problem["x"], "y": problem["y"]})
    expected = dict(zip(problem["parameters"], problem["refined_sd"], strict=True))
    assert fit.state == "certified"
    for parameter, error in fit.errors.items():
        assert error == pytest.approx(expected[parameter], rel=1e-9)
    assert np.sqrt(np.diagonal(fit.covariance)) == pytest.approx(list(fit.errors.values()), rel=1e-12)


def test_correlation_is_the_covariance_without_units(decay):
    errors = np.array(list(decay.errors.values()))
    assert decay.correlation * np.outer(errors, errors) == pytest.approx(decay.covariance, rel=1e-9)
    assert np.diagonal(decay.correlation).tolist() == [1.0, 1.0, 1.0]


def test_the_covariance_that_is_handed_out_is_a_copy(decay):
    decay.covariance[:] = 0.0
    assert decay.errors["a"] > 0


@given(level=st.floats(0.01, 0.999))
@settings(max_examples=30)
def test_from_the_covariance_they_are_students(decay, level):
    for name, (low, high) in decay.intervals(level).items():
        assert high - low == pytest.approx(2 * t.ppf(0.5 + level / 2, 27) * decay.errors[name], rel=1e-7)
        assert (low + high) / 2 == pytest.approx(decay.params[name], rel=1e-9)


def test_a_known_noise_needs_no_student():
    fit = ds.fit("y = a*x + b", DATA, sigma=0.1, sigma_is="absolute")
    for method in ("covariance", "profile"):
        low, high = fit.intervals(0.9, method)["a"]
        assert (high - low) / 2 == pytest.approx(norm.ppf(0.95) * 0.1 / np.sqrt(np.sum((X - X.mean()) ** 2)), rel=1e-6)


@pytest.mark.parametrize("method", ["covariance", "profile", "bootstrap"])
def test_they_follow_the_units_of_data_and_columns(decay, method):
    """Another unit of y, another of x: the same intervals, in those units."""
    other = ds.fit("z = a*exp(-b*u) + c", {"u": 1e4 * X, "z": 1e-7 * DATA["y"]})
    before, after = decay.intervals(method=method), other.intervals(method=method)
    for name, unit in {"a": 1e-7, "b": 1e-4, "c": 1e-7}.items():
        assert after[name] == pytest.approx(np.array(before[name]) * unit, rel=1e-5)
    assert before.disagree == after.disagree


@pytest.mark.slow
def test_what_is_fixed_stands_still_and_what_is_tied_follows():
    fit = ds.fit("y = a*exp(-b*x) + c + d", DATA, fixed={"c": 1.0}, tied={"d": "b - 0.8"})
    assert fit.errors["c"] == 0.0
    assert fit.errors["d"] == pytest.approx(fit.errors["b"], rel=1e-12)
    assert np.isnan(fit.correlation[2]).all() and fit.correlation[1, 3] == pytest.approx(1.0)
    for method in ("covariance", "profile", "bootstrap"):
        found = fit.intervals(0.9, method)
        assert found["c"] == (1.0, 1.0)
        assert np.array(found["d"]) == pytest.approx(np.array(found["b"]) - 0.8, abs=1e-9)
    samples = fit.bootstrap(20).samples
    assert samples[:, 3] == pytest.approx(samples[:, 1] - 0.8) and set(samples[:, 2]) == {1.0}


def test_one_that_follows_several_has_its_interval_from_the_covariance():
    fit = ds.fit("y = a*x + b + d*x**2", DATA, tied={"d": "0.1*a + 0.2*b"})
    found = fit.intervals(method="profile")
    assert found["d"] == fit.intervals()["d"]
    assert "d follows several parameters: its interval is from the covariance" in found.notes


def test_one_that_rests_on_its_bound_has_one_side():
    fit = ds.fit(DECAY, DATA, bounds={"c": (1.1, None)})
    assert fit.params["c"] == 1.1
    for method in ("covariance", "profile"):
        found = fit.intervals(method=method)
        assert found["c"][0] == 1.1 < found["c"][1]
        assert "c rests on its lower bound: one-sided" in found.notes
    rise = 1 + t.ppf(0.975, fit.run.uncertainty.freedom) ** 2 / fit.run.uncertainty.freedom
    held = ds.fit(DECAY, DATA, fixed={"c": found["c"][1]})
    assert held.loss == pytest.approx(rise * fit.loss, rel=1e-6)


def test_no_interval_leaves_the_bounds():
    fit = ds.fit(DECAY, DATA, bounds={"b": (0.8, 10)})
    for method in ("covariance", "profile"):
        found = fit.intervals(0.99, method)
        assert found["b"][0] == 0.8 and 0.8 < fit.params["b"] < found["b"][1] < 1.1
        assert "b is cut off at its lower bound" in found.notes and "b" not in found.disagree
    assert fit.bootstrap(100).samples[:, 1].min() == 0.8


def test_what_the_data_do_not_determine_has_no_limits():
    fit = ds.fit("y = (a + b)*x + c", DATA)
    assert fit.state == "untrusted" and fit.errors["a"] == fit.errors["b"] == np.inf
    assert np.isnan(fit.correlation[0]).all()
    for method in ("covariance", "profile"):
        found = fit.intervals(method=method)
        assert found["a"] == (-np.inf, np.inf)
        assert "cannot tell a and b apart" in found.notes[0]
    plain = ds.fit("y = a*x + c", DATA).intervals(method="profile")
    assert found["c"] == pytest.approx(plain["c"], rel=1e-6), "c is as certain as it was"
    with pytest.raises(ds.RequestError, match="cannot tell a and b apart"):
        fit.bootstrap()


def test_on_a_parabola_the_profile_of_another_loss_is_its_sandwich():
    """A Huber loss so wide that it is squares: its errors do not believe in one noise for all rows."""
    data = {"x": X, "y": 2 * X + (0.1 + X) * NOISE}
    fit = ds.fit("y = a*x + b", data, loss="huber(1e3)")
    plain, found = fit.intervals(), fit.intervals(method="profile")
    assert "sandwich" in fit.run.uncertainty.kind
    believing = ds.fit("y = a*x + b", data).errors
    assert abs(fit.errors["b"] / believing["b"] - 1) > 0.2
    for name in plain:
        assert found[name] == pytest.approx(plain[name], abs=1e-6 * fit.errors[name])
    assert found.disagree == ()


def test_counts_have_intervals_too():
    x = np.linspace(0, 3, 40)
    y = np.random.default_rng(1).poisson(np.exp(0.5 + 0.6 * x)).astype(float)
    fit = ds.fit("y = exp(a + b*x)", {"x": x, "y": y}, loss="poisson")
    plain = fit.intervals()
    for method in ("profile", "bootstrap"):
        for name, ends in fit.intervals(method=method).items():
            width = plain[name][1] - plain[name][0]
            assert ends == pytest.approx(plain[name], abs=0.2 * width)


def test_from_a_point_near_the_minimum_the_profile_is_that_of_the_minimum():
    whole = ds.fit("y = a*x + b", DATA)
    near = ds.fit("y = a*x + b", DATA, optimizer="gd", learning_rate=0.1, steps=120)
    assert 1e-6 < near.certificate.distance < 0.1
    for name, ends in near.intervals(method="profile").items():
        assert ends == pytest.approx(whole.intervals()[name], abs=1e-5 * whole.errors[name])


def test_residuals_of_nothing_but_rounding_are_not_followed():
    fit = ds.fit("y = a*x + b", {"x": X, "y": 0.1 * X + 0.3})
    found = fit.intervals(method="profile")
    assert found.limits == fit.intervals().limits and "rounding only" in found.notes[-1]
    known = ds.fit("y = a*x + b", {"x": X, "y": 0.1 * X + 0.3}, sigma=0.5, sigma_is="absolute")
    low, high = known.intervals(method="profile")["a"]
    assert (high - low) / 2 == pytest.approx(norm.ppf(0.975) * 0.5 / np.sqrt(np.sum((X - X.mean()) ** 2)), rel=1e-6)


def test_a_loss_with_kinks_has_errors_but_no_profile():
    fit = ds.fit("y = a*x + b", DATA, loss="mae")
    low, high = fit.intervals()["a"]
    assert (high - low) / 2 == pytest.approx(t.ppf(0.975, 28) * fit.errors["a"], rel=1e-6)
    for method in ("profile", "bootstrap"):
        with pytest.raises(ds.RequestError, match="needs a smooth loss, and mae has kinks"):
            fit.intervals(method=method)


@pytest.mark.parametrize("method", ["covariance", "profile", "bootstrap"])
def test_a_saved_run_says_the_same(decay, method, tmp_path):
    decay.save(tmp_path / "run")
    again = ds.load(tmp_path / "run")
    assert again.errors == decay.errors and again.certificate == decay.certificate
    before, after = decay.intervals(method=method), again.intervals(method=method)
    assert list(after) == list(before)
    for name in before:
        assert after[name] == pytest.approx(before[name], rel=1e-9)


def test_a_saved_run_without_data_says_what_is_missing(decay, tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.fitting.MOST_KEPT", 10)
    ds.fit(DECAY, DATA).save(tmp_path / "run")
    again = ds.load(tmp_path / "run")
    assert again.intervals()["a"] == pytest.approx(decay.intervals()["a"], rel=1e-9)
    assert again.band({"x": [1.0]}).upper == pytest.approx(decay.band({"x": [1.0]}).upper, rel=1e-9)
    for method in ("profile", "bootstrap"):
        with pytest.raises(ds.RequestError, match="too large to keep .mapping.*method='covariance'"):
            again.intervals(method=method)


REFUSED = {
    "level": ({"level": 0}, "level is 0; it must be between 0 and 1"),
    "level in percent": ({"level": 95}, "level is 95"),
    "level as text": ({"level": "0.95"}, "level is '0.95'"),
    "method": ({"method": "profil"}, "Did you mean 'profile'"),
    "repeats": ({"method": "bootstrap", "repeats": 1}, "repeats is 1; it must be a whole number, 2 or more"),
    "seed": ({"method": "bootstrap", "seed": -1}, "seed is -1"),
    "too many": ({"method": "bootstrap", "repeats": 10**9}, "Ask for 33333333 repeats at most"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_meant_is_refused(decay, what):
    asked, says = REFUSED[what]
    with pytest.raises(ds.RequestError, match=says):
        decay.intervals(**asked)


@pytest.mark.parametrize("method", ["covariance", "profile", "bootstrap"])
def test_an_answer_without_errors_gives_its_reason(method):
    fit = ds.fit("y = a*x + b", DATA, optimizer="gd", learning_rate=0.01, steps=3)
    assert all(np.isnan(error) for error in fit.errors.values()) and np.isnan(fit.covariance).all()
    with pytest.raises(ds.RequestError, match="has no errors: .*Without optimizer"):
        fit.intervals(method=method)


def test_they_are_a_mapping_and_can_be_read(decay):
    found = decay.intervals(0.9)
    assert list(found) == ["a", "b", "c"] and len(found) == 3 and "d" not in found
    with pytest.raises(KeyError):
        found["d"]
    assert str(found).splitlines()[0] == "90 % intervals from the covariance"
    assert json.loads(json.dumps(found.said()))["parameters"]["a"] == list(found["a"])


def test_explaining_a_saved_run_needs_no_jax(decay, tmp_path):
    import subprocess
    import sys

    decay.save(tmp_path / "run")
    code = (
        "import sys, downslope as ds; fit = ds.load(sys.argv[1]); print(fit.intervals(), fit, fit.correlation);"
        "sys.exit('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "value ± error" in done.stdout

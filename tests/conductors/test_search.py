"""With no start given: many candidates, the best followed, the lowest taken; told, and the same each time."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import downslope as ds

NIST = json.loads((Path(__file__).parent.parent / "golden" / "nist_nonlinear.json").read_text())["problems"]
X = np.linspace(0, 4, 40)


EACH_TIME = [
    pytest.param(each, id=each["name"], marks=[pytest.mark.slow] * (number % 3 > 0)) for number, each in enumerate(NIST)
]


@pytest.mark.parametrize("problem", EACH_TIME)
def test_with_no_start_nist_problems_are_certified_and_right(problem):
    fit = ds.fit(problem["formula"], {**problem["x"], "y": problem["y"]})
    assert fit.state == "certified", fit.reasons
    # equal terms may change places, so that values are held against each other by size
    assert sorted(fit.params.values()) == pytest.approx(sorted(problem["refined"]), rel=1e-9)
    assert sorted(fit.errors.values()) == pytest.approx(sorted(problem["refined_sd"]), rel=1e-9)


def two_minima(x):
    """sin(w*x) has a minimum at every few w; only w = 7 meets the data."""
    return {"x": x, "y": 2 * np.sin(7 * x) + 0.01 * np.cos(40 * x)}


def test_the_lowest_of_several_minima_is_taken_and_the_next_best_is_told():
    fit = ds.fit("y = a*sin(w*x)", two_minima(X))
    assert abs(fit.params["w"]) == pytest.approx(7, rel=1e-3)
    assert fit.state == "certified"
    proof = fit.certificate
    assert proof.assumption == "local" and 2 <= proof.agreed <= proof.tried
    assert proof.second is None or proof.second > fit.loss
    assert f"{proof.agreed} of {proof.tried} starts agree" in fit.reasons[0]
    assert any(note.startswith("start: of ") for note in fit.notes)


def test_a_start_that_leads_elsewhere_is_only_a_hint_and_that_is_said():
    fit = ds.fit("y = a*sin(w*x)", two_minima(X), start={"w": 1.0})
    assert abs(fit.params["w"]) == pytest.approx(7, rel=1e-3)
    assert any("the one that was given leads to another minimum" in note for note in fit.notes)


def test_asked_for_by_name_a_search_goes_from_its_start_and_nowhere_else():
    fit = ds.fit("y = a*sin(w*x)", two_minima(X), start={"w": 1.0}, optimizer="levenberg-marquardt")
    assert abs(fit.params["w"]) < 4
    assert fit.certificate.tried == 1 and "others were not looked for" in " ".join(fit.reasons)


def test_the_same_plan_gives_the_same_bits_and_another_seed_the_same_minimum():
    data = {"x": X, "y": 3 * np.exp(-X) + np.exp(-X / 5) + 0.01 * np.sin(9 * X)}
    first, second, other = (ds.fit("y = a*exp(-b*x) + c*exp(-d*x)", data, seed=seed) for seed in (0, 0, 1))
    assert first.params == second.params
    assert np.array_equal(first.history.params, second.history.params)
    assert sorted(other.params.values()) == pytest.approx(sorted(first.params.values()), rel=1e-8)


def test_of_two_equal_terms_the_one_nearest_to_the_start_keeps_its_place():
    data = {"x": X, "y": 3 * np.exp(-2 * X) + np.exp(-X / 5) + 0.001 * np.sin(9 * X)}
    for start in ({"b": 2.0, "d": 0.2}, {"b": 0.2, "d": 2.0}):
        fit = ds.fit("y = a*exp(-b*x) + c*exp(-d*x)", data, start=start)
        assert fit.params["b"] == pytest.approx(start["b"], rel=0.2)
        assert fit.state == "certified"


def test_a_width_comes_out_positive():
    fit = ds.fit("y = h*exp(-((x - m)/s)**2)", {"x": X, "y": 2 * np.exp(-(((X - 1.5) / 0.4) ** 2)) + 0.01 * np.cos(X)})
    assert fit.params["s"] == pytest.approx(0.4, rel=0.05)


def test_a_start_that_is_no_number_is_refused_although_others_would_do():
    with pytest.raises(ds.RequestError, match="at the start"):
        ds.fit("y = a*log(x - k)", {"x": 1 + X, "y": np.log(1 + X)}, start={"k": 3.0})


def test_a_default_start_that_is_no_number_is_no_obstacle():
    """log(x - 1) is none for the first rows; the model holds for k < 0.1."""
    fit = ds.fit("y = a*log(x - k)", {"x": 0.1 + X, "y": 2 * np.log(0.1 + X + 0.5)})
    assert fit.params == pytest.approx({"a": 2, "k": -0.5}, rel=1e-6)


def test_candidates_stay_inside_the_bounds():
    fit = ds.fit("y = a*sin(w*x)", two_minima(X), bounds={"w": (0, 5)})
    assert 0 <= fit.params["w"] <= 5
    params = fit.history.params[:, list(fit.params).index("w")]
    assert (params >= 0).all() and (params <= 5).all()


def test_a_python_function_is_searched_too():
    def wave(x, a, w):
        return a * jnp.sin(w * x)

    data = two_minima(X)
    fit = ds.fit(wave, data["x"], data["y"])
    assert abs(fit.params["w"]) == pytest.approx(7, rel=1e-3)


def test_many_rows_are_searched_by_a_sample_and_answered_by_all():
    x = np.linspace(0, 4, 20_000)
    y = 3 * np.exp(-1.3 * x) + 1 + 0.1 * np.random.default_rng(0).normal(size=x.size)
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y})
    a, b, c = (fit.params[name] for name in "abc")
    term, residual = np.exp(-b * x), a * np.exp(-b * x) + c - y
    slopes = np.array([term @ residual, (a * x * term) @ residual, residual.sum()]) / x.size
    assert fit.state == "certified" and any("of the rows" in note for note in fit.notes)
    assert np.abs(slopes).max() < 1e-6 * fit.errors["c"]
    assert fit.loss == pytest.approx(np.mean(residual**2), rel=1e-12)

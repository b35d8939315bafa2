"""The certificate: what it says is left to gain is never less than what is left."""

from fractions import Fraction

import numpy as np
import pytest
from exactly import exactly
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import downslope as ds


def exact_loss(matrix, right, params):
    total = Fraction(0)
    for row, target in zip(matrix, right, strict=True):
        predicted = sum(Fraction(float(entry)) * Fraction(value) for entry, value in zip(row, params, strict=True))
        total += (predicted - Fraction(float(target))) ** 2
    return total / len(right)


PLANS = {
    "auto": {},
    "levenberg-marquardt": {"optimizer": "levenberg-marquardt"},
    "gd": {"optimizer": "gd", "steps": 40},
}


@pytest.mark.slow
@settings(max_examples=40)
@given(seed=st.integers(0, 100_000), condition=st.floats(0, 7), plan=st.sampled_from(sorted(PLANS)))
def test_of_a_linear_model_no_more_is_left_to_gain_than_the_gap_says(seed, condition, plan):
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 5))
    matrix = generator.normal(size=(size + int(generator.integers(1, 12)), size))
    if size > 1:
        matrix[:, -1] = matrix[:, 0] + matrix[:, -1] / 10**condition
    matrix *= 10.0 ** generator.uniform(-5, 5, size)
    noise = 10 ** generator.uniform(-8, 1)
    right = matrix @ (1 / np.abs(matrix).max(axis=0)) + noise * generator.normal(size=len(matrix))
    formula = "y = " + " + ".join(f"p{i}*u{i}" for i in range(size))
    fit = ds.fit(formula, {**{f"u{i}": matrix[:, i] for i in range(size)}, "y": right}, **PLANS[plan])
    proof = fit.certificate
    best = exactly(matrix, right)
    found = list(fit.params.values())
    left = exact_loss(matrix, right, found) - exact_loss(matrix, right, best)
    assert proof.assumption == "exact"
    assert float(left) <= proof.gap
    for name, value, exact, digits in zip(fit.params, found, best, proof.digits, strict=True):
        if np.isfinite(fit.errors[name]):
            away = abs(float(Fraction(value) - exact))
            assert away <= 10.0 ** (0.05 - digits) * max(abs(value), fit.errors[name])
            assert away <= 1.1 * proof.distance * fit.errors[name]


def _logistic(generator):
    x = generator.normal(size=60)
    y = (generator.random(60) < 1 / (1 + np.exp(-0.5 - x))).astype(float)
    return "y = a + b*x", x, y, "logistic", lambda p: np.mean(np.logaddexp(0, p[0] + p[1] * x) - y * (p[0] + p[1] * x))


def _huber(generator):
    x = generator.normal(size=40)
    y = 2 + 3 * x + generator.standard_t(2, 40)

    def loss(p):
        far = np.abs(p[0] + p[1] * x - y)
        near = np.minimum(far, 1)
        return np.mean(near**2 / 2 + far - near)

    return "y = a + b*x", x, y, "huber(1)", loss


def _exponential(generator):
    x = np.linspace(0, 4, 30)
    y = 3 * np.exp(-generator.uniform(0.5, 2) * x) + 0.2 * generator.normal(size=30)
    return "y = a*exp(-b*x)", x, y, "mse", lambda p: np.mean((p[0] * np.exp(-p[1] * x) - y) ** 2)


@pytest.mark.slow
@settings(max_examples=24)
@given(seed=st.integers(0, 100_000), kind=st.sampled_from([_logistic, _huber, _exponential]), steps=st.integers(0, 60))
def test_no_search_from_the_answer_gains_more_than_the_gap_says(seed, kind, steps):
    """Also where somebody stopped on the way."""
    formula, x, y, loss, mean = kind(np.random.default_rng(seed))
    for plan in ({}, {"optimizer": "gd", "steps": steps}):
        fit = ds.fit(formula, {"x": x, "y": y}, loss=loss, **plan)
        if fit.certificate is None:
            assert fit.state != "certified"
            continue
        start = list(fit.params.values())
        lowest = min(
            minimize(mean, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-16}).fun, mean(start)
        )
        assert mean(start) - lowest <= fit.certificate.gap + 1e-14 * abs(fit.loss)
        assert fit.certificate.assumption == ("local" if kind is _exponential else "convex")


def test_far_from_the_minimum_the_gap_is_large_and_the_state_says_no_more_than_that():
    x = np.linspace(0, 4, 30)
    y = 3 * np.exp(-x) + 1 + 0.1 * np.sin(9 * x)
    asked = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y}, optimizer="gd", learning_rate=0.01, steps=100)
    best = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y})
    assert asked.state == "usable"
    assert asked.certificate.gap == pytest.approx(asked.loss - best.loss, rel=2e-3)
    assert asked.certificate.gap >= asked.loss - best.loss
    assert asked.certificate.distance == float("inf") or asked.certificate.distance > 1
    away = abs(asked.params["b"] - best.params["b"]) / best.errors["b"]
    assert asked.certificate.distance >= away


@settings(max_examples=12)
@given(
    seed=st.integers(0, 1000),
    by_y=st.sampled_from([1e-6, 1e6]),
    by_x=st.sampled_from([1e-6, 1.0, 1e6]),
    formula=st.sampled_from(["y = w*x + b", "y = a*exp(-b*x) + c", "y = a*x**2 + b*x + c", "y = a*x/(b + x)"]),
    noise=st.floats(-6, -1),
)
def test_other_units_leave_the_state_and_the_digits_as_they_are(seed, by_y, by_x, formula, noise):
    generator = np.random.default_rng(seed)
    x = np.sort(generator.uniform(0.1, 3, 20))
    clean = {"y = w*x + b": 2 * x + 1, "y = a*x**2 + b*x + c": x**2 - x + 2, "y = a*x/(b + x)": 3 * x / (1 + x)}
    y = clean.get(formula, 3 * np.exp(-1.2 * x) + 1) + 10**noise * generator.normal(size=20)
    plain = ds.fit(formula, {"x": x, "y": y})
    other = ds.fit(formula, {"x": by_x * x, "y": by_y * y})
    assume(plain.state == "certified")
    assert other.state == "certified"
    assert np.array(other.certificate.digits) == pytest.approx(plain.certificate.digits, abs=1)
    assert other.certificate.gap <= 100 * by_y**2 * plain.certificate.gap
    assert other.certificate.lowest == pytest.approx(plain.certificate.lowest, rel=1e-6)
    for name in plain.params:
        relative = plain.errors[name] / plain.params[name]
        assert other.errors[name] / other.params[name] == pytest.approx(relative, rel=1e-6)


@pytest.mark.parametrize("by", [1e-6, 1e6])
def test_other_units_leave_the_distance_of_an_unfinished_descent_as_it_is(by):
    x = np.linspace(0, 1, 20)
    y = 2 * x + 1 + 0.1 * np.sin(9 * x)
    plan = {"optimizer": "gd", "steps": 50, "start": {"w": 0.0, "b": 0.0}}
    plain = ds.fit("y = w*x + b", {"x": x, "y": y}, **plan)
    other = ds.fit("y = w*x + b", {"x": x, "y": by * y}, **plan)
    assert other.certificate.distance == pytest.approx(plain.certificate.distance, rel=1e-6)
    assert other.certificate.gap == pytest.approx(by**2 * plain.certificate.gap, rel=1e-6)

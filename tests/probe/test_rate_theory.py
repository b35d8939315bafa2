import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import downslope as ds
from downslope.probe.rate_theory import Law, edge, factors, fastest, floor, law, limit, steps_needed

LAWS = [Law(), Law(0.5), Law(0.9), Law(0.5, True), Law(0.9, True)]
RATIO = st.floats(1.5, 1e4)


def walked(rule: Law, s: float, steps: int) -> np.ndarray:
    """The error of a loop written by hand, as PyTorch documents SGD with momentum."""
    x, remembered, seen = 1.0, 0.0, [1.0]
    for _ in range(steps):
        slope = x
        remembered = rule.momentum * remembered + slope
        x -= s * (slope + rule.momentum * remembered if rule.nesterov else remembered)
        seen.append(x)
    return np.array(seen)


@pytest.mark.parametrize("rule", LAWS)
def test_the_limit_parts_runs_that_shrink_from_runs_that_grow(rule):
    below, above = (np.abs(walked(rule, side * rule.reach, 4000))[-50:].max() for side in (0.99, 1.01))
    assert below < 1e-3 and above > 1e3


@pytest.mark.parametrize("rule", LAWS)
@given(part=st.floats(0.01, 1.2))
def test_the_factor_is_that_of_a_long_run(rule, part):
    s = part * rule.reach
    seen = np.abs(walked(rule, s, 1200))
    known = factors(rule, np.array([s]), np.array([1.0]))[0]
    # complex roots make it swing: the largest of a stretch
    early, late = seen[500:600].max(), seen[1000:1100].max()
    if late > 1e-280:
        assert (late / early) ** (1 / 500) == pytest.approx(known, rel=0.01)


@pytest.mark.parametrize("rule", LAWS)
@given(ratio=RATIO)
def test_no_rate_has_a_smaller_factor_than_the_fastest(rule, ratio):
    spectrum = np.array([1.0, np.sqrt(ratio), ratio])
    best = fastest(rule, spectrum)
    least = factors(rule, np.array([best]), spectrum)[0]
    others = factors(rule, best * np.geomspace(0.5, 2.0, 401), spectrum)
    assert least <= others.min() * (1 + 1e-6) and best < limit(rule, spectrum)


def test_plain_descent_is_fastest_at_two_over_the_sum():
    assert fastest(Law(), np.array([0.5, 1.0, 3.5])) == pytest.approx(0.5)
    assert np.isnan(fastest(Law(), np.array([-1.0, 3.0])))


@pytest.mark.parametrize("rule", [Law(), Law(0.3)])
@given(part=st.floats(0.01, 0.99), ratio=st.floats(1.0, 100.0), margin=st.floats(1e-9, 0.1))
def test_steps_needed_are_those_that_a_loop_takes(rule, part, ratio, margin):
    spectrum, away = np.array([1.0, ratio]), np.array([1.0, 0.7])
    rate = part * limit(rule, spectrum)
    steps = 3000
    left = 0.5 * sum(c * (off * walked(rule, rate * c, steps)) ** 2 for c, off in zip(spectrum, away, strict=True))
    outside = np.flatnonzero(left > margin)
    taken = int(outside[-1]) + 1 if outside.size else 0
    needed = steps_needed(rule, np.array([rate]), spectrum, away, margin)[0]
    if taken <= steps and not rule.momentum:
        assert needed == taken
    elif taken <= steps:  # the loss swings with momentum: between the first time below the margin and the last
        first = int(np.argmax(left <= margin))
        assert first <= needed <= max(taken, first)


def test_what_never_arrives_takes_for_ever():
    needed = steps_needed(Law(), np.array([1.99, 2.01]), np.array([1.0]), np.array([1.0]), 1e-3)
    assert np.isfinite(needed[0]) and needed[1] == np.inf


def test_a_direction_that_the_data_leave_open_takes_no_part():
    spectrum = np.array([1e-17, 1.0, 2.0])
    assert fastest(Law(), spectrum) == pytest.approx(2 / 3)
    assert factors(Law(), np.array([0.5]), spectrum)[0] == pytest.approx(0.5)


def test_rules_by_name():
    assert law("gd") == law("sgd") == Law() and law("momentum") == Law(0.9) and law("nesterov(0.5)") == Law(0.5, True)
    assert law("adagrad") is None and np.isnan(edge("adagrad")) and edge("adam(0.8)") == pytest.approx(18.0)


@pytest.mark.parametrize("part", [0.01, 0.05, 0.15])
def test_the_floor_of_batches_is_that_of_a_long_real_run(part):
    generator = np.random.default_rng(3)
    rows, batch_size, steps = 72, 8, 90_000
    x = np.column_stack([generator.standard_normal(rows), np.ones(rows)])
    y = x @ [1.0, 2.0] + generator.standard_normal(rows)
    answer, *_ = np.linalg.lstsq(x, y)
    curvature, turn = np.linalg.eigh(2 * x.T @ x / rows)
    slopes = 2 * (x @ answer - y)[:, None] * (x @ turn)
    rate = part / curvature[-1]
    expected = floor(np.array([rate]), curvature, np.mean(slopes**2, axis=0), rows, batch_size)[0]
    fit = ds.fit(
        "y = w*x + b", {"x": x[:, 0], "y": y}, optimizer="gd", learning_rate=rate, batch_size=batch_size, steps=steps,
        start=dict(zip("wb", answer, strict=True)),
    )  # fmt: skip
    off = (fit.history.params[200:] - answer) @ turn
    excess = 0.5 * np.sum(curvature * off**2, axis=1)
    stretches = excess[: excess.size // 50 * 50].reshape(50, -1).mean(axis=1)
    error = stretches.std(ddof=1) / np.sqrt(50)
    # beside the sampling error, what the formula leaves out: noise that feeds on noise
    assert abs(excess.mean() - expected) < 4 * error + part * expected


def test_the_floor_of_long_epochs_is_the_formula_of_independent_batches():
    curvature, scatter, rate, batch_size, rows = np.array([2.0]), np.array([3.0]), 0.3, 4, 4_000_000
    known = floor(np.array([rate]), curvature, scatter, rows, batch_size)[0]
    assert known == pytest.approx(rate * 3.0 / (2 * batch_size * (2 - rate * 2.0)), rel=1e-3)
    assert floor(np.array([rate]), curvature, scatter, rows, rows)[0] == 0
    assert floor(np.array([1.1]), curvature, scatter, rows, batch_size)[0] == np.inf

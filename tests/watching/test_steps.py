"""What is deduced from the steps alone: rates, landings, and whether all losses are of one function."""

import numpy as np
import pytest

from downslope.watching.steps import Steps


def walked(gradient, loss, start, rate, count, epsilon=2.0**-52, told=np.nan, noise=lambda: 0.0):
    at = np.array(start, float)
    steps = Steps(tuple("abcd"[: at.size]), epsilon)
    for _ in range(count):
        row = steps.open()
        slope = gradient(at)
        steps.loss[row], steps.params[row], steps.gradient[row] = loss(at) + noise(), at, slope
        steps.rate[row] = told
        at = at - rate * slope
    return steps


def parabola(rate, count, **settings):
    curvature = np.array([4.0, 1.0])
    return walked(lambda w: curvature * w, lambda w: (curvature * w**2).sum() / 2, [1.0, 1.0], rate, count, **settings)


@pytest.mark.parametrize("count", [2, 999, 1000, 1001, 2500])
def test_rows_are_the_same_whichever_way_they_fall_into_blocks(count):
    steps = parabola(0.1, count)
    history = steps.history()
    assert history.step.tolist() == list(range(count))
    known = history.step_norm[:-1] > 1e-12
    assert np.allclose(history.rate[:-1][known], 0.1)
    assert history.landing[1] == pytest.approx((16 * 0.6 + 0.9) / 17)
    assert len(steps) == count


def test_asking_on_the_way_changes_nothing():
    steps, asked = parabola(0.1, 30), parabola(0.1, 10)
    asked.history()
    at = asked.params[asked.row] - 0.1 * asked.gradient[asked.row]
    curvature = np.array([4.0, 1.0])
    for _ in range(20):
        row = asked.open()
        asked.loss[row], asked.params[row], asked.gradient[row] = (curvature * at**2).sum() / 2, at, curvature * at
        at = at - 0.1 * curvature * at
    one, other = steps.history(), asked.history()
    for name, values in one.columns.items():
        assert np.allclose(values, other.columns[name], equal_nan=True), name


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.49, 0.51, 0.7])
def test_the_losses_of_one_function_are_known_as_such(rate):
    steps = parabola(rate, 200)
    steps.history()
    assert steps.one_function
    assert steps.along_the_gradient


def test_a_kink_is_no_batch():
    steps = walked(np.sign, lambda w: np.abs(w).sum(), [1.0, 0.3], 0.07, 100)
    assert np.isfinite(steps.history().landing[1:]).all()
    assert steps.one_function


def test_a_wavy_loss_is_no_batch():
    steps = walked(lambda w: w + 3 * np.cos(3 * w), lambda w: (w**2 / 2 + np.sin(3 * w)).sum(), [2.0], 0.25, 100)
    steps.history()
    assert steps.one_function


@pytest.mark.parametrize("size", [1e-3, 0.1, 1.0])
def test_noise_in_the_loss_is_noticed(size):
    random = np.random.default_rng(0)
    steps = parabola(0.01, 400, noise=lambda: random.normal(scale=size))
    assert np.isnan(steps.history().landing).all()
    assert not steps.one_function


def test_single_precision_is_not_taken_for_noise():
    single = np.float32
    curvature = np.array([4.0, 1.0], single)
    steps = walked(
        lambda w: (curvature * w.astype(single)).astype(single),
        lambda w: single((curvature * w.astype(single) ** 2).sum() / 2 + single(100.0)),
        [1.0, 1.0], 0.05, 500, epsilon=2.0**-23,
    )  # fmt: skip
    steps.history()
    assert steps.one_function


def test_a_rate_that_was_told_is_kept():
    history = parabola(0.1, 10, told=0.25).history()
    assert history.rate[:-1].tolist() == [0.25] * 9


def test_infinite_numbers_are_rows_too():
    with np.errstate(all="ignore"):
        steps = parabola(1e3, 400)
    history = steps.history()
    assert len(history) == 400
    assert not np.isfinite(history.params[-1]).all()

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import on_a_parabola
from runs import as_run

from downslope.diagnosis.arrival import arrived, lag, stepping, tolerance, turned
from downslope.history import History, Readings, Reference

PLAIN = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


def knowing(loss, level=1.0):
    return Reference(loss, np.zeros(1), np.ones(1), "closed-form", level=level)


@given(lowest=st.floats(0, 1e6), level=st.floats(1e-3, 1e9))
def test_arrived_is_within_one_percent_and_a_millionth_of_the_level(lowest, level):
    margin = 0.01 * lowest + 1e-6 * level
    history = History.of(("w",), step=range(2), loss=[9e99, lowest], params=[[1.0], [0.0]])
    run = as_run(history, readings=Readings(reference=knowing(lowest, level)))
    assert arrived(replace(run, loss=lowest + 0.999 * margin)) is True
    assert arrived(replace(run, loss=lowest + 1.001 * margin)) is False


def test_losses_below_zero_have_a_margin_too():
    assert tolerance(knowing(-5.0)) == pytest.approx(0.05 + 1e-6)
    assert tolerance(knowing(2.0, level=np.nan)) == pytest.approx(0.02)


def test_nobody_knows_without_a_reference(parabola):
    run = as_run(parabola(0.5))
    assert arrived(run) is None and lag(run) is None
    assert arrived(replace(run, readings=Readings(reference=knowing(np.inf)))) is None
    assert arrived(replace(run, readings=Readings(reference=knowing(np.nan)))) is None


@PLAIN
@given(curve=st.floats(1e-6, 1e6), product=st.floats(0.001, 0.1) | st.floats(1.9, 1.999), steps=st.integers(40, 300))
def test_excess_after_as_many_steps_again_is_foretold_on_a_parabola(descent, curve, product, steps):
    run = on_a_parabola(descent, product / curve, steps, curves=[curve])
    seen, by = lag(run), (1 - product) ** 2
    if seen is None:
        assert by**steps <= 1.01e-6
        return
    assert seen.excess == pytest.approx(by**steps, rel=1e-6)
    error = np.log(seen.ahead) / np.log(by ** (2 * steps))
    assert error == pytest.approx(1, abs=0.05), "in the logarithm"
    assert seen.turned == (product > 1)
    assert seen.lost == pytest.approx(0 if product < 1 else 1, abs=0.15)
    assert seen.falling or product < 2e-3 or product > 1.998


def test_no_lag_of_what_arrived_searched_or_broke(descent):
    crawls = on_a_parabola(descent, 0.01, 50)
    assert lag(crawls) is not None
    assert lag(on_a_parabola(descent, 0.25, 50)) is None
    assert lag(replace(crawls, chosen=crawls.chosen | {"searches": True})) is None
    broken = replace(crawls.history, loss=np.append(crawls.history.loss[:-1], np.nan))
    assert lag(replace(crawls, history=broken)) is None


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 8])
def test_few_steps_are_enough_to_say_something(descent, steps):
    seen = lag(on_a_parabola(descent, 0.01, steps))
    assert seen is not None and np.isfinite(seen.ahead)


def test_loss_that_does_not_fall_beyond_its_scatter_does_not_fall(parabola):
    steps = 400
    for seed in range(20):
        rng = np.random.default_rng(seed)
        loss = 1 + 0.1 * rng.normal(size=steps)
        history = History.of(("w",), step=range(steps), loss=loss, params=rng.normal(size=(steps, 1)))
        assert not lag(replace(as_run(history, readings=Readings(reference=knowing(0.0))), loss=1.0)).falling
        fallen = replace(history, loss=loss - np.linspace(0, 0.5, steps))
        assert lag(replace(as_run(fallen, readings=Readings(reference=knowing(0.0))), loss=0.5)).falling


def test_turned_counts_from_a_row_on():
    history = History.of(
        ("w",), step=range(5), loss=[5, 4, 3, 2, 1], params=np.zeros((5, 1)), gradient_norm=[1, 1, 1, 1, 1],
        landing=[np.nan, -0.5, 0.5, 0.5, 0.5],
    )  # fmt: skip
    assert turned(history) == 0.25 and turned(history, 2) == 0.0
    assert np.isnan(turned(history.rows(slice(0, 1))))


@pytest.mark.parametrize(
    ("rule", "batch", "expected"),
    [("gd", None, True), ("sgd", None, True), ("gd", 8, False), ("momentum(0.9)", None, False), ("adam", None, False)],
)
def test_plain_is_rate_times_the_gradient_over_all_rows(parabola, rule, batch, expected):
    assert as_run(replace(parabola(0.5), batch_size=batch), rule).plain is expected


def test_a_search_does_not_step(parabola):
    run = as_run(parabola(0.5))
    assert stepping(run) and not stepping(replace(run, chosen={"optimizer": "lbfgs", "searches": True}))
    assert not stepping(as_run(parabola(0.5, steps=0)))

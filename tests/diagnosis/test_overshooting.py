from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import on_a_parabola
from runs import as_run

from downslope.diagnosis import examine
from downslope.diagnosis.overshooting import overshooting

CURVES = st.floats(1e-6, 1e6)
PLAIN = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PLAIN
@given(curve=CURVES, excess=st.floats(1e-3, 1e6), steps=st.integers(10, 300), at=st.floats(-10, 10))
def test_border_is_one_over_the_curvature(descent, curve, excess, steps, at):
    asked = {"curves": [curve], "excess": [excess], "at": at}
    assert overshooting(on_a_parabola(descent, 0.99 / curve, steps, **asked)) is None
    found = overshooting(on_a_parabola(descent, 1.01 / curve, steps, **asked))
    assert found is not None and (found.symptom, found.severity) == ("overshooting", "warning")
    assert found.evidence["largest rate without"] == pytest.approx(1 / curve, rel=0.01)


@PLAIN
@given(curve=CURVES, ratio=st.floats(2, 1e4), turn=st.floats(0, 3), product=st.floats(1.02, 1.6))
def test_in_two_directions_the_steepest_decides(descent, curve, ratio, turn, product):
    asked = {"curves": [curve / ratio, curve], "excess": [0.0, 1.0], "turn": turn}
    found = overshooting(on_a_parabola(descent, product / curve, 40, **asked))
    assert found.evidence["rate times curvature"] == pytest.approx(product, rel=0.01)
    assert overshooting(on_a_parabola(descent, 0.99 / curve, 40, **asked)) is None


def test_finding_says_how_many_steps_and_up_to_what_rate(descent):
    found = overshooting(on_a_parabola(descent, 1.5 / 4, 30))
    assert found.message == (
        "100% of the steps landed across the valley: rate times curvature is 1.5 along them, above 1 (and below 2, so "
        "the loss still falls); up to the rate 0.25 they would not"
    )
    assert (found.first_step, found.remedy) == (1, {"learning_rate": 0.25})
    assert found.evidence["share of steps across"] == 1


@PLAIN
@given(curve=CURVES, product=st.floats(1.05, 1.9))
def test_with_the_remedy_it_does_not(descent, curve, product):
    found = overshooting(on_a_parabola(descent, product / curve, 150, curves=[curve]))
    again = on_a_parabola(descent, found.remedy["learning_rate"], 150, curves=[curve])
    assert [each.symptom for each in examine(again)] == []


def test_above_the_limit_it_is_another_symptom(descent):
    for product in (2.01, 2.5, 60):
        found = examine(on_a_parabola(descent, product / 4, 50))
        assert [each.symptom for each in found] == ["diverging"]


def test_minority_of_steps_is_forgiven(descent):
    # the flat direction is what is left after the first steps, and there every step goes on
    run = on_a_parabola(descent, 1.2 / 4, 60, curves=[0.1, 4.0], excess=[1.0, 1.0])
    assert (run.history.landing < 0).any() and overshooting(run) is None


@pytest.mark.parametrize("rule", ["momentum(0.9)", "nesterov(0.9)", "adam", "rmsprop"])
def test_rules_that_remember_are_meant_to_swing(descent, rule):
    run = on_a_parabola(descent, 1.5 / 4, 30)
    assert overshooting(replace(run, chosen=run.chosen | {"optimizer": rule})) is None


def test_batches_and_searches_are_not_examined(descent):
    run = on_a_parabola(descent, 1.5 / 4, 30)
    assert overshooting(replace(run, history=replace(run.history, batch_size=5))) is None
    assert overshooting(replace(run, chosen=run.chosen | {"searches": True})) is None


def test_it_is_seen_without_readings(parabola):
    assert overshooting(as_run(parabola(1.5))) is not None
    assert overshooting(as_run(parabola(0.5))) is None


def test_steps_that_rounding_decides_do_not_count(descent):
    # the first step lands on the floor but for rounding, and the rest walk about in it
    run = on_a_parabola(descent, 1.0 / 3, 200, curves=[3.0], at=0.1)
    assert (run.history.landing < 0).sum() + (run.history.gradient_norm == 0).sum() > 0
    assert overshooting(run) is None


def test_a_bounce_says_more(descent):
    run = on_a_parabola(descent, 1.9999 / 4, 50)
    assert [each.symptom for each in examine(run)] == ["bouncing"]
    assert np.all(run.history.landing[1:] < 0)


@pytest.mark.parametrize("steps", [50, 5000])
@pytest.mark.parametrize("product", [1.2, 1.5, 1.9])
def test_steps_on_the_floor_do_not_blur_the_curvature(parabola, product, steps):
    """Most of 5,000 steps go to and fro by their last digits."""
    found = overshooting(as_run(parabola(product, steps)))
    assert found.evidence["rate times curvature"] == pytest.approx(product, rel=1e-6)


def test_losses_that_do_not_belong_to_one_function_tell_no_curvature(parabola):
    """Each step of a loop on batches sees another loss."""
    history = parabola(1.5, 60)
    other = replace(history, loss=np.random.default_rng(0).uniform(0, history.loss[0], len(history)))
    assert overshooting(as_run(replace(other, loss=np.append(history.loss[0], other.loss[1:])))) is None

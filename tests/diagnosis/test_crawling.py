from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import ALLOWED, on_a_parabola

from downslope.diagnosis import examine
from downslope.diagnosis.crawling import crawling
from downslope.plan import Plan

PLAIN = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def first_rate_in_time(curve: float, excess: float, allowed: float, steps: int) -> float:
    """The rate at which the excess after so many steps, (1 - r·c)^(2N) of it, is just allowed."""
    return (1 - (allowed / excess) ** (1 / (2 * steps))) / curve


@PLAIN
@given(
    curve=st.floats(1e-6, 1e6), excess=st.floats(1e-3, 1e4), steps=st.integers(10, 300), at=st.floats(-3, 3),
    floor=st.sampled_from([0.0, 1e-3]),
)  # fmt: skip
def test_border_is_the_rate_that_arrives_in_time(descent, curve, excess, steps, at, floor):
    rate = first_rate_in_time(curve, excess, ALLOWED + 0.01 * floor, steps)
    asked = {"curves": [curve], "excess": [excess], "at": at, "floor": floor}
    assert examine(on_a_parabola(descent, 1.01 * rate, steps, **asked)) == ()
    (found,) = examine(on_a_parabola(descent, 0.99 * rate, steps, **asked))
    assert (found.symptom, found.severity) == ("crawling", "warning")
    assert found.remedy == {"learning_rate": pytest.approx(1 / curve, rel=0.1)}


@PLAIN
@given(ratio=st.floats(1.0, 5), turn=st.floats(0, 3), steps=st.integers(50, 200), share=st.floats(0, 1))
def test_in_two_directions_the_flattest_decides(descent, ratio, turn, steps, share):
    """Of two directions the border is not written down; a bisection with their two factors finds it."""
    curves, excess = np.array([1.0, ratio]), np.array([1.0, share])

    def left(rate):
        return float(excess @ np.abs(1 - rate * curves) ** (2 * steps))

    low, high = 0.0, 1 / ratio
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > ALLOWED else (low, middle)
    asked = {"curves": list(curves), "excess": list(excess), "turn": turn}
    assert examine(on_a_parabola(descent, 1.01 * high, steps, **asked)) == ()
    assert [each.symptom for each in examine(on_a_parabola(descent, 0.99 * high, steps, **asked))] == ["crawling"]


def test_finding_foretells_the_steps(descent):
    (found,) = examine(on_a_parabola(descent, 0.01 / 4, 100))
    needed = np.ceil(np.log(1e-6) / (2 * np.log(0.99)))
    assert found.evidence["steps still needed"] == pytest.approx(needed - 100, rel=0.01)
    assert found.message == (
        "after 100 steps the loss is still 0.134 above the lowest known; at this pace it would take 588 more steps; at "
        "the rate 0.25, 1 would do"
    )


def test_the_steps_foretold_are_enough_and_no_more(descent):
    (found,) = examine(on_a_parabola(descent, 0.05 / 4, 60))
    needed = 60 + int(found.evidence["steps still needed"])
    assert examine(on_a_parabola(descent, 0.05 / 4, needed)) == ()
    assert examine(on_a_parabola(descent, 0.05 / 4, needed - 1)) != ()


def test_pace_is_foretold_from_the_losses_where_there_is_no_spectrum(descent):
    found = crawling(on_a_parabola(descent, 0.05 / 4, 100, pace=None))
    needed = np.log(1e-6) / (2 * np.log(0.95)) - 100
    assert found.evidence["steps still needed"] == pytest.approx(needed, rel=0.05)


@PLAIN
@given(curve=st.floats(1e-6, 1e6))
def test_with_the_remedy_it_arrives_and_does_not_overshoot(descent, curve):
    (found,) = examine(on_a_parabola(descent, 0.01 / curve, 100, curves=[curve]))
    again = on_a_parabola(descent, found.remedy["learning_rate"], 100, curves=[curve])
    assert [each.symptom for each in examine(again)] == []


def test_more_steps_are_the_remedy_where_the_rate_is_the_best_one(descent):
    asked = {"curves": [0.2, 4.0], "excess": [1.0, 1.0]}
    (found,) = examine(on_a_parabola(descent, 1 / 4, 100, **asked))
    needed = np.ceil(np.log(1e-6) / (2 * np.log(0.95)))
    assert found.symptom == "crawling" and needed <= found.remedy["steps"] <= 1.1 * needed
    assert examine(on_a_parabola(descent, 1 / 4, found.remedy["steps"], **asked)) == ()


def test_the_remedy_is_a_change_that_a_plan_takes(descent):
    for steps in (3, 30, 100):
        (found,) = examine(on_a_parabola(descent, 1 / 4, steps, curves=[0.2, 4.0], excess=[1.0, 1.0]))
        assert Plan(optimizer="gd", learning_rate=0.25, epochs=steps).changed(**found.remedy) is not None


@pytest.mark.parametrize("rule", ["adam", "rmsprop(0.9)"])
def test_a_rule_whose_steps_have_one_length_wants_a_longer_stride(descent, rule):
    run = on_a_parabola(descent, 0.01 / 4, 100, pace=None)
    found = crawling(replace(run, chosen=run.chosen | {"optimizer": rule}))
    # from 0.0025: as many times longer steps as steps are lacking
    assert found.remedy["learning_rate"] == pytest.approx(
        0.0025 * (1 + found.evidence["steps still needed"] / 100), rel=0.05
    )


def test_nothing_is_said_where_no_lower_loss_is_known(descent):
    assert crawling(on_a_parabola(descent, 0.01 / 4, 100, reference=None)) is None

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import ALLOWED, on_a_parabola

import downslope as ds
from downslope.diagnosis import examine
from downslope.diagnosis.ravine import FAR_STEEPER, ravine

PLAIN = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIKE = "y = a*u + b*v"
ROWS = 24


@PLAIN
@given(curve=st.floats(1e-3, 1e3), steps=st.integers(30, 400), turn=st.floats(0, 3), scaled=st.booleans())
def test_border_is_the_condition_number_that_needs_more_steps(descent, curve, steps, turn, scaled):
    """At the best rate the flattest direction keeps (1 - 1/k) of its error a step: k is the condition number."""
    border = max(FAR_STEEPER, 1 / (1 - ALLOWED ** (1 / (2 * steps))))

    def examined(condition):
        curves = [curve / condition, curve]
        run = on_a_parabola(
            descent, 0.3 / curve, steps, curves=curves, excess=[1.0, 1e-9], turn=turn, scaled=curves if scaled else None
        )
        return [found.symptom for found in examine(run)]

    assert examined(border / 1.01) == ["crawling"]
    assert examined(border * 1.01) == ["ravine"]


def alike(angle: float) -> dict[str, np.ndarray]:
    """Two columns of one size that are nearly the same one: scaling them does nothing."""
    rows = np.arange(ROWS)
    one, other = (np.sqrt(2) * wave(2 * np.pi * rows / ROWS) for wave in (np.sin, np.cos))
    u, v = np.cos(angle) * one + np.sin(angle) * other, np.cos(angle) * one - np.sin(angle) * other
    return {"u": u, "v": v, "y": 2 * u - v}


def steps_needed(data: dict[str, np.ndarray], most: int) -> int:
    """By a loop, at one over the largest curvature."""
    design, y = np.column_stack([data["u"], data["v"]]), data["y"]
    rate, at = 1 / np.linalg.eigvalsh(2 * design.T @ design / ROWS)[-1], np.zeros(2)
    for step in range(most):
        if np.mean((design @ at - y) ** 2) <= 1e-6 * np.var(y):
            return step
        at = at - rate * 2 * design.T @ (design @ at - y) / ROWS
    return most


@pytest.mark.parametrize("steps", [250, 400])
def test_border_holds_for_two_columns_that_are_nearly_one(steps):
    low, high = 1e-3, 0.7  # of the angle between them: condition number 1/tan² of it
    for _ in range(30):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if steps_needed(alike(middle), steps + 2) > steps else (low, middle)
    for angle, expected in ((high * 1.005, "crawling"), (low / 1.005, "ravine")):  # 1 % of the condition number
        rate = 0.45 / np.cos(angle) ** 2 / 2
        fit = ds.fit(LIKE, alike(angle), optimizer="gd", learning_rate=rate, steps=steps, start={"a": 0.0, "b": 0.0})
        assert [found.symptom for found in fit.findings] == [expected]
        assert fit.findings[0].evidence["steps at the best rate"] == pytest.approx(steps, rel=0.02)
        if expected == "ravine":
            assert fit.findings[0].evidence["condition number"] == pytest.approx(1 / np.tan(angle) ** 2, rel=1e-6)


def test_finding_says_what_the_best_rate_would_take_and_its_remedy_another_way():
    data = alike(0.02)
    fit = ds.fit(LIKE, data, optimizer="gd", learning_rate=0.1, steps=300, start={"a": 0.0, "b": 0.0})
    (found,) = fit.findings
    assert (found.symptom, found.severity, found.first_step) == ("ravine", "warning", 0)
    assert found.message.startswith("the steepest direction is 2.5e3 times as steep as the flattest")
    assert "even at half the largest stable rate, 0.25, it would take 1.02e4 steps, and 300 were taken" in found.message
    again = ds.fit(LIKE, data, **fit.plan.changed(**found.remedy).said())
    assert again.findings == () and again.loss < 1e-20


def test_scaling_that_would_do_is_told_first(descent):
    run = on_a_parabola(descent, 0.25, 100, curves=[4e-5, 4.0], excess=[1.0, 1.0], scaled=[1.0, 2.0])
    assert ravine(run) is None
    unknown = replace(run.readings.pace, scaled=np.nan, scaled_condition=np.nan)
    assert ravine(replace(run, readings=replace(run.readings, pace=unknown))) is not None


def test_round_valley_wants_more_steps_and_no_other_rule(descent):
    run = on_a_parabola(descent, 0.25, 50, curves=[4 / 20, 4.0], excess=[1.0, 1.0])
    assert [found.symptom for found in examine(run)] == ["crawling"]


def test_steps_across_the_valley_are_no_way_along_it(descent):
    run = on_a_parabola(descent, 1.9999 / 4, 50, curves=[4e-3, 4.0], excess=[1e-5, 1.0])
    assert [found.symptom for found in examine(run)] == ["bouncing"]


def test_nothing_is_said_where_the_pace_is_unknown(descent):
    run = on_a_parabola(descent, 0.25, 100, curves=[4e-5, 4.0], excess=[1.0, 1.0])
    assert ravine(run) is not None
    assert ravine(replace(run, readings=replace(run.readings, pace=None))) is None

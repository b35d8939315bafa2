from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import on_a_parabola
from runs import as_run

from downslope.diagnosis import examine
from downslope.diagnosis.plateau import plateau
from downslope.history import AtEnd, History, Readings, Reference
from downslope.plan import Plan

NUMBERS = st.floats(1e-6, 1e6)


def standing(promised: float, excess: float, *, lowest: float = 1e-9, highest: float = 1e-9, **plan):
    """A run that hardly moves, while a loss lower by `excess` is known."""
    slope = np.full(50, 1e-9)
    history = History.of(
        ("w", "b"), step=range(50), loss=2.0 * excess - 1e-9 * np.arange(50) * excess, gradient_norm=slope,
        params=np.outer(np.arange(50), [1e-9, 1e-9]), landing=np.ones(50), rate=np.full(50, 0.1),
    )  # fmt: skip
    known = Reference(history.loss[-1] - excess, np.ones(2), np.array([3.0, 4.0]), "lbfgs", level=1e-9)
    readings = Readings(reference=known, at_end=AtEnd(promised, lowest, highest))
    return as_run(history, plan=Plan(**plan), readings=readings)


@given(excess=NUMBERS)
def test_border_is_a_tenth_of_what_is_known_to_be_gained(excess):
    found = plateau(standing(0.099 * excess, excess))
    assert found is not None and (found.symptom, found.severity, found.first_step) == ("plateau", "warning", 0)
    assert found.evidence["promised"] == 0.099 * excess
    assert found.evidence["excess"] == pytest.approx(excess)
    assert plateau(standing(0.101 * excess, excess)) is None


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(curve=NUMBERS, product=st.floats(1e-4, 1.99), steps=st.integers(4, 100))
def test_a_parabola_is_never_a_plateau(descent, curve, product, steps):
    """Its slope promises all there is to gain, wherever one stands."""
    assert plateau(on_a_parabola(descent, product / curve, steps, curves=[curve])) is None


def test_saddle_and_level_ground_are_told_apart():
    assert "and it is level all about" in plateau(standing(0.0, 1.0)).message
    saddle = plateau(standing(0.0, 1.0, lowest=-0.5, highest=2.0))
    assert "and it curves down to one side: a saddle" in saddle.message
    assert saddle.evidence["lowest curvature"] == -0.5


def test_message_says_what_is_promised_and_what_is_known():
    assert plateau(standing(1e-12, 0.25)).message == (
        "next to no slope is left (it promises 1e-12), but this is no minimum: a loss 0.25 lower is known, and it is "
        "level all about"
    )


def test_remedy_is_the_start_from_which_the_way_led_lower():
    assert plateau(standing(0.0, 1.0)).remedy["start"] == {"w": 3.0, "b": 4.0}


def test_what_is_held_gets_no_start():
    found = plateau(standing(0.0, 1.0, fixed={"b": 2.0}))
    assert found.remedy["start"] == {"w": 3.0}
    assert Plan(fixed={"b": 2.0}).changed(**found.remedy).start == {"w": 3.0}
    assert plateau(standing(0.0, 1.0, tied={"w": "2*b"})).remedy["start"] == {"b": 4.0}


def test_first_step_is_where_it_came_to_stand():
    run = standing(0.0, 1.0)
    loss = np.append(np.linspace(9, run.history.loss[0], 20), run.history.loss[20:])
    found = plateau(replace(run, history=replace(run.history, loss=loss)))
    assert 15 <= found.first_step <= 20


def test_it_is_asked_before_the_pace():
    assert [each.symptom for each in examine(standing(0.0, 1.0))] == ["plateau"]


@pytest.mark.parametrize("missing", ["reference", "at_end"])
def test_nothing_is_said_of_what_was_not_measured(missing):
    run = standing(0.0, 1.0)
    assert plateau(replace(run, readings=replace(run.readings, **{missing: None}))) is None
    assert plateau(replace(run, readings=None)) is None

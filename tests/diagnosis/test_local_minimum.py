from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import ALLOWED, on_a_parabola

from downslope.diagnosis import examine
from downslope.diagnosis.local_minimum import local_minimum
from downslope.history import Reference

PLAIN = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def beside_a_lower_one(descent, rate: float, steps: int, *, floor: float, lowest: float = 0.0):
    """A descent into the minimum `floor`, and other starts that reach `lowest`."""
    run = on_a_parabola(descent, rate, steps, floor=floor)
    known = Reference(lowest, run.params + 5, run.params + 3, "lbfgs", tried=20, agreed=17, nearby=floor, level=1.0)
    return replace(run, readings=replace(run.readings, reference=known))


@PLAIN
@given(floor=st.floats(1e-3, 1e3))
def test_border_is_half_of_the_way_to_the_lowest_loss(descent, floor):
    """Most of what could be gained must lie beyond this minimum, not on the way into it."""
    run = beside_a_lower_one(descent, 0.1, 20, floor=floor)
    assert local_minimum(replace(run, loss=1.99 * floor)) is not None
    assert local_minimum(replace(run, loss=2.01 * floor)) is None


@PLAIN
@given(lowest=st.sampled_from([0.0, 1.0, 100.0]))
def test_border_of_what_matters_is_the_margin_of_arrival(descent, lowest):
    allowed = ALLOWED + 0.01 * lowest
    assert (
        local_minimum(beside_a_lower_one(descent, 0.25, 20, floor=lowest + 1.01 * allowed, lowest=lowest)) is not None
    )
    near = beside_a_lower_one(descent, 0.25, 20, floor=lowest + 0.99 * allowed, lowest=lowest)
    assert examine(near) == ()


@PLAIN
@given(curve=st.floats(1e-3, 1e3), product=st.floats(1e-3, 1.99), steps=st.integers(4, 100))
def test_the_only_minimum_is_none(descent, curve, product, steps):
    assert local_minimum(on_a_parabola(descent, product / curve, steps, curves=[curve])) is None


def test_finding_names_both_and_how_many_starts_agree(descent):
    (found,) = examine(beside_a_lower_one(descent, 0.2, 100, floor=0.5, lowest=0.125))
    assert (found.symptom, found.severity, found.first_step) == ("local-minimum", "warning", 100)
    assert found.message == (
        "this is a minimum, with the loss 0.5, but not the lowest: 17 of 20 other starts lead to 0.125"
    )
    assert found.remedy["start"] == {"w": pytest.approx(3.0)}
    assert found.evidence["starts that agree on it"] == 17


def test_nothing_is_said_where_no_minimum_was_found_nearby(descent):
    run = beside_a_lower_one(descent, 0.2, 100, floor=0.5)
    unknown = replace(run.readings.reference, nearby=float("nan"))
    assert local_minimum(replace(run, readings=replace(run.readings, reference=unknown))) is None
    assert local_minimum(replace(run, readings=None)) is None

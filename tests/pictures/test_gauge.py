import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.history import Certificate
from downslope.pictures import gauge
from downslope.pictures.scene import Zone


def proof(gap, distance, digits=(6.0, 7.0)):
    return Certificate(gap, distance, digits, "convex", 1.0)


def zone_of(scene):
    here = scene.named("this fit").x
    return next(mark.name for mark in scene.marks if isinstance(mark, Zone) and mark.low <= here <= mark.high)


NAMES = ["within 0.0001 standard errors", "within 1", "farther"]


@pytest.mark.parametrize("state", ["certified", "usable", "untrusted"])
@pytest.mark.parametrize(("distance", "zone"), [(1e-6, 0), (1e-3, 1), (0.5, 1), (30.0, 2)])
def test_a_fit_stands_in_the_zone_of_its_distance_whatever_its_state(distance, zone, state):
    scene = gauge(proof(distance**2, distance), state, 3.0, freedom=10)
    assert zone_of(scene) == NAMES[zone] and scene.named("this fit").x == pytest.approx(distance**2)
    assert scene.named(NAMES[0]).high == pytest.approx(1e-8) and scene.named(NAMES[1]).high == pytest.approx(1.0)


def test_what_is_no_bound_is_not_called_one():
    local = Certificate(1e-10, 1e-5, (6.0, float("nan")), "local", 1.0)
    scene = gauge(local, "certified", 2.0)
    assert scene.x.label == "loss left to gain, about"
    assert scene.notes[0].startswith("6 digits of every parameter agree with the minimum")


def test_digits_distance_and_reason_are_said():
    scene = gauge(proof(1e-10, 1e-5), "certified", 2.0, reasons=["the only minimum", "more"])
    assert scene.notes == (
        "6 digits of every parameter are sure, 1e-05 standard errors from the minimum",
        "certified: the only minimum",
    )


@given(
    st.floats() | st.sampled_from([0.0, 5e-324, 1e308]),
    st.floats() | st.sampled_from([0.0, 1e-200, 1e200]),
    st.floats(),
    st.sampled_from(["certified", "usable", "untrusted"]),
)
def test_any_certificate_has_a_gauge(gap, distance, loss, state):
    with np.errstate(all="ignore"):
        scene = gauge(proof(gap, distance, ()), state, loss, freedom=0)
    assert 0 < scene.x.low < scene.named("this fit").x < scene.x.high < np.inf
    assert [mark.name for mark in scene.marks if isinstance(mark, Zone)] == NAMES

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.pictures.scene import Axis
from downslope.pictures.window import LARGEST, axis, clipped, clipped_steps, cut, exponent, inside, shrunk

ANY = st.floats() | st.sampled_from([0.0, 1e300, -1e300, 1e-300, 5e-324, 1e9 + 1e-6, 1e9])
UNIT = Axis("", 0.0, 1.0)
NEAR = st.floats(-3, 4) | st.sampled_from([0.0, 1.0, np.nan, np.inf, 1e300, -1e300])


@given(arrays(float, st.integers(0, 5), elements=ANY), st.sampled_from(["linear", "log"]))
def test_any_values_have_a_window_that_shows_them(values, scale):
    found = axis("x", values, scale=scale)
    shown = values[np.abs(values) <= LARGEST] if scale == "linear" else values[(values > 1e-307) & (values <= 1e308)]
    assert ((shown >= found.low) & (shown <= found.high)).all()
    assert np.isfinite(exponent(found))


@given(arrays(float, 6, elements=NEAR), arrays(float, 6, elements=NEAR))
def test_a_clipped_line_lies_in_the_window_and_keeps_what_was_inside(x, y):
    across, up = clipped(x, y, UNIT, UNIT)
    known = np.isfinite(across)
    assert (np.isfinite(up) == known).all()
    assert inside(across, up, UNIT, UNIT)[known].all()
    seen = set(zip(across[known], up[known], strict=True))
    for place in range(5):  # a segment within the window is kept whole
        if inside(x, y, UNIT, UNIT)[place : place + 2].all():
            assert {(x[place], y[place]), (x[place + 1], y[place + 1])} <= seen


@pytest.mark.parametrize(
    ("x", "y", "wanted"),
    [
        ([0.5, 0.5], [0.5, 5.0], [(0.5, 0.5), (0.5, 1.0)]),
        ([-1, 2], [-1, 2], [(0, 0), (1, 1)]),
        ([-1, 0.5, 2], [0.5, 0.5, 0.5], [(0, 0.5), (0.5, 0.5), (1, 0.5)]),
        ([-1, 2], [2.5, 2.5], []),
        ([2, 3], [0, 0], []),
        ([0.5, 0.6, np.nan, 0.7, 0.8], [0.5] * 5, [(0.5, 0.5), (0.6, 0.5), None, (0.7, 0.5), (0.8, 0.5)]),
        ([0.5, 3, 3, 0.5], [0.2, 0.2, 0.4, 0.4], [(0.5, 0.2), (1, 0.2), None, (1, 0.4), (0.5, 0.4)]),
    ],
)
def test_lines_are_cut_at_the_edge(x, y, wanted):
    across, up = clipped(np.array(x, dtype=float), np.array(y, dtype=float), UNIT, UNIT)
    found = [
        None if np.isnan(at) else (pytest.approx(at), pytest.approx(height))
        for at, height in zip(across, up, strict=True)
    ]
    assert found == wanted


def test_window_of_a_constant_and_of_nothing():
    around = axis("x", np.array([7.0, 7.0]))
    assert (around.low, around.high) == (pytest.approx(6.3), pytest.approx(7.7))
    assert axis("x") == Axis("x", -1.0, 1.0)
    assert axis("x", np.array([np.nan]), scale="log").low > 0


def test_shrunk_reaches_both_ends_of_the_floats():
    assert shrunk(np.array([5e-324, 2e307]), -324).tolist() == [pytest.approx(4.94, rel=0.01), np.inf]
    assert shrunk(np.array([2e307]), 306)[0] == pytest.approx(20)


@given(arrays(float, 7, elements=NEAR), arrays(float, 7, elements=NEAR))
def test_steps_of_a_clipped_line_rise_and_show_what_was_reached(x, y):
    across, up, steps = clipped_steps(x, y, np.arange(0, 70, 10), UNIT, UNIT)
    assert across.size == up.size == steps.size and (np.diff(steps) >= 0).all()
    for place in range(7):  # a point in the window is there from its step on
        if place and inside(x, y, UNIT, UNIT)[place - 1 : place + 1].all():
            assert (x[place], y[place]) in set(zip(across[steps <= 10 * place], up[steps <= 10 * place], strict=True))


@given(arrays(float, (3, 6), elements=NEAR))
def test_cut_curves_lie_in_the_window_and_keep_what_was_inside(curves):
    found = cut(curves, UNIT)
    seen = np.isfinite(found)
    assert ((found[seen] >= 0) & (found[seen] <= 1)).all()
    held = (curves >= 0) & (curves <= 1)
    assert (found[held] == curves[held]).all() and np.isnan(found[~np.isfinite(curves)]).all()

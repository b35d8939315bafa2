import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.diagnosis import Finding
from downslope.pictures import fitted, loss_against, loss_curve, path
from downslope.pictures.scene import Axis, Line, Points, Scene
from downslope.pictures.terminal import text

X = np.linspace(0, 10, 11)
CODES = re.compile(r"\x1b\[[0-9]+m")
NUMBERS = st.floats() | st.sampled_from([1e300, -1e300, 1e-300, 0.0, 7.0])


@pytest.fixture
def line():
    return fitted(X, 2 * X, x_name="time", y_name="speed", curve=(X, 2 * X))


def test_title_labels_ranges_and_legend(line):
    lines = text(line, 60, 15).splitlines()
    assert lines[0].strip() == "speed against time" and lines[1] == "speed"
    assert lines[2].startswith(" 21.0┤") and lines[-3].startswith("     └")
    assert lines[-2].split() == ["-0.5", "time", "10.5"]
    assert lines[-1].strip() == "• data   ── fitted"
    assert sum("•" in row for row in lines[2:-3]) >= 9


def test_a_rising_line_rises(line):
    rows = [row.split("┤")[-1].split("│")[-1] for row in text(line, 40, 12).splitlines()[2:-3]]
    first = [len(row) - len(row.lstrip()) for row in rows if row.strip()]
    assert first == sorted(first, reverse=True) and len(first) > 5


def test_log_axis_is_labelled(parabola):
    drawn = text(loss_curve(parabola(rate=0.49, steps=60)), 80, 20)
    assert "loss (log scale)" in drawn


@pytest.mark.parametrize(("scale", "unit"), [(1e300, "1e300"), (1e-300, "1e-300"), (1e12, "1e12")])
def test_large_and_small_numbers_have_their_power_in_the_label(scale, unit):
    drawn = text(fitted(X, X * scale, x_name="x", y_name="y", curve=(X, X * scale)), 80, 20)
    assert f"y (in units of {unit})" in drawn


@given(
    x=arrays(float, st.shared(st.integers(0, 4), key="n"), elements=NUMBERS),
    y=arrays(float, st.shared(st.integers(0, 4), key="n"), elements=NUMBERS),
    width=st.integers(1, 120),
    height=st.integers(1, 30),
    name=st.text(max_size=90),
    options=st.fixed_dictionaries({"color": st.booleans(), "unicode": st.booleans()}),
)
@settings(max_examples=150, deadline=None)
def test_whatever_there_is_fits_the_width(x, y, width, height, name, options):
    drawn = text(fitted(x, y, x_name=name, y_name=name, curve=(x, y)), width, height, **options)
    assert max(map(len, CODES.sub("", drawn).split("\n"))) <= max(30, width)
    assert CODES.sub("", drawn).replace("\n", "").isprintable()
    assert options["unicode"] or drawn.isascii()


def test_color_only_when_asked(line):
    assert "\x1b[" not in text(line, 80, 20)
    colored = text(line, 80, 20, color=True)
    assert "\x1b[31m" in colored and CODES.sub("", colored) == text(line, 80, 20)


def test_every_mark_is_drawn(parabola, grid):
    history = parabola()
    for scene in (path(history, "w", "b", grid), loss_against(history, "w", grid[0], grid[0] ** 2)):
        drawn = text(scene, 80, 24)
        assert "S start" in drawn and "E end" in drawn
    assert "┆ diverging" in text(loss_curve(history, [Finding("diverging", "fault", 3, {}, "")]), 80, 24)


def test_contours_without_a_path_leave_dots(parabola, grid):
    scene = path(parabola(), "w", "b", grid)
    only = Scene("t", scene.x, scene.y, scene.marks[:1])
    assert sum(letter > "\u2800" for letter in text(only, 80, 24)) > 100


def test_hand_made_scene_with_numbers_beyond_its_window():
    marks = (
        Line(np.array([-1e300, 1e300]), np.array([0.5, 0.5]), "fit"),
        Points(np.array([np.nan, 9.0]), X[:2], "data"),
    )
    assert "│" in text(Scene("t", Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0), marks), 40, 10)

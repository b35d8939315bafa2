import numpy as np
import pytest

from downslope.pictures.scene import Axis, Curves, Line, Note, Points, Scene, plain


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [(1.0, 1.0, "linear"), (2.0, 1.0, "linear"), (0.0, np.inf, "linear"), (np.nan, 1.0, "linear"), (0.0, 1.0, "log")],
)
def test_axis_that_shows_nothing_is_refused(low, high, scale):
    with pytest.raises(ValueError, match="axis"):
        Axis("x", low, high, scale)


def test_marks_are_found_by_name():
    line = Line(np.arange(2.0), np.arange(2.0), "fit", "fitted")
    scene = Scene("t", Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0), (line, Note("said")))
    assert scene.named("fitted") is line and scene.notes == ("said",)
    with pytest.raises(KeyError):
        scene.named("other")


def test_names_become_one_printable_line():
    assert plain("a\u202eb\n\x00") == "a\\u202eb\\n\\x00"
    assert plain(3) == "3" and plain("µ…") == "µ…"


UNIT = Axis("", 0.0, 1.0)
ONE = np.array([0.5, 0.6, 0.7])


def test_a_picture_as_it_was_at_each_step():
    steps = np.array([0, 3, 8])
    marks = (
        Line(ONE, ONE, "path", "line", steps),
        Points(ONE, ONE, "end", "end", steps),
        Curves(ONE, np.array([ONE, 2 * ONE]), np.array([2, 8]), "fit", "curve"),
        Line(ONE, ONE, "truth", "still"),
    )
    scene = Scene("t", UNIT, UNIT, marks)
    assert (scene.steps.tolist(), scene.last) == ([0, 2, 3, 8], 8)
    seen = scene.at(3)
    assert seen.named("line").x.tolist() == [0.5, 0.6] and seen.named("end").x.tolist() == [0.6]
    assert seen.named("curve").y.tolist() == ONE.tolist() and seen.named("still") is marks[3]
    assert scene.at(0).named("curve").y.size == 0 and scene.at(10**9).named("curve").y.tolist() == (2 * ONE).tolist()
    assert seen.steps.size == 0 and Scene("t", UNIT, UNIT).last == 0

import numpy as np
import pytest

from downslope.pictures.scene import Axis, Line, Note, Scene, plain


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

import numpy as np
import pytest

from downslope.pictures import hinges
from downslope.pictures.scene import Curves

X = np.linspace(0, 4, 21)
FIRST, SECOND = np.maximum(X - 1, 0), -2 * np.maximum(X - 3, 0)
STEPS = np.array([0, 6])


def picture(parts, total=None):
    total = np.array([0 * X, sum(values[-1] for _, values in parts) + 1]) if total is None else total
    return hinges(X, X, x_name="x", y_name="y", curve_x=X, total=(STEPS, total), parts=parts)


def parts(*values):
    return [(f"a{place}", np.array([0 * X, each])) for place, each in enumerate(values)]


def test_the_parts_and_their_sum_move_together():
    scene = picture(parts(FIRST, SECOND))
    assert [mark.name for mark in scene.marks if isinstance(mark, Curves)] == ["a0", "a1", "sum"]
    shown = scene.at(6)
    added = shown.named("a0").y + shown.named("a1").y + 1
    assert np.allclose(added, shown.named("sum").y) and scene.at(3).named("a0").y.tolist() == [0.0] * 21
    assert scene.steps.tolist() == [0, 6] and scene.y.low < -1.9


def test_the_largest_are_drawn():
    many = picture(parts(*[k * FIRST for k in range(1, 40)]))
    drawn = [mark.name for mark in many.marks if isinstance(mark, Curves)]
    assert len(drawn) == 13 and "a38" in drawn and "a0" not in drawn
    assert "the 12 largest of 39 hinges are drawn" in many.notes


@pytest.mark.parametrize("wild", [1e300 * FIRST, np.nan * FIRST, np.inf * (FIRST + 1)])
def test_wild_hinges_do_not_squeeze_the_data(wild):
    scene = picture(parts(FIRST, wild), np.array([X, X]))
    assert scene.y.high < 20 and "hinges leave the picture" in scene.notes

import numpy as np
import pytest

from downslope.pictures import residuals

X = np.linspace(0, 10, 40)


def picture(left, **others):
    return residuals(X, left, at_name="x", name="y", **others)


def test_points_and_the_line_of_none():
    scene = picture(np.sin(X))
    assert scene.named("residuals").y.tolist() == np.sin(X).tolist() and scene.y.label == "residual of y"
    assert scene.named("none").y.tolist() == [0, 0] and scene.steps.size == 0 and scene.notes == ()


def test_outliers_are_marked_by_their_number():
    left = np.sin(X)
    left[[6, 20]] = 50.0, -60.0
    scene = picture(left, standing_out=[7, 21, 999])
    assert scene.named("outliers").y.tolist() == [50.0, -60.0]
    assert scene.notes == ("rows 7, 21 stand out",)


def test_one_wild_residual_does_not_squeeze_the_others():
    left = np.sin(X)
    left[3] = 1e300
    scene = picture(left)
    assert scene.y.high < 3 and scene.notes == ("1 of 40 residuals are out of view",)


@pytest.mark.parametrize("left", [X * np.nan, X * 0, 1e300 * (X - 5), (X + 1) * np.inf, np.where(X > 5, 1e-300, 0)])
def test_odd_residuals_have_a_picture(left):
    assert picture(left).named("none").x.size == 2


def test_many_rows_are_sampled():
    many = np.linspace(0, 1, 5000)
    scene = residuals(many, many, at_name="x", name="y")
    assert scene.named("residuals").x.size <= 2000
    assert "2,000 of 5,000 rows drawn, chosen at random" in scene.notes

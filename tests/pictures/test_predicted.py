import numpy as np
import pytest

from downslope.pictures import predicted

Y = np.linspace(0, 10, 40)


def test_points_and_the_diagonal():
    scene = predicted(Y, Y + 0.1, name="y")
    assert scene.named("data").y.tolist() == (Y + 0.1).tolist()
    line = scene.named("perfect")
    assert line.x.tolist() == line.y.tolist() == [scene.x.low, scene.x.high] == [scene.y.low, scene.y.high]


def test_wild_predictions_are_left_out_and_told():
    wild = Y.copy()
    wild[:3] = [1e300, np.nan, -np.inf]
    scene = predicted(Y, wild, name="y")
    assert scene.named("data").x.size == 37 and scene.x.high < 12
    assert scene.notes == ("3 of 40 predictions are out of view",)


def test_many_rows_are_sampled():
    many = np.linspace(0, 1, 5000)
    assert predicted(many, many, name="y").notes == ("2,000 of 5,000 rows drawn, chosen at random",)


@pytest.mark.parametrize("values", [[], [1.0], [1e300, -1e300], [3.0, 3.0]])
def test_odd_values_have_a_picture(values):
    predicted(np.array(values), np.array(values), name="")

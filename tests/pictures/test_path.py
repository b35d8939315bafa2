import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.history import History
from downslope.pictures import path
from downslope.pictures.path import levels


def test_path_start_and_end(parabola, grid):
    history = parabola()
    scene = path(history, "w", "b", grid)
    assert scene.named("path").x.tolist() == history.path("w").tolist()
    assert (scene.named("start").x[0], scene.named("end").y[0]) == (1.0, history.path("b")[-1])
    assert (scene.x.low, scene.x.high, scene.y.low, scene.y.high) == (-1.5, 1.5, -1.0, 1.5)
    assert scene.notes == ()


def test_diverging_path_is_cut_and_told(parabola, grid):
    scene = path(parabola(rate=1.1, steps=2000), "w", "b", grid)
    assert np.nanmax(np.abs(scene.named("path").x)) <= 1.5
    assert scene.notes == ("the path leaves the picture at step 3",)


def test_path_elsewhere_is_told(parabola, grid):
    history = parabola()
    away = History.of(("w", "b"), step=history.step, loss=history.loss, params=history.params + 100)
    assert path(away, "w", "b", grid).notes == ("every point of the path is out of view",)


def test_other_parameters_are_mentioned(grid):
    history = History.of(("w", "b", "c"), step=[0], loss=[1.0], params=[[0.0, 0.0, 9.0]])
    assert "other parameters" in path(history, "w", "b", grid).notes[0]


@given(arrays(float, (3, 4), elements=st.floats(-1e307, 1e307) | st.just(np.nan)))
def test_levels_rise_between_lowest_and_highest(height):
    found = levels(height)
    assert (np.diff(found) > 0).all() and not np.isnan(found).any()
    if found.size:
        assert np.nanmin(height) < found[0] and found[-1] < np.nanmax(height)


def test_levels_are_dense_near_the_lowest():
    found = levels(np.array([[0.0, 1000.0]]))
    assert np.median(found) < 50 and np.diff(found)[0] < np.diff(found)[-1] / 100


def test_heights_that_are_not_finite_are_left_out(parabola, grid):
    w, b, losses = grid
    contours = path(parabola(), "w", "b", (w, b, np.where(losses > 1, np.inf, losses))).marks[0]
    assert np.isnan(contours.z[losses > 1]).all() and contours.levels[-1] < 1


@pytest.mark.parametrize("names", [("v", "b"), ("w", "v")])
def test_unknown_parameter_is_refused(parabola, grid, names):
    with pytest.raises(ValueError):
        path(parabola(), *names, grid)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.history import History
from downslope.pictures import path, plane
from downslope.pictures.path import levels
from downslope.pictures.scene import Contours


def test_path_start_and_end(parabola, grid):
    history = parabola()
    scene = path(history, "w", "b", grid)
    assert scene.named("path").x.tolist() == history.path("w").tolist()
    assert (scene.named("start").x[0], scene.at(30).named("end").y[0]) == (1.0, history.path("b")[-1])
    assert (scene.x.low, scene.x.high, scene.y.low, scene.y.high) == (-1.5, 1.5, -1.0, 1.5)
    assert scene.notes == ()


def test_diverging_path_is_cut_and_told(parabola, grid):
    scene = path(parabola(rate=1.1, steps=2000), "w", "b", grid)
    assert np.nanmax(np.abs(scene.named("path").x)) <= 1.5
    assert scene.notes == ("the path leaves the picture at step 3",)


def test_what_a_path_does_after_it_left_for_good_is_not_drawn(parabola, grid):
    scene = path(parabola(rate=1.1, steps=2000), "w", "b", grid)
    assert scene.named("path").x.size < 20 and np.isnan(scene.at(2000).named("end").x).all()


def test_the_path_grows_and_the_minimum_stays(parabola, grid):
    history = parabola()
    scene = path(history, "w", "b", grid, minimum=(0.0, 0.0))
    assert scene.at(7).named("path").x.tolist() == history.path("w")[:8].tolist()
    assert scene.at(7).named("end").y.tolist() == [history.path("b")[7]]
    assert scene.at(7).named("minimum").x.tolist() == [0.0]
    with pytest.raises(KeyError):
        path(history, "w", "b", grid, minimum=(9.0, 0.0)).named("minimum")


def test_without_a_model_there_are_no_contours(parabola, grid):
    scene = path(parabola(), "w", "b", (*grid[:2], None))
    assert not any(isinstance(mark, Contours) for mark in scene.marks) and scene.named("path").x.size == 31


def test_two_directions_say_what_they_are(grid):
    way = np.linspace(1, 0, 11), np.linspace(-1, 0, 11)
    scene = plane(np.arange(11), way, ("first", "second"), grid, said=["they show 90 %"])
    assert (scene.x.label, scene.y.label, scene.notes) == ("first", "second", ("they show 90 %",))


def test_a_long_path_is_thinned():
    step = np.arange(10_000)
    turn = np.stack([np.cos(step / 300), np.sin(step / 300)], axis=1)
    history = History.of(("w", "b"), step=step, loss=np.ones(10_000), params=turn)
    edge = np.linspace(-2, 2, 9)
    scene = path(history, "w", "b", (edge, edge, np.zeros((9, 9))))
    line = scene.named("path")
    assert line.x.size <= 600 and line.x.max() > 0.9999 and line.step[0] == 0 and line.step[-1] == 9_999
    assert scene.named("end").x.size <= 700


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

import numpy as np
import pytest

from downslope.history import History
from downslope.pictures import loss_against

W = np.linspace(-1.5, 1.5, 61)


def test_steps_hop_in_the_valley(parabola):
    history = parabola(rate=0.9)
    scene = loss_against(history, "w", W, W**2)
    steps = scene.named("steps")
    assert steps.x.tolist() == history.path("w").tolist() and (steps.x[:-1] * steps.x[1:] < 0).all()
    assert scene.named("start").x[0] == 1.0 and scene.named("end").x[0] == history.path("w")[-1]
    assert scene.y.low >= 0


def test_a_path_far_below_the_rims_fills_the_picture():
    history = History.of(("w",), step=[0, 1], loss=[1.0, 0.1], params=[[1.0], [0.3]])
    assert loss_against(history, "w", 10 * W, 1e6 * W**2).y.high < 2e5
    assert loss_against(history, "w", 10 * W, 100 * W**2).y.high < 50


def test_diverging_steps_are_cut_at_the_edge_and_told(parabola):
    scene = loss_against(parabola(rate=40.0, steps=200), "w", W, W**2)
    assert np.nanmax(np.abs(scene.named("steps").x)) <= 1.5 and np.nanmax(scene.named("steps").y) <= scene.y.high
    assert "200 of 201 points are out of view" in scene.notes
    with pytest.raises(KeyError):
        scene.named("end")


def test_many_steps_show_the_first_and_the_last(parabola):
    scene = loss_against(parabola(rate=1e-3, steps=5000), "w", W, W**2)
    assert scene.named("steps").x.size == 201 and scene.named("end").x.size == 1
    assert "the first 200 of 5,000 steps and the last are drawn" in scene.notes


def test_unknown_parameter_is_refused(parabola):
    with pytest.raises(ValueError):
        loss_against(parabola(), "v", W, W**2)


@pytest.mark.parametrize("losses", [W * np.nan, W * 0, 1e306 * W**2, -(W**2), np.where(W > 0, W, np.inf)])
def test_odd_valleys_have_a_picture(parabola, losses):
    loss_against(parabola(), "w", W, losses)

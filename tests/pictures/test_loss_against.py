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
    assert scene.named("start").x[0] == 1.0 and scene.at(30).named("end").x[0] == history.path("w")[-1]
    assert scene.y.low >= 0


def test_the_picture_grows_with_the_steps(parabola):
    history = parabola(rate=0.9)
    scene = loss_against(history, "w", W, W**2)
    early = scene.at(4)
    assert early.named("steps").x.tolist() == history.path("w")[:5].tolist()
    assert early.named("end").x.tolist() == [history.path("w")[4]] and early.named("valley").x.size > 50
    assert scene.last == 30 and scene.at(-1).named("steps").x.size == 0


def test_a_path_far_below_the_rims_fills_the_picture():
    history = History.of(("w",), step=[0, 1], loss=[1.0, 0.1], params=[[1.0], [0.3]])
    assert loss_against(history, "w", 10 * W, 1e6 * W**2).y.high < 2e5
    assert loss_against(history, "w", 10 * W, 100 * W**2).y.high < 50


def test_diverging_steps_are_cut_at_the_edge_and_told(parabola):
    scene = loss_against(parabola(rate=40.0, steps=200), "w", W, W**2)
    assert np.nanmax(np.abs(scene.named("steps").x)) <= 1.5 and np.nanmax(scene.named("steps").y) <= scene.y.high
    assert "200 of 201 points are out of view" in scene.notes
    assert scene.at(0).named("end").x.tolist() == [1.0]
    assert np.isnan(scene.at(1).named("end").x).all() and np.isnan(scene.at(200).named("end").x).all()


def test_many_steps_show_the_first_and_where_each_ended(parabola):
    history = parabola(rate=1e-3, steps=5000)
    scene = loss_against(history, "w", W, W**2)
    assert scene.named("steps").x.size == 201 and 100 < scene.named("end").x.size <= 700
    assert scene.at(5000).named("end").x.tolist() == [history.path("w")[-1]]
    assert "the first 200 of 5,000 steps and the last are drawn" in scene.notes


def test_a_loop_without_a_model_has_steps_and_no_valley(parabola):
    scene = loss_against(parabola(), "w", W)
    assert scene.named("steps").x.size == 31 and 1.1 < scene.y.high < 2
    with pytest.raises(KeyError):
        scene.named("valley")


def test_losses_of_batches_are_told():
    history = History.of(("w",), step=[0, 1], loss=[1.0, 0.1], params=[[1.0], [0.3]], batch_size=4)
    assert loss_against(history, "w", W, W**2).notes == ("the loss at each step is that of its batch",)


def test_unknown_parameter_is_refused(parabola):
    with pytest.raises(ValueError):
        loss_against(parabola(), "v", W, W**2)


@pytest.mark.parametrize("losses", [W * np.nan, W * 0, 1e306 * W**2, -(W**2), np.where(W > 0, W, np.inf), None])
def test_odd_valleys_have_a_picture(parabola, losses):
    loss_against(parabola(), "w", W, losses)

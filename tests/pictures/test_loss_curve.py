import numpy as np
import pytest

from downslope.diagnosis import Finding
from downslope.history import History
from downslope.pictures import loss_curve
from downslope.pictures.scene import Rule


def curve(loss, **others):
    loss = np.array(loss, dtype=float)
    return loss_curve(History.of(("w",), step=np.arange(loss.size), loss=loss, **others))


@pytest.mark.parametrize(("loss", "scale"), [([10, 5, 1.5], "linear"), ([80, 5, 3], "log"), ([5, 1, -80], "linear")])
def test_log_scale_only_where_it_helps(loss, scale):
    assert curve(loss).y.scale == scale


def test_steps_that_are_not_finite_are_left_out_and_told():
    scene = curve([1.0, 1e150, 1e300, np.inf, np.nan])
    assert scene.named("loss").y.tolist() == [1.0, 1e150, 1e300]
    assert scene.notes == ("out of view after step 2: the loss is not finite or too large to draw",)
    assert (scene.x.low, scene.x.high) == (0, 4) and scene.y.scale == "log"


def test_a_gap_is_told_as_one():
    assert "at 1 steps" in curve([2.0, np.nan, 1.0]).notes[0]


def test_floor_of_exactly_zero_is_told():
    scene = curve([100, 1, 0, 0])
    assert scene.y.scale == "log" and scene.named("loss").x.tolist() == [0, 1]
    assert "exactly 0 at step 2" in scene.notes[0]


@pytest.mark.parametrize("loss", [[], [3.0], [np.nan], [0.0, 0.0], [1e300, -1e300], [1e-300, 1e300], [5.0] * 4])
def test_odd_losses_have_a_picture(loss):
    assert curve(loss).title == "Loss at each step"


def test_findings_stand_at_their_step():
    history = History.of(("w",), step=[0, 1], loss=[1.0, 2.0])
    scene = loss_curve(history, [Finding("diverging", "fault", 1, {}, "")])
    assert scene.named("diverging") == Rule(1.0, "finding", "diverging")


def test_loss_of_batches_says_so():
    assert curve([2.0, 1.0], batch_size=32).y.label == "loss of each batch of 32"

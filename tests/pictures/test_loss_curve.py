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


def test_findings_of_one_step_share_a_line():
    found = [Finding(name, "warning", 1, {}, "") for name in ("crawling", "outliers")]
    history = History.of(("w",), step=[0, 1], loss=[1.0, 2.0])
    assert loss_curve(history, found).named("crawling, outliers").x == 1.0


def test_the_line_grows_and_its_end_moves():
    scene = curve([8.0, 4.0, 2.0])
    assert scene.at(1).named("loss").y.tolist() == [8.0, 4.0]
    assert scene.at(1).named("end").y.tolist() == [4.0] and scene.at(2).named("end").y.tolist() == [2.0]


def test_losses_over_other_rows_are_drawn_beside_it():
    history = History.of(("w",), step=[0, 1, 2], loss=[100.0, 2.0, 1.0])
    scene = loss_curve(history, others={"held out": (np.array([0, 2]), np.array([200.0, np.nan]))})
    assert scene.named("held out").y.tolist() == [200.0] and scene.y.high > 200 and scene.y.scale == "log"


def test_a_long_history_is_thinned_and_keeps_its_peaks():
    loss = 1 + np.exp(-np.arange(10_000) / 100)
    loss[4321], loss[8765] = 5.0, 0.5
    line = curve(loss).named("loss")
    assert line.x.size <= 600 and 5.0 in line.y and 0.5 in line.y
    assert (line.x[0], line.x[-1]) == (0, 9_999)


def test_loss_of_batches_says_so():
    assert curve([2.0, 1.0], batch_size=32).y.label == "loss of each batch of 32"

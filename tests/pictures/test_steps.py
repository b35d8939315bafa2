import numpy as np
import pytest

from downslope.history import History
from downslope.pictures import steps
from downslope.pictures.scene import Note


def picture(**columns):
    count = len(next(iter(columns.values())))
    return steps(History.of(("w",), step=np.arange(count), loss=np.ones(count), **columns))


def names(scene):
    return [mark.name for mark in scene.marks if not isinstance(mark, Note)]


def test_gradient_and_step_on_a_log_scale():
    scene = picture(gradient_norm=[4.0, 2.0, 1.0], step_norm=[0.4, 0.2, np.nan], rate=[0.1, 0.1, np.nan])
    assert names(scene) == ["gradient", "step"] and scene.y.scale == "log"
    assert scene.named("step").y.tolist() == [0.4, 0.2] and scene.at(1).named("gradient").y.tolist() == [4.0, 2.0]


def test_a_rate_that_changes_is_drawn():
    assert names(picture(gradient_norm=[1.0, 1.0, 1.0], rate=[0.1, 0.05, np.nan])) == ["gradient", "learning rate"]
    assert names(picture(gradient_norm=[1.0, 1.0, 1.0], rate=[0.1, 0.1 + 1e-8, np.nan])) == ["gradient"]


@pytest.mark.parametrize("values", [[np.nan] * 3, [0.0] * 3, [np.inf, 1e300, 1e-300], [5e-324, 1.0, -1.0], [1.0]])
def test_odd_lengths_have_a_picture(values):
    scene = picture(gradient_norm=values)
    assert scene.title and (names(scene) or "no gradient and no step is known" in scene.notes)
    assert not np.isinf(values).any() or "1 value is too large to draw" in scene.notes

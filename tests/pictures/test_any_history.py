"""What must hold of every picture, whatever a descent did."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.diagnosis import Finding
from downslope.history import History
from downslope.pictures import fitted, loss_against, loss_curve, path, steps
from downslope.pictures.scene import Band, Bars, Curves, Line, Points
from downslope.pictures.terminal import text

NUMBERS = st.floats() | st.sampled_from([0.0, 1.0, -1.0, 1e300, -1e300, 1e-300, np.inf, np.nan])


@st.composite
def histories(draw):
    rows, parameters = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    spacing = draw(st.integers(1, 50))
    columns = {
        name: draw(arrays(float, rows, elements=NUMBERS)) for name in ("loss", "rate", "gradient_norm", "step_norm")
    }
    names = ("w", "b", "c")[:parameters]
    params = draw(arrays(float, (rows, parameters), elements=NUMBERS))
    return History.of(names, step=spacing * np.arange(rows), params=params, **columns)


def scenes(history):
    edge = np.linspace(-2.0, 2.0, 7)
    yield loss_curve(history, [Finding("diverging", "fault", 1, {}, "")], {"held out": (history.step, history.loss)})
    yield steps(history)
    yield loss_against(history, "w", edge, edge**2)
    yield loss_against(history, "w", edge)
    if len(history.parameters) > 1:
        yield path(history, "w", "b", (edge, edge, edge**2 + edge[:, None] ** 2), minimum=(0.0, 0.0))
    with np.errstate(all="ignore"):
        curves = history.params[:, :1] * edge
    frames = (history.step, curves) if len(history) > 1 else None
    yield fitted(edge, edge, x_name="x", y_name="y", curve=(edge, curves[-1]), start=(edge, curves[0]), frames=frames)


def check(scene):
    assert all(np.isfinite([axis.low, axis.high]).all() and axis.low < axis.high for axis in (scene.x, scene.y))
    for mark in scene.marks:
        step = getattr(mark, "step", None)
        if isinstance(mark, Curves):
            assert mark.y.shape == (mark.step.size, mark.x.size)
        elif isinstance(mark, Line | Points):
            assert mark.x.shape == mark.y.shape and (step is None or step.shape == mark.x.shape)
        elif isinstance(mark, Band | Bars):
            assert mark.x.shape == mark.low.shape == mark.high.shape
        assert step is None or (np.diff(step) >= 0).all()
    for step in (-1, 0, 1, scene.last // 2, scene.last, 10**9):
        for mark in scene.at(step).marks:
            if isinstance(mark, Line | Points):
                seen = np.isfinite(mark.x + mark.y)
                assert ((mark.x[seen] >= scene.x.low) & (mark.x[seen] <= scene.x.high)).all()
                assert ((mark.y[seen] >= scene.y.low) & (mark.y[seen] <= scene.y.high)).all()


@given(histories())
@settings(max_examples=60, deadline=None)
def test_every_picture_is_whole(history):
    for scene in scenes(history):
        check(scene)


@given(histories())
@settings(max_examples=6, deadline=None)
def test_every_picture_can_be_drawn(history):
    renderer = pytest.importorskip("downslope.pictures.matplotlib_renderer")
    for scene in scenes(history):
        renderer.draw(scene).figure.canvas.draw()
        assert text(scene)


def test_ten_thousand_rows_stay_small():
    step = np.arange(10_000)
    wave = np.exp(-step / 2000) * np.cos(step / 7)
    history = History.of(
        ("w", "b"), step=step, loss=1 + wave**2, params=np.stack([wave, wave[::-1]], axis=1), gradient_norm=np.abs(wave)
    )
    for scene in scenes(history):
        check(scene)
        lines = [mark for mark in scene.marks if isinstance(mark, Line | Points)]
        assert max(mark.x.size for mark in lines) <= 700

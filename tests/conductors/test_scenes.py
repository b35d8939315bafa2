"""The pictures of real fits: what each needs is computed, and said where it is not."""

import subprocess
import sys

import numpy as np
import pytest

import downslope as ds
from downslope.errors import RequestError, UnknownName
from downslope.pictures.scene import Band, Contours, Curves, Line
from downslope.scenes import PICTURES, USUAL, scene, that_apply
from downslope.scenes.landscape import _losses
from downslope.scenes.predictions import predictions

RNG = np.random.default_rng(0)
X = np.linspace(-2.0, 2.0, 60)
DATA = {"x": X, "y": np.tanh(1.5 * X + 0.3) + 0.05 * RNG.normal(size=60)}
TANH = "y = a*tanh(w*x + k) + c"


@pytest.fixture(scope="module")
def raw():
    return ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), optimizer="gd", learning_rate=0.0004, steps=200)


@pytest.fixture(scope="module")
def scaled():
    asked = {"optimizer": "gd", "learning_rate": 0.85, "steps": 40, "start": {"w": 1.0, "b": 0.0}}
    return ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), scale="columns", **asked)


@pytest.fixture(scope="module")
def network():
    return ds.fit(TANH, DATA, optimizer="gd", learning_rate=0.1, steps=100)


@pytest.fixture(scope="module")
def hinged():
    y = 1 + np.maximum(X + 1, 0) - 2 * np.maximum(X - 1, 0)
    model = "y = b + a1*relu(x - k1) - a2*maximum(0, x - k2)"
    start = {"k1": -0.5, "k2": 0.5, "a1": 1.0, "a2": 1.0}
    return ds.fit(model, {"x": X, "y": y}, optimizer="gd", learning_rate=0.02, steps=50, start=start)


def test_what_applies(scaled, network, hinged):
    assert that_apply(scaled)[:4] == list(USUAL) and set(that_apply(scaled)) <= set(PICTURES)
    assert "gauge" in that_apply(scaled) and "hinges" not in that_apply(scaled)
    assert {"hinges", "units"} <= set(that_apply(hinged))
    one = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.1]}, optimizer="gd", learning_rate=0.1, steps=0)
    assert that_apply(one, quick=True)[:3] == ["fitted", "loss", "valley"] and "path" not in that_apply(one)


@pytest.mark.parametrize("quick", [True, False])
def test_all_that_apply_can_be_drawn(raw, scaled, network, hinged, quick):
    for fit in (raw, scaled, network, hinged):
        for name in that_apply(fit, quick=quick):
            drawn = scene(fit, name, quick=quick)
            assert drawn.at(7).title == drawn.title


def test_the_curve_moves_and_ends_at_the_answer(scaled):
    drawn = scene(scaled, "fitted", frames=12)
    curve = drawn.named("fitted")
    assert isinstance(curve, Curves) and curve.step.size <= 12 and curve.step[0] == 0 and curve.step[-1] == 40
    line = scaled.params["w"] * curve.x + scaled.params["b"]
    inside = (line > drawn.y.low) & (line < drawn.y.high)
    assert np.allclose(curve.y[-1][inside], line[inside], rtol=1e-12)
    assert any(isinstance(mark, Band) for mark in drawn.marks)


def test_a_diverging_fit_says_from_when_on_its_curve_is_gone(raw):
    assert any("is out of view from step" in note for note in scene(raw, "fitted").notes)
    assert not any(isinstance(mark, Band) for mark in scene(raw, "fitted").marks)


def test_many_points_at_once_are_predicted_as_one_by_one(network):
    points = RNG.normal(size=(9, 4))
    at_once = predictions(network.model, points, {"x": X})
    assert np.allclose(at_once, [network.model.predict(point, {"x": X}) for point in points], rtol=1e-14)
    whole = ds.fit("y = relu_sum(x, hinges=2)", DATA, optimizer="gd", learning_rate=0.01, steps=2).model
    points = RNG.normal(size=(3, 5))
    one_by_one = [whole.predict(point, {"x": X}) for point in points]
    assert np.allclose(predictions(whole, points, {"x": X}), one_by_one)


def test_heights_are_the_loss(scaled, network):
    for fit in (scaled, network):
        points = fit.history.params[::7]
        heights, said = _losses(fit.problem, points, 1000)
        assert np.allclose(heights, fit.history.loss[::7], rtol=1e-9) and said == ()


def test_heights_of_many_rows_are_of_a_sample_unless_they_are_known_exactly():
    x = RNG.uniform(-1, 1, 30_000)
    data = {"x": x, "y": np.tanh(x) + 0.1 * RNG.normal(size=x.size)}
    curved = ds.fit(TANH, data, optimizer="gd", learning_rate=0.1, steps=3)
    for quick, rows in ((False, "20,000"), (True, "2,000")):
        assert any(f"that of {rows} of 30,000 rows" in note for note in scene(curved, "valley", quick=quick).notes)
    straight = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.1, steps=3)
    drawn = scene(straight, "valley", quick=True)
    assert not any("of 30,000 rows, drawn" in note and "loss" in note for note in drawn.notes)
    heights, _ = _losses(straight.problem, straight.history.params, 1000)
    assert np.allclose(heights, straight.history.loss, rtol=1e-9)


def test_the_minimum_is_marked_where_it_is(scaled):
    best = ds.fit("celsius = w*unknown + b", ds.sample("thermometer"))
    drawn = scene(scaled, "path", quick=True).named("minimum")
    assert (drawn.x[0], drawn.y[0]) == (pytest.approx(best.params["w"]), pytest.approx(best.params["b"]))


def test_many_parameters_are_seen_in_two_directions_and_their_share_is_said(network):
    drawn = scene(network, "path")
    assert any("of the way from the floor" in note for note in drawn.notes)
    contours = next(mark for mark in drawn.marks if isinstance(mark, Contours))
    assert np.isfinite(contours.z).all() and contours.levels.size > 5
    # the floor of the landscape is the answer, which lies at 0, 0
    row, column = (int(np.argmin(np.abs(values))) for values in (contours.y, contours.x))
    assert contours.z[row, column] == pytest.approx(network.loss, rel=0.2)
    assert scene(network, "path:a,w").x.label == "a"


def test_a_path_that_is_one_line_or_one_point_has_two_directions():
    still = ds.fit(TANH, DATA, optimizer="gd", learning_rate=0.1, steps=0)
    once = ds.fit(TANH, DATA, optimizer="gd", learning_rate=0.1, steps=1)
    for fit in (still, once):
        assert scene(fit, "path", quick=True).named("start").x.size == 1


def test_hinges_add_up(hinged):
    drawn = scene(hinged, "hinges").at(50)
    lines = {mark.name: mark.y for mark in drawn.marks if isinstance(mark, Line)}
    assert set(lines) == {"a1*relu(x - k1)", "-a2*maximum(0, x - k2)", "sum"}
    total = lines["a1*relu(x - k1)"] + lines["-a2*maximum(0, x - k2)"] + hinged.params["b"]
    assert np.allclose(total, lines["sum"])


def test_outliers_are_named_in_the_residuals():
    y = 2 * X + 0.05 * RNG.normal(size=60)
    y[17] += 9.0
    drawn = scene(ds.fit("y = w*x + b", {"x": X, "y": y}), "residuals")
    assert "row 18 stands out" in drawn.notes and drawn.named("outliers").x.tolist() == [X[17]]


def test_batches_and_rows_held_out_are_seen_beside_the_loss():
    asked = {"optimizer": "gd", "learning_rate": 0.1, "steps": 30, "batch_size": 8, "validation": 0.25}
    fit = ds.fit("y = w*x + b", DATA, **asked)
    assert scene(fit, "loss").named("held out").y.size > 5 and scene(fit, "loss").named("all rows").y.size > 5


def test_a_quick_picture_measures_nothing():
    fit = ds.fit(TANH, DATA, optimizer="gd", learning_rate=0.1, steps=20)
    for name in that_apply(fit, quick=True):
        scene(fit, name, quick=True)
    assert fit.run.readings is None


def test_a_saved_fit_and_a_saved_loop_have_their_pictures(network, tmp_path):
    network.save(tmp_path / "a.downslope")
    again = ds.load(tmp_path / "a.downslope")
    assert scene(again, "fitted").named("fitted").y.shape == scene(network, "fitted").named("fitted").y.shape
    assert scene(again, "valley:w").named("valley").y.size > 50
    import jax

    slope = None
    with ds.watch() as run:
        slope = jax.grad(lambda w, b, c: (w - 1.0) ** 2 + 3 * (b + 1.0) ** 2 + (c * w) ** 2, argnums=(0, 1, 2))
        w, b, c = 0.1, 0.2, 0.3
        for _ in range(20):
            down = slope(w, b, c)
            w, b, c = w - 0.1 * down[0], b - 0.1 * down[1], c - 0.1 * down[2]
    run.save(tmp_path / "b.downslope")
    loop = ds.load(tmp_path / "b.downslope")
    assert that_apply(loop) == ["loss", "valley", "path", "steps"]
    for name in that_apply(loop):
        assert not any(isinstance(mark, Contours) for mark in scene(loop, name).marks)
    with pytest.raises(RequestError):
        scene(loop, "fitted")


@pytest.mark.parametrize(
    "rows",
    [
        {"x": [1.0], "y": [2.0]},
        {"x": [3.0, 3.0, 3.0], "y": [1.0, 2.0, 3.0]},
        {"x": [0.0, 1.0, 2.0], "y": [5.0, 5.0, 5.0]},
        {"x": [0.0, 1e60, 2e60], "y": [1e60, 2e60, 3e60]},
        {"x": [0.0, 1e-60, 2e-60], "y": [0.0, 1e-60, 1e-60]},
    ],
)
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_odd_data_have_pictures(rows, steps):
    fit = ds.fit("y = w*x + b", rows, optimizer="gd", learning_rate=0.3, steps=steps)
    for name in that_apply(fit):
        for quick in (True, False):
            scene(fit, name, quick=quick).at(1)


def test_names_that_are_no_picture_are_refused(scaled):
    with pytest.raises(UnknownName):
        scene(scaled, "portrait")
    with pytest.raises(UnknownName):
        scene(scaled, "valley:q")
    with pytest.raises(RequestError, match="takes 2 parameters"):
        scene(scaled, "path:w")
    with pytest.raises(RequestError, match="sum of ReLUs"):
        scene(scaled, "hinges")
    with pytest.raises(RequestError, match="ReLU units"):
        scene(scaled, "units")


def test_a_saved_fit_without_errors_shows_its_curve_without_jax(raw, tmp_path):
    raw.save(tmp_path / "a.downslope")
    program = (
        "import sys, downslope as ds; from downslope.scenes import scene; "
        f"fit = ds.load({str(tmp_path / 'a.downslope')!r}); "
        "[scene(fit, name) for name in ('fitted', 'loss', 'steps', 'residuals')]; assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

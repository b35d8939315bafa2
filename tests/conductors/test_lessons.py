"""The lessons' own numbers, from tests/golden/seeds.json: recomputed there by other engines and by exact arithmetic."""

import numpy as np
import pytest

import downslope as ds

LINE = "y = w*x + b"
THERMOMETER = "t_c = w*t_u + b"
START = {"w": 1.0, "b": 0.0}


@pytest.fixture(scope="module")
def thermometer(seeds):
    golden = seeds["thermometer"]
    data = {"t_u": golden["t_un"], "t_c": golden["t_c"]}
    return golden, ds.fit(THERMOMETER, data, optimizer="gd", learning_rate=0.01, epochs=5000, start=START)


def test_thermometer_has_every_listed_loss(thermometer):
    golden, fit = thermometer
    listed = golden["normalised"]["float64"]
    for epoch, loss in listed["loss_at_epoch"].items():
        assert fit.history.loss[int(epoch) - 1] == pytest.approx(loss, rel=1e-9), epoch
    assert fit.loss == pytest.approx(listed["loss_after"], rel=1e-9)
    assert fit.params == pytest.approx({"w": listed["w"], "b": listed["b"]}, rel=1e-9)
    assert fit.history.gradient[0] == pytest.approx(listed["gradient_at_epoch_1"], rel=1e-9)


def test_thermometer_takes_exactly_the_steps_asked_for(thermometer):
    _, fit = thermometer
    assert fit.history.step.tolist() == list(range(5001))
    assert fit.stopped == "all 5,000 steps taken"
    assert fit.state == "usable"
    assert fit.findings == ()


def test_raw_thermometer_goes_to_infinity_as_listed_and_ends_in_words(seeds):
    golden = seeds["thermometer"]
    listed = golden["unnormalised"]
    data = {"t_u": golden["t_u"], "t_c": golden["t_c"]}
    fit = ds.fit(THERMOMETER, data, optimizer="gd", learning_rate=0.01, epochs=5000, start=START)
    for epoch, loss in listed["loss_at_epoch"].items():
        assert fit.history.loss[int(epoch) - 1] == pytest.approx(loss, rel=1e-9), epoch
    first = listed["first_epoch_with_nonfinite_loss"]["float64"]
    assert np.isfinite(fit.history.loss[: first - 1]).all() and not np.isfinite(fit.history.loss[first - 1])
    assert len(fit.history) == first, "the history is kept up to the step that was no longer a number, and no further"
    assert fit.state == "untrusted"
    assert all(np.isfinite(value) for value in fit.params.values()), "the last finite parameters are kept"
    (finding,) = fit.findings
    assert finding.symptom == "diverging"
    assert finding.evidence["largest stable rate"] == pytest.approx(listed["largest_stable_rate"], rel=0.01)
    assert "largest stable rate" in fit.summary()


def test_raw_thermometer_at_a_small_rate_does_what_is_listed(seeds):
    golden = seeds["thermometer"]
    listed = golden["unnormalised"]["with_rate_1e_4_after_100_epochs"]
    data = {"t_u": golden["t_u"], "t_c": golden["t_c"]}
    fit = ds.fit(THERMOMETER, data, optimizer="gd", learning_rate=1e-4, epochs=100, start=START)
    for epoch, loss in listed["loss_at_epoch"].items():
        assert fit.history.loss[int(epoch) - 1] == pytest.approx(loss, rel=1e-9), epoch
    assert fit.params == pytest.approx({"w": listed["w"], "b": listed["b"]}, rel=1e-9)


@pytest.mark.parametrize("which", ["normalised", "unnormalised"])
def test_with_nothing_said_the_optimum_is_found(seeds, which):
    golden = seeds["thermometer"]
    optimum = golden[which]["optimum"]
    data = {"t_u": golden[golden["normalised"]["input"] if which == "normalised" else "t_u"], "t_c": golden["t_c"]}
    fit = ds.fit(THERMOMETER, data)
    assert fit.params == pytest.approx({"w": optimum["w"], "b": optimum["b"]}, rel=1e-10)
    assert fit.loss == pytest.approx(optimum["loss"], rel=1e-12)
    assert fit.state == "certified"
    assert any("closed-form, because every parameter enters linearly" in note for note in fit.notes)


def test_scaled_columns_cure_the_raw_thermometer_and_the_answer_is_in_its_units(seeds):
    golden = seeds["thermometer"]
    optimum = golden["unnormalised"]["optimum"]
    data = {"t_u": golden["t_u"], "t_c": golden["t_c"]}
    fit = ds.fit(THERMOMETER, data, optimizer="gd", learning_rate=0.1, steps=3000, start=START, scale="columns")
    assert fit.params == pytest.approx({"w": optimum["w"], "b": optimum["b"]}, rel=1e-9)
    assert fit.history.params[0] == pytest.approx([1.0, 0.0], abs=1e-12), "the start is the user's own"
    gradient = golden["unnormalised"]["gradient_at_epoch_1"]
    assert fit.history.gradient[0] == pytest.approx(gradient, rel=1e-9), "and so are the slopes"


def test_quadratic_by_mae_has_the_listed_loss_gradient_and_correct_sequence(seeds):
    golden = seeds["quadratic"]
    data = {"x": golden["x"], "y": golden["y"]}
    start = dict(zip("abc", golden["at"], strict=True))
    fit = ds.fit("y = a*x**2 + b*x + c", data, loss="mae", optimizer="gd", learning_rate=0.01, steps=11, start=start)
    assert fit.history.loss[0] == pytest.approx(golden["loss_at"], rel=1e-12)
    assert fit.history.gradient[0] == pytest.approx(golden["gradient_at"], rel=1e-12)
    correct = golden["losses_correct"]
    assert fit.history.loss[1:11] == pytest.approx(correct["losses"], rel=1e-12)
    assert list(fit.params.values()) == pytest.approx(correct["params_after"], rel=1e-12)
    assert fit.loss == pytest.approx(correct["loss_after"], rel=1e-12)
    assert not np.allclose(fit.history.loss[3:11], golden["losses_accumulated"]["losses"][2:]), (
        "gradients are not summed"
    )


@pytest.fixture(scope="module")
def line(seeds):
    example = seeds["line"]["example"]
    plan = {"optimizer": "gd", "learning_rate": 0.1, "start": {"w": 0.0, "b": -1.0}}
    return example, {"x": example["x"], "y": example["y"]}, plan


@pytest.mark.parametrize("steps", [200, 400, 1000])
def test_line_has_the_listed_values(line, steps):
    example, data, plan = line
    fit = ds.fit(LINE, data, steps=steps, **plan)
    listed = example[f"after_{steps}"]
    assert fit.params == pytest.approx({"w": listed["w"], "b": listed["b"]}, rel=1e-9)
    assert fit.loss == pytest.approx(listed["loss"], rel=1e-9)


def test_200_steps_and_200_more_are_400_to_the_bit(line):
    _, data, plan = line
    twice = ds.fit(LINE, data, steps=200, **plan).resume(steps=200)
    once = ds.fit(LINE, data, steps=400, **plan)
    assert twice.params == once.params
    for name, values in once.history.columns.items():
        assert np.array_equal(twice.history.columns[name], values, equal_nan=True), name


def test_a_ten_line_loop_takes_the_same_path(line):
    _, data, plan = line
    fit = ds.fit(LINE, data, steps=200, **plan)
    x, y = np.array(data["x"]), np.array(data["y"])
    w, b, path = 0.0, -1.0, []
    for _ in range(201):
        residual = w * x + b - y
        path.append((w, b, (residual**2).mean()))
        w, b = w - 0.1 * 2 * (residual * x).mean(), b - 0.1 * 2 * residual.mean()
    expected = np.array(path)
    assert fit.history.params == pytest.approx(expected[:, :2], rel=1e-12)
    assert fit.history.loss == pytest.approx(expected[:, 2], rel=1e-12)


def test_estimated_stands_beside_true_where_the_truth_is_known(seeds):
    fit = ds.fit(LINE, ds.sample("line"), optimizer="gd", learning_rate=0.1, steps=200, start={"w": 0, "b": -1})
    assert fit.truth == {"w": 0.1, "b": 0.5}
    assert "true value" in fit.summary()
    assert fit.params["w"] == pytest.approx(seeds["line"]["example"]["after_200"]["w"], rel=1e-9)

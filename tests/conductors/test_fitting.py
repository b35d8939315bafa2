"""What a fit does besides descending: weights in batches, watchers, going on, what it refuses."""

import numpy as np
import pytest

import downslope as ds

X = np.linspace(0, 5, 40)
DATA = {"x": X, "y": 2 * X + 1 + np.sin(X)}
LINE = "y = w*x + b"
GD = {"optimizer": "gd", "learning_rate": 0.01}


def test_weights_count_in_batches_of_one_row():
    """Divided by its own weight, a batch of one row would forget it: c would end at the plain mean, 5."""
    data = {"y": [0.0, 10.0], "k": [1.0, 9.0]}
    plan = {"optimizer": "sgd", "learning_rate": 0.001, "steps": 20_000, "weights": "k"}
    fit = ds.fit("y = c", data, **plan)
    assert fit.params["c"] == pytest.approx(9.0, abs=0.1)


def test_a_row_of_weight_zero_is_no_step_in_a_batch_of_its_own():
    fit = ds.fit(LINE, {**DATA, "k": (X > 1) * 1.0}, weights="k", optimizer="sgd", learning_rate=0.01, steps=80)
    assert fit.state == "usable" and np.isfinite(fit.history.loss).all()


def test_large_batches_are_not_drawn_for_steps_that_are_not_taken():
    x = np.linspace(0, 1, 100_000)
    fit = ds.fit(LINE, {"x": x, "y": x}, optimizer="sgd", batch_size=50_000, learning_rate=0.1, steps=3)
    assert len(fit.history) == 4


def test_a_batch_run_that_ends_far_above_its_start_is_not_trusted():
    plan = {"optimizer": "sgd", "learning_rate": 0.0215, "steps": 300, "start": {"w": 3, "b": 1}, "seed": 12}
    x = np.linspace(0, 10, 50)
    fit = ds.fit(LINE, {"x": x, "y": 3 * x + 1 + np.random.default_rng(0).normal(0, 0.1, 50)}, **plan)
    assert fit.state == "untrusted" and "rose" in fit.reasons[0]


@pytest.mark.parametrize(
    ("before", "after"), [(0.01, "plateau(0.01)"), ("plateau(0.01)", 0.005), (0.01, "cosine(0.01)")]
)
def test_the_rate_may_change_its_kind_on_resume(before, after):
    fit = ds.fit(LINE, DATA, optimizer="momentum", learning_rate=before, steps=20).resume(steps=20, learning_rate=after)
    assert fit.history.step[-1] == 40 and fit.state == "usable"


def test_a_search_has_no_rate_to_change():
    with pytest.raises(ds.RequestError, match="sets its own"):
        ds.fit(LINE, DATA, optimizer="levenberg-marquardt").resume(learning_rate=0.1)


def test_a_solver_takes_no_steps_that_could_go_on():
    with pytest.raises(ds.RequestError, match="takes no steps that could go on"):
        ds.fit(LINE, DATA).resume(steps=10)


@pytest.mark.parametrize(
    ("watcher", "steps"),
    [(lambda blocks: iter([next(blocks)]), 1), (lambda blocks: [], 0), (lambda blocks: None, 0), (list, 10**6)],
    ids=["one block", "none", "nothing", "all"],
)
def test_a_watcher_may_end_the_run(watcher, steps):
    plan = {"optimizer": "adam", "learning_rate": 0.01, "steps": 10**6 if steps == 10**6 else 10**8}
    fit = ds.fit(LINE, DATA, **plan, progress=watcher)
    assert (fit.stopped == "interrupted") == (steps < 10**6)
    assert fit.history.step[-1] >= min(steps, 1) and np.isfinite(fit.loss)


def test_norms_of_a_scaled_run_are_in_the_users_units():
    fit = ds.fit(LINE, {"x": 100 * X, "y": X}, **GD, steps=20, scale="columns")
    history = fit.history
    assert history.gradient_norm == pytest.approx(np.linalg.norm(history.gradient, axis=1))
    assert history.step_norm[:-1] == pytest.approx(np.linalg.norm(np.diff(history.params, axis=0), axis=1))


def test_check_gradient_looks_at_the_users_columns_whatever_the_plan():
    def slope(x, y, w, b):
        return 2 * ((w * x + b - y) * x).mean(), 2 * (w * x + b - y).mean()

    assert ds.check_gradient(LINE, slope, DATA, scale="columns").ok
    with pytest.raises(ds.UnknownName, match="learning_rate"):
        ds.check_gradient(LINE, slope, DATA, learning_rat=1)


def test_a_target_that_says_something_else_than_the_formula_is_refused():
    with pytest.raises(ds.RequestError, match="says it again"):
        ds.fit(LINE, {**DATA, "z": -X}, target="z")


def test_arrays_whose_names_the_formula_does_not_know_are_explained():
    with pytest.raises(ds.RequestError, match="called x in a formula"):
        ds.fit("y = a*t + b", X, X)


def test_another_function_than_the_one_that_was_saved_is_found_out(tmp_path):
    def model(x, w, c):
        return w * x + c

    ds.fit(model, X, 2 * X + 1, **GD, steps=50).save(tmp_path / "run.downslope")
    loaded = ds.load(tmp_path / "run.downslope", model=lambda x, w, c: w * x**2 + c)
    with pytest.raises(ds.RequestError, match="not the model of the run"):
        loaded.resume(steps=5)


@pytest.mark.parametrize(
    ("formula", "y", "asked", "words"),
    [
        ("y = where(x < k, a, b)", np.where(X < 3, 1.0, 2.0), {}, "slope by k was 0"),
        ("y = a*relu(w*x + b)", np.maximum(X, 0), {**GD, "start": {"w": -1.0, "b": -1.0}}, "flat ground"),
    ],
)
def test_what_never_had_a_slope_is_not_trusted(formula, y, asked, words):
    fit = ds.fit(formula, {"x": X, "y": y}, **asked)
    assert fit.state == "untrusted" and any(words in reason for reason in fit.reasons)


def test_a_unit_that_is_off_at_the_start_is_left_for_other_starts():
    """Nobody named a way to go, so a start from which no slope leads is not the end."""
    fit = ds.fit("y = a*relu(w*x + b)", {"x": X, "y": np.maximum(X, 0)}, start={"w": -1.0, "b": -1.0})
    assert fit.loss < 1e-12 and fit.state == "usable"


@pytest.mark.parametrize(
    "schedule", [lambda step: 0.1 if step < 10 else 0.01, lambda step: "a", lambda step: -0.1, lambda: 0.1]
)
def test_a_schedule_that_cannot_be_used_is_refused_in_words(schedule):
    with pytest.raises(ds.RequestError, match="the schedule"):
        ds.fit(LINE, DATA, optimizer="gd", learning_rate=schedule, steps=20)


def test_a_schedule_is_asked_only_for_the_steps_that_are_taken():
    import jax.numpy as jnp

    fit = ds.fit(LINE, DATA, optimizer="gd", learning_rate=lambda step: 0.01 * jnp.sqrt(50.0 - step), steps=50)
    assert len(fit.history) == 51 and fit.state == "usable"

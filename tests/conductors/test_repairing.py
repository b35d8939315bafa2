"""Repair on real fits: what is changed, what is never changed, and what is only said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.errors import RequestError
from downslope.repair import Repair

X = np.linspace(-1, 1, 24)
NOISE = 0.05 * np.random.default_rng(0).normal(size=24)
DATA = {"x": X, "y": 2 * X + 1 + NOISE}
LINE = "y = w*x + b"
START = {"w": 0.0, "b": 0.0}
SLOW = {"optimizer": "gd", "learning_rate": 0.001, "steps": 300, "start": START}
"""Crawls: the largest curvature is 2, the best rate 0.5."""
WILD = SLOW | {"learning_rate": 1.5}


def changed(repair: Repair) -> set[str]:
    return set(repair.changes)


def test_the_rate_alone_cures_a_crawl():
    fit = ds.fit(LINE, DATA, **SLOW)
    repair = fit.repair()
    assert repair.changes == {"learning_rate": (0.001, 0.5)}
    assert repair.changed and repair.fit is not fit and repair.before is fit
    assert repair.fit.findings == () and repair.fit.loss < fit.loss
    assert repair.tried[-1].cured and repair.tried[-1].loss == repair.fit.loss
    assert repair.reason == "crawling, cured by a change of learning_rate to 0.5"
    assert repair.fit.notes[0] == "repaired (crawling): learning_rate to 0.5"


def test_a_divergence_is_cured_and_its_answer_trusted():
    fit = ds.fit(LINE, DATA, **WILD)
    repair = fit.repair()
    assert fit.state == "untrusted" and repair.fit.state != "untrusted"
    assert changed(repair) == {"learning_rate"} and repair.fit.findings == ()


def test_it_stops_at_the_first_that_cures():
    for asked in (SLOW, WILD):
        tried = ds.fit(LINE, DATA, **asked).repair().tried
        assert [each.cured for each in tried] == [False] * (len(tried) - 1) + [True]


@pytest.mark.parametrize("asked", [SLOW, WILD])
def test_the_budget_of_steps_is_the_same(asked):
    repair = ds.fit(LINE, DATA, **asked).repair()
    assert all(each.steps <= 300 for each in repair.tried)
    assert repair.fit.run.steps == 300 and repair.fit.plan.steps == 300


@settings(max_examples=20)
@given(
    w=st.integers(-9, 9).filter(bool), b=st.integers(-9, 9), seed=st.integers(0, 99), rate=st.floats(0.1, 0.49),
    noise=st.sampled_from([0.0, 0.3]),
)  # fmt: skip
def test_a_healthy_run_is_left_as_it_is(w, b, seed, rate, noise):
    data = {"x": X, "y": w * X + b + noise * np.random.default_rng(seed).normal(size=X.size)}
    fit = ds.fit(LINE, data, **(SLOW | {"learning_rate": rate}))
    repair = fit.repair()
    assert repair.fit is fit and not repair.changed and repair.tried == () and repair.changes == {}
    assert str(repair) == "nothing is wrong with this training; it was left as it is"


@pytest.mark.parametrize("level", [1.0, -3e5, 1e-9])
def test_a_target_that_is_the_same_in_every_row_is_met_to_rounding(level):
    fit = ds.fit(LINE, {"x": X, "y": 0 * X + level}, **(SLOW | {"learning_rate": 0.125}))
    assert [found.symptom for found in fit.findings] == [] and not fit.repair().changed


def test_a_healthy_fit_that_asked_for_nothing_is_left_as_it_is():
    fit = ds.fit(LINE, DATA, repair=True)
    assert fit.repaired is not None and not fit.repaired.changed and fit.plan.steps is None


def test_keyword_returns_the_repaired_fit():
    fit = ds.fit(LINE, DATA, **SLOW, repair=True)
    assert set(fit.repaired.changes) == {"learning_rate"} and "repair" not in fit.repaired.reason
    assert fit.repaired.changed and fit.repaired.fit is fit and fit.findings == ()
    assert fit.plan.learning_rate == 0.5
    assert fit.repaired.before.plan.learning_rate == 0.001
    assert "learning_rate: 0.001 -> 0.5" in fit.explain()
    assert ds.fit(LINE, DATA, **SLOW).repaired is None


def test_it_is_the_fit_that_its_plan_gives():
    repair = ds.fit(LINE, DATA, **SLOW).repair()
    again = ds.fit(LINE, DATA, **repair.fit.plan.said())
    assert again.history.loss.tolist() == repair.fit.history.loss.tolist()


@pytest.mark.parametrize(
    ("model", "more"),
    [
        (LINE, {}),
        (LINE, {"weights": "k"}),
        (LINE, {"sigma": "k", "sigma_is": "relative"}),
        (LINE, {"fixed": {"b": 1.0}, "start": {"w": 0.0}}),
        (LINE, {"bounds": {"w": (None, 5.0)}}),
        (LINE, {"learning_rate": 1.5}),
    ],
)
def test_the_line_of_python_gives_the_same_fit(model, more):
    data = DATA | {"k": 1 + X**2}
    repair = ds.fit(model, data, **(SLOW | more)).repair()
    assert repair.changed
    again = eval(repair.python, {"ds": ds, "data": data})  # noqa: S307
    assert again.loss == repair.fit.loss and dict(again.params) == dict(repair.fit.params)


def test_the_line_of_python_gives_the_same_fit_of_arrays():
    repair = ds.fit(LINE, X, DATA["y"], **SLOW).repair()
    assert eval(repair.python, {"ds": ds, "data": DATA}).loss == repair.fit.loss  # noqa: S307


KEPT = {
    "bounded": (LINE, {"bounds": {"w": (None, 5.0), "b": (0.0, None)}}),
    "fixed": (LINE, {"fixed": {"b": 1.0}, "start": {"w": 0.0}}),
    "tied": ("y = w*x + b + 0*v", {"tied": {"v": "2*w"}}),
    "weights by name": (LINE, {"weights": "k"}),
    "weights by array": (LINE, {"weights": 1 + X**2}),
    "sigma": (LINE, {"sigma": "k", "sigma_is": "absolute"}),
    "validation": (LINE, {"validation": 0.25}),
    "scale": (LINE, {"scale": "columns"}),
    "huber": (LINE, {"loss": "huber(1)"}),
    "seed": (LINE, {"seed": 7, "validation": 0.25}),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_was_asked_beside_the_training_is_kept(name):
    model, more = KEPT[name]
    fit = ds.fit(model, DATA | {"k": 1 + X**2}, **(SLOW | more))
    assert fit.findings != ()
    repair = fit.repair()
    assert repair.changed and changed(repair) <= {"learning_rate", "optimizer", "steps", "start", "scale"}
    for setting in more.keys() - {"start"}:
        kept, asked = (getattr(each.plan, setting) for each in (repair.fit, fit))
        assert kept is asked or kept == asked
    assert repair.fit.loss < fit.loss
    assert repair.fit.run.rows == fit.run.rows


def test_batches_and_epochs_are_kept_if_a_rate_will_do():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 64)
    data = {"x": x, "y": 2 * x + 1 + 0.05 * rng.normal(size=64)}
    asked = {"optimizer": "sgd", "learning_rate": 0.0005, "epochs": 20, "batch_size": 8, "start": START}
    fit = ds.fit(LINE, data, **asked)
    repair = fit.repair()
    assert [found.symptom for found in fit.findings] == ["crawling"]
    assert changed(repair) == {"learning_rate"} and repair.fit.history.batch_size == 8
    assert repair.fit.findings == () and repair.fit.run.steps == fit.run.steps


def test_rows_are_named_where_the_fault_is_in_the_data():
    y = DATA["y"].copy()
    y[[4, 17]] += [9.0, -7.0]
    fit = ds.fit(LINE, {"x": X, "y": y})
    repair = fit.repair()
    assert repair.fit is fit and repair.tried == ()
    assert "rows 5 and 18 carry" in repair.reason and "a fault in the data, which no training cures" in repair.reason


def test_a_fault_of_the_data_beside_one_of_the_training_is_said_and_the_other_cured():
    y = DATA["y"].copy()
    y[4] += 9.0
    fit = ds.fit(LINE, {"x": X, "y": y}, **SLOW)
    repair = fit.repair()
    assert {found.symptom for found in fit.findings} == {"crawling", "outliers"}
    assert repair.changes == {"learning_rate": (0.001, 0.5)} and repair.tried[-1].cured
    assert repair.reason.startswith("crawling, cured by") and "row 5 carries" in repair.reason


def test_only_what_is_better_is_kept():
    # five steps are too few for every rate, and nothing else may be tried on that budget but another rule
    fit = ds.fit(LINE, DATA, **(SLOW | {"steps": 1, "learning_rate": 1e-9}))
    repair = fit.repair()
    assert repair.fit.loss <= fit.loss
    losses = [each.loss for each in repair.tried if np.isfinite(each.loss)]
    assert repair.fit.loss <= min(losses) * (1 + 1e-9)


def test_a_repair_of_a_repair_finds_nothing():
    assert not ds.fit(LINE, DATA, **SLOW).repair().fit.repair().changed


def test_it_works_from_a_loaded_run(tmp_path):
    fit = ds.fit(LINE, DATA, **SLOW)
    fit.save(tmp_path / "a.downslope")
    there, here = ds.load(tmp_path / "a.downslope").repair(), fit.repair()
    assert there.changes == here.changes and there.fit.loss == here.fit.loss and there.reason == here.reason


def test_a_loaded_run_of_held_out_rows_is_repaired_on_the_same_rows(tmp_path):
    fit = ds.fit(LINE, DATA, **SLOW, validation=0.25)
    fit.save(tmp_path / "a.downslope")
    there, here = ds.load(tmp_path / "a.downslope").repair(), fit.repair()
    assert there.fit.run.rows == here.fit.run.rows and there.fit.loss == here.fit.loss


def test_a_function_is_repaired_and_after_loading_asked_for(tmp_path):
    def model(x, w, b):
        return w * x + b

    fit = ds.fit(model, DATA, "y", **SLOW)
    assert fit.repair().changes == {"learning_rate": (0.001, 0.5)}
    fit.save(tmp_path / "a.downslope")
    with pytest.raises(RequestError, match="give it: load"):
        ds.load(tmp_path / "a.downslope").repair()
    assert ds.load(tmp_path / "a.downslope", model=model).repair().changes == {"learning_rate": (0.001, 0.5)}


def test_data_too_large_to_keep_are_asked_for_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.fitting.MOST_KEPT", 10)
    fit = ds.fit(LINE, DATA, **SLOW)
    assert fit.run.columns is None
    assert fit.repair().changed, "it has them still"
    fit.save(tmp_path / "a.downslope")
    with pytest.raises(RequestError, match="data"):
        ds.load(tmp_path / "a.downslope").repair()


def test_the_data_are_not_touched():
    data = {name: column.copy() for name, column in DATA.items()}
    for column in data.values():
        column.setflags(write=False)
    ds.fit(LINE, data, **SLOW, repair=True)
    assert all((data[name] == DATA[name]).all() for name in data)


def test_one_row_and_no_steps_are_no_trouble():
    assert not ds.fit("y = w*x", {"x": [1.0], "y": [2.0]}).repair().changed
    nothing = ds.fit(LINE, DATA, **(SLOW | {"steps": 0}))
    assert nothing.findings == () and not nothing.repair().changed


def test_rules_and_losses_of_your_own_are_examined_too():
    import optax

    fit = ds.fit(LINE, DATA, optimizer=optax.sgd(0.001), steps=300, start=START)
    assert [found.symptom for found in fit.findings] == ["crawling"]
    assert fit.repair().fit.loss < fit.loss
    schedule = ds.fit(LINE, DATA, **(SLOW | {"learning_rate": lambda step: 0.001}))
    repair = schedule.repair()
    assert repair.changed and " at 0x" not in str(repair) and " at 0x" not in schedule.explain()


def test_the_line_of_python_names_what_must_be_given_again():
    def model(x, w, b):
        return w * x + b

    def squares(prediction, target):
        return (prediction - target) ** 2

    weights = 1 + X**2
    own = ds.fit(model, DATA, "y", **SLOW, loss=squares).repair()
    again = eval(own.python, {"ds": ds, "data": DATA, "model": model, "squares": squares})  # noqa: S307
    assert again.loss == own.fit.loss
    weighed = ds.fit(LINE, DATA, **SLOW, weights=weights).repair()
    again = eval(weighed.python, {"ds": ds, "data": DATA, "weights": weights})  # noqa: S307
    assert again.loss == weighed.fit.loss

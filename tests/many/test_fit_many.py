"""Many fits: against SciPy and NumPy, against single fits, and with what users really have in their tables."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

import downslope as ds
from downslope.many import running

DECAY = "y = a*exp(-b*x) + c"


def decay(x, a, b, c):
    return a * np.exp(-b * x) + c


def made(groups, seed=0, noise=0.05):
    """Groups of 17 to 24 rows, of exponentials with noise, as one table of rows in order."""
    generator = np.random.default_rng(seed)
    parts = []
    for group in range(groups):
        x = generator.uniform(0, 5, generator.integers(17, 25))
        a, b, c = generator.uniform([1, 0.5, -1], [3, 2, 1])
        parts.append((np.full(x.size, group), x, decay(x, a, b, c) + noise * generator.normal(size=x.size)))
    return dict(zip(("sensor", "x", "y"), map(np.concatenate, zip(*parts, strict=True)), strict=True))


def of_group(table, group):
    mine = table["sensor"] == group
    return table["x"][mine], table["y"][mine]


def test_parameters_and_errors_are_those_of_scipy():
    table = made(12)
    fits = ds.fit_many(DECAY, table, by="sensor")
    assert fits.states == {"certified": 12, "usable": 0, "untrusted": 0}
    for group, fit in fits.items():
        x, y = of_group(table, group)
        params, covariance = curve_fit(decay, x, y, p0=list(fit.params.values()), xtol=1e-14, ftol=1e-14, gtol=1e-14)
        errors = np.sqrt(np.diagonal(covariance))
        assert np.abs(np.array(list(fit.params.values())) - params).max() <= 1e-6 * errors.max()
        assert np.array(list(fit.errors.values())) == pytest.approx(errors, rel=1e-5)
        assert fit.loss == pytest.approx(np.mean((decay(x, *params) - y) ** 2), rel=1e-12)
        assert fit.rows == x.size


def hostile():
    """Nine groups that are no good, or hardly, and three that are: name -> (x, y)."""
    generator = np.random.default_rng(5)
    x = np.sort(generator.uniform(0, 5, 20))
    noise = generator.normal(size=20)
    return {
        "clean": (x, decay(x, 2, 1, 0.5) + 0.01 * noise),
        "exact": (x, decay(x, 2, 1, 0.5)),
        "noisy": (x, decay(x, 2, 1, 0.5) + 0.3 * noise),
        "wrong sign": (x, -decay(x, 2, -0.3, 0.5) + 0.01 * noise),
        "constant": (x, np.full(20, 0.7)),
        "nothing but noise": (x, noise),
        "one x": (np.full(20, 1.0), 1 + 0.1 * noise),
        "two x": (np.repeat([1.0, 2.0], 10), 1 + 0.1 * noise),
        "all zero": (x, np.zeros(20)),
        "large": (1e6 * x, 1e8 * decay(x, 2, 1, 0.5) + 1e6 * noise),
        "small": (1e-9 * x, 1e-8 * decay(x, 2, 1, 0.5) + 1e-10 * noise),
        "far off": (x, decay(x, 2, 1, 0.5) + np.where(np.arange(20) == 7, 50.0, 0.01 * noise)),
    }


def stacked(groups):
    keys = np.repeat(list(groups), [len(x) for x, _ in groups.values()])
    x, y = (np.concatenate(part) for part in zip(*groups.values(), strict=True))
    return {"key": keys, "x": x, "y": y}


def test_states_and_answers_are_those_of_single_fits():
    groups = hostile()
    fits = ds.fit_many(DECAY, stacked(groups), by="key")
    for name, (x, y) in groups.items():
        single, mine = ds.fit(DECAY, {"x": x, "y": y}), fits[name]
        assert mine.state == single.state, (name, mine.reason, single.reasons)
        if single.state != "certified" or name == "exact":
            continue
        for parameter, value in single.params.items():
            assert abs(mine.params[parameter] - value) <= 1e-6 * single.errors[parameter], name
            assert mine.errors[parameter] == pytest.approx(single.errors[parameter], rel=1e-6), name
    assert fits["exact"].params == pytest.approx({"a": 2.0, "b": 1.0, "c": 0.5}, abs=1e-10)
    assert "nothing to fit" in fits.failed["constant"]
    assert fits["one x"].state == "untrusted"


@pytest.mark.slow
def test_a_group_does_not_see_the_others_nor_the_order_of_rows():
    table = made(12)
    whole = ds.fit_many(DECAY, table, by="sensor")
    some = np.isin(table["sensor"], [3, 8])
    few = ds.fit_many(DECAY, {name: values[some] for name, values in table.items()}, by="sensor")
    assert list(few) == [3, 8]
    assert [few[key].params for key in few] == [whole[key].params for key in few]
    shuffled = np.random.default_rng(0).permutation(table["x"].size)
    mixed = ds.fit_many(DECAY, {name: values[shuffled] for name, values in table.items()}, by="sensor")
    first = list(dict.fromkeys(table["sensor"][shuffled].tolist()))
    assert list(mixed) == first
    for key in mixed:
        assert mixed[key].params == pytest.approx(whole[key].params, rel=1e-9)


def test_linear_models_are_solved_as_numpy_does_far_from_zero_too():
    generator = np.random.default_rng(1)
    x, key = generator.uniform(1000, 1005, 120), np.repeat(np.arange(6), 20)
    y = 3 - 2 * x + 0.01 * x**2 + 0.1 * generator.normal(size=x.size)
    fits = ds.fit_many("y = a + b*x + c*x**2", {"key": key, "x": x, "y": y}, by="key")
    for group in range(6):
        mine = key == group
        near = x[mine] - 1002.5
        design = np.stack([np.ones(20), near, near**2], axis=1)
        (_, slope, curve), (rest,), *_ = np.linalg.lstsq(design, y[mine], rcond=None)
        spread = np.sqrt(np.diagonal(np.linalg.inv(design.T @ design)) * rest / 17)
        assert fits[group].state == "certified"
        assert fits[group].params["c"] == pytest.approx(curve, rel=1e-8)
        assert fits[group].params["b"] == pytest.approx(slope - 2 * 1002.5 * curve, rel=1e-8)
        assert fits[group].errors["c"] == pytest.approx(spread[2], rel=1e-6)


@pytest.mark.slow
def test_bounds_and_what_is_fixed_hold_for_each_group():
    table = made(4, seed=2)
    plan = {"bounds": {"b": (1.2, None)}, "fixed": {"c": 0.1}}
    fits = ds.fit_many(DECAY, table, by="sensor", **plan)
    for group, fit in fits.items():
        x, y = of_group(table, group)
        single = ds.fit(DECAY, {"x": x, "y": y}, **plan)
        assert fit.state == single.state and fit.params == pytest.approx(single.params, rel=1e-9)
        assert fit.errors == pytest.approx(single.errors, rel=1e-6)
        assert ("rests on its lower bound" in fit.reason) == any("rests" in reason for reason in single.reasons)
    assert fits.table["c"].tolist() == [0.1] * 4 and fits.table["c_error"].tolist() == [0.0] * 4
    assert (fits.table["b"] >= 1.2).all() and (fits.table["b"] == 1.2).any()


@pytest.mark.slow
def test_ties_weights_and_another_loss_in_one_function():
    import jax.numpy as jnp

    def model(x, a, b, c):
        return jnp.exp(a - b * x) + c

    generator = np.random.default_rng(3)
    x, key = generator.uniform(0, 4, 90), np.repeat(["p", "q", "r"], 30)
    table = {"key": key, "x": x, "n": generator.poisson(np.exp(3 - 0.5 * x)), "w": generator.uniform(0.5, 2, 90)}
    plan = {"loss": "poisson", "weights": "w", "tied": {"c": "0.1*a"}, "start": {"a": 2.0, "b": 0.4}}
    fits = ds.fit_many(model, table, by="key", target="n", **plan)
    for name in ("p", "q", "r"):
        mine = {column: values[key == name] for column, values in table.items() if column != "key"}
        single = ds.fit(model, mine, "n", **plan)
        assert fits[name].state == single.state == "certified"
        assert fits[name].params == pytest.approx(single.params, rel=1e-8)
        assert fits[name].errors == pytest.approx(single.errors, rel=1e-5)


def test_what_does_not_run_side_by_side_is_obeyed_one_after_the_other():
    table = made(3)
    fits = ds.fit_many("y = w*x + b", table, by="sensor", optimizer="gd", learning_rate=0.01, steps=7)
    x, y = of_group(table, 1)
    single = ds.fit("y = w*x + b", {"x": x, "y": y}, optimizer="gd", learning_rate=0.01, steps=7)
    assert fits[1].params == single.params and fits[1].state == single.state
    assert any(
        "one after the other: optimizer and learning_rate and steps were asked for" in note for note in fits.notes
    )


def test_groups_that_cannot_be_fitted_say_why_and_leave_the_others_alone():
    table = {
        "key": ["few"] * 2 + ["bad"] * 5 + ["good"] * 5,
        "x": [0.0, 1.0] + [0.0, 1.0, 2.0, 3.0, 4.0] * 2,
        "y": [1.0, 2.0, 1.0, 2.0, -3.0, 2.0, 1.0, 1.0, 2.1, 2.9, 4.2, 4.9],
    }
    fits = ds.fit_many("log(y) = a + b*x + c*x**2", table, by="key")
    assert list(fits) == ["few", "bad", "good"] and fits["good"].state == "certified"
    assert fits.failed == {
        "few": "3 parameters, but only 2 rows: the data cannot determine them",
        "bad": "log(y) is not a finite number in 1 of 5 rows",
    }
    assert np.isnan(fits["few"].params["a"]) and fits["few"].rows == 2


def test_fits_are_a_mapping_a_table_and_a_data_frame(tmp_path):
    table = {**made(3), "day": np.zeros(made(3)["x"].size)}
    fits = ds.fit_many("y = w*x + b", table, by=["sensor", "day"])
    assert list(fits) == [(0, 0.0), (1, 0.0), (2, 0.0)] and fits[1, 0.0].params["w"] == fits.table["w"][1]
    wanted = ["sensor", "day", "rows", "w", "b", "w_error", "b_error", "loss", "state", "reason"]
    assert list(fits.table) == wanted == fits.to_polars().columns
    with pytest.raises(ds.UnknownName, match=r"unknown key '\(9, 0.0\)'"):
        fits[9, 0.0]
    assert (7, 7) not in fits and "3 fits of y = w*x + b by sensor and day: 3 certified" in repr(fits)
    import polars

    for name, reader in (("fits.parquet", polars.read_parquet), ("fits.csv", polars.read_csv)):
        fits.save(tmp_path / name)
        assert reader(tmp_path / name)["w"].to_list() == fits.table["w"].tolist()
    import pyarrow

    assert pyarrow.RecordBatchReader.from_stream(fits).read_all()["state"].to_pylist() == ["certified"] * 3


@pytest.mark.parametrize(
    "change, kind, said",
    [
        ({"by": "senso"}, ds.UnknownName, "unknown key column 'senso'. Did you mean 'sensor'"),
        ({"by": ["sensor", "sensor"]}, ds.RequestError, "names 'sensor' twice"),
        ({"by": []}, ds.RequestError, "give the name of the column"),
        ({"by": 3}, ds.RequestError, "give the name of the column"),
        ({"by": "y"}, ds.RequestError, "'y' is what the model predicts"),
        ({"validation": 0.2}, ds.RequestError, "validation has no meaning for many fits"),
        ({"repair": True}, ds.RequestError, "repair has no meaning for many fits"),
        ({"sigma": [1.0, 2.0], "sigma_is": "absolute"}, ds.RequestError, "sigma of many fits is the name of a column"),
        ({"bounds": {"d": (0, 1)}}, ds.UnknownName, "parameter in bounds 'd'"),
        ({"stepss": 3}, ds.UnknownName, "Did you mean 'steps'"),
        ({"save": "fits.xlsx"}, ds.RequestError, "saved as .parquet or .csv"),
        ({"save": "nowhere/fits.csv"}, ds.OutputError, "there is no folder"),
        ({"progress": "yes"}, ds.RequestError, "progress is 'yes'"),
    ],
)
def test_bad_requests_are_refused_at_the_door(change, kind, said):
    with pytest.raises(kind) as refused:
        ds.fit_many("y = w*x + b", made(2), **{"by": "sensor", **change})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "column, values, said",
    [
        ("sensor", [1.0, np.nan, 1.0, 2.0], "1 of 4 rows have no key in 'sensor' (row 2; row 1 is the first)"),
        ("sensor", ["a", None, "", "b"], "2 of 4 rows have no key in 'sensor' (row 2, 3"),
        ("y", [1.0, 2.0, np.nan, 3.0], "row 3"),
        ("y", [1.0, 2.0, "three", 3.0], "row 3, column 'y': 'three'"),
        ("sensor", [[1], [2], [3], [4, 5]], "key column 'sensor'"),
    ],
)
def test_bad_cells_are_named(column, values, said):
    table = {"sensor": [1, 1, 2, 2], "x": [0.0, 1.0, 0.0, 1.0], "y": [1.0, 2.0, 3.0, 4.0], column: values}
    with pytest.raises(ds.DataError) as refused:
        ds.fit_many("y = w*x + b", table, by="sensor")
    assert said in str(refused.value)


def test_rows_without_a_key_or_a_number_can_be_left_out():
    table = {"k": ["a", "a", None, "a", "b", "b", "b"], "x": [0.0, 1, 9, 2, 0, 1, 2], "y": [0.0, 1, 9, 2, np.nan, 1, 3]}
    fits = ds.fit_many("y = w*x + c", table, by="k", reading=ds.Reading(missing="drop"))
    assert [fits[key].rows for key in fits] == [3, 2] and fits["a"].params["w"] == pytest.approx(1.0)
    assert fits["b"].params == pytest.approx({"w": 2.0, "c": -1.0}) and any("no key" in note for note in fits.notes)


def test_stopped_in_the_middle_it_keeps_what_is_finished(monkeypatch, tmp_path):
    from contextlib import contextmanager

    @contextmanager
    def impatient():
        asked = []
        yield lambda: asked.append(1) or len(asked) < 3

    monkeypatch.setattr(running, "until_interrupted", impatient)
    monkeypatch.setattr(running, "cores", lambda: 1)
    monkeypatch.setattr(running, "SLAB_GROUPS", 2)
    fits = ds.fit_many("y = w*x + b", made(7), by="sensor", save=tmp_path / "fits.parquet")
    assert len(fits) == 4 and fits.stopped == "interrupted after 4 of 7 groups"
    assert fits.to_polars().height == 4 and not list(tmp_path.glob(".downslope*"))


@pytest.mark.parametrize(
    "table, said",
    [
        ({"k": [], "x": [], "y": []}, "there are no rows: 'k' is empty"),
        ({"k": [1, 2], "x": [0.0, 1.0, 2.0], "y": [0.0, 1.0, 2.0]}, "k has 2 rows, x 3"),
        ({"k": [1, 1], "x": ["p", "q"], "y": [0.0, 1.0]}, "column 'x'"),
    ],
)
def test_tables_that_are_none_are_refused_in_the_users_names(table, said):
    with pytest.raises(ds.DataError) as refused:
        ds.fit_many("y = w*x + b", table, by="k")
    assert said in str(refused.value) and "\0" not in str(refused.value)


def test_a_formula_that_reads_no_column_is_a_level_of_each_group():
    fits = ds.fit_many("y = exp(c)", {"k": [1, 1, 1, 2, 2], "y": [1.0, 2.0, 3.0, 4.0, 6.0]}, by="k")
    assert fits.table["c"] == pytest.approx(np.log([2.0, 5.0]), rel=1e-10)

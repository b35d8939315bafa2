"""A stream gives the answers that the same rows give in memory: parameters, errors, state, and every step."""

from itertools import pairwise

import numpy as np
import polars
import pytest

import downslope as ds
from downslope import census
from downslope.objective import shards

ROWS = 40_000
CURVE = "y = a*exp(-b*x) + c"
START = {"a": 1.0, "b": 1.0, "c": 1.0}


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 4, ROWS)
    noise = generator.normal(0, 0.1, ROWS)
    return {
        "x": x,
        "y": 2.5 * np.exp(-1.3 * x) + 0.5 + noise,
        "w": generator.uniform(0.5, 2.0, ROWS) * (generator.random(ROWS) > 0.01),
        "s": generator.uniform(0.1, 0.2, ROWS),
        "yes": (generator.random(ROWS) < 1 / (1 + np.exp(-(x - 2)))).astype(float),
    }


@pytest.fixture(autouse=True)
def few_here(monkeypatch):
    """Only some of the rows are kept, and chunks are small."""
    monkeypatch.setattr(census, "DRAWN", 20_000)
    monkeypatch.setattr("downslope.streaming.DRAWN", 20_000)


def cut(data, pieces=100):
    """The rows in so many batches of different lengths."""
    edges = np.unique(np.linspace(0, 1, pieces + 1) ** 1.3 * ROWS).astype(int)
    return [{name: values[one:two] for name, values in data.items()} for one, two in pairwise(edges)]


def both(data, model, **settings):
    here, there = ds.fit(model, data, **settings), ds.fit(model, ds.Stream(cut(data)), **settings)
    assert there.run.rows == here.run.rows and there.problem.everywhere is not None
    return here, there


def close(here, there, rtol):
    np.testing.assert_allclose(list(there.params.values()), list(here.params.values()), rtol=rtol)
    assert there.state == here.state
    assert there.loss == pytest.approx(here.loss, rel=1e-9)


ANSWERS = {
    "linear": ("y = p + q*x + r*x**2", {}),
    "weights": ("y = p + q*x", {"weights": "w"}),
    "curved": (CURVE, {}),
    "curved weights": (CURVE, {"weights": "w"}),
    "sigma": (CURVE, {"sigma": "s", "sigma_is": "absolute"}),
    "huber": (CURVE, {"loss": "huber(0.2)"}),
    "logistic": ("yes = p + q*x", {"loss": "logistic"}),
    "bounds": (CURVE, {"bounds": {"c": (0.6, None)}}),
    "fixed": (CURVE, {"fixed": {"c": 0.5}}),
    "tied": (CURVE, {"tied": {"c": "a/5"}}),
    "by name": (CURVE, {"optimizer": "levenberg-marquardt", "start": START}),
    "lbfgs": (CURVE, {"optimizer": "lbfgs", "start": START}),
    "newton": (CURVE, {"optimizer": "newton", "start": START}),
    "projection": (CURVE, {"optimizer": "variable-projection", "start": START}),
}


QUICK = {"linear", "curved weights", "logistic", "gd", "scaled"}


def cases(of):
    """The quick ones each time, the others among the slow tests."""
    return [pytest.param(case, marks=[] if case in QUICK else pytest.mark.slow) for case in of]


@pytest.mark.parametrize("case", cases(ANSWERS))
def test_answers_and_errors_are_those_in_memory(data, case):
    model, settings = ANSWERS[case]
    here, there = both(data, model, **settings)
    close(here, there, 1e-10)
    for name, error in here.errors.items():
        assert there.errors[name] == pytest.approx(error, rel=1e-6, abs=0)


STEPS = {
    "gd": (CURVE, {"optimizer": "gd", "learning_rate": 0.1, "steps": 12}),
    "nesterov": (CURVE, {"optimizer": "nesterov", "learning_rate": "cosine(0.05)", "steps": 12}),
    "adam": (CURVE, {"optimizer": "adam", "learning_rate": 0.05, "steps": 12}),
    "tolerance": (CURVE, {"optimizer": "gd", "learning_rate": 0.2, "steps": 500, "tolerance": 0.3}),
    "plateau": (CURVE, {"optimizer": "gd", "learning_rate": "plateau(0.1)", "steps": 12}),
    "bounded": (CURVE, {"optimizer": "gd", "learning_rate": 0.3, "steps": 12, "bounds": {"c": (0.9, None)}}),
    "diverging": (CURVE, {"optimizer": "gd", "learning_rate": 50.0, "steps": 40}),
    "linear": ("y = p + q*x", {"optimizer": "momentum", "learning_rate": 0.05, "steps": 60}),
    "scaled": ("y = p + q*x", {"optimizer": "gd", "learning_rate": 0.05, "steps": 60, "scale": "columns"}),
    "logistic": ("yes = p + q*x", {"loss": "logistic", "optimizer": "gd", "learning_rate": 0.2, "steps": 12}),
    "scaled logistic": (
        "yes = p + q*x",
        {"loss": "logistic", "optimizer": "gd", "learning_rate": 0.2, "steps": 12, "scale": "columns"},
    ),
}


@pytest.mark.parametrize("case", cases(STEPS))
def test_steps_are_those_in_memory(data, case):
    model, settings = STEPS[case]
    start = START if model is CURVE else {"p": 0.0, "q": 0.5}
    here, there = both(data, model, **{"start": {**start, **({"c": 1.0} if model is CURVE else {})}, **settings})
    np.testing.assert_array_equal(there.history.step, here.history.step)
    scaled = "scale" in settings
    for column in ("loss", "params", "gradient", "rate", "step_norm"):
        one, other = getattr(here.history, column), getattr(there.history, column)
        # the middle of a scaled column is that of the rows that are here
        np.testing.assert_allclose(other, one, rtol=2e-2 if scaled else 1e-8, atol=1e-2 if scaled else 1e-11)
    assert there.run.stopped == here.run.stopped and there.state == here.state


@pytest.mark.slow
def test_batches_are_rows_of_the_stream_each_once_an_epoch(data):
    settings = {"optimizer": "sgd", "batch_size": 1000, "learning_rate": 0.05, "start": START}
    one = ds.fit(CURVE, ds.Stream(cut(data)), epochs=1, **settings)
    assert one.run.steps == 40
    again = ds.fit(CURVE, ds.Stream(cut(data)), epochs=1, **settings)
    np.testing.assert_array_equal(one.history.params, again.history.params)
    # the mean of the gradients at a rate of nearly 0 is the gradient over all rows
    still = ds.fit(CURVE, ds.Stream(cut(data)), epochs=1, **{**settings, "learning_rate": 1e-300})
    whole = ds.fit(CURVE, data, optimizer="gd", learning_rate=1e-300, steps=0, start=START)
    np.testing.assert_allclose(still.history.gradient[:-1].mean(axis=0), whole.history.gradient[0], rtol=1e-10)


def test_a_small_stream_is_simply_read(data):
    few = {name: values[:500] for name, values in data.items()}
    here, there = ds.fit(CURVE, few), ds.fit(CURVE, ds.Stream([few]))
    assert there.problem.everywhere is None
    assert there.params == here.params and there.errors == here.errors


def test_rows_sorted_by_a_column_make_no_difference(data):
    order = np.argsort(data["x"])
    ordered = {name: values[order] for name, values in data.items()}
    for model in ("y = p + q*x + r*x**2", CURVE):
        close(ds.fit(model, data), ds.fit(model, ds.Stream(cut(ordered))), 1e-9)


def test_ill_conditioned_designs_keep_their_digits():
    generator = np.random.default_rng(1)
    x = generator.uniform(100, 101, ROWS)
    data = {"x": x, "y": 1 + 2 * x - 3 * x**2 + generator.normal(size=ROWS)}
    model = "y = a + b*x + c*x**2 + d*x**3"
    close(ds.fit(model, data), ds.fit(model, ds.Stream(cut(data))), 1e-7)


def test_a_column_that_begins_late_is_seen():
    generator = np.random.default_rng(1)
    x, late = generator.normal(size=ROWS), np.zeros(ROWS)
    late[ROWS // 2 :] = generator.normal(size=ROWS - ROWS // 2)
    data = {"x": x, "late": late, "y": 1 + 2 * x + 3 * late + generator.normal(size=ROWS)}
    close(ds.fit("y = a + b*x + c*late", data), ds.fit("y = a + b*x + c*late", ds.Stream(cut(data))), 1e-10)


@pytest.mark.slow
def test_a_function_that_is_linear_on_some_rows_only(data):
    import jax.numpy as jnp

    def model(x, a, b):
        return a + b * x + jnp.where(x > 3.999, (a * b) ** 2, 0.0)

    few = {"x": np.sort(data["x"]), "y": data["y"]}
    there = ds.fit(model, ds.Stream(cut(few)), "y")
    assert there.plan.optimizer == "auto" and there.run.chosen["optimizer"] != "closed-form"


@pytest.mark.slow
def test_poor_models_of_two_close_exponentials():
    generator = np.random.default_rng(3)
    x = generator.uniform(0, 6, 200_000)
    data = {"x": x, "y": 2 * np.exp(-x) + 1.5 * np.exp(-1.4 * x) + generator.normal(0, 0.01, x.size)}
    model = "y = a1*exp(-b1*x) + a2*exp(-b2*x)"
    parts = [{name: values[at : at + 2000] for name, values in data.items()} for at in range(0, x.size, 2000)]
    here, there = ds.fit(model, data), ds.fit(model, ds.Stream(parts))
    for one, other in ((here.params, there.params), (here.errors, there.errors)):
        np.testing.assert_allclose(sorted(other.values()), sorted(one.values()), rtol=1e-6)
    np.testing.assert_allclose(sorted(there.params.values()), sorted(here.params.values()), rtol=1e-10)


def test_files_and_their_bad_rows(tmp_path, data):
    frame = polars.DataFrame({"x": data["x"], "y": data["y"]})
    frame.write_csv(tmp_path / "t.csv")
    frame[:15_000].write_parquet(tmp_path / "1.parquet")
    frame[15_000:].write_parquet(tmp_path / "2.parquet")
    here = ds.fit(CURVE, data)
    for path in ("t.csv", "*.parquet"):
        close(here, ds.fit(CURVE, ds.Stream(str(tmp_path / path))), 1e-10)
    lines = (tmp_path / "t.csv").read_text().splitlines()
    lines[30_000] = "1.5,n/m"
    (tmp_path / "t.csv").write_text("\n".join(lines))
    with pytest.raises(ds.DataError, match=r"t\.csv, line 30001, column 'y': 'n/m'"):
        ds.fit(CURVE, ds.Stream(tmp_path / "t.csv"))
    skipped = ds.fit(CURVE, ds.Stream(tmp_path / "t.csv", reading=ds.Reading(missing="skip")))
    assert skipped.run.rows == ROWS - 1 and any("30001" in note for note in skipped.notes)


def test_large_files_are_streamed_unasked(tmp_path, data, monkeypatch):
    monkeypatch.setattr("downslope.data.stream.LARGE", 100_000)
    polars.DataFrame(data).write_parquet(tmp_path / "t.parquet")
    fit = ds.fit("y = p + q*x", tmp_path / "t.parquet")
    assert any("read piece by piece" in note for note in fit.notes)
    close(ds.fit("y = p + q*x", data), fit, 1e-12)


def test_an_iterator_serves_a_linear_model_and_no_other(data):
    linear = ds.fit("y = p + q*x", ds.Stream(iter(cut(data))))
    close(ds.fit("y = p + q*x", data), linear, 1e-12)
    with pytest.raises(ds.DataError, match=r"only once.*Stream\(lambda: batches\(\)\)"):
        ds.fit(CURVE, ds.Stream(iter(cut(data))))


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"sigma": np.ones(ROWS), "sigma_is": "relative"}, "sigma is an array"), ({"validation": 0.1}, "validation")],
)
def test_settings_that_need_all_rows_are_refused(data, settings, said):
    with pytest.raises(ds.RequestError, match=said):
        ds.fit(CURVE, ds.Stream(cut(data)), **settings)


def test_bad_targets_and_weights_are_named_by_their_row(data):
    for column, value, settings, said in (
        ("w", -1.0, {"weights": "w"}, "row 30001"),
        ("s", 0.0, {"sigma": "s", "sigma_is": "relative"}, "row 30001"),
        ("yes", 2.0, {"loss": "logistic"}, "row 30001"),
    ):
        bad = {**data, column: data[column].copy()}
        bad[column][30_000] = value
        with pytest.raises(ds.DownslopeError, match=said):
            ds.fit("yes = p + q*x", ds.Stream(cut(bad)), **settings)


@pytest.mark.slow
def test_a_run_goes_on_and_is_saved(tmp_path, data):
    stream = ds.Stream(cut(data))
    settings = {"optimizer": "adam", "learning_rate": 0.05, "start": START}
    whole = ds.fit(CURVE, stream, steps=20, **settings)
    part = ds.fit(CURVE, stream, steps=12, **settings)
    np.testing.assert_array_equal(part.resume(steps=8).history.params, whole.history.params)
    part.save(tmp_path / "run.downslope")
    loaded = ds.load(tmp_path / "run.downslope")
    np.testing.assert_array_equal(loaded.resume(steps=8, data=stream).history.params, whole.history.params)
    with pytest.raises(ds.RequestError, match="not the data that the run saw"):
        loaded.resume(steps=8, data=ds.Stream(cut({**data, "y": data["y"] + 1})))
    other = part.again(learning_rate=0.01)
    np.testing.assert_allclose(
        other.history.params[-1],
        ds.fit(CURVE, data, steps=12, **{**settings, "learning_rate": 0.01}).history.params[-1],
        rtol=1e-9,
    )


@pytest.mark.slow
def test_the_scan_of_a_linear_model_is_of_all_rows(data):
    here, there = ds.scan("y = p + q*x", data), ds.scan("y = p + q*x", ds.Stream(cut(data)))
    assert there.limit == pytest.approx(here.limit, rel=1e-9) and there.rows == ROWS
    curved = ds.scan(CURVE, ds.Stream(cut(data)))
    assert curved.limit == pytest.approx(ds.scan(CURVE, data).limit, rel=0.05)
    assert any("20,000 rows" in note for note in curved.notes)


def test_chunks_add_up_in_one_order(data):
    work = shards.SumsWork(
        ds.fit(CURVE, data, steps=0, optimizer="gd", learning_rate=1.0).problem.objective, {}, np.ones(3)
    )
    pieces = [shards.Piece({"x": part["x"]}, part["y"]) for part in cut(data)]
    found = [shards.total(iter(pieces), work) for _ in range(3)]
    assert len({float(each.loss) for each in found}) == 1
    residual = np.exp(-data["x"]) + 1 - data["y"]
    assert found[0].loss == pytest.approx(float(residual @ residual), rel=1e-13)

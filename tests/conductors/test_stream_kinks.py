"""mae and quantile on a stream: the exact minimum over all rows, not that of the rows that were drawn of them."""

from itertools import pairwise

import numpy as np
import pytest

import downslope as ds
from downslope import census
from downslope.descent.kinks import globbed
from downslope.errors import DataError, RequestError

ROWS = 30_000


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 2, ROWS)
    return {
        "x": x,
        "z": generator.normal(size=ROWS),
        "y": 1 + 2 * x - x**2 + 0.3 * generator.standard_t(2, ROWS),
        "w": generator.choice([0.0, 0.5, 3.0], ROWS),
        "s": np.exp(0.5 * generator.normal(size=ROWS)),
    }


@pytest.fixture(autouse=True)
def few_here(monkeypatch):
    """Only some of the rows are kept, and few near their kink."""
    monkeypatch.setattr(census, "DRAWN", 4000)
    monkeypatch.setattr("downslope.streaming.DRAWN", 4000)
    monkeypatch.setattr(globbed, "AIM", 3000)


def cut(data, pieces=7):
    size = len(data["x"])
    edges = np.linspace(0, size, pieces + 1).astype(int)
    return [{name: values[one:two] for name, values in data.items()} for one, two in pairwise(edges)]


def both(data, model, target=None, **settings):
    here, there = ds.fit(model, data, target, **settings), ds.fit(model, ds.Stream(cut(data)), target, **settings)
    assert there.problem.everywhere is not None
    assert there.run.rows == here.run.rows
    return here, there


def line(x, slope, offset):
    return slope * x + offset


CASES = {
    "mae": ("y = p + q*x + r*x**2", {"loss": "mae"}),
    "low quantile": ("y = p + q*x + r*x**2", {"loss": "quantile(0.01)"}),
    "high quantile": ("y = p + q*x + r*z", {"loss": "quantile(0.99)"}),
    "weights": ("y = p + q*x", {"loss": "mae", "weights": "w"}),
    "sigma": ("y = p + q*x", {"loss": "quantile(0.3)", "sigma": "s", "sigma_is": "relative"}),
    "fixed": ("y = p + q*x + r*x**2", {"loss": "mae", "fixed": {"r": -0.9}}),
    "tied": ("y = p + q*x", {"loss": "mae", "tied": {"q": "2*p"}}),
    "bounds": ("y = p + q*x + r*z", {"loss": "quantile(0.3)", "bounds": {"r": (0.5, None)}}),
    "scaled columns": ("y = p + q*x", {"loss": "mae", "scale": "columns"}),
    "a start": ("y = p + q*x", {"loss": "mae", "start": {"p": -7.0}}),
    "a left side": ("exp(y/10) = p + q*x", {"loss": "mae"}),
}


@pytest.mark.parametrize("case", CASES)
def test_parameters_loss_and_errors_are_those_of_all_rows(data, case):
    model, settings = CASES[case]
    here, there = both(data, model, **settings)
    assert (there.state, there.stopped) == (here.state, here.stopped) == ("certified", "nothing left to gain")
    for name, value in here.params.items():
        assert there.params[name] == pytest.approx(value, rel=1e-10)
        assert there.errors[name] == pytest.approx(here.errors[name], rel=1e-5, nan_ok=True)
    assert there.loss == pytest.approx(here.loss, rel=1e-14)
    assert there.history.loss[0] == pytest.approx(here.history.loss[0], rel=1e-13)
    assert there.history.loss[-1] == there.loss
    assert there.certificate.gap <= 1e-13 * there.loss
    assert min(there.certificate.digits) == pytest.approx(min(here.certificate.digits), abs=1.0)
    assert there.run.uncertainty.kind == here.run.uncertainty.kind
    assert there.run.uncertainty.freedom == here.run.uncertainty.freedom


def test_a_function_that_is_linear_is_known_for_it_on_all_rows(data):
    here, there = both(data, line, "y", loss="mae")
    assert there.params == pytest.approx(here.params, rel=1e-12)
    assert there.state == "certified"


@pytest.mark.parametrize("by", ["x", "y"])
def test_a_sorted_file_gives_the_same(data, by, tmp_path):
    order = np.argsort(data[by])
    path = tmp_path / "sorted.csv"
    np.savetxt(path, np.column_stack([data["x"], data["y"]])[order], delimiter=",", header="x,y", comments="")
    there = ds.fit("y = p + q*x", ds.Stream(str(path)), loss="mae")
    here = ds.fit("y = p + q*x", data, loss="mae")
    assert there.params == pytest.approx(here.params, rel=1e-10)
    assert there.errors == pytest.approx(here.errors, rel=1e-5)


def test_heavy_ties_give_the_same_loss(data):
    tied = {"x": np.round(data["x"]), "y": np.round(data["y"])}
    here, there = both(tied, "y = p + q*x", loss="mae")
    assert there.loss == pytest.approx(here.loss, rel=1e-13)
    assert there.state == here.state


def test_a_combination_that_no_row_tells_apart_is_named(data):
    here, there = both(data, "y = p + q*x + r*x", loss="mae")
    assert there.state == here.state == "untrusted"
    assert there.reasons == here.reasons
    assert there.loss == pytest.approx(here.loss, rel=1e-13)


def test_steps_are_counted_as_asked(data):
    found = ds.fit("y = p + q*x", ds.Stream(cut(data)), loss="mae", steps=1)
    assert found.stopped == "all 1 steps taken"
    assert len(found.history) == 2
    assert found.state == "usable"


def test_whoever_asks_to_stop_keeps_what_there_is(data):
    def one(blocks):
        yield next(blocks)

    found = ds.fit("y = p + q*x", ds.Stream(cut(data)), loss="mae", progress=one)
    assert np.isfinite(found.loss)


def test_a_model_that_is_curved_is_read_into_memory_and_says_so(data):
    curve = {"x": data["x"], "y": 2 * np.exp(-1.3 * data["x"]) + 0.1 * data["z"]}
    here = ds.fit("y = a*exp(-b*x)", curve, loss="mae")
    there = ds.fit("y = a*exp(-b*x)", ds.Stream(cut(curve)), loss="mae")
    assert there.params == here.params
    assert there.problem.everywhere is None
    assert (
        "30,000 rows read into memory: mae on a model that is curved in its parameters needs them at once"
        in there.notes
    )


def test_one_that_does_not_fit_in_memory_is_refused_with_what_to_do(data, monkeypatch):
    monkeypatch.setattr("downslope.streaming.IN_MEMORY", 100_000)
    with pytest.raises(RequestError, match=r"30,000 rows: mae on a model that is curved .* loss='huber'.* batch_size"):
        ds.fit("y = a*exp(-b*x)", ds.Stream(cut(data)), loss="mae")
    by_steps = ds.fit("y = a*exp(-b*x)", ds.Stream(cut(data)), loss="mae", optimizer="adam", steps=3)
    assert by_steps.problem.everywhere is not None
    with pytest.raises(RequestError, match="needs all rows in memory at once"):
        by_steps.again(optimizer="auto")


def test_a_row_where_the_model_is_no_number_is_named(data):
    with pytest.raises(RequestError, match=r"not a finite number, whatever its parameters, in row [\d,]+ \(x = -"):
        ds.fit("y = p + q*log(x)", ds.Stream(cut(data)), loss="mae")


def test_batches_that_come_only_once_are_refused(data):
    with pytest.raises(DataError, match="can be read only once"):
        ds.fit("y = p + q*x", ds.Stream(iter(cut(data))), loss="mae")


def test_too_many_rows_on_one_answer_are_refused_with_what_to_do(data, monkeypatch):
    monkeypatch.setattr(globbed, "MOST", 20_000)
    flat = {"x": data["x"], "y": np.where(data["z"] < 1, 0.0, data["y"])}
    with pytest.raises(RequestError, match=r"of 30,000 rows too many lie exactly on one answer.*ds.read"):
        ds.fit("y = p + q*x", ds.Stream(cut(flat)), loss="mae")

"""Validation: rows held out take no part in the fit, whatever else is asked, and are judged beside it."""

import numpy as np
import pytest

import downslope as ds
from downslope.errors import RequestError
from downslope.plan import Plan
from downslope.posing import pose

GENERATOR = np.random.default_rng(0)
X = np.linspace(-1, 1, 10)
Y = 2 * X + 1 + 0.3 * GENERATOR.normal(size=10)
DATA = {"x": X, "y": Y, "s": np.arange(1.0, 11.0), "k": np.r_[0.0, 0.0, np.arange(1.0, 9.0)]}
GD = {"optimizer": "gd", "learning_rate": 0.1, "steps": 40}


def posed(**settings):
    return pose("y = w*x + b", DATA, None, Plan(**settings))


def test_the_note_says_how_many():
    fit = ds.fit("y = w*x + b", DATA, validation=0.2)
    assert fit.notes[0] == "2 of 10 rows held out for validation"
    assert fit.run.rows == 8


@pytest.mark.parametrize(
    "more",
    [{}, {"sigma": "s", "sigma_is": "relative"}, {"weights": "k"}, {"scale": "columns"}, {"batch_size": 4}],
    ids=lambda more: next(iter(more), "plain"),
)
def test_it_is_the_fit_to_the_other_rows(more):
    """The same descent on a table in which the rows are not."""
    out = posed(validation=0.2, **more).held_out.places
    others = {name: np.delete(values, out) for name, values in DATA.items()}
    held, without = (ds.fit("y = w*x + b", data, **GD, **asked, **more) for data, asked in (
        (DATA, {"validation": 0.2}), (others, {}),
    ))  # fmt: skip
    assert held.run.params == pytest.approx(without.run.params, rel=1e-12)
    assert held.loss == pytest.approx(without.loss, rel=1e-12)


def test_a_start_that_a_ready_model_takes_from_the_data_does_not_look_at_them():
    out = posed(validation=0.3).held_out.places
    others = {name: np.delete(values, out) for name, values in DATA.items()}
    assert np.array_equal(
        pose("y = gaussian(x)", DATA, None, Plan(validation=0.3)).start,
        pose("y = gaussian(x)", others, None, Plan()).start,
    )


def test_what_is_held_out_is_kept_with_its_weight_and_spread():
    by_sigma = posed(validation=0.3, sigma="s", sigma_is="absolute").held_out
    assert by_sigma.places.size == 3
    assert by_sigma.columns["x"].tolist() == X[by_sigma.places].tolist()
    assert by_sigma.target.tolist() == Y[by_sigma.places].tolist()
    assert by_sigma.spread.tolist() == DATA["s"][by_sigma.places].tolist() and by_sigma.weight is None
    by_weight = posed(validation=0.25, weights="k")
    weight, given = by_weight.held_out.weight, DATA["k"][by_weight.held_out.places]
    assert weight / weight.sum() == pytest.approx(given / given.sum())
    assert not {0, 1} & {*by_weight.held_out.places, *by_weight.counted}  # rows of weight 0 are on neither side


def test_rows_are_numbered_as_in_the_table():
    problem = posed(validation=0.2, weights="k")
    out = {0, 1, *problem.held_out.places.tolist()}
    assert problem.numbers.tolist() == [row + 1 for row in range(10) if row not in out]
    assert posed().numbers.tolist() == list(range(1, 11))


def test_the_seed_draws_and_a_resumed_run_draws_the_same():
    assert posed(validation=0.3).held_out.places.tolist() == posed(validation=0.3).held_out.places.tolist()
    assert posed(validation=0.3).held_out.places.tolist() != posed(validation=0.3, seed=5).held_out.places.tolist()
    whole = ds.fit("y = w*x + b", DATA, validation=0.3, **GD)
    half = ds.fit("y = w*x + b", DATA, validation=0.3, **(GD | {"steps": 20}))
    assert np.array_equal(half.resume(steps=20).run.params, whole.run.params)


def test_a_saved_run_resumes_on_the_same_rows(tmp_path):
    half = ds.fit("y = w*x + b", DATA, validation=0.3, **(GD | {"steps": 20}))
    half.save(tmp_path / "half.downslope")
    resumed = ds.load(tmp_path / "half.downslope").resume(steps=20)
    assert np.array_equal(resumed.run.params, ds.fit("y = w*x + b", DATA, validation=0.3, **GD).run.params)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_share_that_leaves_a_side_without_rows_is_refused(share):
    with pytest.raises(RequestError, match="holds out"):
        ds.fit("y = w*x + b", DATA, validation=share)


@pytest.mark.parametrize("share", [0, 1, -0.2, "many", True])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(RequestError, match="validation is"):
        ds.fit("y = w*x + b", DATA, validation=share)


def test_a_bad_row_is_refused_though_it_would_be_held_out():
    out = int(posed(validation=0.2).held_out.places[0])
    data = DATA | {"y": np.where(np.arange(10) == out, -1.0, np.abs(Y))}
    with pytest.raises(ds.RequestError, match=f"row {out + 1}"):
        ds.fit("log(y) = w*x + b", data, validation=0.2)

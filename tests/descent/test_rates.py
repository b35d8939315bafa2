import numpy as np
import optax
import pytest

import downslope as ds
from downslope.descent import as_rates
from downslope.errors import RequestError, UnknownName

DATA = {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 2.9, 5.2, 6.8]}


@pytest.mark.parametrize(
    ("asked", "formula"),
    [
        (0.1, lambda k: 0.1 + 0 * k),
        ("step(0.2, every=10, factor=0.3)", lambda k: 0.2 * 0.3 ** (k // 10)),
        ("exponential(0.2, every=10, factor=0.3)", lambda k: 0.2 * 0.3 ** (k / 10)),
        ("cosine(0.2)", lambda k: 0.1 * (1 + np.cos(np.pi * k / 40))),
        (optax.linear_schedule(0.2, 0.0, 40), lambda k: 0.2 * (1 - k / 40)),
    ],
)
def test_a_decay_is_its_formula_and_is_what_ran(asked, formula):
    fit = ds.fit("y = w*x + b", DATA, optimizer="gd", learning_rate=asked, steps=40)
    assert fit.history.rate[:-1] == pytest.approx(formula(np.arange(40)), rel=1e-6)
    assert np.isnan(fit.history.rate[-1]), "no step was taken from the last row"


def test_plateau_makes_the_steps_smaller_as_the_minimum_nears():
    """With mae, plain descent circles the minimum at the distance of one step; smaller steps come closer."""
    plan = {"loss": "mae", "optimizer": "gd", "steps": 3000, "start": {"w": 0.0, "b": 0.0}}
    circling = ds.fit("y = w*x + b", DATA, learning_rate=0.1, **plan)
    nearing = ds.fit("y = w*x + b", DATA, learning_rate="plateau(0.1, patience=10)", **plan)
    rates = nearing.history.rate[:-1]
    assert (np.diff(rates) <= 0).all() and rates[-1] < 1e-3 < rates[0]
    assert nearing.history.loss[-50:].max() < circling.history.loss[-50:].min()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("cosin(0.1)", "Did you mean 'cosine'"),
        ("cosine", "write cosine"),
        ("cosine(0)", "positive"),
        ("step(0.1, every=-1)", "0 or more"),
        ("step(0.1, factor=2)", "below 1"),
        ("step(0.1, each=3)", "write step"),
    ],
)
def test_what_is_no_decay_is_refused_with_how_to_write_one(asked, words):
    with pytest.raises((RequestError, UnknownName), match=words):
        as_rates(asked, 10)


def test_a_schedule_that_is_not_a_number_is_refused():
    with pytest.raises(RequestError, match="gives nan at step 0"):
        ds.fit("y = w*x + b", DATA, optimizer="gd", learning_rate=lambda step: step / 0.0, steps=3)

"""What compiles: the first fit of a shape, and nothing after it."""

import numpy as np
import pytest

import downslope as ds


def fit(rows=20, **changed):
    x = np.linspace(0, 1, rows)
    plan = {"optimizer": "gd", "learning_rate": 0.1, "steps": 50, "start": {"w": 0.0, "b": 0.0}, **changed}
    return ds.fit("y = w*x + b", {"x": x, "y": 2 * x + 1}, **plan)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"learning_rate": 0.2},
        {"learning_rate": "cosine(0.2)"},
        {"learning_rate": "step(0.2, every=5)"},
        {"steps": 9000},
        {"start": {"w": 3.0}},
        {"tolerance": 1e-3},
        {"rows": 31},
    ],
    ids=str,
)
def test_a_new_number_compiles_nothing(compiled, changed):
    fit()
    compiled.clear()
    fit(**changed)
    assert compiled == []


def test_the_listener_hears_a_program_that_is_new(compiled):
    fit(loss="huber(0.123)")
    assert compiled


def test_a_search_compiles_once(compiled):
    fit(optimizer="auto", learning_rate=None, steps=None)
    compiled.clear()
    fit(optimizer="auto", learning_rate=None, steps=None, rows=25)
    assert compiled == []

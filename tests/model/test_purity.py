import random

import jax
import numpy as np
import pytest

from downslope.errors import ModelError
from downslope.model import as_model, check_model

CALLS = [0]


def counting(x, w):
    CALLS[0] += 1
    return w * x + CALLS[0]


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: w * x + np.random.default_rng().normal(),
        lambda x, w: w * x + np.random.default_rng().normal(size=20),
        lambda x, w: w * x * random.random(),
        counting,
    ],
)
def test_what_changes_from_call_to_call_is_refused(function):
    with pytest.raises(ModelError, match="not the same function when it is called again"):
        check_model(as_model(function, ["x"]), 20)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: w * x + np.random.default_rng(0).normal(size=20),
        lambda x, w: w * x + np.nan * np.ones(20),
        jax.jit(lambda x, w: jax.nn.relu(w * x)),
    ],
)
def test_what_stays_the_same_passes(function):
    assert check_model(as_model(function, ["x"]), 20) == ()


def test_printing_is_mentioned_and_swallowed(capsys):
    def prints(x, w):
        print("here")
        return w * x

    (note,) = check_model(as_model(prints, ["x"]), 20)
    assert "prints" in note
    assert capsys.readouterr().out == ""


def test_formulas_need_no_check():
    assert check_model(as_model("y = w*x", ["x", "y"]), 20) == ()


def test_shapes_are_those_of_the_data():
    offsets = np.arange(7.0)
    model = as_model(lambda x, w: w * x + offsets, ["x"])
    assert check_model(model, 7) == ()
    with pytest.raises(ModelError):
        check_model(model, 8)

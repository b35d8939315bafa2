"""Which parameters enter linearly: by reading a formula, by trying out a function, and never one too many."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.model import as_model
from downslope.model.linearity import linear_in

COLUMNS = {"x": np.linspace(0.1, 3.0, 30), "z": np.geomspace(1.0, 9.0, 30)}


def names(formula, tied=False):
    model = as_model(formula, ["x", "z", "y"]) if isinstance(formula, str) else as_model(formula, ["x"])
    return "".join(model.parameters[place] for place in linear_in(model, COLUMNS, tied))


FORMULAS = {
    "y = w*x + b": "wb",
    "y = a*exp(-b*x) + c": "ac",
    "y = a*x**2 - b*x/3 + c*(z - 1)": "abc",
    "y = (a + b*x)/(1 + c*x)": "ab",
    "y = a/(1 + b*x)": "a",
    "y = -(a*sin(w*x) + b*cos(w*x))": "ab",
    "y = exp(a + b*x)": "",
    "y = a**1*x": "a",
    "y = a**2*x": "",
    "y = x**a": "",
    "y = x/a": "",
    "y = a - 3": "a",
    "y = log(a)*b": "b",
}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("tied", [False, True], ids=["read", "tried out"])
def test_the_linear_parameters_of_a_formula_are_found_by_reading_and_by_trying(formula, tied):
    found = names(formula, tied)
    if tied and "log(a)" in formula:  # where a is tried below 0 it is no number, and then nothing is sure
        assert set(found) <= set(FORMULAS[formula])
    else:
        assert found == FORMULAS[formula]


@pytest.mark.parametrize("tied", [False, True])
def test_of_a_product_one_factor_is_linear_and_not_both(tied):
    assert len(names("y = a*b*x + c", tied)) == 2 and "c" in names("y = a*b*x + c", tied)
    assert names("y = (a + b*x)*(c + d*z)", tied) in ("ab", "cd")


def test_a_model_with_kinks_that_its_parameters_move_has_none():
    assert names("y = w*relu(x - k)") == ""


def test_a_function_is_tried_out():
    def decay(x, a, b, c):
        return a * jnp.exp(-b * x) + c

    assert names(decay) == "ac"


def test_what_looks_straight_from_close_by_is_not_called_linear():
    """b*x is 1e-9 here, and sin(b*x) is b*x to all digits; far away it is not."""

    def sine(x, a, b):
        return a + jnp.sin(1e-9 * b * x)

    assert names(sine) == "a"


@given(
    values=st.lists(st.floats(-5, 5), min_size=8, max_size=8),
    formula=st.sampled_from(sorted(FORMULAS)),
    tied=st.booleans(),
)
def test_along_the_linear_parameters_the_prediction_is_a_straight_line(values, formula, tied):
    model = as_model(formula, ["x", "z", "y"])
    places = list(linear_in(model, COLUMNS, tied))
    here = np.abs(np.array(values[: len(model.parameters)])) + 0.1
    step = np.zeros_like(here)
    step[places] = np.array(values[4 : 4 + len(places)] + [1.0] * 8)[: len(places)]
    first, middle, last = (np.asarray(model.predict(here + part * step, COLUMNS)) for part in (0.0, 1.0, 2.0))
    size = np.abs([first, middle, last]).max()
    assert first - 2 * middle + last == pytest.approx(np.zeros_like(first), abs=1e-12 * size)

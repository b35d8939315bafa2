"""A linear formula taken apart gives the same design as the formula evaluated parameter by parameter."""

import numpy as np
import pytest

from downslope.model import as_model
from downslope.model.linear import design
from downslope.model.terms import columns_of, terms

GENERATOR = np.random.default_rng(0)
COLUMNS = {name: GENERATOR.uniform(0.5, 3, 50) for name in ("x", "z", "decay rate")}


@pytest.mark.parametrize(
    "right",
    [
        "w*x + b",
        "b - x*w",
        "-(a*x - b*z)*2 + 3",
        "(a*x + b*(x - 5)/z + 1)/4 - a*z",
        "a*exp(-x) + b*log(z)*x + c",
        'a*col("decay rate") + b',
        "where(x > 1, a*x + 2, b + a*z) + c",
        "a**1*x + (b*(2*x + 3))",
        "x + a",
        "+a",
        "polynomial(x, degree=4)",
        "a*2*x*3/4",
    ],
)
def test_it_is_the_design(right):
    model = as_model(f"y = {right}", [*COLUMNS, "y"])
    taken = terms(model.text, (*model.columns, "y"), model.parameters)
    assert taken is not None
    rows = np.empty((len(model.parameters), 50))
    rest = columns_of(taken, COLUMNS, {}, rows)
    known = design(model, COLUMNS, linear=True)
    assert known.matrix == pytest.approx(rows.T, rel=1e-13, abs=1e-13)
    assert np.broadcast_to(rest, 50) == pytest.approx(known.offset, rel=1e-13, abs=1e-13)


def test_parameters_that_are_held_are_numbers():
    taken = terms("y = a*x + b*(c*x + d)", ("x", "y"), ("a", "d"))
    assert taken.fixed == ("b", "c")
    rows = np.empty((2, 50))
    rest = columns_of(taken, COLUMNS, {"b": 2.0, "c": 5.0}, rows)
    assert np.array_equal(rows[0], COLUMNS["x"]) and np.all(rows[1] == 2.0)
    assert rest == pytest.approx(10 * COLUMNS["x"])


@pytest.mark.parametrize("right", ["a*b*x", "exp(a*x)", "a/b", "where(a > 0, b, x)", "a**2*x", "x/a"])
def test_what_is_no_sum_of_terms_is_not_taken_apart(right):
    model = as_model(f"y = {right}", ["x", "y"])
    assert terms(model.text, ("x", "y"), model.parameters) is None


def test_a_plain_column_is_not_computed_with():
    taken = terms("y = b0 + b1*x + x*b2", ("x", "y"), ("b0", "b1", "b2"))
    assert [len(factor) for factor in taken.factors] == [1, 1, 1]


def test_a_thousand_terms_are_no_depth():
    text = "y = " + " + ".join(f"b{place}*x" for place in range(1000))
    taken = terms(text, ("x", "y"), tuple(f"b{place}" for place in range(1000)))
    assert taken is None or len(taken.factors) == 1000

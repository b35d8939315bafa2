"""Where a number was born that is not finite: the operation, the row and what it was given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.arrays import double_precision
from downslope.history import History
from downslope.objective import as_loss
from downslope.probe.born import born

X = np.array([3.0, 2.0, 0.0, -1.0])
DATA = {"x": X, "y": np.ones(4)}


def ended(value, loss=np.nan, **more):
    """A history whose last row has this parameter."""
    return History.of(("a",), step=[0, 7], loss=[1.0, loss], params=[[1.0], [value]], **more)


def look(text, history, **more):
    with double_precision():
        return born(text, history, DATA, **more)


@pytest.mark.parametrize(
    ("text", "value", "operation", "row", "given"),
    [
        ("y = 1 + a/x", 2.0, "a/x", 3, 0.0),
        ("y = 2*log(x + a)", -2.5, "log(x + a)", 2, -0.5),
        ("y = 2*log(x + a)", -2.0, "log(x + a)", 2, 0.0),
        ("y = sqrt(a*x)", 1.0, "sqrt(a*x)", 4, -1.0),
        ("y = exp(a*x)", 400.0, "exp(a*x)", 1, 1200.0),
        ("y = x + (a*x)**0.5", 1.0, "(a*x)**0.5", 4, -1.0),
        ("y = x + a**x", 0.0, "a**x", 4, 0.0),
        ("y = arcsin(x/a)", 2.5, "arcsin(x/a)", 1, 1.2),
        ("y = a**2.5 + 0*x", -3.0, "a**2.5", 1, -3.0),
    ],
)
def test_the_first_operation_that_fails_is_named(text, value, operation, row, given):
    found = look(text, ended(value))
    assert (found.operation, found.row, found.given) == (operation, row, pytest.approx(given))
    assert found.step == 7 and not found.slope


@pytest.mark.parametrize(
    ("text", "value", "operation", "given"),
    [("y = sqrt(a*x**2)", 1.0, "sqrt(a*x**2)", 0.0), ("y = where(x < 0, 1, (a*x)**0.5)", 1.0, "(a*x)**0.5", -1.0)],
)
def test_an_edge_with_a_value_but_no_slope_is_named(text, value, operation, given):
    found = look(text, ended(value, 1.0, gradient=[[1.0], [np.nan]]))
    assert (found.operation, found.given) == (operation, given)


def test_the_slope_is_told_apart_from_the_value():
    assert look("y = sqrt(a*x**2)", ended(1.0, 1.0, gradient=[[1.0], [np.nan]])).slope


def test_the_point_before_is_looked_at_where_the_parameters_ended():
    history = History.of(
        ("a",), step=[0, 1, 2], loss=[1.0, 1.0, np.nan], params=[[2.0], [1.0], [np.nan]],
        gradient=[[1.0], [np.nan], [np.nan]],
    )  # fmt: skip
    found = look("y = sqrt(a*x**2)", history)
    assert found.slope and found.step == 1


def test_the_loss_is_named_where_the_prediction_is_a_number():
    found = look("y = a*x", ended(-1.0), loss=as_loss("poisson"), target=DATA["y"])
    assert (found.operation, found.row, found.given) == ("the loss poisson", 1, -3.0)


def test_rows_are_numbered_as_the_user_counts_them():
    assert look("y = a/x", ended(2.0), numbers=np.array([2, 4, 6, 8])).row == 6


@pytest.mark.parametrize("text", ["my_model(x, a)", "y = a*x"])
def test_nothing_is_said_of_no_formula_or_no_cause(text):
    assert look(text, ended(1.0)) is None


def test_nothing_is_said_of_a_finite_history():
    assert look("y = a/x", ended(2.0, 1.0)) is None


@given(a=st.floats(-5, 5))
def test_it_is_found_exactly_where_numpy_finds_it(a):
    with np.errstate(all="ignore"):
        bad = np.flatnonzero(~np.isfinite(np.log(X + a)))
    found = look("y = log(x + a)", ended(a))
    if bad.size:
        assert found.row == bad[0] + 1
    else:
        assert found is None

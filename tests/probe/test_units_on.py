"""Units on: rows counted unit by unit, in formulas of any depth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.probe.units_on import units_on

X = np.linspace(-2, 2, 41)
DATA = {"x": X, "y": X}


@given(k=st.floats(-3, 3), w=st.floats(-3, 3))
def test_rows_are_counted_as_numpy_counts_them(k, w):
    params = {"a": 1.0, "w": w, "k": k}
    seen = units_on("y = a*relu(w*x - k) + maximum(0, k - x) + minimum(x - k, 0)", params, params, DATA)
    counts = [int(np.sum(inside > 0)) for inside in (w * X - k, k - X, k - X)]
    assert [after for _, _, after in seen.on] == counts and seen.rows == 41
    assert [name for name, _, _ in seen.on] == ["relu(w*x - k)", "maximum(0, k - x)", "minimum(x - k, 0)"]
    assert [since == -1 for since in seen.since] == [count > 0 for count in counts]


def test_units_deep_in_a_network_are_counted_by_what_reaches_them():
    text = "y = v*relu(u*relu(w*x + b) + c) + d"
    params = {"v": 1.0, "u": -1.0, "w": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}
    (inner, _, inner_on), (outer, _, outer_on) = units_on(text, params, params, DATA).on
    assert (inner, inner_on) == ("relu(w*x + b)", 20)
    assert (outer, outer_on) == ("relu(u*relu(w*x + b) + c)", int(np.sum(1 - np.maximum(X, 0) > 0)))


def test_a_ready_model_is_looked_at_as_it_is_written_out():
    params = {"b": 0.0, "a1": 1.0, "k1": -1.0, "a2": 1.0, "k2": 5.0}
    seen = units_on("y = relu_sum(x, hinges=2)", params, params, DATA)
    assert seen.on == (("relu(x - k1)", 30, 30), ("relu(x - k2)", 0, 0))


@pytest.mark.parametrize("text", ["y = w*x + b", "y = w*relu(x) + b", "y = w*maximum(x, 1) + b", "network(x, w, b)"])
def test_what_has_no_units_that_learn_has_no_reading(text):
    assert units_on(text, {"w": 1.0, "b": 0.0}, {"w": 1.0, "b": 0.0}, DATA) is None


@pytest.mark.parametrize(
    ("path", "since"),
    [([0, 0, 0, 0], -1), ([9, 9, 9, 9], 0), ([0, 9, 9, 9], 10), ([0, 9, 0, 9], 21), ([0, 0, 9, 9], 20)],
)
def test_since_when_a_unit_is_off(path, since):
    start, *between, end = ({"a": 1.0, "k": float(k)} for k in path)
    seen = units_on("y = a*relu(x - k)", start, end, DATA, [(10, between[0]), (20, between[1])])
    assert seen.since == (since,)


def test_columns_of_any_name_are_found():
    seen = units_on('y = a*relu(col("the x") - k)', {"a": 1.0, "k": 0.0}, {"a": 1.0, "k": 1.0}, {"the x": X, "y": X})
    assert seen.on[0][1:] == (20, 10)


def test_units_off_at_the_lowest_loss_known_are_counted():
    on, off = {"a": 1.0, "k": 0.0}, {"a": 1.0, "k": 9.0}
    assert units_on("y = a*relu(x - k)", off, off, DATA).off_at_best == -1
    assert units_on("y = a*relu(x - k)", off, off, DATA, best=on).off_at_best == 0
    assert units_on("y = a*relu(x - k)", off, off, DATA, best=off).off_at_best == 1

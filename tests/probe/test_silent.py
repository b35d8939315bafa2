"""Silent parameters: those by which no prediction has a slope anywhere, and no others."""

import numpy as np
import pytest

from downslope.arrays import double_precision
from downslope.model import as_model
from downslope.objective import as_loss, build
from downslope.probe.silent import silent

X = np.linspace(-2, 2, 40)


def names(model, points, columns=None, available=("x", "y", "z")):
    columns = {"x": X, "z": 0.0 * X} if columns is None else columns
    bound = as_model(model, available)
    with double_precision():
        places = silent(
            build(bound, as_loss("mse")), np.array(points, dtype=float), {c: columns[c] for c in bound.columns}
        )
    return tuple(bound.parameters[place] for place in places)


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("y = w*x + b + 0*c", ("c",)),
        ("y = w*x + b + u*z", ("u",)),
        ("y = w*exp(u*z*x) + v*z", ("u", "v")),
        ("y = where(x > k, w, b)", ("k",)),
        ("y = w*x + floor(b)", ("b",)),
        ("y = w*x + b", ()),
        ("y = w*x + c*relu(x - 1.99)", ()),  # one row only
        ("y = w*tanh(k*x)", ()),
        ("y = w*exp(-b*1000*(x + 3))", ()),
    ],
)
@pytest.mark.parametrize("size", [0.0, 1.0, 1e3])
def test_they_are_named_wherever_the_run_was(model, found, size):
    count = len(as_model(model, ("x", "y", "z")).parameters)
    assert names(model, np.full((2, count), size)) == found


@pytest.mark.parametrize(
    ("model", "point"),
    [
        ("y = w*sigmoid(k*x + b)", [1.0, 1e5, 1e6]),  # saturated
        ("y = w*relu(x - k)", [1.0, 50.0]),  # off in every row
        ("y = w*relu(v*relu(k*x - 9) - 5)", [1.0, 1.0, 1.0]),  # two of them
        ("y = w*v*x", [0.0, 0.0]),  # a saddle
        ("y = w*(x - k)**2", [0.0, 1.0]),
        ("y = (w*x)**3 + b", [0.0, 0.0]),
        ("y = log(w + x**2)", [1e-3]),  # no number at half of the points
    ],
)
def test_flat_at_one_point_is_not_silent(model, point):
    assert names(model, [point, point]) == ()


def test_one_row_among_many_is_enough():
    x = np.zeros(100_000)
    x[77_777] = 1.0
    assert names("y = b + w*x", [[1.0, 1.0]], {"x": x}) == ()
    assert names("y = b + w*x", [[1.0, 1.0]], {"x": np.zeros(100_000)}) == ("w",)


def test_python_functions_are_looked_at_too():
    assert names(lambda x, w, c: w * x + 0 * c, [[1.0, 1.0]], available=("x",)) == ("c",)


def test_where_nothing_is_a_number_nothing_is_said():
    assert names("y = log(w - 1e9*(x + 9))", [[1.0]]) == ()
    assert names("y = w*x", [[np.nan]]) == ()

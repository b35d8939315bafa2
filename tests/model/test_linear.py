import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.data import Scaling
from downslope.model import as_model
from downslope.model.linear import design, rescaling

COLUMNS = {"x": np.linspace(20.0, 90.0, 30), "z": np.geomspace(1e3, 1e5, 30)}


@pytest.mark.parametrize(
    ("formula", "linear"),
    [
        ("y = w*x + b", True),
        ("y = a*x**2 + b*x + c", True),
        ("y = a*log(x) + b*z + 3", True),
        ("y = a*exp(-b*x) + c", False),
        ("y = a*b*x + c", False),
        ("y = sqrt(a)*x", False),
        ("y = w*relu(x - 30)", True),
        ("y = relu(x - k)", False),
    ],
)
def test_a_model_is_called_linear_if_it_is(formula, linear):
    assert (design(as_model(formula, ["x", "z", "y"]), COLUMNS) is not None) == linear


@settings(max_examples=50)
@given(
    formula=st.sampled_from(["y = w*x + b", "y = a*x**2 + b*x + c", "y = a*x + b*z + c*x*z + d", "y = a*(x - 3) + b"]),
    seed=st.integers(0, 1000),
)
def test_parameters_on_scaled_columns_come_back_with_the_same_predictions(formula, seed):
    model = as_model(formula, ["x", "z", "y"])
    columns = {name: COLUMNS[name] for name in model.columns}
    scaled = Scaling.of(columns).forward(columns)
    way = rescaling(model, columns, scaled)
    inner = np.random.default_rng(seed).normal(size=len(model.parameters))
    predicted = model.predict(inner, scaled)
    assert model.predict(way.back(inner), columns) == pytest.approx(
        predicted, rel=1e-6, abs=1e-9 * np.abs(predicted).max()
    )
    assert way.forward(way.back(inner)) == pytest.approx(inner, rel=1e-6, abs=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000))
def test_a_slope_comes_back_as_the_slope_by_the_users_parameters(seed):
    model = as_model("y = a*x**2 + b*x + c", ["x", "y"])
    columns = {"x": COLUMNS["x"]}
    way = rescaling(model, columns, Scaling.of(columns).forward(columns))
    generator = np.random.default_rng(seed)
    inner_slope, step = generator.normal(size=(2, 3))
    # the same small step costs the same, in whichever parameters it is written
    assert way.gradient_back(inner_slope) @ (way.turn @ step) == pytest.approx(inner_slope @ step, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("formula", ["y = w*x", "y = a*exp(b*x)", "y = a*x + b*x + c"])
def test_where_scaling_cannot_be_undone_there_is_no_way_back(formula):
    columns = {"x": COLUMNS["x"]}
    assert rescaling(as_model(formula, ["x", "y"]), columns, Scaling.of(columns).forward(columns)) is None


def test_far_from_zero_the_columns_still_count_as_two():
    columns = {"x": 1e9 + np.linspace(-1, 1, 50)}
    assert rescaling(as_model("y = w*x + b", ["x", "y"]), columns, Scaling.of(columns).forward(columns)) is not None

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from downslope.data import Scaling
from downslope.errors import UnknownName

FINITE = st.floats(allow_nan=False, allow_infinity=False)
COLUMNS = st.one_of(
    npst.arrays(np.float64, st.integers(1, 30), elements=FINITE),
    npst.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)),
    npst.arrays(np.float64, st.integers(1, 30), elements=st.floats(1e9 - 1, 1e9 + 1)),
    npst.arrays(np.float64, st.integers(1, 30), elements=st.integers(-1000, 1000).map(float)),
)


def there_and_back(column):
    scaling = Scaling.of({"x": column})
    scaled = scaling.forward({"x": column})["x"]
    return scaling, scaled, scaling.back({"x": scaled})["x"]


@given(COLUMNS)
def test_the_way_back_gives_the_same_numbers(column):
    before = column.copy()
    scaling, _, again = there_and_back(column)
    with np.errstate(over="ignore"):
        unit = 2 * np.spacing(np.maximum(np.abs(column), abs(scaling.centre["x"])))
        assert np.all(np.abs(again - column) <= unit)
    if scaling.centre["x"] == 0.0:
        assert np.array_equal(again, column)  # -0.0 may come back as 0.0, its equal
    assert column.tobytes() == before.tobytes()


@given(st.integers(0, 99), st.floats(1e-6, 1e6))
def test_columns_on_one_side_of_zero_are_centred(seed, size):
    """Of random digits, which no shift gives back to the bit: left on one side, 1, x and x**2 look alike."""
    column = size * np.random.default_rng(seed).uniform(0, 10, 30)
    _, scaled, _ = there_and_back(column)
    assert scaled.min() <= -0.25
    assert scaled.max() >= 0.25


@given(COLUMNS)
def test_scaled_columns_lie_about_minus_one_to_one(column):
    scaling, scaled, _ = there_and_back(column)
    largest = np.abs(column).max()
    if largest < 2.0**1022 and scaling.width["x"] != 1.0:
        neighbours = np.ptp(column) <= 16 * np.spacing(largest)
        assert np.abs(scaled).max() <= (2.0 if neighbours else 1.25)


@given(COLUMNS)
def test_the_width_is_a_power_of_two_or_half_of_the_range(column):
    width = there_and_back(column)[0].width["x"]
    mantissa, _ = np.frexp(width)
    assert mantissa == 0.5 or width == column.max() / 2 - column.min() / 2


@given(st.floats(1e-6, 1e6), st.floats(1.001, 2.9), st.integers(0, 99))
def test_columns_far_from_zero_are_centred(low, ratio, seed):
    """Else all of them would look alike, and a fit would see a ravine."""
    column = np.append(np.random.default_rng(seed).uniform(low, low * ratio, 50), [low, low * ratio])
    _, scaled, _ = there_and_back(column)
    assert scaled.min() <= -0.25
    assert scaled.max() >= 0.25


def test_known_columns():
    assert Scaling.of({"x": np.array([0.0, 100.0])}) == Scaling({"x": 48.0}, {"x": 64.0})
    assert Scaling.of({"x": np.array([-1.0, 1.0])}) == Scaling({"x": 0.0}, {"x": 1.0})
    assert Scaling.of({"x": np.array([1e9 - 1, 1e9 + 1])}) == Scaling({"x": 1e9}, {"x": 1.0})


@pytest.mark.parametrize("value", [0.0, 5.0, -1e308, 5e-324])
def test_a_constant_column_has_width_one(value):
    scaling, scaled, again = there_and_back(np.full(3, value))
    assert scaling.width == {"x": 1.0}
    assert scaled.tolist() == [0.0] * 3
    assert again.tolist() == [value] * 3


@pytest.mark.parametrize(
    "column",
    [[-1.7e308, 1.7e308], [1.7e308, 1.0], [5e-324, 1e-323], [5e-324, 1.0], [5e-324, 1.7e308], []],
)
def test_extreme_columns(column):
    column = np.array(column)
    _, scaled, again = there_and_back(column)
    assert np.isfinite(scaled).all()
    assert again.tobytes() == column.tobytes()


def test_other_columns_pass_and_unknown_ones_are_refused():
    columns = {"x": np.array([0.0, 8.0]), "y": np.array([1.0, 2.0])}
    scaling = Scaling.of(columns, ["x"])
    assert scaling.forward(columns)["y"] is columns["y"]
    with pytest.raises(UnknownName, match="unknown column 'z'"):
        Scaling.of(columns, ["z"])


def test_new_numbers_go_through_the_same_scaling():
    scaling = Scaling.of({"x": np.array([0.0, 8.0])})
    new = {"x": np.array([16.0])}
    assert scaling.back(scaling.forward(new))["x"].tolist() == [16.0]

"""What a plan takes and refuses about single parameters, and what sigma is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.errors import RequestError, UnknownName
from downslope.plan import Plan, named

NUMBERS = st.floats(allow_nan=False)
OPEN = (None, -math.inf, math.inf, np.float64(np.inf))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((0, 10), (0.0, 10.0)),
        ([0, None], (0.0, None)),
        (np.array([-1, 2], dtype=np.int32), (-1.0, 2.0)),
        ((np.float32(0.5), np.int64(3)), (0.5, 3.0)),
        ((-math.inf, 5), (None, 5.0)),
        ((-np.inf, np.inf), (None, None)),
        ((None, None), (None, None)),
    ],
)
def test_bounds_become_a_pair_of_numbers(given, kept):
    (found,) = Plan(bounds={"b": given}).bounds.values()
    assert found == kept and type(found) is tuple
    assert {type(each) for each in found} <= {float, type(None)}


@given(lower=st.none() | NUMBERS, upper=st.none() | NUMBERS)
def test_bounds_are_taken_where_there_is_room_between_them_and_nowhere_else(lower, upper):
    low, high = (-math.inf if lower is None else lower), (math.inf if upper is None else upper)
    if low < high:
        kept = Plan(bounds={"b": (lower, upper)}).bounds["b"]
        assert kept == (None if low == -math.inf else low, None if high == math.inf else high)
        assert Plan(bounds={"b": kept}).bounds["b"] == kept
    else:
        with pytest.raises(RequestError, match="'b'"):
            Plan(bounds={"b": (lower, upper)})


@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ((10, 0), "bounds of 'b' are 10 and 0; the lower one comes first"),
        ((1, 1.0), r"both bounds of 'b' are 1; to hold it there, say fixed={'b': 1.0}"),
        ((0.0, -0.0), "fixed={'b': 0.0}"),
        ((math.inf, None), "the lower one comes first"),
        ((None, -math.inf), "the lower one comes first"),
        ((0, math.nan), "the upper bound of 'b' is nan; it must be a number, or None if open"),
        (("0", 1), "the lower bound of 'b' is '0'"),
        ((True, 3), "the lower bound of 'b' is True"),
        ((0, 10**400), "the upper bound of 'b'"),
        (np.zeros((2, 2)), "the lower bound of 'b'"),
        ("0,10", "bounds of 'b' are '0,10'; give a pair"),
        ("01", "give a pair"),
        (5, "bounds of 'b' are 5; give a pair (lower, upper), with None for an open end: (0, None)"),
        ((1, 2, 3), "give a pair"),
        ((), "give a pair"),
        ({1, 2}, "give a pair"),
        ({1: 2, 3: 4}, "give a pair"),
        (None, "give a pair"),
    ],
)
def test_what_is_no_pair_of_bounds_is_refused(bounds, says):
    with pytest.raises(RequestError) as caught:
        Plan(bounds={"b": bounds})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"bounds": (0, 1)}, "bounds is (0, 1); give a mapping from a parameter's name: bounds={'b': (0, None)}"),
        ({"fixed": 3}, "fixed={'c': 1.0}"),
        ({"tied": "b2 = 2*b1"}, "tied={'b2': '2*b1'}"),
        ({"start": [1]}, "start={'w': 0.0}"),
        ({"start": {"w": math.nan}}, "start of 'w' is nan; it must be a finite number"),
        ({"fixed": {"c": math.inf}}, "the fixed value of 'c' is inf; it must be a finite number"),
        ({"fixed": {"c": "1"}}, "the fixed value of 'c' is '1'"),
        ({"fixed": {"c": None}}, "the fixed value of 'c' is None"),
        ({"tied": {"b": 2}}, "'b' is tied to a number; say fixed={'b': 2.0}"),
        ({"tied": {"b": ""}}, "'b' is tied to ''; give a formula of other parameters"),
        ({"tied": {"b": ["a"]}}, "give a formula"),
        ({"fixed": {"c": 1}, "bounds": {"c": (0, 2)}}, "'c' is fixed and has bounds; leave one out"),
        ({"fixed": {"c": 1}, "start": {"c": 1}}, "'c' is fixed and has a start"),
        ({"tied": {"c": "b"}, "fixed": {"c": 1}}, "'c' is tied and fixed"),
        ({"tied": {"c": "b"}, "bounds": {"c": (0, 1)}}, "'c' is tied and has bounds"),
        ({"tied": {"c": "b"}, "start": {"c": 1}}, "'c' is tied and has a start"),
        ({"start": {"b": -1}, "bounds": {"b": (0, None)}}, "start of 'b' is -1, outside its bounds, 0 to inf"),
        ({"start": {"b": 6}, "bounds": {"b": (None, 5)}}, "start of 'b' is 6, outside its bounds, -inf to 5"),
    ],
)
def test_what_cannot_be_meant_of_a_parameter_is_refused(settings, says):
    with pytest.raises(RequestError) as caught:
        Plan(**settings)
    assert says in str(caught.value)


def test_what_can_be_meant_is_kept_as_plain_values():
    plan = Plan(start={"a": np.float64(1), "b": 5}, bounds={"b": (0, 5)}, fixed={"c": np.int64(2)}, tied={"d": "a + c"})
    assert (plan.fixed, plan.tied) == ({"c": 2.0}, {"d": "a + c"})
    assert type(plan.fixed["c"]) is float
    assert plan.said() == {
        "start": {"a": 1.0, "b": 5.0},
        "bounds": {"b": [0.0, 5.0]},
        "fixed": {"c": 2.0},
        "tied": {"d": "a + c"},
    }
    assert Plan(**plan.said()) == plan
    assert list(named(plan)) == [("start", "a"), ("start", "b"), ("bounds", "b"), ("fixed", "c"), ("tied", "d")]


def test_a_mapping_that_changes_later_changes_no_plan():
    bounds = {"b": [0, 1]}
    plan = Plan(bounds=bounds)
    bounds["b"][0] = 5
    bounds["c"] = [0, 1]
    assert plan.bounds == {"b": (0.0, 1.0)}


def test_sigma_must_say_what_it_is():
    with pytest.raises(RequestError) as caught:
        Plan(sigma="s")
    said = str(caught.value)
    assert "sigma_is='absolute' if sigma are the true standard deviations" in said
    assert "sigma_is='relative' if only their ratios are known" in said and "residuals" in said
    assert Plan(sigma=0.1, sigma_is="absolute").said() == {"sigma": 0.1, "sigma_is": "absolute"}


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"sigma_is": "relative"}, RequestError, "there is no sigma"),
        ({"sigma": "s", "sigma_is": "Absolut"}, UnknownName, "unknown sigma_is 'Absolut'. Did you mean 'absolute'?"),
        ({"sigma": "s", "sigma_is": True}, UnknownName, "Known: 'absolute', 'relative'"),
        ({"sigma": "s", "weights": "w", "sigma_is": "relative"}, RequestError, "both given"),
        ({"sigma": "s", "weights": "w"}, RequestError, "both given"),
    ],
)
def test_sigma_is_is_one_of_two_and_stands_beside_sigma(settings, error, says):
    with pytest.raises(error) as caught:
        Plan(**settings)
    assert says in str(caught.value)

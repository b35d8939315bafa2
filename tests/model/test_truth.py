import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.model import match_truth


@pytest.mark.parametrize(
    "model, truth, found",
    [
        ("y = w*x + b", "y = 0.1*x + 0.5", {"w": 0.1, "b": 0.5}),
        ("y = w*x + b", "y = 0.5 + x*0.1", {"w": 0.1, "b": 0.5}),
        ("y = w*x + b", "y = -0.1*x - 0.5", {"w": -0.1, "b": -0.5}),
        ("y = b - w*x", "y = 2 + 3*x", {"b": 2, "w": -3}),
        ("y = a*exp(-b*x) + c", "y = 3*exp(-0.5*x) + 1", {"a": 3, "b": 0.5, "c": 1}),
        ("y = a*exp(-b*x) + c", "y = 3*exp(0.5*x) - 1/3", {"a": 3, "b": -0.5, "c": -1 / 3}),
        ("y = polynomial(x, 2)", "y = 1 + 2*x + 3*x**2", {"c0": 1, "c1": 2, "c2": 3}),
        ("y = w1*x1 + w2*x2", "y = 5*x2 + 4*x1", {"w1": 4, "w2": 5}),
        ("y = a*x**n", "y = 2*x**3", {"a": 2, "n": 3}),
        ("y = a/(x + b)", "y = -2/(x - 1)", {"a": -2, "b": -1}),
        ("y = a*x + a", "y = 2*x + 2", {"a": 2}),
        ("log(y) = a*x", "log(y) = 2*x", {"a": 2}),
        ("y = where(x > k, a, b)", "y = where(x > 2, 1, 0)", {"k": 2, "a": 1, "b": 0}),
    ],
)
def test_found(model, truth, found):
    assert match_truth(model, truth) == found


@pytest.mark.parametrize(
    "model, truth",
    [
        ("y = a*x + a", "y = 2*x + 3"),
        ("y = w*x", "y = 0.1*x + 0.5"),
        ("y = w*x + b", "y = 0.1*x**2 + 0.5"),
        ("y = w*x + b", "z = 0.1*x + 0.5"),
        ("y = w*x1", "y = 2*x2"),
        ("y = sin(w*x)", "y = cos(2*x)"),
        ("y = a**x", "y = -(2**x)"),
        ("log(y) = a*x", "y = 2*x"),
        ("y = relu_sum(x, 100)", "y = 1 + " + " + ".join("2*relu(x - 1)*x" for _ in range(100))),
    ],
)
def test_other_shapes_claim_nothing(model, truth):
    assert match_truth(model, truth) is None


@settings(max_examples=30)
@given(st.lists(st.floats(-9, 9).map(lambda value: round(value, 3)), min_size=2, max_size=6, unique=True), st.randoms())
def test_terms_in_any_order(values, random):
    terms = [f"{value!r}*x**{power + 2}" for power, value in enumerate(values)]
    random.shuffle(terms)
    model = "y = " + " + ".join(f"c{k}*x**{k + 2}" for k in range(len(values)))
    assert match_truth(model, "y = " + " + ".join(terms)) == {f"c{k}": value for k, value in enumerate(values)}


def test_a_search_without_end_is_given_up():
    model = "y = " + " + ".join(f"a{k}*sin(x + a{(k + 1) % 14})" for k in range(14))
    truth = "y = " + " + ".join(f"{k + 1}*sin(x + {k + 1})" for k in range(14))
    match_truth(model, truth)

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.arrays import double_precision
from downslope.model.equation import read_expression
from downslope.model.evaluate import evaluate

X = np.linspace(-2.0, 3.0, 7)


@pytest.mark.parametrize(
    "text, by_hand",
    [
        ("w*x + b", lambda x, w, b: w * x + b),
        ("b + x*w/3 - -x", lambda x, w, b: b + x * w / 3 - -x),
        ("(x - b)**2*w**-1", lambda x, w, b: (x - b) ** 2 * w**-1),
        ("2/3*x - w*x**3", lambda x, w, b: 2 / 3 * x - w * x**3),
        ("w*exp(-b*x) + log1p(abs(x))", lambda x, w, b: w * np.exp(-b * x) + np.log1p(np.abs(x))),
        ("w*sin(2*pi*x/b)", lambda x, w, b: w * np.sin(2 * np.pi * x / b)),
        ("where(x > b, w*x, -x)", lambda x, w, b: np.where(x > b, w * x, -x)),
    ],
)
def test_numpy_arithmetic_is_that_of_the_hand_to_the_bit(text, by_hand):
    w, b = np.float64(0.3), np.float64(-0.7)
    assert np.array_equal(evaluate(read_expression(text), {"x": X, "w": w, "b": b}), by_hand(X, w, b))


LEAVES = st.sampled_from(["x", "w", "2", "0.5", "pi"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("{}({})".format, st.sampled_from(["sin", "tanh", "exp", "sigmoid", "abs", "-"]), inner),
        st.builds("where({} < {}, {}, {})".format, inner, inner, inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=15)
@given(TREES)
def test_numpy_and_jax_agree(text):
    tree = read_expression(f"x + {text}")
    values = {"x": X, "w": np.float64(1.25)}
    with double_precision():
        by_jax = np.asarray(jax.jit(lambda w: evaluate(tree, {"x": X, "w": w}))(values["w"]))
    by_numpy = np.asarray(evaluate(tree, values))
    if np.isfinite(by_numpy).all() and np.abs(by_numpy).max() < 1e6 and "where" not in text:
        np.testing.assert_allclose(by_jax, by_numpy, rtol=1e-8, atol=1e-8)
    assert by_jax.shape == by_numpy.shape


def test_a_square_has_its_slope_at_zero():
    with double_precision():
        slope = jax.jit(jax.grad(lambda x: evaluate(read_expression("x**2 + x**-0 + x**3"), {"x": x})))
        assert slope(0.0) == 0.0
        by_exponent = jax.jit(jax.grad(lambda b: evaluate(read_expression("x**b"), {"x": 2.0, "b": b})))
        assert by_exponent(3.0) == pytest.approx(8 * np.log(2))


def test_whole_powers_are_multiplied_out():
    text = str(jax.make_jaxpr(lambda x: evaluate(read_expression("x**3 + x**-2"), {"x": x}))(jnp.ones(3)))
    assert text.count("integer_pow") == 2
    assert "pow " not in text.replace("integer_pow", "")


def test_overflow_and_bad_arguments_are_numbers_not_warnings():
    assert evaluate(read_expression("exp(x)"), {"x": np.array([1e4])})[0] == np.inf
    assert np.isnan(evaluate(read_expression("log(x)"), {"x": -1.0}))
    assert evaluate(read_expression("1/x"), {"x": 0.0}) == np.inf


def test_a_thousand_terms_need_no_deep_stack():
    assert evaluate(read_expression("+".join(["x"] * 1_000)), {"x": 2.0}) == 2_000.0

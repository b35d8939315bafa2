import jax
import jax.numpy as jnp
import numpy as np
import pytest

from downslope.arrays import double_precision
from downslope.model.equation import read_expression
from downslope.model.vocabulary import FUNCTIONS, MEANT, SAME

X = np.array([-0.9, -0.3, 0.2, 0.7])
POSITIVE = {"log", "log10", "log2", "sqrt"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_columns_of_the_table_agree(name):
    function = FUNCTIONS[name]
    x = np.abs(X) if name in POSITIVE else X
    args = [x > 0, x, -x] if name == "where" else [x, np.full(4, 0.1)][: function.arguments]
    with double_precision():
        by_jax = np.asarray(function.in_jax(*map(jnp.asarray, args)))
    np.testing.assert_allclose(by_jax, function.in_numpy(*args), rtol=1e-13, atol=1e-15)
    assert by_jax.dtype == np.float64


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "relu", "erf"])
@pytest.mark.parametrize("far", [-800.0, 800.0, 0.0])
def test_slopes_far_out_are_finite(name, far):
    with double_precision():
        assert np.isfinite(jax.grad(FUNCTIONS[name].in_jax)(far))


def test_relu_is_flat_at_its_corner():
    assert jax.grad(FUNCTIONS["relu"].in_jax)(0.0) == 0.0


def test_a_not_a_number_is_not_hidden():
    for name in ("relu", "sigmoid", "softplus", "abs"):
        with np.errstate(invalid="ignore"):
            assert np.isnan(FUNCTIONS[name].in_numpy(np.float64("nan")))
        assert np.isnan(FUNCTIONS[name].in_jax(jnp.nan))


def test_other_spellings():
    assert read_expression("atan(x)").op == "arctan"
    assert not set(MEANT) & (set(FUNCTIONS) | set(SAME))

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from downslope.arrays import double_precision
from downslope.model import as_model
from downslope.model.black_box import FIRST_STEP, black_box, differences, is_black_box

X = np.linspace(0.0, 3.0, 9)
AT = np.array([2.0, 0.8])


def loop(x, a, b):
    return np.array([a * math.exp(-float(b) * each) for each in x])


def loop_slopes(x, a, b):
    return np.stack([np.exp(-b * x), -a * x * np.exp(-b * x)], axis=-1)


def with_jax(params, x):
    return params[0] * jnp.exp(-params[1] * x)


def twin(jacobian):
    slopes = jacobian and (lambda params, x: jacobian(x, *params))
    return black_box(lambda params, x: loop(x, *params), slopes)


@pytest.mark.parametrize("jacobian, first, second", [(None, 1e-9, 1e-5), (loop_slopes, 1e-14, 1e-8)])
def test_values_slopes_and_bends(jacobian, first, second):
    function = twin(jacobian)
    with double_precision():
        np.testing.assert_allclose(jax.jit(function)(AT, X), with_jax(AT, X), rtol=1e-15)
        for derivative, digits in ((jax.jacfwd, first), (jax.jacrev, first), (jax.hessian, second)):
            found = np.asarray(jax.jit(derivative(function))(AT, X))
            np.testing.assert_allclose(found, derivative(with_jax)(AT, X), atol=digits)


def test_in_lanes():
    function = twin(None)
    points = np.stack([AT, 2 * AT, 3 * AT])
    with double_precision():
        found = jax.jit(jax.vmap(jax.jacfwd(function), in_axes=(0, None)))(points, X)
        expected = jax.vmap(jax.jacfwd(with_jax), in_axes=(0, None))(points, X)
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("small", [0.0, 1e-30, -1e-12, 1e-3, 1.0, 1e9])
def test_a_parameter_of_any_size_has_its_slope(small):
    def values(params):
        return 3.0 + (params[0] - small) * X + X

    np.testing.assert_allclose(differences(values, np.array([small]), (), FIRST_STEP)[:, 0], X, rtol=1e-6)


def test_a_model_says_so_by_an_attribute():
    def model(x, a, b):
        return loop(x, a, b)

    assert not is_black_box(model)
    model.numeric_jacobian = None
    assert is_black_box(model)
    bound = as_model(model, ["x"])
    with double_precision():
        slopes = jax.jit(jax.jacobian(bound.predict))(AT, {"x": X})
    np.testing.assert_allclose(slopes, loop_slopes(X, *AT), atol=1e-9)
    np.testing.assert_allclose(bound.predict(AT, {"x": X}), loop(X, *AT), rtol=1e-15)

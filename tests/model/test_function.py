import functools
import timeit

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from downslope.arrays import double_precision
from downslope.errors import ModelError, RequestError
from downslope.model import arguments, as_model, names_in

TWO = np.float64(2)
X = np.linspace(0.0, 1.0, 20)


def line(x, w, b=0.5):
    return w * x + b


class Scaled:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x, w):
        return self.scale * w * x

    def method(self, x, w):
        return self.scale * w * x


def test_columns_first_then_parameters():
    model = as_model(line, ["x", "z"])
    assert (model.columns, model.parameters, dict(model.start({}))) == (("x",), ("w", "b"), {"b": 0.5})
    assert (model.text, model.latex, model.target) == ("line(x, w, b)", None, None)
    assert names_in(line) == {"x", "w", "b"}
    answer = model.predict(np.array([2.0, 1.0]), {"x": X})
    assert isinstance(answer, np.ndarray) and answer.dtype == np.float64
    np.testing.assert_allclose(answer, 2 * X + 1)


def test_two_columns():
    assert as_model(lambda x, z, w: w * x * z, ["z", "x"]).columns == ("x", "z")
    assert as_model(lambda x, z, w: w * x * z, ["x"]).parameters == ("z", "w")


@pytest.mark.parametrize(
    "function, parameters, starts",
    [
        (functools.partial(lambda x, a, b=2.0, c=3.0: a * x + b * c, b=5.0), ("a", "c"), {"c": 3.0}),
        (functools.partial(lambda k, x, a: a * x * k, 3), ("a",), {}),
        (lambda x, w, kind="steep", b=3: w * x + b, ("w", "b"), {"b": 3.0}),
        (lambda x, w, flag=True: w * x, ("w",), {}),
        (lambda x, w, *, scale=2.0: w * x * scale, ("w",), {}),
        (lambda x, /, w, *, b: w * x + b, ("w", "b"), {}),
        (lambda x, w, b=TWO: w * x + b, ("w", "b"), {"b": 2.0}),
        (lambda x, w, **rest: w * x, ("w",), {}),
        (Scaled(3.0), ("w",), {}),
        (Scaled(3.0).method, ("w",), {}),
        (jax.jit(lambda x, w: w * x), ("w",), {}),
    ],
)
def test_settings_parameters_and_starts(function, parameters, starts):
    model = as_model(function, ["x"])
    assert model.parameters == parameters
    assert dict(model.start({})) == starts
    assert model.predict(np.full(len(parameters), 2.0), {"x": X}).shape == X.shape


def test_a_partials_setting_is_used():
    model = as_model(functools.partial(lambda x, a, b: a * x + b, b=5.0), ["x"])
    np.testing.assert_allclose(model.predict(np.array([0.0]), {"x": X}), 5.0)


@pytest.mark.parametrize(
    "function, says",
    [
        (lambda w, x: w * x, "first arguments of lambda must be columns"),
        (lambda w, b: w + b, "Columns: 'x', 'z'"),
        (lambda x, w, z: w * x * z, "'z' of lambda is a column but comes after the parameter 'w'"),
        (lambda x, z: x * z, "nothing to fit"),
        (lambda x, *p: p[0] * x, "name each of them"),
        (lambda: 0, "it has no argument"),
        (Scaled, "is a class"),
        (np.random.default_rng(0).normal, "first arguments of normal must be columns"),
        (3, "a model is a formula such as"),
        (None, "a model is a formula such as"),
        (["y = w*x"], "a model is a formula such as"),
    ],
)
def test_refused(function, says):
    with pytest.raises(RequestError) as caught:
        as_model(function, ["x", "z"])
    assert says in str(caught.value)


def test_a_start_for_a_column_is_a_clash():
    with pytest.raises(ModelError, match="rename one"):
        as_model(lambda x, w: w * x, ["x", "w"], ["w"])


def test_under_jax():
    model = as_model(lambda x, w: jnp.exp(-w * x), ["x"])
    with double_precision():
        slope = jax.jit(jax.jacobian(model.predict))(jnp.array([2.0]), {"x": X})
    np.testing.assert_allclose(slope[:, 0], -X * np.exp(-2 * X), rtol=1e-14)


def test_the_same_function_is_the_same_model():
    assert as_model(line, ["x"]) is as_model(line, ["x"])
    assert as_model(line, ["x"]).key == as_model(line, ["x", "z"]).key
    assert as_model(line, ["x"]).key != as_model(lambda x, w, b=0.5: w * x + b, ["x"]).key
    seconds = min(timeit.repeat(lambda: as_model(line, ["x"]), number=100, repeat=5)) / 100
    assert seconds < 500e-6  # 5 µs; the types are checked in tests


def test_a_changed_setting_is_another_model():
    scaled = Scaled(2.0)
    before = as_model(scaled, ["x"])
    scaled.scale = 3.0
    after = as_model(scaled, ["x"])
    assert before.key != after.key
    np.testing.assert_allclose(after.predict(np.array([1.0]), {"x": X}), 3.0 * X)


def test_arguments_are_in_order():
    assert arguments(line) == ("x", "w", "b")
    with pytest.raises(ModelError, match="cannot be read"):
        arguments(min)

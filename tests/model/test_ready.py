import jax
import jax.numpy as jnp
import numpy as np
import pytest

from downslope.errors import RequestError
from downslope.model import (
    as_model,
    exponential,
    gaussian,
    line,
    logistic,
    polynomial,
    relu_sum,
)

X = np.linspace(-1.0, 3.0, 11)
BY_HAND = [
    (line, lambda x, w, b: w * x + b),
    (polynomial(3), lambda x, *c: sum(c[k] * x**k for k in range(4))),
    (exponential, lambda x, a, b, c: a * np.exp(-b * x) + c),
    (logistic, lambda x, L, k, x0: L / (1 + np.exp(-k * (x - x0)))),
    (gaussian, lambda x, a, mu, sigma: a * np.exp(-((x - mu) ** 2) / (2 * sigma**2))),
    (relu_sum(2), lambda x, b, a1, k1, a2, k2: b + a1 * np.maximum(x - k1, 0) + a2 * np.maximum(x - k2, 0)),
]


@pytest.mark.parametrize("ready, by_hand", BY_HAND, ids=lambda value: getattr(value, "name", ""))
def test_as_object_as_formula_and_as_function(ready, by_hand):
    params = np.linspace(0.5, 1.5, len(ready.parameters))
    wanted = by_hand(X, *params)
    model = as_model(ready, ["x"])
    assert model.parameters == ready.parameters
    np.testing.assert_allclose(model.predict(params, {"x": X}), wanted, rtol=1e-13)
    np.testing.assert_allclose(ready(X, *params), wanted, rtol=1e-13)
    np.testing.assert_allclose(ready(X, **dict(zip(ready.parameters, params, strict=True))), wanted, rtol=1e-13)
    of_logarithm = as_model(f"y = {ready.called('log(t + 2)')}", ["t", "y"])
    np.testing.assert_allclose(of_logarithm.predict(params, {"t": np.exp(X) - 2}), wanted, rtol=1e-10)
    assert as_model(f"y = {ready.called('x')}", ["x", "y"]).key == model.key


def test_which_column_an_object_reads():
    assert as_model(line, ["t"]).columns == ("t",)
    assert as_model(line, ["t", "x"]).columns == ("x",)
    assert as_model(line, ["odd name"]).text == 'w*col("odd name") + b'
    with pytest.raises(RequestError, match="'TARGET = line\\(COLUMN\\)'"):
        as_model(line, ["t", "u"])
    with pytest.raises(RequestError, match="is a parameter of line"):
        as_model(line, ["w"])


@pytest.mark.parametrize("ready, _", BY_HAND, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("x", [X, np.full(3, 2.0), np.array([1e6, 2e6, 3e6]), np.array([-1e-9, 1e-9])])
def test_starts_are_finite_and_give_finite_predictions(ready, _, x):
    for text, columns in (("y = " + ready.called("x"), {"x": x, "y": np.sin(x)}), (None, {"x": x})):
        model = as_model(text or ready, ["x", "y"] if text else ["x"])
        starts = model.start(columns)
        assert set(starts) <= set(model.parameters)
        params = np.array([starts.get(name, 1.0) for name in model.parameters])
        assert np.isfinite(params).all()
        assert np.isfinite(model.predict(params, columns)).all()


@pytest.mark.parametrize(
    "text, truth",
    [
        ("y = exponential(x)", lambda x: 5 * np.exp(-1.5 * x) + 2),
        ("y = exponential(x)", lambda x: 7 - 4 * np.exp(-x)),
        ("y = logistic(x)", lambda x: 5 / (1 + np.exp(-3 * (x - 1)))),
        ("y = logistic(x)", lambda x: -5 / (1 + np.exp(3 * (x - 1)))),
        ("y = gaussian(x)", lambda x: -3 * np.exp(-((x - 2) ** 2) / 0.5)),
    ],
)
def test_starts_are_on_the_right_side_of_the_curve(text, truth):
    model = as_model(text, ["x", "y"])
    columns = {"x": X, "y": truth(X)}
    params = np.array([model.start(columns).get(name, 1.0) for name in model.parameters])
    residual = model.predict(params, columns) - columns["y"]
    assert np.mean(residual**2) < np.var(columns["y"])


def test_a_hundred_hinges_are_no_more_operations_than_two():
    def operations(hinges):
        model = as_model(relu_sum(hinges), ["x"])
        return len(jax.make_jaxpr(model.predict)(jnp.ones(2 * hinges + 1), {"x": jnp.ones(5)}).eqns)

    assert operations(100) == operations(2)


@pytest.mark.parametrize("wrong", [0, -1, 31, 2.0, True, "3", None])
def test_degrees_that_are_none(wrong):
    with pytest.raises(RequestError, match="whole number from 1 to 30"):
        polynomial(wrong)


def test_calling_with_the_wrong_parameters():
    with pytest.raises(RequestError, match="'w', 'b'"):
        line(X, 1.0)
    with pytest.raises(RequestError, match="'w', 'b'"):
        line(X, 1.0, 2.0, 3.0)

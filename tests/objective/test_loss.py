import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import downslope as ds
from downslope.errors import RequestError, UnknownName
from downslope.objective import as_loss
from downslope.objective.loss import check_loss

numbers = st.floats(-50, 50)


@given(prediction=numbers, target=numbers)
def test_each_loss_is_its_formula(prediction, target):
    difference = prediction - target
    formulas = {
        "mse": difference**2,
        "mae": abs(difference),
        "huber(2)": difference**2 / 2 if abs(difference) <= 2 else 2 * (abs(difference) - 1),
        "log-cosh": np.logaddexp(difference, -difference) - np.log(2),
        "quantile(0.9)": 0.9 * -difference if difference < 0 else 0.1 * difference,
    }
    with jax.enable_x64(True):
        for name, expected in formulas.items():
            by_row = as_loss(name).by_row
            assert float(by_row(jnp.array([prediction]), jnp.array([target]))[0]) == pytest.approx(
                expected, abs=1e-11
            ), name


@pytest.mark.parametrize("name", ["mse", "huber", "log-cosh"])
def test_far_outliers_neither_overflow_nor_lose_their_slope(name):
    with jax.enable_x64(True):
        slope = jax.grad(lambda prediction: as_loss(name).by_row(prediction, jnp.zeros(1)).sum())
        assert np.isfinite(np.asarray(slope(jnp.array([1e100])))).all()
        assert float(slope(jnp.array([-1e3]))[0]) < 0


def test_poisson_is_least_at_the_count():
    with jax.enable_x64(True):
        slope = jax.grad(lambda mean: as_loss("poisson").by_row(mean, jnp.array([7.0])).sum())
        assert float(slope(jnp.array([7.0]))[0]) == pytest.approx(0)
        assert float(slope(jnp.array([6.0]))[0]) < 0 < float(slope(jnp.array([8.0]))[0])


@pytest.mark.parametrize(
    "asked", ["huber(0)", "huber(-1)", "quantile(1)", "quantile(0)", "mse(2)", "huber(1, 2)", "huber(size=1)"]
)
def test_options_that_cannot_be_meant_are_refused(asked):
    with pytest.raises(RequestError, match="takes|must be|write"):
        as_loss(asked)


def test_an_unknown_loss_names_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'log-cosh'"):
        as_loss("logcosh")


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda prediction, target: ((prediction - target) ** 2).mean(), "one number a row"),
        (lambda prediction, target: (prediction - target) * 1j, "complex"),
        (lambda prediction, target: None, "NoneType"),
        (lambda prediction, target: "high", "str"),
        (lambda prediction, target: np.abs(prediction - target) if float(prediction[0]) else 0, "jax.numpy"),
        (lambda prediction: prediction, "raised TypeError"),
        (lambda prediction, target: (prediction - target - jnp.mean(prediction - target)) ** 2, "several rows at once"),
    ],
)
def test_a_loss_of_ones_own_is_asked_at_the_door(loss, words):
    with pytest.raises(RequestError, match=words):
        check_loss(as_loss(loss))


def test_a_number_that_a_loss_of_ones_own_uses_is_read_anew_when_it_changes():
    factor = [1.0]
    data = {"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 4.0]}

    def loss(prediction, target):
        return factor[0] * (prediction - target) ** 2

    plain = ds.fit("y = w*x", data, loss=loss, optimizer="gd", steps=0, learning_rate=0.1).loss
    factor[0] = 10.0
    assert ds.fit("y = w*x", data, loss=loss, optimizer="gd", steps=0, learning_rate=0.1).loss == pytest.approx(
        10 * plain
    )


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e200])
def test_targets_whose_squares_are_lost_are_refused(size):
    """At 1e-300 the loss was 0 at a parameter wrong by 136 powers of ten, and called usable."""
    with pytest.raises(ds.DataError, match="other units"):
        ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [size, 2 * size]})
    assert ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [1e-130, 2e-130]}).params["w"] == pytest.approx(1e-130, rel=1e-9)

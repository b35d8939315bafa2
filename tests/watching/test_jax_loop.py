"""Loops in JAX and Optax: seen where gradients are made and called on numbers; where not, that is said."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import downslope as ds

RATE, STEPS = 0.01, 20


@pytest.fixture
def mse(quadratic):
    x, y = (jnp.asarray(each, jnp.float32) for each in quadratic)

    def loss(abc):
        return ((abc[0] * x**2 + abc[1] * x + abc[2] - y) ** 2).mean()

    return loss


def start():
    return jnp.array([1.1, 1.1, 1.1])


def by_grad(loss):
    abc = start()
    for _ in range(STEPS):
        abc = abc - RATE * jax.grad(loss)(abc)


def by_value_and_grad(loss):
    abc = start()
    both = jax.value_and_grad(loss)
    for _ in range(STEPS):
        _, slope = both(abc)
        abc -= RATE * slope


def by_optax(loss):
    abc = start()
    rule = optax.sgd(RATE)
    memory = rule.init(abc)
    for _ in range(STEPS):
        slope = jax.grad(loss)(abc)
        updates, memory = rule.update(slope, memory)
        abc = optax.apply_updates(abc, updates)


def with_a_compiled_loss(loss):
    abc = start()
    both = jax.value_and_grad(jax.jit(loss))
    for _ in range(STEPS):
        _, slope = both(abc)
        abc -= RATE * slope


@pytest.mark.parametrize("loop", [by_grad, by_value_and_grad, by_optax, with_a_compiled_loss])
def test_each_way_to_write_it_is_seen(loop, mse, by_hand):
    with ds.watch() as run:
        loop(mse)
    losses, params, gradients = by_hand(RATE, STEPS)
    assert np.allclose(run.history.loss, losses, rtol=1e-5)
    assert np.allclose(run.history.params, params, rtol=1e-5)
    assert np.allclose(run.history.gradient, gradients, rtol=1e-3)
    assert run.run.chosen["optimizer"] == "gd"
    assert run.run.chosen["learning_rate"] == pytest.approx(RATE, rel=1e-3)
    assert run.findings == ()
    assert run.run.parameters == ("abc[0]", "abc[1]", "abc[2]")


def test_names_are_those_of_the_loss(quadratic):
    x, y = quadratic

    def loss(params, scale):
        return ((params["w"] * x + params["b"] - scale * y) ** 2).mean()

    with ds.watch() as run:
        jax.value_and_grad(loss, argnums=(0, 1))({"w": 0.0, "b": 0.0}, 1.0)
    assert run.run.parameters == ("b", "w", "scale")


def test_auxiliary_outputs_and_arguments_pass_through():
    def loss(w, *, power):
        return (w**power).sum(), {"power": power}

    with ds.watch() as run:
        (value, more), slope = jax.value_and_grad(loss, has_aux=True)(jnp.ones(2), power=3)
        again, more_again = jax.grad(loss, has_aux=True)(jnp.ones(2), power=3)
    assert (float(value), more, more_again) == (2.0, {"power": 3}, {"power": 3})
    assert np.array_equal(slope, again)
    assert run.history.loss[0] in (2.0, 4.0)


def compiled(loss):
    @jax.jit
    def step(abc):
        value, slope = jax.value_and_grad(loss)(abc)
        return abc - RATE * slope, value

    return step


def test_a_compiled_step_cannot_be_seen_and_that_is_said(mse):
    step, abc = compiled(mse), start()
    with ds.watch() as run:
        for _ in range(STEPS):
            abc, _ = step(abc)
    assert len(run.history) == 0
    assert any("compiled by jax.jit" in note and "uncompiled=True" in note for note in run.notes)


def test_uncompiled_it_is_seen_and_ends_where_it_would(mse, by_hand):
    step, abc, other = compiled(mse), start(), start()
    abc, _ = step(abc)  # compiled before the block
    for _ in range(STEPS - 1):
        abc, _ = step(abc)
    with ds.watch(uncompiled=True) as run:
        for _ in range(STEPS):
            other, _ = step(other)
    assert np.allclose(abc, other, rtol=1e-5)
    assert np.allclose(run.history.loss, by_hand(RATE, STEPS)[0], rtol=1e-5)
    assert not jax.config.jax_disable_jit


def test_a_gradient_made_before_cannot_be_seen_and_that_is_said(mse):
    slope, abc = jax.grad(mse), start()
    with ds.watch() as run:
        for _ in range(3):
            abc -= RATE * slope(abc)
    assert len(run.history) == 0
    assert any("makes inside the block" in note for note in run.notes)


def test_another_loss_is_told(mse):
    abc = start()
    with ds.watch() as run:
        for _ in range(5):
            slope = jax.grad(mse)(abc)
            jax.grad(lambda abc: (abc**2).sum())(abc)
            abc -= RATE * slope
    assert len(run.history) == 5
    assert any("several losses" in note for note in run.notes)


def test_errors_are_those_of_jax():
    with ds.watch(), pytest.raises(TypeError, match="scalar-output"):
        jax.grad(lambda w: w**2)(jnp.ones(3))

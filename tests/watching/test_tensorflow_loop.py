"""GradientTape loops as people write them."""

import numpy as np
import pytest

import downslope as ds

tf = pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install tensorflow==2.21.0")
pytestmark = pytest.mark.tensorflow

RATE, STEPS = 0.01, 20


@pytest.fixture
def data(quadratic):
    return tuple(tf.constant(each) for each in quadratic)


def variables():
    return [tf.Variable(1.1, dtype=tf.float64, name=name) for name in "abc"]


def by_assign(x, y):
    a, b, c = variables()
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((a * x**2 + b * x + c - y) ** 2)
        for each, slope in zip((a, b, c), tape.gradient(loss, [a, b, c]), strict=True):
            each.assign_sub(RATE * slope)


def by_dictionary(x, y):
    params = dict(zip("abc", variables(), strict=True))
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((params["a"] * x**2 + params["b"] * x + params["c"] - y) ** 2)
        slopes = tape.gradient(loss, params)
        for name, slope in slopes.items():
            params[name].assign_sub(RATE * slope)


def one_by_one(x, y):
    a, b, c = variables()
    for _ in range(STEPS):
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean((a * x**2 + b * x + c - y) ** 2)
        slopes = [tape.gradient(loss, each) for each in (a, b, c)]
        for each, slope in zip((a, b, c), slopes, strict=True):
            each.assign_sub(RATE * slope)


def by_optimizer(x, y):
    import keras

    a, b, c = variables()
    optimizer = keras.optimizers.SGD(RATE)
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((a * x**2 + b * x + c - y) ** 2)
        slopes = tape.gradient(loss, [a, b, c])
        optimizer.apply_gradients(zip(slopes, [a, b, c], strict=True))


def constants_made_anew(x, y):
    abc = tf.constant([1.1, 1.1, 1.1], dtype=tf.float64)
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            tape.watch(abc)
            loss = tf.reduce_mean((abc[0] * x**2 + abc[1] * x + abc[2] - y) ** 2)
        abc = abc - RATE * tape.gradient(loss, abc)


@pytest.mark.parametrize("loop", [by_assign, by_dictionary, one_by_one, by_optimizer, constants_made_anew])
def test_each_way_to_write_it_is_seen(loop, data, by_hand):
    with ds.watch() as run:
        loop(*data)
    losses, params, gradients = by_hand(RATE, STEPS)
    assert np.allclose(run.history.loss, losses, rtol=1e-5)
    assert np.allclose(run.history.params, params, rtol=1e-5)
    assert np.allclose(run.history.gradient, gradients, rtol=1e-4)
    assert run.run.chosen["optimizer"] == "gd"
    assert run.run.chosen["learning_rate"] == pytest.approx(RATE, rel=1e-4)
    assert run.findings == ()
    assert run.run.parameters[-1] in ("c", "params['c']", "abc[2]")


def test_a_constant_where_a_variable_was_meant(data):
    x, y = data
    w, b = tf.Variable(0.0, dtype=tf.float64), tf.constant(0.0, dtype=tf.float64)
    with pytest.raises((AttributeError, TypeError, ValueError)), ds.watch() as run:
        for _ in range(5):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((w * x + b - y) ** 2)
            slope_w, slope_b = tape.gradient(loss, [w, b])
            w.assign_sub(0.1 * slope_w)
            b.assign_sub(0.1 * slope_b)
    (finding,) = run.findings
    assert (finding.symptom, finding.severity, finding.first_step) == ("untracked-parameter", "fault", 1)
    assert finding.evidence == {"parameters without a gradient": 1.0, "constants": 1.0}
    assert "arrives at b" in finding.message
    assert "tf.Variable" in finding.message


def test_a_variable_that_the_loss_does_not_reach_is_a_warning(data):
    x, y = data
    w, b = tf.Variable(0.0, dtype=tf.float64), tf.Variable(0.0, dtype=tf.float64)
    with ds.watch() as run:
        for _ in range(5):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((w * x - y) ** 2)
            slope, _ = tape.gradient(loss, [w, b])
            w.assign_sub(0.1 * slope)
    (finding,) = [finding for finding in run.findings if finding.symptom == "untracked-parameter"]
    assert finding.severity == "warning"


@pytest.mark.parametrize("spread", [True, False])
@pytest.mark.parametrize("loss_of", [lambda p, y: (p - y) ** 2, lambda p, y: tf.math.squared_difference(y, p)])
def test_n_by_n_differences(data, loss_of, spread):
    x, y = data
    w = tf.Variable([[0.0]], dtype=tf.float64)
    with ds.watch() as run:
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(loss_of(x[:, None] @ w, y if spread else y[:, None]))
            w.assign_sub(0.01 * tape.gradient(loss, w))
    assert ("broadcast-loss" in {finding.symptom for finding in run.findings}) == spread


def compiled(x, y, w):
    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((w * x - y) ** 2)
        w.assign_sub(0.1 * tape.gradient(loss, w))
        return loss

    return step


def test_a_compiled_step_cannot_be_seen_and_that_is_said(data):
    w = tf.Variable(0.0, dtype=tf.float64)
    step = compiled(*data, w)
    with ds.watch() as run:
        for _ in range(3):
            step()
    assert len(run.history) == 0
    assert any("tf.function" in note for note in run.notes)


def test_uncompiled_it_is_seen(data):
    w = tf.Variable(0.0, dtype=tf.float64)
    step = compiled(*data, w)
    with ds.watch(uncompiled=True) as run:
        for _ in range(3):
            step()
    assert len(run.history) == 3
    assert not tf.config.functions_run_eagerly()


def test_everything_is_put_back():
    from tensorflow.python.eager import context

    before = tf.GradientTape.gradient
    with pytest.raises(ZeroDivisionError), ds.watch():
        raise ZeroDivisionError
    assert tf.GradientTape.gradient is before
    assert not context.context().op_callbacks


def test_a_change_of_shape_ends_the_history(data):
    x, y = data
    with ds.watch() as run:
        for size in (1, 1, 2):
            p = tf.ones(size, tf.float64)
            with tf.GradientTape() as tape:
                tape.watch(p)
                loss = tf.reduce_mean((tf.reduce_sum(p) * x - y) ** 2)
            tape.gradient(loss, p)
    assert any("changed its shape" in note for note in run.notes)


def test_nan_from_the_first_step():
    w = tf.Variable(float("nan"))
    with ds.watch() as run:
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = w**2
            w.assign_sub(0.1 * tape.gradient(loss, w))
    assert run.run.state == "untrusted"

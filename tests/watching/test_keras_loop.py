"""Keras fit, unchanged, on the backend that is there."""

import numpy as np
import pytest

import downslope as ds

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install tensorflow==2.21.0")
keras = pytest.importorskip("keras", reason="needs Keras: pip install keras")
pytestmark = pytest.mark.tensorflow


@pytest.fixture
def data(quadratic):
    x, y = quadratic
    return np.stack([x**2, x], axis=1).astype(np.float32), y[:, None].astype(np.float32)


def model(optimizer):
    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones", name="line")])
    net.compile(optimizer=optimizer, loss="mse")
    return net


def test_plain_descent_is_seen_with_its_gradient(data, by_hand):
    net = model(keras.optimizers.SGD(0.01))
    with ds.watch() as run:
        told = net.fit(*data, epochs=15, batch_size=20, shuffle=False, verbose=0)
    losses, _, gradients = by_hand(0.01, 15, start=(1.0, 1.0, 0.0))
    assert np.allclose(run.history.loss, losses, rtol=1e-4)
    assert np.allclose(run.history.loss, told.history["loss"], rtol=1e-4)
    assert np.allclose(run.history.gradient[:-1], gradients[:-1], rtol=1e-3, atol=1e-3)
    assert run.run.chosen["optimizer"] == "gd"
    assert run.run.chosen["learning_rate"] == 0.01
    assert run.run.parameters[-1] == "line/bias"
    assert run.findings == ()


def test_batches_are_known_by_their_size(data):
    net = model(keras.optimizers.SGD(0.01))
    with ds.watch() as run:
        net.fit(*data, epochs=5, batch_size=5, verbose=0)
    assert len(run.history) == 20
    assert run.history.batch_size == 5
    assert [finding.symptom for finding in run.findings if finding.severity == "fault"] == []


def test_of_other_rules_the_gradient_is_unknown_and_that_is_said(data):
    net = model(keras.optimizers.Adam(0.01))
    with ds.watch() as run:
        net.fit(*data, epochs=5, batch_size=20, verbose=0)
    assert np.isnan(run.history.gradient_norm).all()
    assert any("does not show its gradients" in note for note in run.notes)
    assert run.run.chosen["optimizer"] == "adam"


def test_the_users_callbacks_are_called(data):
    seen = []
    net = model(keras.optimizers.SGD(0.01))
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    with ds.watch() as run:
        net.fit(*data, epochs=3, batch_size=20, verbose=0, callbacks=[callback])
    assert seen == [0, 1, 2]
    assert len(run.history) == 3
    assert "watching" not in keras.Model.fit.__module__


def test_the_model_ends_where_it_would(data):
    ends = []
    for watched in (False, True):
        keras.utils.set_random_seed(0)
        net = model(keras.optimizers.Adam(0.01))
        if watched:
            with ds.watch():
                net.fit(*data, epochs=5, batch_size=5, verbose=0)
        else:
            net.fit(*data, epochs=5, batch_size=5, verbose=0)
        ends.append(net.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*ends, strict=True))

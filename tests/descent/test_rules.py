import jax
import numpy as np
import optax
import pytest

import downslope as ds
from downslope.descent import as_rule
from downslope.errors import RequestError, UnknownName

DATA = {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 2.9, 5.2, 6.8]}
RATE = 0.03


@pytest.mark.parametrize(
    ("name", "transformation"),
    [
        ("gd", optax.sgd(RATE)),
        ("momentum(0.8)", optax.sgd(RATE, momentum=0.8)),
        ("nesterov", optax.sgd(RATE, momentum=0.9, nesterov=True)),
        ("adam(b1=0.8)", optax.adam(RATE, b1=0.8)),
        ("adamw(weight_decay=0.01)", optax.adamw(RATE, weight_decay=0.01)),
        ("rmsprop", optax.rmsprop(RATE)),
        ("adagrad", optax.adagrad(RATE)),
    ],
)
def test_a_named_rule_takes_the_steps_of_optax(name, transformation):
    x, y = np.array(DATA["x"]), np.array(DATA["y"])
    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(lambda params: ((params[0] * x + params[1] - y) ** 2).mean()))
        params, path = np.array([0.5, -0.5]), []
        memory = transformation.init(params)
        for _ in range(31):
            path.append(np.asarray(params))
            move, memory = transformation.update(slope(params), memory, params)
            params = optax.apply_updates(params, move)
    plan = {"learning_rate": RATE, "steps": 30, "start": {"w": 0.5, "b": -0.5}}
    fit = ds.fit("y = w*x + b", DATA, optimizer=name, **plan)
    assert fit.history.params == pytest.approx(np.array(path), rel=1e-11)
    plan.pop("learning_rate")
    own = ds.fit("y = w*x + b", DATA, optimizer=transformation, **plan)
    assert own.history.params == pytest.approx(np.array(path), rel=1e-11)
    assert np.isnan(own.history.rate).all(), "the rate of a transformation is its own business"


def test_a_transformation_that_needs_the_loss_gets_it():
    plan = {"steps": 60, "start": {"w": 0.0, "b": 0.0}}
    rule = optax.chain(optax.sgd(0.05), optax.contrib.reduce_on_plateau(patience=3))
    assert ds.fit("y = w*x + b", DATA, optimizer=rule, **plan).loss < 1


def test_a_rate_beside_a_transformation_is_refused():
    with pytest.raises(RequestError, match="sets its own"):
        ds.fit("y = w*x + b", DATA, optimizer=optax.sgd(0.1), learning_rate=0.1, steps=1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("adm", "Did you mean 'adam'"),
        ("momentum(1.5)", "below 1"),
        ("adam(rate=0.1)", "write adam.b1=0.9"),
        ("gd(0.9)", "gd takes no options"),
        ("adam(b1='x')", "must be a number"),
        ("adam(__import__('os'))", "cannot be read"),
        (3.0, "give a name"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_is(asked, words):
    with pytest.raises((RequestError, UnknownName), match=words):
        as_rule(asked)

import math

import jax.numpy as jnp
import numpy as np
import pytest

from downslope.errors import ModelError
from downslope.model import as_model, check_model

KEPT = []


def numpy_array(x, w):
    return np.array([w])[0] * x


def math_exp(x, w):
    return math.exp(w) * x


def scipy_airy(x, w):
    from scipy import special

    return special.airy(w * x)[0]


def into_float(x, w):
    return np.exp(float(w)) * x


def branch(x, w):
    if w > 0:
        return w * x
    return x


def builtin_max(x, w):
    return max(w, 0) * x


def to_float(x, w):
    return float(w) * x


def counted(x, w):
    return sum(x for _ in range(w))


def masked(x, w):
    return w * x[x > 0]


def in_place(x, w):
    x[0] = 1.0
    return w * x


def divides(x, w):
    return w * x * (1 / 0)


def misspelled(x, w):
    return w * x + offfset  # noqa: F821


def deep(x, w):
    return jnp.linalg.solve(x, w * x)


def shapes(x, w):
    return w * x + jnp.ones(3)


@pytest.mark.parametrize(
    "function, says, line",
    [
        (
            numpy_array,
            "np.array asks for plain numbers",
            "return np.array([w])[0] * x",
        ),
        (math_exp, "math.exp cannot be differentiated: use JAX's own, jnp.exp", "return math.exp(w) * x"),
        (scipy_airy, "scipy.special.airy cannot be differentiated: JAX does not have it", "special.airy(w * x)[0]"),
        (into_float, "float(), int()", "return np.exp(float(w)) * x"),
        (branch, "use jnp.where(condition, a, b)", "if w > 0:"),
        (builtin_max, "jnp.maximum", "return max(w, 0) * x"),
        (to_float, "float(), int()", "return float(w) * x"),
        (counted, "range()", "return sum(x for _ in range(w))"),
        (masked, "no fixed length", "return w * x[x > 0]"),
        (in_place, "x.at[0].set", "x[0] = 1.0"),
        (divides, "divides raised ZeroDivisionError: division by zero", "return w * x * (1 / 0)"),
        (misspelled, "NameError: name 'offfset' is not defined", "return w * x + offfset"),
        (deep, "deep raised", "return jnp.linalg.solve(x, w * x)"),
        (shapes, "shapes raised TypeError", "return w * x + jnp.ones(3)"),
    ],
)
def test_a_mistake_is_one_sentence_and_the_users_own_line(function, says, line):
    with pytest.raises(ModelError) as caught:
        check_model(as_model(function, ["x"]), 20)
    message = str(caught.value)
    assert says in message
    where = message.splitlines()[-1]
    assert "test_mistakes.py, line " in where and line in where
    assert "Traceback" not in message and "racer" not in message
    assert len(message.splitlines()) <= 3
    assert caught.value.__cause__ is not None


def keeps(x, w):
    KEPT.append(w)
    return KEPT[0] * x


def test_a_value_kept_from_an_earlier_call():
    with pytest.raises(ModelError, match="earlier call was kept|not the same function"):
        check_model(as_model(keeps, ["x"]), 20)


def test_an_interrupt_is_no_mistake():
    def interrupted(x, w):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_model(as_model(interrupted, ["x"]), 20)


def test_code_without_a_file():
    namespace = {}
    exec(compile("def model(x, w):\n    return float(w) * x", "<stdin>", "exec"), namespace)
    with pytest.raises(ModelError, match="<stdin>, line 2"):
        check_model(as_model(namespace["model"], ["x"]), 20)

import jax
import jax.numpy as jnp
import numpy as np
import pandas
import pytest
import scipy.special

from downslope.arrays import double_precision
from downslope.errors import ModelError
from downslope.model import as_model, check_model
from downslope.model.numpy_calls import Face, NoTwin, bare

X = np.linspace(0.1, 2.0, 12)
W = np.array([0.7, 1.3])
KNOTS = np.array([0.0, 1.0, 3.0])


@pytest.fixture(autouse=True)
def as_for_users():
    """Without the strictness that the tests of this room otherwise have: NumPy's functions mix ranks and kinds."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def shifted(x, a, b):
    x = x - 0.5
    x += a
    return x * b


def two_rows(x, a, b):
    both = np.stack([a * x, b + 0 * x])
    return both[0] + both[1, :] + both.sum(axis=0) + both.T.mean(axis=1)


FUNCTIONS = {
    "ufuncs": lambda x, a, b: a * np.exp(-b * x) + np.power(x, a) - np.arctan2(x, b) + np.maximum(a, x) + abs(-a * x),
    "operators": lambda x, a, b: (2 - a) ** 2 + 3.0 / x - x**b + (x // 1) % 2 + -x * (x > b) + 2**x + divmod(x, b)[1],
    "reversed": lambda x, a, b: KNOTS[1] * x * np.float64(2) + np.float64(3) * a + KNOTS.sum() ** b,
    "choices": lambda x, a, b: np.where(x > a, np.log(x), b) + np.select([x < 1], [a], b) + np.clip(x, a, b),
    "methods": lambda x, a, b: x.clip(0.5, 1.5).astype(float) * a + x.reshape(-1, 1).squeeze() ** b + x.sum() + x.size,
    "reduce": lambda x, a, b: np.add.reduce(np.stack([a * x, b * x])) + np.multiply.outer(x, x * a)[0] * b,
    "pieces": lambda x, a, b: np.piecewise(x, [x < 1, x >= 1], [lambda v: np.sin(a * v), lambda v: b * v]),
    "interp": lambda x, a, b: np.interp(a * x, KNOTS, KNOTS**2) + b * np.polyval([1.0, a, b], x),
    "linalg": lambda x, a, b: np.linalg.norm(np.stack([a * x, b * x]), axis=0) + np.einsum("i,j->i", x, np.ones(2)) * a,
    "dot": lambda x, a, b: np.dot(np.ones((12, 12)), a * x) + np.eye(12) @ (b * x) + x.dot(x),
    "like": lambda x, a, b: np.zeros_like(x) + np.ones_like(x) * a + np.full_like(x, 2.0) * b + np.shape(x)[0] + len(x),
    "joined": lambda x, a, b: np.stack([a, 1.0, b])[0] * x + np.concatenate([x[:6] * a, x[6:] * b]),
    "unpacking": lambda x, a, b: sum(a * each for each in np.stack([x, b * x])),
    "special": lambda x, a, b: scipy.special.erf(a * x) + scipy.special.expit(b * x) + scipy.special.psi(x + a),
    "integers": lambda x, a, b: a * np.arange(12) + b * np.arange(12) ** 2 / 3,
    "pandas": lambda x, a, b: x * a * pandas.Series(X) + b * x,
    "broadcast": lambda x, a, b: (np.ones((3, 12)) * x * a).sum(axis=0) + b * x,
    "rounded": lambda x, a, b: a * x + np.round(b * x) + round(b, 1),
    "shifted": shifted,
    "two rows": two_rows,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_numpy_function_gives_its_own_values_and_the_right_slopes(name):
    function = FUNCTIONS[name]
    model = as_model(function, ["x"])
    expected = np.asarray(function(X.copy(), *W))
    with double_precision():
        values = np.asarray(jax.jit(model.predict)(W, {"x": X}))
        slopes = np.asarray(jax.jit(jax.jacobian(model.predict))(W, {"x": X}))
    np.testing.assert_allclose(values, expected, rtol=1e-13)
    for place, parameter in enumerate(W):
        step = 1e-5 * np.eye(2)[place]
        by_difference = (function(X.copy(), *(W + step)) - function(X.copy(), *(W - step))) / 2e-5
        np.testing.assert_allclose(slopes[:, place], by_difference, rtol=1e-6, atol=1e-8, err_msg=f"by {parameter}")


def set_item(x, a):
    x[0] = a
    return x


def with_out(x, a):
    answer = np.zeros_like(x)
    np.multiply(x, a, out=answer)
    return answer


def by_float(x, a):
    return np.exp(x * float(a))


def as_array(x, a):
    return np.asarray(x) * a


def own_ufunc(x, a):
    return np.frompyfunc(abs, 1, 1)(x) * a


@pytest.mark.parametrize(
    "function, says",
    [
        (set_item, "cannot be changed in place"),
        (with_out, "cannot be changed in place"),
        (by_float, "float(), int()"),
        (as_array, "np.asarray asks for plain numbers"),
        (own_ufunc, "JAX does not have it"),
        (lambda x, a: np.unwrap(a * x) if a > 0 else x, "jnp.where(condition, a, b)"),
        (lambda x, a: np.busday_count(x, a), "np.busday_count cannot be differentiated: JAX does not have it"),
        (lambda x, a: (a * x)[x > 1], "no fixed length"),
        (lambda x, a: np.exp(-a * x) + jnp.sin(x), "np.exp cannot be differentiated: use JAX's own, jnp.exp"),
    ],
)
def test_what_asks_for_plain_numbers_still_fails_in_one_sentence(function, says):
    with pytest.raises(ModelError) as caught:
        check_model(as_model(function, ["x"]), 12)
    assert says in str(caught.value)
    assert "racer" not in str(caught.value) and "Face" not in str(caught.value)


def test_a_function_written_for_jax_sees_its_own_values():
    seen = []

    def model(x, a):
        seen.append(type(x))
        return jnp.exp(a * x)

    check_model(as_model(model, ["x"]), 12)
    assert not any(issubclass(kind, Face) for kind in seen)


def test_ranks_and_kinds_are_numpys_only_for_a_numpy_function():
    def model(x, a):
        return np.exp(np.ones((3, 12)) * np.sin(x) * np.arange(12) * a).sum(axis=0)

    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        check_model(as_model(model, ["x"]), 12)
        with pytest.raises(ModelError, match="rank_promotion"):
            check_model(as_model(lambda x, a: (jnp.ones((3, 12)) * x * a).sum(axis=0), ["x"]), 12)


def test_bare_goes_into_tuples_lists_and_mappings():
    inside = bare((Face(1.0), [Face(2.0)], {"three": Face(3.0)}))
    assert inside == (1.0, [2.0], {"three": 3.0})


def test_a_missing_twin_is_named():
    with pytest.raises(NoTwin, match="scipy.special.jv"):
        scipy.special.jv(0, Face(jnp.ones(2)))

import jax
import jax.numpy as jnp
import numpy as np

from downslope.arrays import double_precision
from downslope.model import as_model
from downslope.model.equation import read_expression
from downslope.model.evaluate import evaluate
from downslope.model.relu_sum import kernel, suggest, sum_of_hinges, with_sum_sign

X = np.linspace(-1.0, 1.0, 13)


def test_the_kernel_computes_the_sum_as_written():
    params = np.random.default_rng(0).standard_normal(9)
    names = as_model("y = relu_sum(x, 4)", ["x", "y"]).parameters
    written = evaluate(read_expression(sum_of_hinges(4)), {"x": X, **dict(zip(names, params, strict=True))})
    np.testing.assert_allclose(kernel(params, X), written, atol=1e-15)
    with double_precision():
        np.testing.assert_allclose(kernel(jnp.asarray(params), jnp.asarray(X)), written, atol=1e-15)


def test_every_parameter_can_move_from_the_suggested_start():
    model = as_model("y = relu_sum(x, 6)", ["x", "y"])
    starts = model.start({"x": X, "y": X**2})
    params = np.array([starts[name] for name in model.parameters])
    with double_precision():
        slope = jax.jit(jax.grad(lambda p: jnp.mean((model.predict(p, {"x": X}) - X**2) ** 2)))(params)
    assert (np.abs(np.asarray(slope)) > 0).all()


def test_hinges_lie_evenly_in_the_range():
    starts = suggest(4, X, X**2)
    assert [starts[f"k{k}"] for k in (1, 2, 3, 4)] == [-1.0, -0.5, 0.0, 0.5]
    assert starts["b"] == np.mean(X**2)


def test_long_sums_are_shown_with_a_sum_sign():
    assert with_sum_sign(2) is None
    shown = as_model("y = relu_sum(x, 100)", ["x", "y"]).latex
    assert shown is not None and r"\sum_{i=1}^{100}" in shown

import jax.numpy as jnp
import numpy as np
import pytest

import downslope as ds

X = np.linspace(0, 1, 20)


@pytest.mark.parametrize(
    "model",
    [
        lambda x, w, b: w * (x - jnp.mean(x)) + b,
        lambda x, w, b: w * x / jnp.max(x) + b,
        lambda x, w, b: w * jnp.cumsum(x) + b,
        lambda x, w, b: w * jnp.roll(x, 1) + b,
        lambda x, w, b: w * x[::-1] + b,
        lambda x, w, b: w * (x - x[0]) + b,
        lambda x, w, b: w * x / len(x) + b,
    ],
    ids=["mean", "max", "cumsum", "roll", "reversed", "first", "count"],
)
@pytest.mark.parametrize("rows", [2, 5, 20])
def test_a_function_that_looks_across_rows_is_refused(model, rows):
    with pytest.raises(ds.ModelError, match="several rows at once"):
        ds.fit(model, X[-rows:], 2 * X[-rows:] + 1)


def test_a_function_of_each_row_by_itself_passes():
    fit = ds.fit(lambda x, w, b: w * jnp.where(x > 0.5, x, jnp.exp(x)) + b, X, 2 * X + 1)
    assert fit.loss < 1

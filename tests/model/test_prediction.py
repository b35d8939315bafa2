import jax.numpy as jnp
import numpy as np
import pytest

from downslope.errors import ModelError
from downslope.model.prediction import check_prediction


def test_one_real_number_per_row_passes():
    for answer in (np.zeros(20), jnp.zeros(20), np.zeros(20, np.float32), jnp.zeros(20, jnp.bfloat16)):
        assert check_prediction("f", answer, 20) is answer


@pytest.mark.parametrize(
    "answer, says",
    [
        (np.zeros((20, 1)), "shape (20, 1), expected (20,): one number per row. Return prediction[:, 0]"),
        (np.zeros((1, 20)), "Return prediction[0]"),
        (np.zeros((20, 20)), "shape (20, 20), expected (20,): one number per row. An array of shape (20, 1) met"),
        (np.float64(3.0), "shape (), expected (20,)"),
        (3.0, "shape ()"),
        (np.zeros(19), "shape (19,), expected (20,)"),
        ([np.zeros(20)], "a list of 1"),
        ((np.zeros(20), 3), "a tuple of 2"),
        ({"y": 1}, "a dict of 1"),
        (None, "nothing (None)"),
        ("text", "a text"),
        (object(), "returned object"),
        (np.zeros(20, complex), "complex"),
        (np.zeros(20, int), "int64: whole numbers"),
        (np.zeros(20, bool), "bool: whole numbers or true and false"),
        (np.full(20, None), "must be real numbers"),
    ],
)
def test_everything_else_is_refused(answer, says):
    with pytest.raises(ModelError) as caught:
        check_prediction("f", answer, 20)
    assert says in str(caught.value)

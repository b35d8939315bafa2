import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import TypeCheckError

from downslope.arrays import double_precision
from downslope.model.relu_sum import kernel


def test_double_precision_is_a_scope_not_a_setting():
    outside = jnp.ones(1).dtype
    with double_precision():
        assert jnp.ones(1).dtype == np.float64
    assert jnp.ones(1).dtype == outside == np.float32
    assert not jax.config.jax_enable_x64


def test_shapes_are_checked_in_tests():
    with pytest.raises((TypeCheckError, BeartypeCallHintViolation)):
        kernel(np.ones((3, 1)), np.ones(4))


def test_without_the_development_packages_they_are_plain_arrays():
    code = "import sys, downslope.arrays as a; print(a.Params, 'jax' in sys.modules, 'jaxtyping' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["typing.Any", "False", "False"]

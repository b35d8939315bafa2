"""The tests run with shapes checked: conftest.py's hook is in place and bites."""

import os

import numpy as np
import pytest

from downslope.model.relu_sum import kernel

pytestmark = pytest.mark.skipif(bool(os.environ.get("DOWNSLOPE_NO_TYPECHECK")), reason="asked to be off")


def test_a_column_of_another_shape_is_refused():
    with pytest.raises(Exception, match="(?s)Type-check error.*parameter 'x'"):
        kernel(np.ones(5), np.ones((4, 1)))

"""Whether all numbers of an array are finite, at the cost of one read of it."""

import math

import numpy as np

_AT_ONCE = 65_536


def all_finite(values: np.ndarray) -> bool:
    """Whether none of (n,) is nan or infinite.

    A sum that is finite proves that its terms are, without an array of truths; only one that is not, as it may have
    overflowed, is looked at number by number.

    >>> all_finite(np.array([1.0, 1e308, 1e308])), all_finite(np.array([1.0, np.nan]))
    (True, False)
    """
    with np.errstate(all="ignore"):
        for first in range(0, values.size, _AT_ONCE):
            some = values[first : first + _AT_ONCE]
            if not math.isfinite(float(some.sum())) and not np.isfinite(some).all():
                return False
    return True

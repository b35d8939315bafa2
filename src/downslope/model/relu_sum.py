"""A sum of hinges: a curve made of straight pieces, the smallest network that can follow any curve.

    y = b + a1*relu(x - k1) + a2*relu(x - k2) + …

Left of every hinge the curve is b; at k_i its slope changes by a_i. Computed as one (n, hinges) array, so that a
hundred hinges compile as fast as two.
"""

import sys
from collections.abc import Mapping

import numpy as np

from downslope.arrays import Params, Rows

MOST_HINGES = 500


def sum_of_hinges(hinges: int) -> str:
    """The sum written out, x for the column.

    >>> sum_of_hinges(2)
    'b + a1*relu(x - k1) + a2*relu(x - k2)'
    """
    return " + ".join(["b", *(f"a{k}*relu(x - k{k})" for k in range(1, hinges + 1))])


def with_sum_sign(hinges: int) -> str | None:
    """LaTeX with a sum sign, x for the column; None where written out it is short enough to read."""
    if hinges <= 4:
        return None
    return rf"b + \sum_{{i=1}}^{{{hinges}}} a_{{i}} \operatorname{{relu}}\left(x - k_{{i}}\right)"


def kernel(params: Params, x: Rows) -> Rows:
    """(2*hinges + 1,) parameters in the order b, a1, k1, a2, k2, … and (n,) x to (n,) predictions.

    >>> kernel(np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0]))
    array([1., 2.])
    """
    offset, slopes, places = params[0], params[1::2], params[2::2]
    jax = sys.modules.get("jax")
    if jax is not None and (isinstance(params, jax.Array) or isinstance(x, jax.Array)):
        return offset + jax.nn.relu(x[:, None] - places[None, :]) @ slopes
    with np.errstate(all="ignore"):
        return offset + np.maximum(np.asarray(x)[:, None] - places[None, :], 0.0) @ slopes


def suggest(hinges: int, x: np.ndarray, y: np.ndarray | None) -> Mapping[str, float]:
    """Hinges evenly over the range of x, the first at its lower end, and small slopes of alternating sign.

    Slopes of zero would give the hinges no gradient, equal ones would make them move alike; b is the target's mean.

    >>> suggest(2, np.array([0.0, 4.0]), None)
    {'b': 0.0, 'a1': 0.0125, 'k1': 0.0, 'a2': -0.0125, 'k2': 2.0}
    """
    low, high = float(x.min()), float(x.max())
    width = (high - low) or 1.0
    height = float(np.ptp(y)) or 1.0 if y is not None else 1.0
    starts = {"b": float(y.mean()) if y is not None else 0.0}
    slope = 0.1 * height / width / hinges
    for k in range(hinges):
        starts[f"a{k + 1}"] = slope if k % 2 == 0 else -slope
        starts[f"k{k + 1}"] = low + width * k / hinges
    return starts

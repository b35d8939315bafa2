"""The Gauss-Newton metric: coordinates in which the curvature of the data is the unit matrix.

params = answer + directions @ u. A step of length 1 in u costs the same loss in every direction, whatever the units of
data and parameters, so lengths in it are comparable, and a standard error is a length in it times one number.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BLIND = 1e-13
"""Share of the largest singular value below which a direction is lost in rounding, each parameter first scaled to
length 1.
"""


class Metric(NamedTuple):
    """directions: (p, p), one a column; zero columns where a direction is lost, zero rows where a parameter takes no
    part. lost: (k, p), unit vectors in parameters scaled by `width` (p,) that change nothing the data could tell;
    ignored: (p,), parameters without any effect. rank: how many directions the data determine.
    """

    directions: np.ndarray
    lost: np.ndarray
    width: np.ndarray
    ignored: np.ndarray
    rank: int = 0


def metric(triangle: np.ndarray, size: int, free: np.ndarray) -> Metric:
    """The metric of a curvature factor (rows, size or more), of the parameters that are `free` (size,) bool."""
    factor = np.where(free, triangle[:, :size], 0.0)
    # hypot, in effect: squares of 1e-200 would be 0
    largest = np.max(np.abs(factor), axis=0)
    safe = np.where(largest > 0, largest, 1.0)
    width = safe * np.sqrt(np.sum((factor / safe) ** 2, axis=0))
    ignored = free & (largest == 0)
    taking_part = free & ~ignored
    _, values, vectors = np.linalg.svd(factor[:, taking_part] / width[taking_part], full_matrices=False)
    seen = values > BLIND * (values[0] if values.size else 1.0)
    directions = np.zeros((size, size))
    count = int(seen.sum())
    directions[taking_part, :count] = (vectors[seen] / values[seen, None]).T / width[taking_part, None]
    lost = np.zeros((int(taking_part.sum()) - count, size))
    whole = np.linalg.svd(factor[:, taking_part] / width[taking_part])[2] if lost.size else vectors
    if lost.size:
        lost[:, taking_part] = whole[count:]
    return Metric(directions, lost, width, ignored, count)


INVOLVED = 0.05
"""Share of the largest part in a direction from which a parameter is named as taking part in it."""


def unknown(found: Metric) -> np.ndarray:
    """Parameters that the data do not determine, (p,) bool."""
    if not len(found.lost):
        return found.ignored
    parts = np.abs(found.lost) > INVOLVED * np.max(np.abs(found.lost), axis=1, keepdims=True)
    return found.ignored | parts.any(axis=0)


def undetermined(found: Metric, parameters: Sequence[str]) -> tuple[str, ...]:
    """What the data cannot determine, in words; nothing if they determine all parameters.

    >>> same = np.array([[1.0, 1.0], [0.0, 0.0]])
    >>> undetermined(metric(same, 2, np.array([True, True])), ("a", "b"))
    ('the data cannot tell a and b apart: only a combination of them is determined',)
    >>> undetermined(metric(np.array([[1.0, 0.0], [0.0, 0.0]]), 2, np.array([True, True])), ("a", "b"))
    ('b has no effect on the prediction here',)
    """
    said = [f"{parameters[int(place)]} has no effect on the prediction here" for place in np.flatnonzero(found.ignored)]
    for direction in found.lost:
        parts = np.flatnonzero(np.abs(direction) > INVOLVED * np.abs(direction).max())
        names = [parameters[int(place)] for place in parts]
        if len(names) == 1:
            said.append(f"the data do not determine {names[0]}")
            continue
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        said.append(f"the data cannot tell {listed} apart: only a combination of them is determined")
    return tuple(said)

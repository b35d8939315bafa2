"""Predictions of a model at many points of its parameters at once: the frames of a moving curve."""

from collections.abc import Mapping

import numpy as np

from downslope.errors import RequestError
from downslope.model import Model, read_formula
from downslope.model.tree import names


def predictions(model: Model, points: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """The predictions (m, n) at points (m, p) for rows (n,).

    >>> from downslope.model import as_model
    >>> line = as_model("y = w*x + b", ["x", "y"])
    >>> predictions(line, np.array([[1.0, 0.0], [2.0, 1.0]]), {"x": np.array([0.0, 10.0])})
    array([[ 0., 10.],
           [ 1., 21.]])
    """
    rows = next(iter(columns.values())).size
    if not len(points):
        return np.empty((0, rows))
    if _spreads(model):
        with np.errstate(all="ignore"):
            return np.broadcast_to(model.predict(points.T[:, :, None], columns), (len(points), rows))
    with np.errstate(all="ignore"):
        return np.stack([np.asarray(model.predict(point, columns), dtype=np.float64) for point in points])


def _spreads(model: Model) -> bool:
    """Whether a formula is computed operation by operation, so that its parameters may be columns (m, 1)."""
    if not (isinstance(model.key, str) and model.key.startswith("formula ")):
        return False
    try:
        right = read_formula(model.text).right
    except RequestError:  # a ready model, given without a left side
        return False
    return any(name.name not in model.parameters for name in names(right))

"""Bands: how certain a prediction is, row by row."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from downslope.objective import Objective
from downslope.probe.jacobian import jacobian


class Band(NamedTuple):
    """prediction, lower, upper: (n,) each, in the units of the target."""

    prediction: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def band(
    objective: Objective,
    params: np.ndarray,
    columns: Mapping[str, np.ndarray],
    covariance: np.ndarray,
    quantile: float,
    noise: np.ndarray | float = 0.0,
) -> Band:
    """The prediction ± quantile · √(J C Jᵀ + noise), C (p, p) the covariance of the parameters (p,).

    Args:   noise: variance of a new row about the curve, (n,) or one for all; 0 for the curve itself.
    """
    prediction = np.asarray(objective.predict(params, columns), dtype=np.float64)
    slope = jacobian(objective, params, columns)
    variance = np.maximum(np.sum((slope @ covariance) * slope, axis=1), 0.0) + noise
    half = quantile * np.sqrt(variance)
    return Band(prediction, prediction - half, prediction + half)

"""Least squares of a linear model, without a step: QR of the design, in NumPy."""

from typing import NamedTuple

import numpy as np

LOST = 1e-14
"""Share of the largest singular value below which a direction is rounding and nothing else."""


class Straight(NamedTuple):
    """A linear model and its data, rows divided by their spread and multiplied by the root of their weight.

    matrix (n, p), right (n,): the mean loss is |matrix @ params - right|² / weight.
    """

    matrix: np.ndarray
    right: np.ndarray
    weight: float

    def loss(self, params: np.ndarray) -> float:
        """The mean loss at params (p,)."""
        residual = self.matrix @ params - self.right
        return float(residual @ residual) / self.weight

    def gradient(self, params: np.ndarray) -> np.ndarray:
        """Its slope, (p,)."""
        return 2.0 * (self.matrix.T @ (self.matrix @ params - self.right)) / self.weight


def solve(problem: Straight) -> np.ndarray:
    """The parameters (p,) of least squares; of many, those of smallest length with columns of length 1.

    Columns are brought to that length first, so that units do not matter.

    >>> design = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> solve(Straight(design, np.array([1.0, 3.0, 5.0]), 3.0)).round(12).tolist()
    [1.0, 2.0]
    """
    largest = np.max(np.abs(problem.matrix), axis=0, initial=0.0)
    safe = np.where(largest > 0, largest, 1.0)
    width = safe * np.linalg.norm(problem.matrix / safe, axis=0)
    width = np.where(width > 0, width, 1.0)
    unit, size = problem.matrix / width, width.size
    params = np.zeros(size)
    for _ in range(2):  # once more on what is left, which takes away most of the rounding
        triangle = np.asarray(np.linalg.qr(np.column_stack([unit, problem.right - unit @ params]), mode="r"))
        if len(triangle) < size:  # fewer rows than parameters
            triangle = np.vstack([triangle, np.zeros((size - len(triangle), size + 1))])
        left, values, right = np.linalg.svd(triangle[:size, :size])
        seen = values > LOST * values[0]
        params = params + right[seen].T @ ((left[:, seen].T @ triangle[:size, size]) / values[seen])
    return params / width

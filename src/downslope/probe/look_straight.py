"""The same look at a linear model with squared loss, in NumPy: nothing is compiled."""

import numpy as np

from downslope.descent.closed_form import Straight
from downslope.probe.look import EPSILON, Look
from downslope.probe.minimum import Looker


def looker(problem: Straight) -> Looker:
    """What is seen of a linear least-squares problem, from any point in any metric."""
    size = problem.matrix.shape[1]
    last: dict[bytes, Look] = {}

    def seen(params: np.ndarray) -> Look:
        prediction = problem.matrix @ params
        residual = prediction - problem.right
        both = np.column_stack([problem.matrix, residual])
        if len(both) < size + 1:
            both = np.vstack([both, np.zeros((size + 1 - len(both), size + 1))])
        triangle = np.linalg.qr(both, mode="r") * np.sqrt(2.0 / problem.weight)
        # the prediction is wrong by the rounding of the parameters, of what it is made of, and of itself
        wrong = np.abs(problem.right) + np.abs(prediction) + np.abs(problem.matrix) @ np.abs(params)
        return Look(
            loss=float(residual @ residual) / problem.weight,
            gradient=2.0 * (problem.matrix.T @ residual) / problem.weight,
            triangle=triangle,
            blur=4 * EPSILON * float(np.linalg.norm(wrong)) * np.sqrt(2.0 / problem.weight),
            rough=np.zeros(size),
            hessian=np.zeros((size, size)),
            scores=np.zeros((size, size)),
        )

    def look(params: np.ndarray, directions: np.ndarray | None) -> Look:
        key = params.tobytes()
        if key not in last:
            last.clear()
            last[key] = seen(params)
        if directions is None:
            return last[key]
        curve = last[key].triangle[:, :size] @ directions
        return last[key]._replace(hessian=curve.T @ curve)

    return look

"""Moves along the kinks of a curved model: where fewer rows than parameters hold a minimum, curvature holds the rest.

The curvature is that of Σ cost slope (target - prediction) with the slopes held, by differences of the jacobian; only
directions that leave the rows on their kink matter (Fletcher and Sainz de la Maza 1989).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from downslope.descent.kinks.linear_program import EPSILON, Lines

FLAT = 1e-8
"""Curvature, as a share of what a model bends by over its own size, that differences of it cannot tell from none."""


class Crease(NamedTuple):
    """Directions from a point where some rows are on their kink.

    back:  (p, m) least moves that bring the m rows back onto their kink.
    along: (p, k) moves that leave them there, to first order; each changes the predictions by one, in the mean square.
    """

    rows: np.ndarray
    back: np.ndarray
    along: np.ndarray


class Bend(NamedTuple):
    """Curvature along a crease: its values (k,), the moves (p, k) they belong to, and what counts as none."""

    values: np.ndarray
    moves: np.ndarray
    none: float


def crease(matrix: np.ndarray, rows: np.ndarray, turn: np.ndarray) -> Crease:
    """The crease of some rows of a jacobian (n, p); turn (p, q): orthogonal moves of the parameters that may move."""
    seen = matrix[rows] @ turn
    if not seen.size:
        return Crease(rows, np.zeros((turn.shape[0], rows.size)), turn)
    _, sizes, directions = np.linalg.svd(seen)
    rank = int((sizes > 1e-10 * sizes[0]).sum())
    return Crease(rows, turn @ np.linalg.pinv(seen, rcond=1e-10), turn @ directions[rank:].T)


def bend(
    jacobian: Callable[[np.ndarray], np.ndarray], params: np.ndarray, force: np.ndarray, moves: np.ndarray, far: float
) -> np.ndarray:
    """Curvature times each of some moves (p, k); force: cost times slope (n,); far: a length that changes predictions
    by about their own size."""
    step = EPSILON ** (1 / 3) * far
    columns = [
        -(jacobian(params + step * move) - jacobian(params - step * move)).T @ force / (2 * step) for move in moves.T
    ]
    return np.stack(columns, axis=1) if columns else np.zeros_like(moves)


def curvature(turned: np.ndarray, along: np.ndarray, force: np.ndarray, far: float) -> Bend:
    """Curvature along a crease, from bend(along); force (n,) and far as there."""
    small = along.T @ turned
    values, axes = np.linalg.eigh((small + small.T) / 2)
    return Bend(values, along @ axes, FLAT * float(np.abs(force).sum()) / far)


def newton(
    lines: Lines,
    jacobian: Callable[[np.ndarray], np.ndarray],
    params: np.ndarray,
    slope: np.ndarray,
    fold: Crease,
    far: float,
    longest: float,
) -> np.ndarray:
    """A move (p,) onto the kinks of some rows and, along them, to where the slope is zero, if that is not longer than
    `longest`; downhill where it bends down."""
    onto = fold.back @ lines.residual[fold.rows]
    force = lines.cost * slope
    length = float(np.sqrt(np.mean((lines.matrix @ onto) ** 2)))
    unit = (onto / length)[:, None] if length > 0 else np.zeros((onto.size, 0))
    turned = bend(jacobian, params, force, np.hstack([fold.along, unit]), far)
    count = fold.along.shape[1]
    if not np.isfinite(turned).all():
        return onto
    here = curvature(turned[:, :count], fold.along, force, far)
    pull = -(lines.matrix.T @ force) + (turned[:, count] * length if length > 0 else 0.0)
    lengths = -(here.moves.T @ pull) / np.maximum(np.abs(here.values), 1e-3 * here.none + 1e-300)
    return onto + here.moves @ np.clip(lengths, -longest, longest)


def lower_nearby(
    trial: Callable[[np.ndarray], float], bends: Bend, loss: float, lengths: np.ndarray
) -> np.ndarray | None:
    """The first move that lowers the loss, among short and long ones where the curvature is none or less.

    trial: loss after a move (p,), brought back onto the kinks.
    """
    for value, move in zip(bends.values, bends.moves.T, strict=True):
        if value > bends.none:
            continue
        for length in lengths:
            for sign in (1.0, -1.0):
                if trial(sign * length * move) < loss:
                    return sign * length * move
    return None

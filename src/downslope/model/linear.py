"""Models that are linear in their parameters: the test, and the way from one set of columns to another."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from downslope.model.model import Model

MANY = 65_536
"""Rows beyond which a design is not made of all of them at a time."""
EXACT = 1e-9
"""Largest difference, relative to the size of the predictions, that counts as none."""


class Design(NamedTuple):
    """prediction = matrix @ params + offset; matrix (n, p), offset (n,)."""

    matrix: np.ndarray
    offset: np.ndarray


def design(model: Model, columns: Mapping[str, np.ndarray], *, linear: bool = False) -> Design | None:
    """The design of a model on these columns, or None if it is not linear in its parameters.

    A linear prediction is known from its values at 0 and at the unit vectors; it is then held against the prediction
    at three points drawn at random, where any curvature in the parameters would show. Not so if it is known to be
    `linear`: None then says that its numbers are not finite.
    """
    size = len(model.parameters)
    if not model.smooth:  # relu(x - k) is linear in k as long as no point tried crosses the kink
        return None

    def at(params: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(model.predict(params, columns), dtype=np.float64)

    offset = at(np.zeros(size))
    matrix = np.column_stack([at(unit) - offset for unit in np.eye(size)])
    if not np.isfinite(matrix).all():
        return None
    if linear:
        return Design(matrix, offset)
    generator = np.random.default_rng(0)
    for scale in (0.3, 1.0, 3.0):
        params = scale * generator.standard_normal(size)
        size_there = np.abs(matrix) @ np.abs(params) + np.abs(offset)
        if not np.all(np.abs(at(params) - matrix @ params - offset) <= EXACT * np.max(size_there, initial=1e-300)):
            return None
    return Design(matrix, offset)


class Rescaling(NamedTuple):
    """params in the user's columns = turn @ (params in the scaled columns) + shift; turn (p, p), shift (p,)."""

    turn: np.ndarray
    shift: np.ndarray

    def back(self, params: np.ndarray) -> np.ndarray:
        """From the scaled columns to the user's; params (..., p)."""
        # point by point, so that the digits of one do not depend on how many it came with
        return (self.turn @ params[..., None])[..., 0] + self.shift

    def forward(self, params: np.ndarray) -> np.ndarray:
        """From the user's columns to the scaled ones; params (p,)."""
        return np.linalg.solve(self.turn, params - self.shift)

    def gradient_back(self, gradient: np.ndarray) -> np.ndarray:
        """The same slope by the user's parameters; gradient (..., p)."""
        return np.linalg.solve(self.turn.T, gradient[..., None])[..., 0] if gradient.size else gradient


def rescaling(model: Model, columns: Mapping[str, np.ndarray], scaled: Mapping[str, np.ndarray]) -> Rescaling | None:
    """How parameters fitted on scaled columns give the same predictions on the user's columns.

    None if they cannot: the model is not linear in its parameters, or it has no parameter that takes up the change
    (y = w*x has none for a shifted x), or the data leave some parameters open.
    """
    rows = max((values.size for values in columns.values()), default=0)
    found = _between(model, _some(columns, rows, _spread(columns, rows)), _some(scaled, rows, _spread(columns, rows)))
    if found is None or rows <= MANY:
        return found
    for first in range(0, rows, MANY):
        here = slice(first, first + MANY)
        users, inner = design(model, _some(columns, rows, here)), design(model, _some(scaled, rows, here))
        if users is None or inner is None or not _agree(users, inner, found):
            return None
    return found


def _spread(columns: Mapping[str, np.ndarray], rows: int) -> slice | np.ndarray:
    """All rows, or so many and those where a column is smallest or largest."""
    if rows <= MANY:
        return slice(None)
    wide = [values for values in columns.values() if values.size == rows]
    ends = [end for values in wide for end in (int(np.argmin(values)), int(np.argmax(values)))]
    return np.unique(np.concatenate([np.linspace(0, rows - 1, MANY // 4).astype(int), ends]))


def _some(columns: Mapping[str, np.ndarray], rows: int, some: slice | np.ndarray) -> dict[str, np.ndarray]:
    """Some rows of columns; constants as they are."""
    return {name: values[some] if values.size == rows else values for name, values in columns.items()}


def _between(model: Model, columns: Mapping[str, np.ndarray], scaled: Mapping[str, np.ndarray]) -> Rescaling | None:
    """`rescaling` on these rows."""
    users, inner = design(model, columns), design(model, scaled)
    if users is None or inner is None:
        return None
    width = np.linalg.norm(users.matrix, axis=0)
    if not width.all() or np.linalg.matrix_rank(users.matrix / width) < width.size:
        return None
    wanted = np.column_stack([inner.matrix, inner.offset - users.offset])
    turned = np.linalg.lstsq(users.matrix / width, wanted, rcond=None)[0] / width[:, None]
    found = Rescaling(turned[:, :-1], turned[:, -1])
    return found if _agree(users, inner, found) else None


def _agree(users: Design, inner: Design, found: Rescaling) -> bool:
    """Whether the two designs give the same predictions."""
    wanted = np.column_stack([inner.matrix, inner.offset - users.offset])
    turned = np.column_stack([found.turn, found.shift])
    rounding = np.finfo(float).eps * users.matrix.shape[1] * np.max(np.abs(users.matrix) @ np.abs(turned))
    return bool(np.max(np.abs(users.matrix @ turned - wanted)) <= EXACT * np.max(np.abs(wanted)) + 4 * rounding)

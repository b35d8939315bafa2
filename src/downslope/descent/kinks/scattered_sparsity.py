"""The same standard errors over rows that are elsewhere: two passes, one for how wide the residuals spread, one for how
dense they are at their kink.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from downslope.descent.factor import Near, chunk_factor, merged, straightener
from downslope.descent.kinks.globbed import Scattered
from downslope.descent.kinks.globs import Kinks
from downslope.descent.kinks.sparsity import bandwidth_of, density, sandwich, undetermined
from downslope.objective.shards import CHUNK, Piece

BINS = 16_384
"""Bins around a quartile of the sample, in which that of all rows is found."""
SURE = 5.0
"""Standard errors of the sample's quartiles that the bins reach to both sides."""


def scattered_covariance(problem: Scattered, params: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Covariance (q, q) of those of the parameters (p,) that are free, (p,) bool with q of them, at the minimum; as
    `sparsity_covariance` of all rows in memory, but for a millionth.
    """
    size, sample, level = int(free.sum()), problem.sample, problem.kinks.level
    if problem.rows <= size:
        return undetermined(size)
    residual = (sample.target - sample.predict(params)) / sample.spread
    edges = np.array([_bins(residual, at) for at in (0.25, 0.75)])
    middle = float(np.mean(residual))
    seen = problem.total(SpreadWork(problem.kinks, params, edges, middle))
    quartiles = [
        _quantile(counts, bins, at, problem.rows)
        for counts, bins, at in zip(seen[2:].reshape(2, -1), edges, (0.25, 0.75), strict=True)
    ]
    deviation = float(np.sqrt(max(0.0, seen[1] / problem.rows - (seen[0] / problem.rows) ** 2)))
    width = bandwidth_of(deviation, quartiles[1] - quartiles[0], problem.rows, level)
    if not width > 0:
        return undetermined(size)
    rows = sample.jacobian(params)[:, free] / np.reshape(sample.spread, (-1, 1))
    dense = np.sqrt(sample.weight * density(residual, width))[:, None] * rows
    weighed = sample.weight[:, None] * rows
    nears = straightener(np.ascontiguousarray(dense.T)), straightener(np.ascontiguousarray(weighed.T))
    near, whole = problem.total(DensityWork(problem.kinks, params, free, width, nears))
    return sandwich(near, whole, level)


def _bins(residual: np.ndarray, at: float) -> np.ndarray:
    """Edges (BINS + 1,) around a quartile."""
    wide = SURE * 0.5 / np.sqrt(residual.size)
    low, high = np.quantile(residual, [max(0.0, at - wide), min(1.0, at + wide)])
    return np.linspace(low, high, BINS + 1)


def _quantile(counts: np.ndarray, edges: np.ndarray, at: float, rows: int) -> float:
    """A quantile of all rows, from how many lie below each edge and at the last."""
    wanted = at * (rows - 1) + 0.5
    return float(np.interp(wanted, counts, edges))


@dataclass(frozen=True)
class SpreadWork:
    """Sum and sum of squares of the residuals at params (p,), less `middle`, and how many are below edges (2, b)."""

    kinks: Kinks
    params: np.ndarray
    edges: np.ndarray
    middle: float
    most: ClassVar[int] = CHUNK

    def __call__(self, piece: Piece) -> np.ndarray:
        residual = self.kinks.given(piece).residual(self.params[None])[0] / piece.spread
        ordered = np.sort(residual)
        apart = ordered - self.middle
        below = [np.searchsorted(ordered, edges) for edges in self.edges]
        return np.concatenate([[apart.sum(), (apart**2).sum()], *below])

    def add(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return one + other


@dataclass(frozen=True)
class DensityWork:
    """Triangular factors of the rows times the root of weight and density, and times their weight."""

    kinks: Kinks
    params: np.ndarray
    free: np.ndarray
    width: float
    nears: tuple[Near | None, Near | None]
    most: ClassVar[int] = CHUNK

    def __call__(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        given = self.kinks.given(piece)
        weight = 1.0 if piece.weight is None else piece.weight
        rows = given.rows[:-1][self.free] / piece.spread
        dense = density(given.residual(self.params[None])[0] / piece.spread, self.width)
        return chunk_factor(rows * np.sqrt(weight * dense), self.nears[0]), chunk_factor(rows * weight, self.nears[1])

    def add(
        self, one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        return merged(one[0], other[0]), merged(one[1], other[1])

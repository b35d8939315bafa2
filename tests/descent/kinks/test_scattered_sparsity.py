"""Errors over rows that are elsewhere, against those of the same rows in memory."""

import numpy as np
import pytest

from downslope.descent.kinks import Kinked, Kinks, Scattered, scattered_covariance, sparsity_covariance
from downslope.objective.shards import Piece

ROWS, CUT = 60_000, 7_001


def as_rows(piece):
    return np.vstack([*piece.columns.values(), piece.target])


def scattered(matrix, target, level, weight, spread, order, drawn=6000):
    def total(work):
        found = None
        for first in range(0, len(matrix), CUT):
            at = order[first : first + CUT]
            columns = {str(place): column[at] for place, column in enumerate(matrix.T)}
            added = work(Piece(columns, target[at], weight[at], spread[at], first))
            found = added if found is None else work.add(found, added)
        return found

    some, far = np.random.default_rng(1).choice(len(matrix), drawn, replace=False), np.full(matrix.shape[1], np.inf)
    few = matrix[some]
    sample = Kinked(
        lambda values: few @ values,
        lambda values: few,
        target[some],
        weight[some] / weight[some].mean(),
        spread[some],
        level,
        1.0,
        -far,
        far,
        True,
    )
    kinks = Kinks(as_rows, level, 1.0, float(weight.sum()))
    return Scattered(kinks, total, np.zeros((len(far), len(far))), len(matrix), sample)


@pytest.mark.parametrize("level", [0.02, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["plain", "weights and spreads", "sorted", "nearly collinear", "far tails", "rounded"])
def test_errors_are_those_of_all_rows_in_memory(kind, level):
    generator = np.random.default_rng(2)
    x, noise = generator.normal(size=ROWS), generator.normal(size=ROWS)
    weight = spread = np.ones(ROWS)
    matrix = np.column_stack([np.ones(ROWS), x, x**2])
    order = np.arange(ROWS)
    if kind == "weights and spreads":
        weight, spread = generator.uniform(0.1, 3.0, ROWS), np.exp(generator.normal(size=ROWS))
    if kind == "sorted":
        order = np.argsort(noise)  # whole pieces are far from every kink
    if kind == "nearly collinear":
        matrix[:, 2] = x + 1e-6 * matrix[:, 2]
    if kind == "far tails":
        noise = generator.standard_cauchy(ROWS)
    if kind == "rounded":
        noise = np.round(noise, 1)
    params = np.array([1.0, 2.0, 0.5])
    target = matrix @ params + spread * (noise - np.quantile(noise, level))
    rows = scattered(matrix, target, level, weight, spread, order)
    free = np.array([True, True, kind != "sorted"])
    found = scattered_covariance(rows, params, free)
    residual = (target - matrix @ params) / spread
    wanted = sparsity_covariance(matrix[:, free] / spread[:, None], residual, weight, level)
    errors = np.sqrt(np.diag(wanted))
    assert np.sqrt(np.diag(found)) == pytest.approx(errors, rel=1e-5, abs=0)
    assert found / np.outer(errors, errors) == pytest.approx(wanted / np.outer(errors, errors), abs=2e-5)


def test_where_all_residuals_are_one_number_nothing_is_known():
    matrix = np.ones((ROWS, 1))
    rows = scattered(matrix, np.full(ROWS, 3.0), 0.5, np.ones(ROWS), np.ones(ROWS), np.arange(ROWS))
    assert np.isinf(scattered_covariance(rows, np.array([3.0]), np.array([True]))).all()


def test_a_column_of_zeros_leaves_all_unknown():
    generator = np.random.default_rng(0)
    matrix = np.column_stack([np.ones(ROWS), np.zeros(ROWS)])
    target = generator.normal(size=ROWS)
    rows = scattered(matrix, target, 0.5, np.ones(ROWS), np.ones(ROWS), np.arange(ROWS))
    found = scattered_covariance(rows, np.zeros(2), np.array([True, True]))
    assert np.isinf(np.diag(found)).all()

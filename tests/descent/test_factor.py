"""The factor of many rows: the same losses, slopes and curvature, from a few rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.descent import Straight
from downslope.descent.factor import factored


def problem(rows, size, seed, condition=1.0, noise=1.0):
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(rows, size)) * np.geomspace(1, 1 / condition, size)
    matrix[:, -1] += matrix[:, 0]  # columns that lean on each other
    right = matrix @ generator.normal(size=size) + noise * generator.normal(size=rows)
    return Straight(matrix, right, float(rows))


@settings(max_examples=25)
@given(
    rows=st.integers(3, 40_000),
    size=st.integers(1, 6),
    seed=st.integers(0, 999),
    condition=st.sampled_from([1.0, 1e3, 1e7]),
)
def test_it_has_the_losses_and_slopes_of_all_rows(rows, size, seed, condition):
    whole = problem(rows, size, seed, condition)
    small = factored(whole)
    assert small.matrix.shape == (size + 1, size)
    for params in np.random.default_rng(seed).normal(size=(3, size)):
        assert small.loss(params) == pytest.approx(whole.loss(params), rel=1e-12, abs=1e-25)
        width = np.linalg.norm(whole.matrix, axis=0) * np.linalg.norm(whole.right) / rows
        assert np.all(np.abs(small.gradient(params) - whole.gradient(params)) <= 1e-13 * width + 1e-25)


def test_rows_of_a_perfect_fit_leave_no_more_than_rounding():
    whole = problem(100_000, 3, 1, noise=0.0)
    best = np.linalg.lstsq(whole.matrix[:50], whole.right[:50], rcond=None)[0]
    assert factored(whole).loss(best) < 1e-28 * np.mean(whole.right**2)


def test_rows_in_order_are_no_worse_than_shuffled_ones():
    """Evenly spaced rows that are all alike tell nothing of the others, and a QR of all of them is taken."""
    matrix = np.ones((80_000, 2))
    matrix[1::2, 1] = np.arange(40_000) / 40_000
    whole = Straight(matrix, matrix @ [1.0, 2.0] + np.tile([0.0, 0.1], 40_000), 80_000.0)
    params = np.array([0.3, -1.0])
    assert factored(whole).loss(params) == pytest.approx(whole.loss(params), rel=1e-13)


def test_columns_that_are_the_same_are_no_trouble():
    column = np.random.default_rng(0).normal(size=50_000)
    whole = Straight(np.column_stack([column, column]), 2 * column + 1, 5e4)
    params = np.array([0.5, 0.7])
    assert factored(whole).loss(params) == pytest.approx(whole.loss(params), rel=1e-13)

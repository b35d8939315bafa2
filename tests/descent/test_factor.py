"""The factor of many rows: the same losses, slopes and curvature, from a few rows."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.descent import Straight
from downslope.descent import factor as module
from downslope.descent.factor import chunk_factor, factor_of, factored, merged, straightener


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


def signed(triangle):
    """A factor with a diagonal that is not negative: that is the only freedom it has."""
    return triangle * np.where(np.diag(triangle) < 0, -1.0, 1.0)[:, None]


@settings(max_examples=40)
@given(
    counts=st.lists(st.integers(1, 3000), min_size=1, max_size=4),
    size=st.integers(1, 6),
    seed=st.integers(0, 999),
    condition=st.sampled_from([1.0, 30.0, 1e4, 1e9]),
    straightened=st.booleans(),
)
def test_chunks_merge_to_the_factor_of_all_rows(counts, size, seed, condition, straightened):
    whole = problem(sum(counts), size, seed, condition)
    rows = np.vstack([whole.matrix.T, whole.right])
    kept = rows.copy()
    ends = np.cumsum([0, *counts])
    near = straightener(rows[:, : ends[1]]) if straightened else None
    found = np.zeros((size + 1, size + 1))
    for first, last in pairwise(ends):
        found = merged(found, chunk_factor(rows[:, first:last], near))
    assert found.shape == (size + 1, size + 1) and not np.tril(found, -1).any()
    generator, width = np.random.default_rng(seed), np.linalg.norm(rows, axis=1)
    flat = np.linalg.svd(rows.T / width)[2][-1] / width  # where the rows say least, rounding shows most
    for ways in (generator.normal(size=size + 1), flat):
        there, here = np.linalg.norm(rows.T @ ways), np.linalg.norm(found @ ways)
        assert abs(here - there) <= 2e-14 * np.sum(width * np.abs(ways))
    assert np.array_equal(rows, kept), "what was given is left as it is"


def test_columns_that_lean_on_each_other_keep_their_digits():
    """A year beside a constant: the bare Gram product has lost what the last digits of the years say."""
    generator = np.random.default_rng(0)
    year = 1e7 + generator.normal(size=300_000)
    right = 3.0 * (year - 1e7) + generator.normal(size=year.size)
    rows = np.vstack([np.ones_like(year), year, right])
    found = signed(chunk_factor(rows, straightener(rows)))
    exact = np.sqrt(np.sum((year - year.mean()) ** 2))
    assert found[1, 1] == pytest.approx(exact, rel=1e-8)  # 1e7 leaves nine of the digits of the years
    slope = found[1, 2] / found[1, 1]
    centred = year - year.mean()
    assert slope == pytest.approx(centred @ right / (centred @ centred), rel=1e-8)


def test_more_threads_give_the_same_bits(monkeypatch):
    whole = problem(300_000, 4, 5)
    rows = np.vstack([whole.matrix.T, whole.right])
    monkeypatch.setattr(module, "CHUNK", 40_000)

    def factor(alone):
        return factor_of(lambda some: rows[:, some].copy(), rows.shape[1], rows[:, ::100], alone=alone)

    assert np.array_equal(factor(alone=True), factor(alone=False))


def test_a_sample_that_misleads_costs_time_but_no_digits():
    """Rows of one kind tell nothing of those of another: what `near` makes nearly orthonormal is not so in all."""
    generator = np.random.default_rng(2)
    early = np.vstack([np.ones(5000), 1e-6 * generator.normal(size=5000), generator.normal(size=5000)])
    late = generator.normal(size=(3, 50_000)) * 1e3
    found = chunk_factor(late, straightener(early))
    assert found.T @ found == pytest.approx(late @ late.T, rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_numbers_out_of_reach_stay_so(value):
    rows = np.random.default_rng(0).normal(size=(3, 5000))
    rows[1, 77] = value
    found = chunk_factor(rows)
    assert np.isfinite(found).all() == np.isfinite(value)
    if np.isfinite(value):
        assert np.linalg.norm(found[:, 1] / 1e200) == pytest.approx(1.0)


def test_numbers_too_small_to_be_squared_are_factored():
    rows = np.random.default_rng(0).normal(size=(3, 5000)) * np.array([1e-200, 1.0, 1e-200])[:, None]
    found = chunk_factor(rows, straightener(rows))
    assert np.linalg.norm(found[:, [0, 2]] * 1e200, axis=0) == pytest.approx(
        np.linalg.norm(rows[[0, 2]] * 1e200, axis=1)
    )


def test_wide_problems_are_factored_too():
    whole = problem(3000, 60, 9)
    small = factored(whole)
    params = np.random.default_rng(1).normal(size=60)
    assert small.loss(params) == pytest.approx(whole.loss(params), rel=1e-12)

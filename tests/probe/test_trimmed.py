"""The rows that are far from a fit which they cannot pull."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downslope.probe.outlying import outlying
from downslope.probe.trimmed import farthest


@given(seed=st.integers(0, 1000), rows=st.integers(12, 60))
def test_rows_that_pull_together_at_one_end_are_seen(seed, rows):
    generator = np.random.default_rng(seed)
    x = np.sort(generator.uniform(-1, 1, rows))
    noise = 0.01 * generator.normal(size=rows)
    noise[-3:] += 5.0
    basis = np.linalg.qr(np.column_stack([np.ones(rows), x]))[0]
    assert set(farthest(basis, noise - basis @ (basis.T @ noise), 3)) == set(range(rows - 3, rows))


def test_two_that_make_an_innocent_row_look_worst_are_found_all_the_same():
    """Rows 1 and 7 of the thermometer, moved to either side: one by one, row 8 would be left out first."""
    x = np.array([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(20):
        noise = generator.normal(size=11)
        noise[[0, 6]] = [15.0, -15.0]
        design = np.column_stack([x, np.ones(11)])
        seen = outlying(design, design @ np.linalg.lstsq(design, noise)[0] - noise, np.arange(1, 12))
        found += seen is not None and set(seen.rows) == {1, 7}
    assert found >= 16


def test_a_large_table_is_not_worth_the_time():
    assert farthest(np.ones((200_000, 1)) / np.sqrt(200_000), np.zeros(200_000), 5) is None
    assert farthest(np.zeros((9, 0)), np.zeros(9), 2) is None

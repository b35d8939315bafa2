import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.pictures.thinning import MOST, frames, thinned


@given(st.integers(0, 20_000), st.integers(0, 5), st.integers(1, 2))
def test_few_rows_are_kept_with_the_first_the_last_and_the_extremes(count, seed, lines):
    values = np.random.default_rng(seed).normal(size=(lines, count)).cumsum(axis=1)
    rows = thinned(*values)
    assert rows.size <= max(MOST, 0) and (np.diff(rows) > 0).all()
    if count:
        assert rows[0] == 0 and rows[-1] == count - 1
        for each in values:
            assert each[rows].min() == each.min() and each[rows].max() == each.max()


def test_asked_rows_are_kept():
    assert {1234, 4321} <= set(thinned(np.zeros(9_000), always=[1234, 4321]).tolist())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_stretches_without_numbers_are_left_out(bad):
    values = np.arange(5_000.0)
    values[1000:3000] = bad
    rows = thinned(values)
    assert not ((rows > 1000) & (rows < 2990)).any() and rows[-1] == 4_999


@given(st.integers(0, 20_000), st.integers(2, 100), st.lists(st.integers(-5, 30_000), max_size=4))
def test_frames_are_few_dense_at_first_and_hold_what_was_asked(rows, most, always):
    chosen = frames(rows, most, always)
    assert chosen.size <= most and (np.diff(chosen) > 0).all()
    if rows:
        assert chosen[0] == 0 and chosen[-1] == rows - 1
    if most > 10:
        assert {row for row in always if 0 <= row < rows} <= set(chosen.tolist())
    if rows > 1000 and most >= 50:
        assert np.diff(chosen)[0] == 1 and np.diff(chosen).max() < rows / (most / 4)

"""Rows held out: a share of them, drawn by the seed, never all and never none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.data.holding_out import divide
from downslope.errors import RequestError


@given(rows=st.integers(2, 500), share=st.floats(0.001, 0.999), seed=st.integers(0, 100))
def test_every_row_is_on_one_side_and_no_side_is_empty(rows, share, seed):
    try:
        kept, out = divide(rows, share, seed)
    except RequestError:
        assert share * rows < 0.5 or share * rows >= rows - 0.5
        return
    assert sorted([*kept, *out]) == list(range(rows))
    assert min(kept.size, out.size) >= 1 and abs(out.size - share * rows) <= 0.5
    assert (np.diff(kept) > 0).all() and (np.diff(out) > 0).all()


def test_the_seed_draws_them():
    first, again, other = (divide(100, 0.2, seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_every_row_is_held_out_as_often():
    counts = np.bincount(np.concatenate([divide(20, 0.25, seed)[1] for seed in range(2000)]), minlength=20)
    assert counts == pytest.approx(np.full(20, 500.0), abs=5 * np.sqrt(375))


@pytest.mark.parametrize(
    ("rows", "share", "says"),
    [
        (10, 0.01, "validation=0.01 of 10 rows holds out none; 0.1 holds out one of them"),
        (10, 0.99, "validation=0.99 of 10 rows holds out all of them and leaves none to fit; 0.9 leaves one or more"),
        (1, 0.5, "validation=0.5 holds rows out, and there is only 1 row; leave it out"),
    ],
)
def test_a_side_without_rows_is_refused(rows, share, says):
    with pytest.raises(RequestError) as refused:
        divide(rows, share, 0)
    assert str(refused.value) == says

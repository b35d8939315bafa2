from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.data import batches, block, steps_per_epoch
from downslope.errors import RequestError

ROWS, SIZES, SEEDS = st.integers(1, 50), st.integers(1, 60), st.integers(0, 10**10)


def first(count, rows, size, seed=0, start=0):
    return list(islice(batches(rows, size, seed=seed, start=start), count))


@given(ROWS, SIZES, SEEDS)
def test_an_epoch_shows_each_row_once(rows, size, seed):
    steps = steps_per_epoch(rows, size)
    for epoch in range(2):
        shown = first(steps, rows, size, seed, start=epoch * steps)
        assert sorted(np.concatenate(shown).tolist()) == list(range(rows))
        assert all(len(batch) == size for batch in shown[:-1])


@given(ROWS, SIZES, SEEDS, st.integers(0, 200))
def test_any_step_can_be_entered_without_those_before(rows, size, seed, start):
    replayed = first(start + 5, rows, size, seed)[start:]
    entered = first(5, rows, size, seed, start)
    assert [batch.tolist() for batch in entered] == [batch.tolist() for batch in replayed]


@given(ROWS, SIZES, SEEDS, st.integers(0, 200), st.integers(0, 60))
def test_a_block_holds_what_the_iterator_gives(rows, size, seed, start, steps):
    found = block(rows, size, seed, start, steps)
    assert found.shape == (steps, size)
    assert found.dtype == np.int32
    for row, batch in zip(found.tolist(), first(steps, rows, size, seed, start), strict=True):
        assert row == [*batch.tolist(), *[-1] * (size - len(batch))]


def test_the_order_is_pinned():
    """A saved run that goes on must meet the same rows, whatever the version of NumPy."""
    assert block(10, 4, 0, 0, 3).tolist() == [[0, 2, 9, 1], [8, 5, 4, 3], [6, 7, -1, -1]]
    assert block(10, 4, 0, 300, 3).tolist() == [[8, 7, 4, 2], [1, 6, 3, 5], [9, 0, -1, -1]]
    assert block(10, 4, 123456789, 3, 2).tolist() == [[7, 9, 2, 8], [5, 3, 1, 4]]


def test_epochs_and_seeds_differ():
    epochs = [tuple(np.concatenate(first(1, 20, 20, seed, epoch)).tolist()) for seed in range(5) for epoch in range(20)]
    assert len(set(epochs)) == len(epochs)


def test_every_row_is_as_likely_in_every_place():
    order = block(5, 5, 0, 0, 20_000)
    counts = np.array([np.bincount(order[:, place], minlength=5) for place in range(5)])
    # 20,000 draws of probability 1/5: a deviation of five standard deviations is 283.
    assert np.abs(counts - 4000).max() < 283


def test_an_order_cannot_be_changed_by_who_gets_it():
    batch = first(1, 5, 5)[0]
    with pytest.raises(ValueError, match="read-only"):
        batch[0] = 3
    block(5, 5, 0, 0, 1)[:] = 7
    assert sorted(block(5, 5, 0, 0, 1)[0].tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("rows, size, seed", [(0, 1, 0), (5, 0, 0), (5, 1, -1)])
def test_what_cannot_be_drawn_is_a_bad_request(rows, size, seed):
    with pytest.raises(RequestError):
        next(batches(rows, size, seed=seed))
    with pytest.raises(RequestError):
        block(rows, size, seed, 0, 1)

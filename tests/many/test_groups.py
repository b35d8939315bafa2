"""Rows by group, and the small algebra that runs along the lanes: against loops and NumPy."""

import itertools

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as some

from downslope.data.groups import Groups, by_group, check_by
from downslope.errors import RequestError
from downslope.many.packing import buckets, rung, width_for


@given(some.lists(some.tuples(some.sampled_from("abc"), some.integers(0, 2)), min_size=1, max_size=40))
def test_rows_of_a_group_come_together_in_order_of_first_appearance(keys):
    order, starts, heads = by_group(polars.DataFrame(keys, schema=["one", "two"], orient="row"))
    wanted = {}
    for row, key in enumerate(keys):
        wanted.setdefault(key, []).append(row)
    placed = np.arange(len(keys)) if order is None else order
    found = [placed[first:last].tolist() for first, last in itertools.pairwise(starts)]
    assert found == list(wanted.values()) and heads.rows() == list(wanted)


@given(some.lists(some.integers(1, 9), min_size=1, max_size=30), some.integers(1, 20), some.integers(1, 5))
def test_slabs_hold_whole_groups_and_all_of_them(lengths, rows, groups):
    starts = np.append(0, np.cumsum(lengths))
    whole = Groups(polars.DataFrame({"key": range(len(lengths))}), {"x": np.arange(float(starts[-1]))}, starts)
    slabs = list(whole.slabs(rows, groups))
    assert np.concatenate([slab.lengths for slab in slabs]).tolist() == lengths
    assert np.concatenate([slab.columns["x"] for slab in slabs]).tolist() == whole.columns["x"].tolist()
    assert all(len(slab) <= groups and (slab.starts[-1] <= rows or len(slab) == 1) for slab in slabs)


@given(some.lists(some.integers(1, 5000), min_size=1, max_size=200))
def test_groups_are_filled_up_to_few_lengths(lengths):
    lengths = np.array(lengths)
    found = buckets(lengths)
    assert len(found) <= 4 and sorted(np.concatenate([groups for _, groups in found])) == list(range(lengths.size))
    assert all((lengths[groups] <= length).all() for length, groups in found)
    assert (rung(lengths) >= lengths).all() and (rung(lengths) <= 1.25 * lengths + 4).all()


def test_few_widths_are_compiled():
    assert {width_for(length, 4, 10**6) for length in (4, 20, 100, 1000, 10_000)} <= {8, 64, 1024}
    assert len({width_for(20, 4, groups) for groups in range(1, 3000)}) == 2


@pytest.mark.parametrize("by", ["", ["a", "a"], [], None, 4, ["a", 2]])
def test_keys_have_names(by):
    with pytest.raises(RequestError):
        check_by(by)


def test_the_algebra_along_the_lanes_is_that_of_numpy():
    import jax

    from downslope.arrays import double_precision
    from downslope.descent.group_algebra import backward, cholesky, forward, inverse, orthogonal

    generator = np.random.default_rng(0)
    tall = generator.normal(size=(9, 4, 3)) * [1.0, 1e-4, 1e4]  # rows, columns, lanes
    right = generator.normal(size=(9, 3))
    with double_precision(), jax.numpy_rank_promotion("allow"):
        upper, known = orthogonal([jax.numpy.asarray(tall[:, k]) for k in range(4)], jax.numpy.asarray(right))
        turned = inverse(upper)
        gram = np.einsum("ril,rjl->ijl", tall, tall)
        lower, sound = cholesky([[jax.numpy.asarray(gram[i, j]) for j in range(i + 1)] for i in range(4)])
        solved = backward(lower, forward(lower, [jax.numpy.asarray(gram[k, 0]) for k in range(4)]))
    assert np.asarray(sound).all()
    for lane in range(3):
        triangle = np.zeros((4, 4))
        for row in range(4):
            triangle[row, row:] = [float(each[lane]) for each in upper[row]]
        assert triangle.T @ triangle == pytest.approx(gram[..., lane], rel=1e-12)
        found = np.linalg.solve(triangle, [float(each[lane]) for each in known])
        assert found == pytest.approx(np.linalg.lstsq(tall[..., lane], right[:, lane], rcond=None)[0], rel=1e-10)
        back = np.array([[float(each[lane]) for each in row] for row in turned])
        assert back @ triangle == pytest.approx(np.eye(4), abs=1e-10)
        assert [float(each[lane]) for each in solved] == pytest.approx([1, 0, 0, 0], abs=1e-10)

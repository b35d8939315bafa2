"""The cost model against sums done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.objective.cost import Cost

costs = st.builds(
    Cost,
    rows=st.integers(1, 10**10),
    slices=st.integers(1, 2000),
    passes=st.floats(1, 1000),
    compute=st.floats(1e-10, 1e-5),
    read=st.floats(0, 1e-6),
)


def test_three_workers_of_seven_slices_by_hand():
    cost = Cost(700, 7, 2, compute=0.01, read=0.001, latency=0.5, each=0.25, answer=100, bandwidth=1000)
    assert cost.rows_of_one(3) == 300
    a_pass = 300 * 0.01 + 0.5 + 2 * 0.25 + 0.7
    assert cost.pass_seconds(3) == pytest.approx(a_pass)
    assert cost.seconds(3) == pytest.approx(2 * a_pass + 0.3)


def test_workers_that_share_cores_are_no_faster_than_the_cores():
    cost = Cost(1000, 100, 1, compute=1.0, read=0.0, latency=0, each=0, answer=0)
    assert cost.seconds(4, cores=2) == pytest.approx(cost.seconds(2, cores=2)) == pytest.approx(500)


def test_rows_that_are_read_for_each_pass():
    kept = Cost(1000, 10, 5, compute=0.01, read=0.1)
    assert Cost(1000, 10, 5, 0.01, 0.1, in_memory=False).seconds(1) - kept.seconds(1) == pytest.approx(4 * 100)


@given(cost=costs, workers=st.integers(1, 1000))
def test_no_worker_more_than_there_are_slices_has_rows(cost, workers):
    assert cost.rows_of_one(workers) >= cost.rows / cost.slices * 0.999
    assert cost.rows_of_one(workers) * min(workers, cost.slices) >= cost.rows * 0.999
    assert cost.seconds(cost.best()) <= cost.seconds(workers)

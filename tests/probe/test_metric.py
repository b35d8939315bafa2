"""The Gauss-Newton metric, and the words for what the data cannot tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.probe.metric import metric, undetermined, unknown


def of(design, free=None):
    size = design.shape[1]
    return metric(np.linalg.qr(design, mode="r"), size, np.ones(size, bool) if free is None else np.array(free))


@given(seed=st.integers(0, 10_000), units=st.lists(st.floats(-150, 150), min_size=4, max_size=4))
def test_along_its_directions_the_curvature_is_the_unit_matrix_whatever_the_units(seed, units):
    design = np.random.default_rng(seed).normal(size=(9, 4)) * 10.0 ** np.array(units)
    found = of(design)
    across = design @ found.directions
    assert found.rank == 4 and not len(found.lost) and not found.ignored.any()
    assert across.T @ across == pytest.approx(np.eye(4), abs=1e-9)


def test_parameters_that_are_held_take_no_part():
    design = np.random.default_rng(0).normal(size=(9, 3))
    found = of(design, [True, False, True])
    across = design @ found.directions
    assert found.rank == 2 and not found.directions[1].any()
    assert across.T @ across == pytest.approx(np.diag([1, 1, 0]), abs=1e-12)


@given(seed=st.integers(0, 10_000), units=st.lists(st.floats(-9, 9), min_size=4, max_size=4))
def test_three_that_cannot_be_told_apart_are_named_together_and_the_fourth_is_not(seed, units):
    design = np.random.default_rng(seed).normal(size=(30, 2))
    design = np.column_stack([design, design.sum(axis=1), np.ones(30)]) * 10.0 ** np.array(units)
    found = of(design)
    (said,) = undetermined(found, ("a", "b", "c", "d"))
    assert "cannot tell a, b and c apart" in said
    assert unknown(found).tolist() == [True, True, True, False]
    assert found.rank == 3
    assert design @ (found.lost[0] / found.width) == pytest.approx(np.zeros(30), abs=1e-12)


def test_two_pairs_are_two_sentences():
    u, v = np.random.default_rng(3).normal(size=(2, 20))
    found = of(np.column_stack([u, v, 2 * u, -v]))
    assert len(found.lost) == 2 and unknown(found).all()
    assert len(undetermined(found, "abcd")) == 2


def test_a_parameter_without_effect_is_named_alone():
    found = of(np.column_stack([np.arange(5.0), np.zeros(5), np.ones(5)]))
    assert undetermined(found, "abc") == ("b has no effect on the prediction here",)
    assert unknown(found).tolist() == [False, True, False] and found.rank == 2


def test_fewer_rows_than_parameters_leave_some_undetermined():
    found = of(np.array([[1.0, 2.0, 3.0]]))
    assert found.rank == 1 and len(found.lost) == 2

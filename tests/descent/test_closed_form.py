"""Least squares in closed form, held against exact arithmetic."""

import numpy as np
import pytest
from exactly import exactly
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.descent.closed_form import Straight, solve


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), units=st.sampled_from([1e-6, 1.0, 1e6]), noise=st.sampled_from([0.0, 1e-6, 1.0]))
def test_the_answer_is_that_of_exact_arithmetic_whatever_the_units(seed, units, noise):
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 5))
    matrix = generator.normal(size=(size + int(generator.integers(1, 12)), size)) * units ** generator.integers(
        -1, 2, size
    )
    right = matrix @ (1 / np.abs(matrix).max(axis=0)) + noise * generator.normal(size=len(matrix))
    found = solve(Straight(matrix, right, float(len(matrix))))
    exact = np.array([float(value) for value in exactly(matrix, right)])
    singular = np.linalg.svd(matrix / np.linalg.norm(matrix, axis=0), compute_uv=False)
    # the error by rounding grows with the condition, and with its square where residuals are left (Higham 2002, 20.1)
    left = np.linalg.norm(matrix @ exact - right)
    allowed = 1e-14 * (np.linalg.norm(right) + left * singular[0] / singular[-1]) / singular[-1]
    assert (np.abs(found - exact) * np.linalg.norm(matrix, axis=0) <= allowed).all()


def test_of_many_answers_the_shortest_is_given():
    column = np.array([1.0, 2.0, 3.0])
    assert solve(Straight(np.column_stack([column, column]), 4 * column, 3.0)) == pytest.approx([2, 2])
    assert solve(Straight(np.column_stack([column, 0 * column]), 4 * column, 3.0)) == pytest.approx([4, 0])


def test_loss_and_slope_are_those_of_the_mean():
    problem = Straight(np.array([[1.0], [2.0]]), np.array([3.0, 4.0]), 2.0)
    assert problem.loss(np.array([1.0])) == (4 + 4) / 2
    assert problem.gradient(np.array([1.0])).tolist() == [2 * (-2 * 1 - 2 * 2) / 2]


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_columns_whose_squares_are_no_numbers_are_solved_all_the_same(size):
    matrix = size * np.array([[1.0], [2.0], [4.0]])
    assert solve(Straight(matrix, np.array([2.0, 4.0, 8.0]), 3.0)) == pytest.approx([2 / size])


def test_of_fewer_rows_than_parameters_the_shortest_answer_is_taken():
    params = solve(Straight(np.array([[2.0, 1.0]]), np.array([5.0]), 1.0))
    assert params == pytest.approx([1.25, 2.5])  # each column at length 1 has the same share

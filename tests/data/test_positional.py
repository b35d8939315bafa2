import numpy as np
import pytest

from downslope.data import read
from downslope.data.positional import is_positional, split


@pytest.mark.parametrize("data", [[1.0, 2.0], (1, 2), np.zeros(3), np.zeros((3, 2)), range(3), ([1.0], [2.0])])
def test_arrays_are_positional(data):
    assert is_positional(data)


@pytest.mark.parametrize("data", ["t.csv", ["a.csv", "b.csv"], {"x": [1.0]}, np.zeros(3, [("x", "f8")])])
def test_what_has_names_is_not(data):
    assert not is_positional(data)
    assert not is_positional(read({"x": [1.0]}))


def test_frames_have_names_and_their_columns_have_not():
    for library in ("pandas", "polars"):
        frames = pytest.importorskip(library)
        assert not is_positional(frames.DataFrame({"x": [1.0]}))
        assert is_positional(frames.Series([1.0]))


def test_each_column_of_a_matrix_is_an_array_of_its_own():
    assert [column.tolist() for column in split(np.arange(6.0).reshape(3, 2))] == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
    assert len(split(np.zeros((3, 1)))) == 1
    assert len(split(([1.0, 2.0], np.zeros(2)))) == 2
    assert len(split([1.0, 2.0])) == 1

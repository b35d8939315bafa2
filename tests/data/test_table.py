import numpy as np
import pytest

from downslope.data import Table, read
from downslope.errors import DataError, UnknownName


def test_a_column_that_nobody_knows_is_refused_with_the_nearest_name():
    table = read({"celsius": [1.0], "fahrenheit": [2.0]})
    with pytest.raises(UnknownName, match="Did you mean 'fahrenheit'"):
        table["farenheit"]


def test_a_column_that_cannot_be_used_is_listed_and_refused_only_when_asked_for():
    table = read({"x": [1.0, 2.0], "note": ["a", "b"], "y": [3.0, 4.0]})
    assert table.available == ("x", "note", "y")
    assert set(table.columns) == {"x", "y"}
    for _ in range(2):
        with pytest.raises(DataError, match="column 'note'"):
            table["note"]


def test_columns_cannot_be_written_to():
    table = read({"x": [1.0, 2.0]})
    with pytest.raises(ValueError, match="read-only"):
        table["x"][0] = 5.0
    with pytest.raises(TypeError):
        table.columns["x"] = np.zeros(2)


def test_the_fingerprint_follows_names_and_numbers_only():
    table = read({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    assert table.fingerprint() == read({"x": [1, 2], "y": [3, 4]}).fingerprint()
    assert table.fingerprint() != read({"x": [1.0, 2.0], "z": [3.0, 4.0]}).fingerprint()
    assert table.fingerprint() != read({"x": [1.0, 2.0], "y": [3.0, 4.5]}).fingerprint()
    assert table.fingerprint() != read({"x": [1.0], "y": [3.0]}).fingerprint()


def test_a_table_of_nothing_has_no_rows():
    assert Table({}).rows == 0

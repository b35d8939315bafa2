import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from downslope import whole_file
from downslope.data import from_arrays, read, write_table
from downslope.errors import OutputError

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def table():
    return from_arrays(["x", "y"], [[0.1, 2.0], [-3.5, 1e-300]])


@given(npst.arrays(np.float64, st.integers(1, 20), elements=FINITE), st.sampled_from([".csv", ".parquet"]))
def test_what_is_written_is_read_to_the_bit(tmp_path_factory, column, suffix):
    path = tmp_path_factory.mktemp("written") / f"t{suffix}"
    write_table(from_arrays(["x", "y, raw"], [column, column[::-1]]), path)
    again = read(path)
    assert again["x"].tobytes() == column.tobytes()
    assert again["y, raw"].tobytes() == column[::-1].tobytes()


def test_the_text_is_plain_csv(table, tmp_path):
    assert write_table(table, tmp_path / "t.csv") == ()
    assert (tmp_path / "t.csv").read_bytes() == b"x,y\n0.1,-3.5\n2.0,1e-300\n"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_stream_gets_csv(table):
    stream = io.StringIO()
    write_table(table, stream)
    assert stream.getvalue() == "x,y\n0.1,-3.5\n2.0,1e-300\n"


def test_a_file_that_exists_is_replaced_only_by_force(table, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("precious")
    with pytest.raises(OutputError, match=r"t\.csv exists.*--force \(force=True\)"):
        write_table(table, path)
    assert path.read_text() == "precious"
    write_table(table, path, force=True)
    assert path.read_text().startswith("x,y\n")


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(table, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("precious")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file.os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on device"):
        write_table(table, path, force=True)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_an_interrupt_leaves_the_old_file_and_nothing_else(table, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("precious")

    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(whole_file.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_table(table, path, force=True)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["t.csv"]


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-x", "@sum"])
def test_names_that_a_spreadsheet_would_run_are_quoted_and_it_is_said(tmp_path, name):
    notices = write_table(from_arrays([name], [[1.0, 2.0]]), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().startswith(f"'{name}\n")
    assert notices == (f"column {name!r} is written as {chr(39) + name!r}, so that no spreadsheet runs it",)


def test_the_users_mask_decides_who_may_read(table, tmp_path):
    before = os.umask(0o027)
    try:
        write_table(table, tmp_path / "t.csv")
    finally:
        os.umask(before)
    assert (tmp_path / "t.csv").stat().st_mode & 0o777 == 0o640

"""Files in slices: the same rows as in one piece, wherever they are cut."""

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.data import slices
from downslope.data.slices import counted, cut


def all_slices(pattern, **reading):
    found = cut(ds.Stream(str(pattern), reading=ds.Reading(**reading)))
    return found.sure([counted(part) for part in found.unsure]).slices


def column(found, name="x"):
    return np.concatenate([table[name] for each in found for table in each.tables({"x", "y"})])


@pytest.fixture
def small(monkeypatch):
    """Slices of a few rows."""
    monkeypatch.setattr(slices, "BYTES", (256, 256))
    monkeypatch.setattr(slices, "ROWS", (100, 100))


NOTES = st.sampled_from(["plain", '"a,b"', '"two\nlines"', '"a ""quoted"" word\n\n"', '""', ""])


@settings(max_examples=40)
@given(notes=st.lists(NOTES, min_size=1, max_size=300), end=st.sampled_from(["", "\n", "\n\n"]))
def test_no_row_is_lost_or_doubled_by_cuts_through_quoted_cells(notes, end, tmp_path_factory):
    path = tmp_path_factory.mktemp("cut") / "t.csv"
    lines = [f"{number},{note},{2 * number}" for number, note in enumerate(notes)]
    path.write_text("x,note,y\n" + "\n".join(lines) + end)
    before, slices.BYTES = slices.BYTES, (256, 256)
    try:
        found = all_slices(path)
    finally:
        slices.BYTES = before
    assert len(found) == 1 or len(notes) > 8
    assert column(found).tolist() == list(range(len(notes)))
    assert column(found, "y").tolist() == [2 * number for number in range(len(notes))]


def test_lines_of_a_slice_are_counted_from_the_beginning_of_its_file(small, tmp_path):
    path = tmp_path / "t.csv"
    lines = ['0,"a\nb",1'] * 400
    lines[300] = "0,c,oops"
    path.write_text("# said above\nx,note,y\n" + "\n".join(lines))
    with pytest.raises(ds.DataError, match="line 603") as told:
        column(all_slices(path, comment="#"), "y")
    with pytest.raises(ds.DataError) as whole:
        ds.read(path, reading=ds.Reading(comment="#"))["y"]
    assert "line 603" in str(whole.value) and "oops" in str(told.value)


def test_a_quote_that_is_never_closed_costs_slices_but_no_row(small, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('# 5" wide\nx,y\n' + "\n".join(f"{number},1" for number in range(500)))
    assert column(all_slices(path, comment="#")).tolist() == list(range(500))


def test_parquet_by_rows(small, tmp_path):
    path = tmp_path / "t.parquet"
    polars.DataFrame({"x": np.arange(1050.0), "y": np.ones(1050)}).write_parquet(path, row_group_size=70)
    found = all_slices(path)
    assert len(found) == 11
    assert column(found).tolist() == list(range(1050))


def test_a_bad_cell_of_parquet_is_named_by_its_row_in_the_file(small, tmp_path):
    path = tmp_path / "t.parquet"
    x = np.arange(1050.0)
    x[731] = np.nan
    polars.DataFrame({"x": x, "y": np.ones(1050)}).write_parquet(path)
    with pytest.raises(ds.DataError, match="row 732"):
        column(all_slices(path))


def test_small_files_are_read_together_and_empty_ones_are_none(small, tmp_path):
    for number in range(30):
        path = tmp_path / f"{number:02}.csv"
        path.write_text("x,y\n" + "".join(f"{number},{row}\n" for row in range(number % 3)))
    found = all_slices(tmp_path / "*.csv")
    assert len(found) < 10
    assert column(found).tolist() == [number for number in range(30) for _ in range(number % 3)]


def test_a_packed_file_is_one_slice(small, tmp_path):
    import gzip

    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,2\n" * 1000))
    assert len(all_slices(path)) == 1 and column(all_slices(path)).size == 1000


def test_a_file_of_another_length_elsewhere_is_refused(small, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,2\n" * 1000)
    found = all_slices(path)
    path.write_text("x,y\n" + "1,2\n" * 999)
    with pytest.raises(ds.DataError, match="3,996|4,000|bytes here, and had"):
        column(found)

"""Streams: the same rows as a table has, piece by piece; what is bad is named where it stands."""

import gzip

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.data import Reading, Stream, read, streamed_files
from downslope.errors import DataError, RequestError


@pytest.fixture
def columns():
    generator = np.random.default_rng(0)
    return {"x": generator.normal(size=1000), "y": generator.normal(size=1000)}


def whole(stream, only=None):
    pieces = list(stream.pieces(only))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in only or stream.available}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(streamed_files, "BLOCK", 700)
    monkeypatch.setattr(streamed_files, "PIECE", 64)


def same(found, wanted):
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)


def test_a_csv_file_gives_the_numbers_of_a_table_whatever_the_blocks(tmp_path, columns, small):
    path = tmp_path / "t.csv"
    polars.DataFrame(columns).write_csv(path)
    same(whole(Stream(path)), columns)
    same(whole(Stream(path)), dict(read(path).columns))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_layouts_of_text(tmp_path, small, end, decimal):
    rows = [(0.5 * row, -1.25 * row) for row in range(200)]
    lines = ["# a comment", "a;note;b", *(f"{one};n{row};{two}" for row, (one, two) in enumerate(rows))]
    text = end.join(lines) + end
    (tmp_path / "t.csv").write_text(text.replace(".", decimal), newline="")
    reading = Reading(delimiter=";", decimal=decimal, comment="#")
    found = whole(Stream(tmp_path / "t.csv", reading=reading), ["a", "b"])
    same(found, {"a": np.array(rows)[:, 0], "b": np.array(rows)[:, 1]})


def test_packed_text_is_unpacked_on_the_way(tmp_path, columns, small):
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        polars.DataFrame(columns).write_csv(file)
    same(whole(Stream(tmp_path / "t.csv.gz")), columns)


def test_quoted_cells_may_hold_line_ends_across_blocks(tmp_path, small):
    rows = [f'{row},"a\nlong, quoted note {row}",{2 * row}' for row in range(300)]
    (tmp_path / "t.csv").write_text("x,note,y\n" + "\n".join(rows) + "\n")
    found = whole(Stream(tmp_path / "t.csv"), ["x", "y"])
    same(found, {"x": np.arange(300.0), "y": 2.0 * np.arange(300)})


def test_parquet_files_one_after_the_other(tmp_path, columns, small):
    for number, part in enumerate((slice(0, 300), slice(300, 301), slice(301, None))):
        frame = polars.DataFrame({name: values[part] for name, values in columns.items()})
        frame.write_parquet(tmp_path / f"{number}.parquet", row_group_size=100)
    same(whole(Stream(str(tmp_path / "*.parquet"))), columns)


def test_all_kinds_give_the_same_rows(tmp_path, columns):
    frame = polars.DataFrame(columns)
    np.save(tmp_path / "x.npy", columns["x"])
    maps = {"x": np.load(tmp_path / "x.npy", mmap_mode="r"), "y": columns["y"]}
    cut = [{name: values[first : first + 300] for name, values in columns.items()} for first in range(0, 1000, 300)]
    frames = [frame[:400], frame[400:].to_arrow(), frame[:0].to_pandas()]
    for data in (frame.lazy(), maps, cut, iter(cut), lambda: iter(cut), frames, frame):
        same(whole(Stream(data)), columns)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e300, 1e300)), min_size=1, max_size=60),
    st.integers(60, 400),
)
def test_no_cut_changes_a_number(tmp_path_factory, rows, block):
    path = tmp_path_factory.mktemp("cut") / "t.csv"
    path.write_text("x,y\n" + "".join(f"{one!r},{two!r}\n" for one, two in rows))
    before = streamed_files.BLOCK
    streamed_files.BLOCK = block
    try:
        found = whole(Stream(path))
    finally:
        streamed_files.BLOCK = before
    same(found, {"x": np.array([one for one, _ in rows]), "y": np.array([two for _, two in rows])})


BAD = {
    "100,abc": ("line 102", "'abc'", "'y'"),
    "100": ("line 102", "expected 2 cells"),
    "100,1,2": ("line 102", "expected 2 cells"),
    "100,": ("line 102", "missing"),
    "100,inf": ("line 102", "not finite"),
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_row_anywhere_is_named_by_file_line_and_text(tmp_path, small, line):
    rows = [f"{row},{row}" for row in range(400)]
    rows[100] = line
    (tmp_path / "bad.csv").write_text("x,y\n" + "\n".join(rows))
    with pytest.raises(DataError) as told:
        whole(Stream(tmp_path / "bad.csv"))
    for word in ("bad.csv", *BAD[line]):
        assert word in str(told.value)


@pytest.mark.parametrize("line", BAD)
def test_bad_rows_are_skipped_and_counted_if_asked(tmp_path, small, line):
    rows = [f"{row},{row}" for row in range(400)]
    rows[100] = line
    (tmp_path / "bad.csv").write_text("x,y\n" + "\n".join(rows))
    stream = Stream(tmp_path / "bad.csv", reading=Reading(missing="skip"))
    same(whole(stream), {name: np.delete(np.arange(400.0), 100) for name in "xy"})
    assert any("102" in notice for notice in stream.notices)
    table = read(tmp_path / "bad.csv", reading=Reading(missing="skip"))
    assert table.rows == 399 and any("102" in notice for notice in table.notices)


def test_a_null_in_a_parquet_file_is_named_by_its_row(tmp_path, small):
    values = np.arange(500.0).tolist()
    polars.DataFrame({"x": values, "y": [*values[:200], None, *values[201:]]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"row 201, column 'y'"):
        whole(Stream(tmp_path / "t.parquet"))
    found = whole(Stream(tmp_path / "t.parquet", reading=Reading(missing="drop")))
    assert found["x"].size == 499 and 200.0 not in found["x"]


def test_shards_of_different_columns_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(DataError, match=r"b\.csv lacks 'y' and has 'z'"):
        Stream([tmp_path / "a.csv", tmp_path / "b.csv"])
    (tmp_path / "c.csv").write_text("x,y\n1,two\n")
    with pytest.raises(DataError, match=r"c\.csv, line 2, column 'y': 'two'"):
        whole(Stream([tmp_path / "a.csv", tmp_path / "c.csv"]))


def test_an_empty_shard_adds_nothing_and_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,y\n")
    same(whole(Stream([tmp_path / "a.csv", tmp_path / "b.csv"])), {"x": np.array([1.0]), "y": np.array([2.0])})
    (tmp_path / "c.csv").write_text("")
    with pytest.raises(DataError, match=r"c\.csv is empty"):
        Stream([tmp_path / "a.csv", tmp_path / "c.csv"])


def test_a_file_that_changes_or_vanishes_is_told(tmp_path, columns, small):
    path = tmp_path / "t.csv"
    polars.DataFrame(columns).write_csv(path)
    stream = Stream(path)
    path.write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="changed while"):
        whole(stream)
    path.unlink()
    with pytest.raises(DataError, match="cannot be read any more"):
        whole(stream)


def test_a_file_cut_short_in_mid_read(tmp_path, columns):
    path = tmp_path / "t.parquet"
    polars.DataFrame(columns).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="cut short or damaged"):
        whole(Stream(path))
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        polars.DataFrame(columns).write_csv(file)
    packed = (tmp_path / "t.csv.gz").read_bytes()
    (tmp_path / "t.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match="cut short"):
        whole(Stream(tmp_path / "t.csv.gz"))


def test_an_iterator_serves_one_pass(columns):
    stream = Stream(iter([columns]))
    assert stream.available == ("x", "y")
    same(whole(stream), columns)
    with pytest.raises(DataError, match="only once"):
        whole(stream)


def test_batches_must_have_the_columns_of_the_first():
    with pytest.raises(DataError, match="batch 2 lacks 'y'"):
        whole(Stream([{"x": [1.0], "y": [2.0]}, {"x": [1.0]}]))


@pytest.mark.parametrize("data", [3, None, b"t.csv", np.zeros(3)])
def test_what_is_no_stream_is_refused(data):
    with pytest.raises(RequestError, match="a Stream is made of"):
        Stream(data)


def test_a_binary_copy_holds_the_same_rows(tmp_path, columns, small):
    polars.DataFrame(columns).write_csv(tmp_path / "t.csv")
    stream = Stream(tmp_path / "t.csv")
    assert stream.text
    copy = stream.copied(tmp_path / "t.parquet")
    same(whole(copy), columns)
    assert not copy.text
    with pytest.raises(ds.OutputError, match="exists"):
        stream.copied(tmp_path / "t.parquet")


def test_a_bad_row_leaves_no_copy(tmp_path, small):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n" + "3,4\n" * 500 + "5,six\n")
    with pytest.raises(DataError, match="line 503"):
        Stream(tmp_path / "t.csv").copied(tmp_path / "t.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]

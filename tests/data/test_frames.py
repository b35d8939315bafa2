import datetime
import io
from decimal import Decimal

import numpy as np
import pytest

from downslope.data import Reading, read
from downslope.errors import DataError

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")

MAKERS = [pandas.DataFrame, polars.DataFrame, polars.LazyFrame, pyarrow.table]


def refused(frame, name, **options):
    with pytest.raises(DataError) as caught:
        read(frame, reading=Reading(**options))[name]
    return str(caught.value)


@pytest.mark.parametrize("make", MAKERS)
def test_numbers_of_every_kind(make):
    columns = {"x": [1.5, 2.5], "n": [1, 2], "b": [True, False], "s": ["1", "2.5"], "t": ["a", "b"]}
    table = read(make(columns))
    assert table["x"].tolist() == [1.5, 2.5]
    assert table["n"].tolist() == [1.0, 2.0]
    assert table["b"].tolist() == [1.0, 0.0]
    assert table["s"].tolist() == [1.0, 2.5]
    assert table.available == ("x", "n", "b", "s", "t")
    assert "'a'" in refused(make(columns), "t")
    assert "column 'b': true read as 1, false as 0" in table.notices
    assert all(not kept.flags.writeable for kept in table.columns.values())


@pytest.mark.parametrize("make", MAKERS)
def test_only_the_wanted_columns(make):
    table = read(make({"x": [1.0], "t": ["a"], "y": [2.0]}), only={"y"})
    assert dict(table.columns).keys() == {"y"}
    assert table.available == ("x", "t", "y")


@pytest.mark.parametrize("make", [polars.DataFrame, pyarrow.table, lambda c: pandas.DataFrame(c).convert_dtypes()])
@pytest.mark.parametrize("values", [[1, None, 3], [1.5, None, 3.5], [True, None, False], ["1", None, "3"]])
def test_nulls_are_missing_and_never_zero(make, values):
    frame = make({"x": values, "y": [4, 5, 6]})
    assert "row 2, column 'x'" in refused(frame, "x")
    assert "missing" in refused(frame, "x")
    table = read(frame, reading=Reading(missing="drop"))
    assert table["y"].tolist() == [4.0, 6.0]
    assert table["x"].tolist() == [float(values[0]), float(values[2])]
    assert "data frame: 1 of 3 rows dropped (row 2): missing values in 'x'" in table.notices


@pytest.mark.parametrize("make", [polars.DataFrame, pyarrow.table])
def test_a_column_of_nulls_holds_no_number(make):
    for drop in ("refuse", "drop"):
        assert "no row holds a number" in refused(make({"x": [None, None], "y": [1, 2]}), "x", missing=drop)


def test_nan_in_a_frame_is_missing():
    for make in (pandas.DataFrame, polars.DataFrame):
        assert "missing" in refused(make({"x": [1.0, float("nan")]}), "x")
        assert "not finite" in refused(make({"x": [1.0, float("inf")]}), "x")


def test_categories_are_refused_with_advice():
    frames = [
        pandas.DataFrame({"x": pandas.Categorical([1, 2])}),
        pandas.DataFrame({"x": pandas.Categorical(["a", "b"])}),
        polars.DataFrame({"x": polars.Series(["a", "b"], dtype=polars.Categorical)}),
        polars.DataFrame({"x": polars.Series(["a", "b"], dtype=polars.Enum(["a", "b"]))}),
        pyarrow.table({"x": pyarrow.array(["a", "b"]).dictionary_encode()}),
    ]
    for frame in frames:
        assert "0 and 1 for each category" in refused(frame, "x")


def test_dates_and_nested_columns_are_refused():
    for make in (pandas.DataFrame, polars.DataFrame, pyarrow.table):
        assert "dates or times" in refused(make({"x": [datetime.datetime(2024, 1, 1)]}), "x")
    for make in (polars.DataFrame, pyarrow.table):
        assert "List" in refused(make({"x": [[1, 2]]}), "x")
    assert "a cell holds" in refused(pandas.DataFrame({"x": [[1, 2]]}), "x")


def test_decimals_are_cast_and_it_is_said():
    table = read(polars.DataFrame({"x": [Decimal("1.25"), Decimal("2.50")]}))
    assert table["x"].tolist() == [1.25, 2.5]
    assert "read as float64" in table.notices[0]


def test_series_in_a_mapping():
    for series in (
        pandas.Series([1, 2]),
        polars.Series([1, 2]),
        pyarrow.chunked_array([[1, 2]]),
        pyarrow.array([1, 2]),
    ):
        assert read({"x": series})["x"].tolist() == [1.0, 2.0]
    assert "missing" in refused({"x": polars.Series([1, None])}, "x")
    assert "missing" in refused({"x": pandas.Series([1, None], dtype="Int64")}, "x")
    assert "categor" in refused({"x": pandas.Series([1, 2], dtype="category")}, "x")


def test_rows_match_by_position_and_different_indices_are_said():
    one, other = pandas.Series([1.0, 2.0]), pandas.Series([3.0, 4.0], index=[1, 0])
    table = read({"x": one, "y": other})
    assert table["y"].tolist() == [3.0, 4.0]
    assert table.notices == ("the columns have different indices; rows are matched by position",)
    assert read({"x": one, "y": one}).notices == ()


def test_duplicate_names_are_refused():
    frame = pandas.DataFrame([[1.0, 2.0, 3.0]], columns=["x", "y", "x"])
    assert "'x' 2 times" in refused(frame, "x")


def test_names_that_are_no_text_become_text():
    assert read(pandas.DataFrame([[1.0, 2.0]], columns=[0, 1]))["1"].tolist() == [2.0]


def test_anything_with_the_arrow_interface_is_a_frame():
    class Capsule:
        def __arrow_c_stream__(self, requested_schema=None):
            return pyarrow.table({"x": [1, 2]}).__arrow_c_stream__(requested_schema)

    assert read(Capsule())["x"].tolist() == [1.0, 2.0]


def test_frames_without_rows_are_refused():
    for make in MAKERS:
        with pytest.raises(DataError, match="no rows below the header"):
            read(make({"x": [], "y": []}))


def test_what_a_lazy_frame_meets_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="data frame cannot be read"):
        read(polars.scan_csv(tmp_path / "absent.csv"))


def test_a_frame_is_never_changed():
    array = np.arange(3.0)
    frame = pandas.DataFrame({"x": array})
    kept = read(frame)["x"]
    frame.loc[0, "x"] = 9.0
    assert kept[0] == 0.0


def parquet(**columns):
    raw = io.BytesIO()
    polars.DataFrame(columns).write_parquet(raw)
    return raw.getvalue()


def test_parquet_is_known_by_its_first_bytes(write):
    name = write(parquet(x=[1.5, 2.5], note=["a", "b"], n=[1, None]), "t.csv")
    table = read(name, only={"x"})
    assert table["x"].tolist() == [1.5, 2.5]
    assert table.available == ("x", "note", "n")
    assert table.source == "t.csv"
    assert "t.csv, row 2, column 'n'" in refused(name, "n")
    assert "a cell" not in refused(name, "note")


def test_damaged_parquet_is_refused(write):
    raw = parquet(x=list(np.random.default_rng(0).normal(size=5000)))
    for damaged in (raw[: len(raw) // 2], raw[:-1], raw[:8], b"PAR1" + raw[9:]):
        with pytest.raises(DataError, match="t.parquet is a Parquet file, but"):
            read(write(damaged, "t.parquet"))


def npz(**arrays):
    raw = io.BytesIO()
    np.savez(raw, **arrays)
    return raw.getvalue()


def test_npz(write):
    name = write(npz(x=np.arange(3), y=np.arange(3.0), table=np.zeros((3, 2)), scalar=np.float64(5)), "t.npz")
    table = read(name)
    assert table["y"].tolist() == [0.0, 1.0, 2.0]
    assert table.available == ("x", "y", "table", "scalar")
    assert "its shape is (3, 2)" in refused(name, "table")
    assert "its shape is ()" in refused(name, "scalar")
    with pytest.raises(DataError, match="x has 3 rows, y 2"):
        read(write(npz(x=np.zeros(3), y=np.zeros(2))))


def test_npz_runs_no_pickle(write):
    array = np.array([print], object)
    raw = io.BytesIO()
    np.savez(raw, x=array, y=np.zeros(1))
    name = write(raw.getvalue())
    assert "Python objects are not loaded" in refused(name, "x")
    assert read(name, only={"y"}).rows == 1


def test_damaged_npz_is_refused(write):
    raw = npz(x=np.random.default_rng(0).normal(size=5000))
    for damaged in (raw[:200], raw[:-30], raw[:300] + b"\0" * 99 + raw[399:]):
        with pytest.raises(DataError, match="damaged"):
            read(write(damaged))["x"]

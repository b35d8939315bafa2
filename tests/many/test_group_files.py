"""Groups of files larger than memory: the same fits as of the whole table, whatever the order of the rows."""

import numpy as np
import polars
import pytest

import downslope as ds
from downslope.data import group_files


@pytest.fixture
def small_pieces(monkeypatch):
    """Every file counts as large, and is read and put together in small pieces."""
    monkeypatch.setattr(group_files, "LARGE", 0)
    monkeypatch.setattr(group_files, "BATCH", 50)
    monkeypatch.setattr(group_files, "PART", 120)


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    lengths = generator.integers(3, 30, 25)
    key = np.repeat([f"s{group}" for group in range(25)], lengths)
    x = generator.uniform(0, 5, key.size)
    return polars.DataFrame({"key": key, "x": x, "y": 2 * x + 1 + 0.1 * generator.normal(size=x.size), "note": key})


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("order", ["together", "scattered"])
def test_a_large_file_gives_the_fits_of_the_whole_table(small_pieces, table, tmp_path, kind, order):
    rows = table if order == "together" else table.sample(fraction=1.0, shuffle=True, seed=1)
    whole = ds.fit_many("y = w*x + b", rows, by="key").to_polars()
    path = tmp_path / f"data.{kind}"
    rows.write_parquet(path) if kind == "parquet" else rows.write_csv(path)
    fits = ds.fit_many("y = w*x + b", path, by="key", save=tmp_path / "fits.parquet")
    found = fits.to_polars()
    assert found["key"].to_list() == whole["key"].to_list() and found["rows"].to_list() == whole["rows"].to_list()
    for name in ("w", "b", "w_error", "loss"):
        assert found[name].to_numpy() == pytest.approx(whole[name].to_numpy(), rel=1e-9)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"data.{kind}", "fits.parquet"]


def test_bad_cells_of_a_large_file_are_named_or_left_out(small_pieces, table, tmp_path):
    lost = table.with_columns(y=polars.when(polars.int_range(polars.len()) == 77).then(None).otherwise("y"))
    lost.write_parquet(tmp_path / "data.parquet")
    with pytest.raises(ds.DataError, match="78"):
        ds.fit_many("y = w*x + b", tmp_path / "data.parquet", by="key")
    fits = ds.fit_many("y = w*x + b", tmp_path / "data.parquet", by="key", reading=ds.Reading(missing="drop"))
    assert sum(fits.table["rows"]) == table.height - 1
    lost.with_columns(key=polars.when(polars.col("key") != "s3").then("key")).write_parquet(tmp_path / "keys.parquet")
    with pytest.raises(ds.DataError, match="rows have no key in 'key'"):
        ds.fit_many("y = w*x + b", tmp_path / "keys.parquet", by="key")


def test_several_files_of_messy_text_are_one_table(tmp_path):
    (tmp_path / "a.csv").write_text("key;x;y\n007;0;1,5\n007;1;2,5\n")
    (tmp_path / "b.csv").write_text('key;x;y\n"7";0;1\n007;2;3,5\n"7";1;3\n"7";2;5\n')
    reading = ds.Reading(delimiter=";", decimal=",")
    fits = ds.fit_many("y = w*x + b", [tmp_path / "a.csv", tmp_path / "b.csv"], by="key", reading=reading)
    assert {key: round(fit.params["w"], 9) for key, fit in fits.items()} == {"007": 1.0, "7": 2.0}

"""Fits on a cluster give the answers of fits in memory; whatever goes wrong is said plainly."""

import re

import numpy as np
import pandas
import polars
import pytest

import downslope as ds
from downslope.data import slices

DECAYS = "y = a*exp(-b*x) + c*exp(-d*x)"
NEAR = {"a": 2, "b": 1, "c": 1.5, "d": 1.4}

pytestmark = pytest.mark.slow  # workers are slow to come up: ./run test --all


def same(one, other, params=1e-10, errors=1e-6):
    for name, value in other.params.items():
        assert one.params[name] == pytest.approx(value, rel=params)
        assert one.errors[name] == pytest.approx(other.errors[name], rel=errors)
    assert one.state == other.state == "certified"


@pytest.fixture(scope="module")
def known(decays):
    return ds.fit(DECAYS, decays, start=NEAR)


def test_two_close_exponentials_in_100_files(client, chunks, known):
    found = ds.fit(DECAYS, chunks, cluster=client, start=NEAR)
    same(found, known)
    assert any("2 workers of a cluster" in note for note in found.notes)
    assert found.run.rows == 200_000


def test_the_same_bits_however_many_workers(chunks, client, three):
    """Slices depend on the data alone."""
    plan = {"optimizer": "gd", "learning_rate": 0.1, "steps": 2, "start": NEAR}
    found, other = (ds.fit(DECAYS, chunks, cluster=each, **plan) for each in (client, three))
    assert np.array_equal(found.history.loss, other.history.loss)
    assert np.array_equal(found.run.params, other.run.params)
    assert found.run.fingerprint == other.run.fingerprint


def test_rows_that_do_not_fit_in_a_worker_are_read_for_each_pass(client, chunks, known, monkeypatch):
    from downslope.objective import cluster

    monkeypatch.setattr(cluster, "SHARE", 0.0)
    same(ds.fit(DECAYS, chunks, cluster=client, start=NEAR), known)


def test_a_line_from_a_csv_that_is_cut_in_many(client, line_file, monkeypatch):
    monkeypatch.setattr(slices, "BYTES", (1 << 16, 1 << 18))
    path = line_file()
    found = ds.fit("y = w*x + b", str(path), cluster=client)
    same(found, ds.fit("y = w*x + b", ds.read(path)))
    assert found.run.chosen["optimizer"] == "closed-form"


def test_sigma_bounds_fixed_and_tied(client, tmp_path):
    generator = np.random.default_rng(3)
    x = generator.uniform(0, 3, 90_000)
    table = {
        "x": x,
        "y": 3 * np.exp(-0.5 * x) + 0.2 + 0.05 * generator.normal(size=x.size),
        "s": generator.uniform(0.5, 2, x.size),
    }
    path = tmp_path / "t.parquet"
    polars.DataFrame(table).write_parquet(path)
    plan = {"sigma": "s", "sigma_is": "relative", "fixed": {"c": 0.2}, "tied": {"e": "2*b"}, "bounds": {"b": (0.1, 2)}}
    model = "y = a*exp(-b*x) + 0*e + c"
    same(ds.fit(model, str(path), cluster=client, **plan), ds.fit(model, table, **plan))


def test_weights(client, line_file):
    path = line_file()
    table = polars.read_csv(path).with_columns(k=polars.int_range(polars.len()) % 3)
    table.write_csv(path)
    plan = {"weights": "k", "loss": "huber"}
    same(ds.fit("y = w*x + b", str(path), cluster=client, **plan), ds.fit("y = w*x + b", ds.read(path), **plan))


def test_batches_are_brought_here(client, chunks):
    plan = {"optimizer": "adam", "learning_rate": 0.01, "epochs": 2, "batch_size": 5000, "seed": 4}
    plan["start"] = {"a": 1, "b": 1, "c": 1, "d": 2}
    found = ds.fit(DECAYS, chunks, cluster=client, **plan)
    again = ds.fit(DECAYS, chunks, cluster=client, **plan)
    assert len(found.history) == 81
    assert found.loss < found.history.loss[0] and np.array_equal(found.run.params, again.run.params)


def test_a_dask_data_frame(client, decays, known):
    dask = pytest.importorskip("dask.dataframe")
    frame = dask.from_pandas(pandas.DataFrame(decays), npartitions=7)
    found = ds.fit(DECAYS, frame[frame.x >= 0], cluster=client, start=NEAR)
    same(found, known)


def test_a_stream_of_files(client, chunks, known):
    same(ds.fit(DECAYS, ds.Stream(chunks), cluster=client, start=NEAR), known)


def test_few_rows_are_fitted_here(client, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("x,y\n0,1\n1,3\n2,5.1\n")
    found = ds.fit("y = w*x + b", str(path), cluster=client)
    assert found.params == ds.fit("y = w*x + b", str(path)).params
    assert any("so few rows" in note for note in found.notes)


def test_a_second_fit_of_a_python_function_compiles_nothing_more(client, chunks):
    """What travels to a worker is known again there."""
    from downslope.objective import shards

    def decay(x, a=2.0, b=1.0, c=1.5, d=1.4):
        return a * np.exp(-b * x) + c * np.exp(-d * x)

    plan = {"optimizer": "gd", "learning_rate": 0.1, "steps": 4}
    ds.fit(decay, chunks, "y", cluster=client, **plan)
    before = shards._summed.cache_info()
    found = ds.fit(decay, chunks, "y", cluster=client, **plan)
    after = shards._summed.cache_info()
    assert after.misses == before.misses and after.hits > before.hits
    assert found.history.loss[-1] < found.history.loss[0]


def test_rows_are_still_there_when_the_cluster_is_closed(client, chunks, known):
    found = ds.fit(DECAYS, chunks, cluster=client, start=NEAR)
    same(found.again(tolerance=1e-9), known)


BAD = ["", "abc", "1,2,3"]


@pytest.mark.parametrize("cell", BAD)
def test_a_bad_cell_is_named_by_file_and_line(client, line_file, monkeypatch, cell):
    monkeypatch.setattr(slices, "BYTES", (1 << 16, 1 << 18))
    path = line_file()
    lines = path.read_text().splitlines()
    lines[60_000] = f"1.5,{cell}"
    path.write_text("\n".join(lines))
    with pytest.raises(ds.DataError) as told:
        ds.fit("y = w*x + b", str(path), cluster=client)
    assert "line.csv" in str(told.value) and "line 60001" in str(told.value).replace(",", "")
    with pytest.raises(ds.DataError) as here:
        ds.fit("y = w*x + b", ds.Stream(path))
    assert str(told.value) == str(here.value)


def test_a_target_that_is_no_number_is_named_by_its_row(client, line_file, monkeypatch):
    monkeypatch.setattr(slices, "BYTES", (1 << 16, 1 << 18))
    path = line_file()
    lines = path.read_text().splitlines()
    lines[70_000] = "1.5,-3"
    path.write_text("\n".join(lines))
    with pytest.raises(ds.RequestError, match=re.escape("row 70000 (y = -3)")):
        ds.fit("log(y + 2.5) = w*x + b", str(path), cluster=client)


def test_bad_rows_are_left_out_and_counted_where_asked(client, line_file, monkeypatch):
    monkeypatch.setattr(slices, "BYTES", (1 << 16, 1 << 18))
    path = line_file()
    lines = path.read_text().splitlines()
    lines[100] = "1.5,"
    lines[60_000] = "1.5,"
    path.write_text("\n".join(lines))
    found = ds.fit("y = w*x + b", str(path), cluster=client, reading=ds.Reading(missing="drop"))
    assert found.run.rows == 79_998
    assert sum("rows dropped (line" in note for note in found.notes) == 2


def test_shards_with_other_columns(client, line_file, tmp_path):
    line_file(name="a.csv")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(ds.DataError, match="lacks 'y' and has 'z'"):
        ds.fit("y = w*x + b", str(tmp_path / "*.csv"), cluster=client)


def test_an_empty_shard_counts_for_nothing(client, line_file, tmp_path, monkeypatch):
    monkeypatch.setattr(slices, "BYTES", (1 << 16, 1 << 18))
    path = line_file(name="a.csv")
    (tmp_path / "0.csv").write_text("x,y\n")
    found = ds.fit("y = w*x + b", str(tmp_path / "*.csv"), cluster=client)
    same(found, ds.fit("y = w*x + b", ds.read(path)))


def test_a_file_that_is_not_there(client, tmp_path):
    with pytest.raises(ds.DataError, match="nowhere.csv"):
        ds.fit("y = w*x + b", str(tmp_path / "nowhere.csv"), cluster=client)


def test_a_file_that_shrinks_in_mid_run(client, line_file, monkeypatch):
    from downslope.objective import cluster

    monkeypatch.setattr(slices, "BYTES", (1 << 16, 1 << 18))
    monkeypatch.setattr(cluster, "SHARE", 0.0)
    path = line_file()

    def cut_short(blocks):
        for block in blocks:
            path.write_bytes(path.read_bytes()[:1000])
            yield block

    with pytest.raises(ds.DataError, match="line.csv.* bytes here, and had"):
        ds.fit(
            "y = w*x + b", str(path), cluster=client, loss="huber", optimizer="gd", learning_rate=1e-3, steps=9000,
            progress=cut_short,
        )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        {"x": [1.0], "y": [2.0]},
        pandas.DataFrame({"x": [1.0], "y": [2.0]}),
        "-",
        [],
        ds.Stream({"x": [1.0], "y": [2.0]}),
    ],
)
def test_data_that_no_worker_can_read(client, data):
    with pytest.raises(ds.RequestError, match="the workers of a cluster read the data themselves"):
        ds.fit("y = w*x + b", data, cluster=client)


def test_what_cannot_travel(client, chunks):
    import threading

    lock = threading.Lock()

    def decay(x, a=2.0, b=1.0):
        with lock:
            return a * np.exp(-b * x)

    with pytest.raises(ds.RequestError, match="cannot be sent to a cluster"):
        ds.fit(decay, chunks, "y", cluster=client)


def test_arrays_beside_the_rows(client, chunks):
    with pytest.raises(ds.RequestError, match="sigma is an array"):
        ds.fit(DECAYS, chunks, cluster=client, sigma=np.ones(200_000), sigma_is="relative")

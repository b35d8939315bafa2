import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope
from downslope.data import Reading, read
from downslope.errors import DataError


def test_a_table_passes_as_it_is():
    table = read({"x": [1.0]})
    assert read(table) is table


def test_paths_of_every_kind(write, tmp_path):
    write("x,y\n1,2\n")
    for given in ("t.csv", tmp_path / "t.csv", Path("t.csv"), [tmp_path / "t.csv"]):
        assert read(given)["y"].tolist() == [2.0]


def test_the_same_numbers_from_every_source(write):
    columns = {"x": [1.5, 2.5, 1e-300], "y": [1, -2, 3]}
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    polars.DataFrame(columns).write_parquet(write("", "t.parquet"))
    np.savez(write("", "t.npz"), **columns)
    given = [
        columns,
        polars.DataFrame(columns),
        pandas.DataFrame(columns),
        write("x,y\n1.5,1\n2.5,-2\n1e-300,3\n"),
        write("y\tx\n1\t1.5\n-2\t2.5\n3\t1e-300\n", "t.tsv"),
        "t.parquet",
        "t.npz",
    ]
    for data in given:
        table = read(data)
        assert table["x"].tobytes() == np.array(columns["x"]).tobytes()
        assert table["y"].tobytes() == np.array(columns["y"], float).tobytes()


def test_columns_that_nobody_has_are_left_to_who_asks():
    assert read({"x": [1.0]}, only={"x", "absent"}).available == ("x",)


def test_inputs_stay_as_they_are():
    x = np.array([[1.0], [2.0]])
    x.flags.writeable = False
    table = read({"x": x, "y": [3, 4]}, reading=Reading(missing="drop"))
    assert x.shape == (2, 1)
    assert not np.shares_memory(table["x"], x)


def test_dropping_everything_is_refused():
    with pytest.raises(DataError, match="no row is complete"):
        read({"x": [1.0, np.nan], "y": [np.nan, 1.0]}, reading=Reading(missing="drop"))


def test_a_small_file_is_read_without_the_heavy_packages(write):
    """The first command of a new user must not wait for packages that it does not need."""
    write("x,y\n1,2\n")
    program = (
        "import sys; from downslope.data import read, sample; read('t.csv')['x']; read({'x': [1]}); sample('line');"
        "print([name for name in ('polars', 'narwhals', 'pandas', 'jax', 'scipy') if name in sys.modules])"
    )
    source = str(Path(downslope.__file__).parents[1])
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    assert answer.stdout.strip() == "[]"

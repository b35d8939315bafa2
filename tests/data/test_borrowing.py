"""Large arrays are not copied; what they hold is checked all the same, and that nobody has changed them since."""

import numpy as np
import pytest

import downslope as ds
from downslope.data import borrowing, totals


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(borrowing, "LARGE", 1000)
    monkeypatch.setattr(totals, "CHUNK", 64)
    monkeypatch.setattr(totals, "PART", 256)


def arrays(rows=3000):
    generator = np.random.default_rng(0)
    x = generator.normal(size=rows)
    return {"x": x, "y": 2 * x + 1 + generator.normal(size=rows)}


def test_a_large_array_is_a_view_that_cannot_be_written_to():
    data = arrays()
    table = ds.read(data)
    assert np.shares_memory(table["x"], data["x"])
    assert not table["x"].flags.writeable and data["x"].flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        table["x"][0] = 1.0


def test_a_column_of_a_matrix_is_a_view_too():
    matrix = np.random.default_rng(0).normal(size=(3000, 4))
    table = ds.read({f"x{place}": column for place, column in enumerate(matrix.T)})
    assert all(np.shares_memory(table[name], matrix) for name in table.columns)
    assert np.array_equal(table["x3"], matrix[:, 3])


def test_a_memory_map_is_not_read_into_memory(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(5000.0))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    table = ds.read({"x": mapped})
    assert np.shares_memory(table["x"], mapped) and type(table["x"]) is np.ndarray


@pytest.mark.parametrize(
    "given",
    [
        np.arange(3000, dtype=np.float32),
        np.arange(3000),
        list(range(3000)),
        np.arange(3000.0).astype(">f8"),
        np.ma.masked_array(np.arange(3000.0), mask=np.arange(3000) == 7),
        np.arange(3000.0)[:, None],
    ],
    ids=["float32", "int", "list", "big endian", "masked", "one column"],
)
def test_all_else_is_read_as_ever(given):
    table = ds.read({"x": given})
    kept = np.delete(np.arange(3000.0), 7) if isinstance(given, np.ma.MaskedArray) else np.arange(3000.0)
    assert np.array_equal(table["x"], kept) and not table.totals


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 1700, 2999])
def test_a_number_that_is_none_is_found_wherever_it_stands(value, row):
    data = arrays()
    data["x"][row] = value
    with pytest.raises(ds.DataError, match=f"row {row + 1}"):
        ds.read(data)["x"]


def test_opposite_infinities_do_not_cancel():
    data = arrays()
    data["x"][[5, 900]] = np.inf, -np.inf
    with pytest.raises(ds.DataError, match="not finite"):
        ds.read(data)["x"]


def test_numbers_whose_sum_overflows_are_numbers():
    assert ds.read({"x": np.full(3000, 1e308)})["x"][0] == 1e308


def test_sums_are_those_of_the_columns():
    columns = [np.arange(1000.0), np.ones(1000), -np.arange(1000.0)[::-1]]
    assert totals.totals(columns).tolist() == [499_500.0, 1000.0, -499_500.0]
    assert totals.totals([]).size == 0 and totals.totals([np.empty(0)]).tolist() == [0.0]


def test_a_copy_has_the_same_fingerprint(monkeypatch):
    borrowed = ds.read(arrays())
    monkeypatch.setattr(borrowing, "LARGE", 10**9)
    assert borrowed.totals and borrowed.fingerprint() == ds.read(arrays()).fingerprint()


def test_going_on_with_data_that_were_changed_is_refused():
    data = arrays()
    fit = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.1, steps=5)
    assert fit.resume(steps=5).history.step[-1] == 10
    data["y"][17] += 1.0
    for go_on in (lambda: fit.resume(steps=5), lambda: fit.again(steps=9)):
        with pytest.raises(ds.RequestError, match=r"y was changed since the fit read the data"):
            go_on()
    data["y"][17] -= 1.0

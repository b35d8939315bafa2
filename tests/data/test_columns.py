from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from downslope.data import Reading, from_arrays, read
from downslope.errors import DataError


def column(value, **options):
    return read({"x": value}, reading=Reading(**options))["x"]


def refused(value, **options):
    with pytest.raises(DataError) as caught:
        column(value, **options)
    return str(caught.value)


@given(npst.arrays(np.float64, st.integers(1, 20), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_float64_comes_back_to_the_bit_and_the_input_stays_the_owners(value):
    before = value.copy()
    kept = column(value)
    assert kept.tobytes() == before.tobytes()
    assert value.flags.writeable
    value[:] = 7.0
    assert kept.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0)[::2],
        np.arange(6.0)[::-1],
        np.arange(4, dtype=">f8"),
        np.arange(4, dtype=np.uint8),
        np.frombuffer(np.arange(4.0).tobytes()),
        range(4),
        (1, 2.5),
        iter([1, 2]),
        (number for number in (1, 2)),
        np.array([1.0, 2.0]).astype(np.longdouble),
    ],
)
def test_other_layouts_become_plain_float64(value):
    kept = column(value)
    assert kept.dtype == np.float64
    assert kept.dtype.isnative
    assert kept.flags.c_contiguous
    assert not kept.flags.writeable


def test_small_integers_are_widened_before_anything_is_computed():
    assert (column(np.array([200], np.uint8)) ** 2).tolist() == [40000.0]


@pytest.mark.parametrize(
    "value, notice",
    [
        (np.array([True, False]), "true read as 1, false as 0"),
        (np.array([1, 2], np.float32), "held as float32, about 7 digits"),
        (np.array([1, 2], np.float16), "held as float16, about 3 digits"),
        (np.array([2**53 + 1, 1]), "1 whole number is beyond 2**53"),
        (np.array([2**64 - 1, 2**53 + 1], np.uint64), "2 whole numbers are beyond 2**53"),
        (np.array([1, 2.5], object), "objects read as numbers"),
        ([Decimal("1.5"), Fraction(1, 2), 3], "objects read as numbers"),
        (["1", "2.5"], "texts read as numbers"),
        (np.array([[1.0], [2.0]]), "shape (2, 1) flattened to (2,)"),
        (np.array([[1.0, 2.0]]), "shape (1, 2) flattened to (2,)"),
    ],
)
def test_what_was_done_is_said(value, notice):
    table = read({"x": value})
    assert notice in "".join(table.notices)
    assert table["x"].ndim == 1


def test_plain_numbers_need_no_word():
    assert read({"x": [1, 2], "y": np.arange(2), "z": np.arange(2.0)}).notices == ()


def test_bfloat16_is_taken():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    table = read({"x": np.array([1.0, 2.5], ml_dtypes.bfloat16)})
    assert table["x"].tolist() == [1.0, 2.5]
    assert "about 2 digits" in table.notices[0]


@pytest.mark.parametrize(
    "value, says",
    [
        (5.0, r"its shape is ()"),
        (np.zeros((2, 3)), "its shape is (2, 3)"),
        (np.zeros((2, 1, 1)), "its shape is (2, 1, 1)"),
        ([[1, 2], [3]], "the rows are of different lengths"),
        (np.array([1j]), "complex numbers"),
        (np.array(["2024-01-01"], "M8[D]"), "dates or times"),
        (np.array([1], "m8[s]"), "dates or times"),
        ("text", "a str is no column of numbers"),
        (None, "its shape is ()"),
        ({1, 2}, "a set is no column of numbers"),
        ([1, "two"], "'two' is not a number"),
        ([1, object()], "is not a number"),
        ([1, None], "is missing"),
        ([1, [2]], "the rows are of different lengths"),
        (np.array([1, [2]], object), "a cell holds '[2]'"),
        ([10**400, 1], "too large for a number"),
        ([10**5000, 1], "too large for a number"),
        ([Fraction(10**400, 3)], "too large for a number"),
        ([Decimal("Infinity")], "not finite"),
        (np.array([(1, 2)], "i4,i4"), "no type of number"),
        (np.array([1.0, np.nan]), "row 2, column 'x': 'nan' is missing"),
        (np.array([1.0, -np.inf]), "row 2, column 'x': '-inf' is not finite"),
        (np.array([1e30], np.longdouble) ** 15, "not finite"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused_with_what_was_seen(value, says):
    assert says in refused(value)


def test_rows_that_are_not_finite_are_listed_and_counted():
    value = np.arange(20.0)
    value[[1, 3, 4, 8, 9, 10, 11]] = [np.nan, np.inf, np.nan, np.nan, -np.inf, np.nan, np.nan]
    assert refused(value).splitlines()[:7] == [
        "mapping, column 'x': 7 cells are not usable as numbers (row 1 is the first)",
        "  row 2: 'nan' (missing)",
        "  row 4: 'inf' (not finite)",
        "  row 5: 'nan' (missing)",
        "  row 9: 'nan' (missing)",
        "  row 10: '-inf' (not finite)",
        "  and 2 more",
    ]


def test_missing_rows_can_be_dropped():
    table = read({"x": [1.0, np.nan, 3.0, 4.0], "y": [1, 2, None, 4]}, reading=Reading(missing="drop"))
    assert table["x"].tolist() == [1.0, 4.0]
    assert "mapping: 2 of 4 rows dropped (rows 2, 3): missing values in 'x', 'y'" in table.notices
    assert "not finite" in refused([1.0, np.inf], missing="drop")
    assert "missing" in refused([np.nan, np.nan], missing="drop")


def test_masked_rows_are_left_out_and_counted():
    value = np.ma.MaskedArray([1.0, np.nan, 3.0], mask=[False, True, False])
    table = read({"x": value, "y": [4, 5, 6]})
    assert table["x"].tolist() == [1.0, 3.0]
    assert table["y"].tolist() == [4.0, 6.0]
    assert table.notices == ("mapping: 1 of 3 rows dropped (row 2): masked in 'x'",)
    assert "no row holds a number" in refused(np.ma.MaskedArray([1.0], mask=[True]))
    texts = np.ma.MaskedArray(["1", "oops"], mask=[False, True])
    assert column(texts).tolist() == [1.0]
    assert column(np.ma.MaskedArray([1, 2])).tolist() == [1.0, 2.0]


def test_lengths_must_agree():
    with pytest.raises(DataError, match="mapping: x has 20 rows, y 19"):
        read({"x": np.zeros(20), "y": np.zeros(19)})
    assert read({"x": np.zeros(20), "y": np.zeros(19)}, only={"x"}).rows == 20


def test_no_rows():
    with pytest.raises(DataError, match="no rows in 'x', 'y'"):
        read({"x": [], "y": []})


def test_only_what_is_asked_for_is_converted():
    class Expensive:
        def __array__(self, *_args, **_options):
            raise AssertionError("was converted")

    table = read({"x": [1.0], "big": Expensive()}, only=["x"])
    assert table.available == ("x", "big")


def test_a_table_of_arrays_by_position():
    table = from_arrays(("x", "y"), ([1, 2], np.array([[3], [4]])))
    assert table["y"].tolist() == [3.0, 4.0]
    with pytest.raises(DataError, match="column 'y': complex"):
        from_arrays(("x", "y"), ([1], [1j]))
    with pytest.raises(DataError, match="x has 2 rows, y 1"):
        from_arrays(("x", "y"), ([1, 2], [1]))
    with pytest.raises(DataError, match="2 names .* for 1 arrays"):
        from_arrays(("x", "y"), ([1, 2],))
    with pytest.raises(DataError, match="not distinct"):
        from_arrays(("x", "x"), ([1], [2]))


def test_arrays_without_names_are_refused():
    for nameless in (np.zeros((3, 2)), [1, 2], (), 5, None):
        with pytest.raises(DataError, match="mapping of columns"):
            read(nameless)


def test_a_structured_array_has_names():
    table = read(np.array([(1, 2.5), (3, 4.5)], [("x", "i4"), ("y", "f8")]))
    assert table["y"].tolist() == [2.5, 4.5]
    assert table.source == "structured array"


def test_sparse_columns_are_taken():
    sparse = pytest.importorskip("scipy.sparse")
    assert column(sparse.csc_array(np.array([[0.0], [2.0]]))).tolist() == [0.0, 2.0]


def test_jax_arrays_are_taken():
    jax = pytest.importorskip("jax")
    assert column(jax.numpy.arange(3)).tolist() == [0.0, 1.0, 2.0]

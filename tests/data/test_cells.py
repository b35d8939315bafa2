import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.data.cells import is_number, numbers
from downslope.data.places import Places
from downslope.errors import DataError


def read(cells, **options):
    return numbers(cells, "y", Places("t.csv", range(2, 2 + len(cells))), **options)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_written_floats_come_back_to_the_bit(values):
    exact, missing, notices = read([repr(value) for value in values])
    assert exact.tobytes() == np.array(values).tobytes()
    assert not missing.size
    if not any("2**53" in notice for notice in notices):
        assert notices == ()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_decimal_commas_mean_the_same_as_points(values):
    exact, _, _ = read([repr(value).replace(".", ",") for value in values], decimal=",")
    assert exact.tobytes() == np.array(values).tobytes()


@given(st.text(max_size=8))
def test_only_plain_numbers_are_taken(text):
    """The fast way (Python's float) and the careful way agree on every text."""
    try:
        fast = read([text])[0].tolist()
    except DataError:
        fast = None
    try:
        slow = read([text, "NA"], drop=True)[0].tolist()[:1]
    except DataError:
        slow = None
    if text.strip().casefold() in ("true", "false"):
        return
    assert fast == slow


@pytest.mark.parametrize(
    "cell, says",
    [
        ("three", "not a number"),
        ("", "missing"),
        ("  ", "missing"),
        ("NA", "missing"),
        ("NaN", "missing"),
        ("-nan", "missing"),
        ("null", "missing"),
        ("inf", "not finite"),
        ("-Infinity", "not finite"),
        ("1e309", "too large for a number"),
        ("-1e400", "too large for a number"),
        ("9" * 400, "too large for a number"),
        ("1,5", "decimal comma"),
        ("-0,25e3", "decimal comma"),
        ("1,234", "decimal comma"),
        ("1,234.5", "thousands separators"),
        ("1 234", "thousands separators"),
        ("1\u202f234\u202f567", "thousands separators"),
        ("1'234", "thousands separators"),
        ("1.234.567", "thousands separators"),
        ("1_000", "thousands separators"),
        ("$3", "unit"),
        ("3 %", "unit"),
        ("3 cm", "unit"),
        ("20°C", "unit"),
        ("2024-01-31", "date"),
        ("31.01.2024", "date"),
        ("1/2/24", "date"),
        ("2024-01-31T12:00:00+01:00", "date"),
        ("12:30", "date"),
        ("3 Jan 2024", "date"),
        ("yes", "not a number"),
        ("0x10", "not a number"),
        ("1_0", "not a number"),
        ("١٢", "not a number"),
        ("1 2", "not a number"),
        ("--5", "not a number"),
        ("1d5", "not a number"),
        ("=1+1", "not a number"),
        ("1,5;2,5", "not a number"),
    ],
)
def test_what_is_no_number_is_refused_by_its_kind(cell, says):
    with pytest.raises(DataError) as refused:
        read(["1", cell, "2"])
    message = str(refused.value)
    assert message.startswith(f"t.csv, line 3, column 'y': {cell!r}"[:48])
    assert says in message


def test_decimal_commas_are_refused_with_their_remedy():
    with pytest.raises(DataError, match=r"--decimal , \(decimal=','\)"):
        read(["1,5", "2,5"])
    assert read(["1,5", "2"], decimal=",")[0].tolist() == [1.5, 2.0]
    with pytest.raises(DataError, match="written with a point"):
        read(["1,5", "1.5"], decimal=",")


def test_the_first_five_bad_cells_are_listed_and_the_rest_counted():
    with pytest.raises(DataError) as refused:
        read(["1", "a", "", "c", "d", "e", "f", "g"])
    assert str(refused.value).splitlines() == [
        "t.csv, column 'y': 7 cells are not usable as numbers",
        "  line 3: 'a'",
        "  line 4: '' (missing)",
        "  line 5: 'c'",
        "  line 6: 'd'",
        "  line 7: 'e'",
        "  and 2 more",
        "Write a number, or leave the column out of the formula."
        " Fill them in, or leave such rows out with --missing drop (missing='drop').",
    ]


def test_missing_cells_alone_are_called_missing():
    with pytest.raises(DataError) as refused:
        read(["1", *["NA"] * 9])
    assert "9 cells are missing" in str(refused.value)
    assert "--missing drop (missing='drop')" in str(refused.value)


def test_missing_cells_are_dropped_when_asked_but_text_is_not():
    values, missing, _ = read(["1", "NA", " ", "4"], drop=True)
    assert values[[0, 3]].tolist() == [1.0, 4.0]
    assert missing.tolist() == [1, 2]
    with pytest.raises(DataError, match="line 4"):
        read(["1", "NA", "oops", "4"], drop=True)


def test_a_column_without_any_number_cannot_be_dropped_away():
    with pytest.raises(DataError, match="2 cells are missing"):
        read(["NA", ""], drop=True)


def test_truth_words_become_one_and_zero_and_it_is_said():
    values, _, notices = read(["true", "False", "TRUE"])
    assert values.tolist() == [1.0, 0.0, 1.0]
    assert notices == ("column 'y': true read as 1, false as 0",)
    with pytest.raises(DataError, match="a truth word"):
        read(["true", "0", "1"])


def test_whole_numbers_that_float64_rounds_are_counted():
    values, _, notices = read(["9007199254740992", "9007199254740993", "1e300"])
    assert values.tolist() == [2.0**53, 2.0**53, 1e300]
    assert notices == ("column 'y': 1 whole number is beyond 2**53; the last digits are lost",)


def test_a_very_long_cell_is_cut_in_the_message():
    with pytest.raises(DataError) as refused:
        read(["x" * 10_000])
    assert len(str(refused.value)) < 250


def test_endless_cells_are_judged_in_no_time():
    """A pattern that tries every way to split a run of digits would take hours."""
    start = time.perf_counter()
    for cell in ["1" * 100_000 + "x", "1," * 50_000, "1." * 50_000, "." * 100_000, "1 " * 50_000, "a" * 100_000]:
        with pytest.raises(DataError):
            read([cell])
    assert read(["0" * 100_000 + "9007199254740993"])[0].tolist() == [2.0**53]
    assert time.perf_counter() - start < 2


def test_is_number():
    assert is_number("-.5e-3") and is_number("5.") and is_number("+1")
    assert not is_number("") and not is_number(".") and not is_number("1e") and not is_number("nan")

"""The fast reader and the careful one must not be told apart by what they answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.data import Reading, Table, delimited, read
from downslope.data.bulk import bulk, is_regular
from downslope.errors import DataError

CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**6), 10**6).map(str),
    st.sampled_from(
        ["1.", ".5", "+1", "1e5", "1E-5", "-0", "-0.0", "007", "1e-320", "9007199254740991", "0.1" + "0" * 40 + "1"]
    ),
)
# fmt: off
ODD = st.sampled_from([
    "", " 1", "2 ", "\t3", "NA", "nan", "inf", "-inf", "infinity", "1e309", "9007199254740993", "1_0", "three", "true",
    "1,5", "1;2", '"1"', '"a\nb"', '"', "#", "0x1", "1d3", "µ", "٣", "1.5.2", "--1", "1e", "e5", "1e5.0", "1f", "\x0b1",
])
# fmt: on


@st.composite
def texts(draw: st.DrawFn) -> str:
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6))
    for _ in range(draw(st.integers(0, 2))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        what = draw(st.sampled_from(["odd", "longer", "shorter", "blank"]))
        if what == "odd" and row:
            row[draw(st.integers(0, len(row) - 1))] = draw(ODD)
        elif what == "longer":
            row.append(draw(st.one_of(CELLS, st.just(""))))
        elif what == "shorter":
            row[-1:] = []
        else:
            row.clear()
    delimiter, end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\n", ""]))
    header = delimiter.join(f"c{index}" for index in range(width))
    return "\n".join([header, *(delimiter.join(row) for row in rows)]) + end


def outcome(text: str, only: set[str] | None, reading: Reading) -> object:
    try:
        sheet = delimited.read_text(text, "t.csv", only, reading)
    except DataError as error:
        return str(error)
    numbers = {name: column.values.tobytes() for name, column in sheet.columns.items()}
    gaps = {name: column.missing.tolist() for name, column in sheet.columns.items() if column.missing is not None}
    said = [notice for column in sheet.columns.values() for notice in column.notices]
    return sheet.names, numbers, gaps, {name: str(error) for name, error in sheet.problems.items()}, sheet.notices, said


@given(
    text=texts(),
    only=st.sampled_from([None, {"c0"}, {"c1", "c2"}, {"c0", "c3"}]),
    reading=st.sampled_from([Reading(), Reading(missing="drop"), Reading(comment="#"), Reading(header=False)]),
)
def test_both_readers_answer_the_same(text, only, reading):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LARGE", 10**9)
        careful = outcome(text, only, reading)
        patch.setattr(delimited, "LARGE", -1)
        fast = outcome(text, only, reading)
    assert fast == careful


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1))
def test_the_fast_reader_takes_clean_files(rows):
    """Otherwise the comparison above would compare the careful reader with itself."""
    text = "".join(f"{x!r};{y!r}\n" for x, y in rows)
    arrays = bulk(text, ";", 2, [0, 1], Reading())
    assert arrays is not None
    assert np.array(arrays).T.tobytes() == np.array(rows).tobytes()
    comma = bulk(text.replace(".", ","), ";", 2, [1], Reading(decimal=","))
    assert comma is not None
    assert comma[0].tobytes() == arrays[1].tobytes()


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), min_size=1, max_size=9), st.integers(1, 4))
def test_a_text_is_regular_if_each_line_is(rows, width):
    raw = "".join(",".join(row) + "\n" for row in rows).encode()
    assert is_regular(raw, ord(","), width) == all(len(row) == width for row in rows)


def test_lines_longer_than_a_piece_are_counted_too():
    line = b"1," * 300_000 + b"1\n"
    assert is_regular(line * 2, ord(","), 300_001)
    assert not is_regular(line + line[2:], ord(","), 300_001)


def large(rows: int) -> tuple[np.ndarray, str]:
    values = np.random.default_rng(0).normal(size=(rows, 2))
    return values, "x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in values.tolist())


def test_a_large_file_is_read_by_polars_and_a_fault_late_in_it_is_found(write, monkeypatch):
    values, text = large(30_000)
    assert len(text) > delimited.LARGE
    calls = []
    monkeypatch.setattr(delimited, "bulk", lambda *given: calls.append(bulk(*given)) or calls[-1])
    table: Table = read(write(text))
    assert calls[-1] is not None
    assert np.column_stack([table["x"], table["y"]]).tobytes() == values.tobytes()
    with pytest.raises(DataError, match=r"line 30002, column 'y': 'late' is not a number"):
        read(write(text + "1,late\n"))["y"]
    with pytest.raises(DataError, match=r"line 30002: expected 2 cells \('x', 'y'\), found 1: '1'"):
        read(write(text + "1\n"))
    with pytest.raises(DataError, match="line 15000: expected 2 cells"):
        lines = text.split("\n")
        lines[14_999] = "1,2,3"
        read(write("\n".join(lines)))
    assert calls[1:] == [None, None, None]

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.data.lines import BLANKS, Lines, find_delimiter, records
from downslope.errors import DataError


def all_records(text, delimiter=",", comment=None):
    return list(records(Lines(text, comment), delimiter, "t.csv"))


def test_numbers_are_those_an_editor_shows():
    text = 'x,y\n\n"1\n2",3\n# note\n   \n4,5\n'
    assert all_records(text, comment="#") == [(1, ["x", "y"]), (3, ["1\n2", "3"]), (7, ["4", "5"])]


@given(st.lists(st.lists(st.text(alphabet='ab1,;"\n '), min_size=2, max_size=3), min_size=1))
def test_whatever_is_written_is_read(rows):
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    found = all_records(text)
    # Blank lines inside quotes are skipped as they are elsewhere; what stands in such a cell is no number anyway.
    if not any(line.isspace() or not line for line in text.split("\n")[:-1]):
        assert [cells for _, cells in found] == rows
    for number, cells in found:
        if cells[0][:1].isalnum():
            assert cells[0].split("\n")[0] in text.split("\n")[number - 1].replace('""', '"')


def test_a_quote_that_never_closes_is_named_where_it_opens():
    with pytest.raises(DataError, match=r"t\.csv, line 3: a quote opens and is not closed: '\"3,4'"):
        all_records('x,y\n1,2\n"3,4\n5,6\n')


def test_a_quote_that_swallows_the_rest_of_a_large_file_is_named_too():
    with pytest.raises(DataError, match="line 2: a cell longer than"):
        all_records('x,y\n"3,4\n' + "5,6\n" * csv.field_size_limit())


def test_text_after_a_closing_quote_is_refused():
    with pytest.raises(DataError, match="line 2: text after a closing quote"):
        all_records('x,y\n"3"a,4\n5,6\n')


def test_quotes_inside_a_cell_are_text():
    assert all_records('x,y\n5" pipe,4\n')[1] == (2, ['5" pipe', "4"])


def test_a_line_of_tabs_is_a_row_where_tabs_part_the_cells():
    assert all_records("x\ty\n\t\n1\t2\n", "\t")[1] == (2, ["", ""])
    assert all_records("x,y\n\t\n1,2\n")[1] == (3, ["1", "2"])


def test_any_run_of_blanks_parts_cells_where_blanks_do():
    assert all_records("x   y\n 1 \t 2\n", BLANKS) == [(1, ["x", "y"]), (2, ["1", "2"])]


@pytest.mark.parametrize(
    "text, decimal, found",
    [
        ("x,y\n", ".", ","),
        ("x;y\n", ".", ";"),
        ("x\ty\n", ".", "\t"),
        ("x|y\n", ".", "|"),
        ("x\n", ".", ","),
        ("x y\n1 2\n", ".", BLANKS),
        ("time (s);value, raw;note\n", ".", ";"),
        ('"a;b;c",y\n', ".", ","),
        ("1,5;2,5\n", ".", ";"),
        ("1,5\t2,5\n", ".", "\t"),
        ("x,y;z\n", ",", ";"),
    ],
)
def test_the_delimiter_is_found_in_the_first_line(text, decimal, found):
    assert find_delimiter(Lines(text), decimal) == found

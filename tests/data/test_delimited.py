import numpy as np
import pytest

from downslope.data import Reading, read
from downslope.errors import DataError, RequestError, UnknownName


def refused(given, **options):
    with pytest.raises(DataError) as caught:
        table = read(given, reading=Reading(**options))
        for name in table.available:
            table[name]
    return str(caught.value)


def test_a_plain_file(write):
    table = read(write("x,y\n1,2\n3,4.5\n"))
    assert table["x"].tolist() == [1.0, 3.0]
    assert table["y"].tolist() == [2.0, 4.5]
    assert (table.source, table.notices, table.rows) == ("t.csv", (), 2)


def test_header_only(write):
    assert refused(write("x,y\n")) == "t.csv: no rows below the header (x, y)"
    assert refused(write("x,y\n\n\n")) == "t.csv: no rows below the header (x, y)"


def test_text_in_a_column_names_line_column_and_cell(write):
    assert "t.csv, line 3, column 'y': 'three' is not a number" in refused(write("x,y\n1,2\n2,three\n3,4\n"))


def test_a_text_column_that_nobody_uses_is_no_error(write):
    name = write("when,x,y\nmon,1,2\ntue,3,4\n")
    table = read(name)
    assert table["y"].tolist() == [2.0, 4.0]
    assert table.available == ("when", "x", "y")
    assert read(name, only={"x"}).available == ("when", "x", "y")
    assert set(read(name, only={"x"}).columns) == {"x"}


@pytest.mark.parametrize("row, found", [("3", 1), ("3,4,5", 3), ("3,4,", 3)])
def test_a_row_of_another_length_is_refused(write, row, found):
    message = refused(write(f"x,y\n1,2\n{row}\n5,6\n"))
    assert message.startswith(f"t.csv, line 3: expected 2 cells ('x', 'y'), found {found}: {row!r}")


def test_a_short_row_is_refused_even_where_only_an_unused_column_lacks_it(write):
    with pytest.raises(DataError, match="line 3: expected 3 cells"):
        read(write("x,y,note\n1,2,a\n3,4\n5,6,b\n"), only={"x", "y"})


def test_ragged_rows_are_listed_and_counted(write):
    message = refused(write("x,y\n" + "1\n1,2\n1,2,3\n" * 4))
    assert message.splitlines() == [
        "t.csv: 8 lines are too short or too long; expected 2 cells ('x', 'y')",
        "  line 2 has 1: '1'",
        "  line 4 has 3: '1,2,3'",
        "  line 5 has 1: '1'",
        "  line 7 has 3: '1,2,3'",
        "  line 8 has 1: '1'",
        "  and 3 more",
        "Complete or remove such lines.",
    ]


def test_ragged_rows_are_not_dropped_as_missing(write):
    assert "expected 2 cells" in refused(write("x,y\n1,2\n3\n"), missing="drop")


@pytest.mark.parametrize(
    "text, advice",
    [
        ("x,y\n1,2,\n3,4,\n", "end with a ',' too many"),
        ("x,y\n1,5,2,5\n1,6,2,7\n", "--decimal ,"),
        ("# made by a logger\nx,y\n1,2\n", "--comment '#'"),
        ("# a\nx,y\n1,2,3\n", "--comment '#'"),
        ("x,y\n1,2\n# end of day\n", "--comment '#'"),
        ("x\n1,2,3\n4,5,6\n", "one name for each column"),
    ],
)
def test_ragged_rows_come_with_the_advice_that_fits(write, text, advice):
    assert advice in refused(write(text))


def test_trailing_delimiters_in_header_and_rows_make_an_empty_column(write):
    table = read(write("x,y,\n1,2,\n3,4,\n"))
    assert table["y"].tolist() == [2.0, 4.0]
    with pytest.raises(DataError, match="2 cells are missing"):
        table["column3"]


def test_blank_lines_are_skipped_and_line_numbers_stay(write):
    assert read(write("\nx,y\n\n1,2\n   \n3,4\n\n")).rows == 2
    assert "line 6" in refused(write("\nx,y\n\n1,2\n\n3,oops\n\n"))


def test_line_numbers_count_the_lines_inside_quotes(write):
    assert "line 5, column 'x'" in refused(write('x,note\n1,"a\nb, c"\n2,""\noops,d\n'))
    assert read(write('x,note\n1,"a\nb, c"\n2,"d"\n'))["x"].tolist() == [1.0, 2.0]


def test_an_open_quote_is_named_by_its_line(write):
    assert refused(write('x,y\n1,2\n"3,4\n5,6\n')).startswith("t.csv, line 3: a quote opens and is not closed")


def test_the_delimiter_is_said(write):
    table = read(write("x;y\n1;2\n"))
    assert table["y"].tolist() == [2.0]
    assert table.notices == ("t.csv: cells are parted by ';'",)
    assert read(write("x\ty\n1\t2\n")).notices == ("t.csv: cells are parted by tabs",)
    assert read(write("x\ty\n1\t2\n", "t.tsv")).notices == ()
    assert read(write("x y\n1  2\n", "t.txt")).notices == ("t.txt: cells are parted by blanks",)


def test_a_single_column_may_have_blanks_in_its_name(write):
    assert read(write("time of day\n1\n2\n"))["time of day"].tolist() == [1.0, 2.0]


def test_a_delimiter_can_be_given(write):
    assert read(write("x:y\n1:2\n"), reading=Reading(delimiter=":"))["y"].tolist() == [2.0]
    assert read(write("x y\n1  2\n"), reading=Reading(delimiter="space"))["y"].tolist() == [2.0]


def test_decimal_commas_are_refused_with_the_remedy_which_works(write):
    name = write("x;y\n1,5;2,5\n3;4,25\n")
    message = refused(name)
    assert "line 2, column 'x': '1,5' is a number with a decimal comma" in message
    assert "--decimal , (decimal=',')" in message
    table = read(name, reading=Reading(decimal=","))
    assert table["x"].tolist() == [1.5, 3.0]
    assert table["y"].tolist() == [2.5, 4.25]


@pytest.mark.parametrize("text", ["1,2\n3,4\n", "1;2\n3;4\n", "1,5;2,5\n1,6;2,7\n", "1 2\n3 4\n", "-1e3,,5\n1,2,3\n"])
def test_a_first_line_of_numbers_is_not_taken_for_a_header(write, text):
    message = refused(write(text))
    assert message.startswith("t.csv: line 1 looks like data")
    assert "--no-header (header=False)" in message


def test_names_that_are_partly_numbers_are_names(write):
    assert read(write("country,2019,2020\n1,2,3\n"))["2019"].tolist() == [2.0]


def test_without_header_columns_are_numbered(write):
    table = read(write("1,2\n3,4\n"), reading=Reading(header=False))
    assert table.available == ("column1", "column2")
    assert table["column2"].tolist() == [2.0, 4.0]
    assert read(write("1 2\n3 4\n"), reading=Reading(header=False)).available == ("column1", "column2")
    assert read(write("1,5;2,5\n"), reading=Reading(header=False, decimal=","))["column2"].tolist() == [2.5]


def test_no_header_asked_where_there_is_one(write):
    assert "Line 1 looks like a header" in refused(write("x,y\n1,2\n"), header=False)


def test_duplicate_names_are_refused_only_where_used(write):
    table = read(write("x,y,x\n1,2,3\n"))
    assert table["y"].tolist() == [2.0]
    assert table.notices == ("t.csv: the columns named 'x' are left out: there are several",)
    with pytest.raises(DataError, match=r"2 columns are named 'x' \(columns 1, 3\)"):
        table["x"]


def test_names_are_stripped_and_empty_ones_are_numbered(write):
    table = read(write(',x, "y, raw"\n0,1,2\n1,3,4\n'))
    assert table.available == ("column1", "x", "y, raw")
    assert table.notices == ("t.csv: column 1 has no name and is called 'column1'",)


@pytest.mark.parametrize("name", ["a b", "exp", "λ", "🙂", "=cmd()", "<img src=x onerror=alert(1)>", "x" * 500])
def test_odd_names_are_kept(write, name):
    assert read(write(f"{name},y\n1,2\n"))[name].tolist() == [1.0]


def test_comment_lines_are_skipped_only_when_asked(write):
    name = write("# one\nx,y\n1,2\n  # two, with, commas\n3,4\n")
    assert read(name, reading=Reading(comment="#"))["y"].tolist() == [2.0, 4.0]
    assert "--comment '#'" in refused(name)
    assert refused(write("# one\n# two\n"), comment="#") == "t.csv is empty: it holds comments and blank lines only"


def test_missing_cells_are_refused_by_default_and_dropped_on_request(write):
    name = write("x,y,note\n1,2,\n3,,a\nNA,4,b\n5,6,c\n")
    with pytest.raises(DataError, match=r"line 3, column 'y': '' is missing.*--missing drop \(missing='drop'\)"):
        read(name)["y"]
    table = read(name, reading=Reading(missing="drop"))
    assert table["x"].tolist() == [1.0, 5.0]
    assert table["y"].tolist() == [2.0, 6.0]
    assert table.notices == ("t.csv: 2 of 4 rows dropped (lines 3, 4): missing values in 'x', 'y'",)


def test_rows_are_dropped_for_the_columns_in_use_only(write):
    name = write("x,y,z\n1,2,\n3,4,5\n")
    assert read(name, only={"x", "y"}, reading=Reading(missing="drop")).rows == 2
    assert read(name, only={"x", "y"}).rows == 2


def test_when_no_row_is_complete_it_is_said(write):
    with pytest.raises(DataError, match="no row is complete"):
        read(write("x,y\n1,\n,2\n"), reading=Reading(missing="drop"))


def test_infinite_and_too_large_are_not_missing(write):
    name = write("x,y\n1,inf\n2,1e309\n")
    message = refused(name, missing="drop")
    assert "line 2: 'inf' (not finite)" in message
    assert "line 3: '1e309' (too large for a number)" in message


def test_byte_order_mark_is_no_part_of_a_name(write):
    assert read(write(b"\xef\xbb\xbfx,y\n1,2\n")).available == ("x", "y")
    assert read(write("x,y\n1,2\n".encode("utf-16"))).available == ("x", "y")


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_other_line_ends(write, ends):
    assert read(write(ends.join(["x,y", "1,2", "3,4", ""])))["y"].tolist() == [2.0, 4.0]


def test_a_wide_file_is_read_for_the_columns_asked(write):
    width = 20_000
    text = ",".join(f"c{index}" for index in range(width)) + "\n" + ",".join(["1.5"] * width) + "\n"
    table = read(write(text), only={"c7"})
    assert set(table.columns) == {"c7"}
    assert len(table.available) == width


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": ",,"},
        {"delimiter": ""},
        {"delimiter": "5"},
        {"delimiter": '"'},
        {"delimiter": "\n"},
        {"decimal": ";"},
        {"delimiter": ",", "decimal": ","},
        {"comment": ""},
        {"missing": "keep"},
    ],
)
def test_options_that_cannot_be_meant_are_bad_requests(options):
    with pytest.raises(RequestError):
        Reading(**options)


def test_an_unknown_treatment_of_missing_cells_names_the_near_one():
    with pytest.raises(UnknownName, match="Did you mean 'drop'"):
        Reading(missing="drops")


def test_columns_are_float64_contiguous_and_frozen(write):
    for column in read(write("x,y\n1,2\n3,4\n")).columns.values():
        assert column.dtype == np.float64
        assert column.flags.c_contiguous
        assert not column.flags.writeable

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.errors import FormulaError, RequestError, UnknownName
from downslope.model import as_model
from downslope.model.equation import read_expression
from downslope.model.names import column_text
from downslope.model.tree import names

COLUMNS = ["celsius", "fahrenheit", "x", "y", "decay rate", "exp", "pi", "lambda"]


def refusal(text, available=COLUMNS, claimed=()):
    with pytest.raises(RequestError) as caught:
        as_model(text, available, claimed)
    return str(caught.value)


def test_columns_are_names_in_the_data_and_parameters_the_rest():
    model = as_model("celsius = w*fahrenheit + b + w*x", COLUMNS)
    assert model.columns == ("fahrenheit", "x")
    assert model.parameters == ("w", "b")
    assert model.target_columns == ("celsius",)


def test_a_likely_typo_is_refused_and_both_ways_out_are_shown():
    message = refusal("celsius = w*farenheit + b")
    assert "did you mean the column 'fahrenheit'" in message
    assert "--start.farenheit 1" in message
    assert message.splitlines()[-1].strip() == "^" * len("farenheit")
    assert as_model("celsius = w*farenheit + b", COLUMNS, ["farenheit"]).parameters == ("w", "farenheit", "b")


@pytest.mark.parametrize(
    "text, available",
    [
        ("y = beta1*x", ["x", "y", "beta2"]),  # numbered, not misspelled
        ("y = gain*x + gait", ["x", "y", "gain"]),  # the column is used
        ("y = T*x", ["x", "y", "t"]),  # short
        ("y = rate*x", ["x", "y", "ratio"]),
    ],
)
def test_names_that_only_resemble_a_column_stay_parameters(text, available):
    assert as_model(text, available).parameters


def test_capitals_are_a_typo_when_no_column_is_used():
    assert "did you mean the column 'x'" in refusal("y = w*X", ["x", "y"])
    assert "did you mean the column 'Speed'" in refusal("y = w*speed + x", ["x", "y", "Speed"])


def test_a_start_for_a_column_is_a_clash_with_two_ways_out():
    message = refusal("y = w*x + b", ["x", "y", "w"], ["w"])
    assert "Rename the parameter" in message and "leave out its start" in message
    assert as_model("y = w*x + b", ["x", "y", "w"]).parameters == ("b",)


def test_unknown_column_on_the_left():
    with pytest.raises(UnknownName, match="Did you mean 'celsius'"):
        as_model("celsus = w*x", COLUMNS)


@pytest.mark.parametrize(
    "text, says",
    [
        ("y = y", "also on the right side"),
        ("y = w*y + b", "also on the right side"),
        ("log(y) = w*y", "also on the right side"),
        ("x + y = w*x*y", "also on the right side"),
        ("y = 2*x", "nothing to fit"),
        ("3 = w*x", "left side must be a column"),
        ("y = w*exp", "col("),
        ('y = w*col("decayrate")', "unknown column 'decayrate'. Did you mean 'decay rate'"),
    ],
)
def test_refused(text, says):
    assert says in refusal(text)


def test_part_of_the_left_side_may_be_on_the_right():
    assert as_model("y/x = a + b*x", ["x", "y"]).parameters == ("a", "b")


def test_quoted_columns():
    model = as_model('y = w*col("decay rate") + exp(col("exp"))*col("lambda") + pi*col("pi")', COLUMNS)
    assert model.columns == ("decay rate", "exp", "lambda", "pi")
    assert model.parameters == ("w",)


def test_a_column_in_another_normal_form_is_found():
    assert as_model("y = w*x", ["ｘ", "y"]).columns == ("ｘ",)
    assert "can be any of" in refusal("y = w*x", ["ｘ", "𝐱", "y"])


def test_names_that_look_the_same_are_refused():
    assert "look the same" in refusal("y = w*х", ["x", "y"])  # a Cyrillic х
    assert "look the same" in refusal("y = а*x + a", ["x", "y"])


def test_a_formula_without_columns_fits_a_constant():
    model = as_model("y = b", ["x", "y"])
    assert model.parameters == ("b",)
    assert len(model.columns) == 1


@pytest.mark.parametrize(
    "column", [*COLUMNS, 'a"b', "a\\b", "📈", "größe", "__x", "ｘ", "ﬁ", "2nd", "col", "a\nb\tc", "it's", "\u202ex"]
)
def test_column_text_is_read_back_as_that_column(column):
    assert as_model(f"y0 = w*{column_text(column)}", [column, "y0"]).columns == (column,)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8))
def test_any_column_can_be_written(column):
    (name,) = names(read_expression(column_text(column)))
    assert name.name == column


def test_many_columns_are_no_burden():
    started = time.perf_counter()
    as_model("y = weight*x + offset", [*(f"sensor_{k}" for k in range(50_000)), "x", "y"])
    assert time.perf_counter() - started < 1.0


def test_errors_point_into_the_formula():
    with pytest.raises(FormulaError) as caught:
        as_model("y = 2*x*y + b", ["x", "y"])
    assert caught.value.text[caught.value.start : caught.value.end] == "y"

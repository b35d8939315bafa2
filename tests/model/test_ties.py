import pytest

from downslope.errors import FormulaError, RequestError, UnknownName
from downslope.model import as_model
from downslope.model.ties import kinked, read_ties

MODEL = as_model("y = a*exp(-b1*x) + c*exp(-b2*x) + d*x", ["x", "y", "z"])


@pytest.mark.parametrize(
    ("tied", "order"),
    [
        ({}, []),
        ({"a": "b1"}, [0]),
        ({"a": "c", "c": "b2", "b2": "2*b1"}, [3, 2, 0]),
        ({"b2": "a*c + c", "a": "c"}, [0, 3]),
    ],
)
def test_each_tie_comes_after_those_that_it_reads(tied, order):
    assert MODEL.parameters == ("a", "b1", "c", "b2", "d")
    assert [tie.place for tie in read_ties(MODEL, tied)] == order


@pytest.mark.parametrize(
    ("tied", "says"),
    [
        ({"b1": "b2", "b2": "b1"}, "b1 is tied to b2, which is tied to b1. Leave one of them free"),
        ({"b2": "b1", "b1": "2*b2"}, "b1 is tied to b2, which is tied to b1"),
        ({"a": "c + d", "c": "2*b2", "b2": "a*b1"}, "a is tied to c, which is tied to b2, which is tied to a."),
        ({"d": "a", "b2": "b2 + 1"}, "b2 is tied to itself"),
        ({"a": "2*3"}, "the tie of 'a' is '2*3', a number; say fixed={'a': 6.0}"),
    ],
)
def test_circles_and_numbers_are_named(tied, says):
    with pytest.raises(RequestError) as caught:
        read_ties(MODEL, tied)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("2*x", FormulaError, "the tie of 'a' reads the column 'x'; a tie is a formula of other parameters only"),
        ("b1 + y", FormulaError, "reads the column 'y'"),
        ('col("z")', FormulaError, "reads the column 'z'"),
        ("2*b11", UnknownName, "unknown parameter in the tie of 'a': 'b11'. Did you mean 'b1'?"),
        ("z", UnknownName, "Known: 'a', 'b1', 'c', 'b2', 'd'"),
        ("a = 2*b1", FormulaError, "the tie of 'a': = is not part of an expression\n  a = 2*b1\n    ^"),
        ("2b1", FormulaError, "the tie of 'a': "),
        ("b1/0", FormulaError, "this divides by zero"),
        ("line(b1)", FormulaError, "the tie of 'a': line is a ready model"),
        ("  ", FormulaError, "the tie of 'a': the expression is empty"),
        ("__import__('os')", FormulaError, "the tie of 'a': "),
        ("(lambda: b1)()", FormulaError, "the tie of 'a': "),
    ],
)
def test_what_no_tie_can_hold_is_shown_in_its_place(text, error, says):
    with pytest.raises(error) as caught:
        read_ties(MODEL, {"a": text})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"), [("2*b1", False), ("b1*abs(-3)", False), ("abs(b1)", True), ("maximum(b1, 0) + c", True)]
)
def test_a_kink_is_seen(text, found):
    assert [kinked(tie) for tie in read_ties(MODEL, {"a": text})] == [found]

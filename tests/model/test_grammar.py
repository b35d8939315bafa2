import time

import pytest

from downslope.errors import FormulaError
from downslope.model.equation import read_expression
from downslope.model.tree import Apply, Name, constant, postorder


def place(text):
    with pytest.raises(FormulaError) as caught:
        read_expression(text)
    return caught.value.problem, text[caught.value.start : caught.value.end]


@pytest.mark.parametrize(
    "text, says, under",
    [
        ("w*lgo(x)", "Did you mean 'log'", "lgo"),
        ("w*ln(x)", "write log", "ln"),
        ("max(x, w)", "write maximum", "max"),
        ("w(x + 1)", "w*(…)", "w"),
        ("pow(x, w)", "a**b", "pow"),
        ("frobnicate(x)", "Known: 'abs'", "frobnicate"),
        ("ехр(x)", "look like those of 'exp'", "ехр"),
        ("exp(x, w)", "1 argument, here 2", "exp(x, w)"),
        ("minimum(x)", "2 arguments, here 1", "minimum(x)"),
        ("exp(x=3)", "no named arguments", "x=3"),
        ("3 + exp", "is a function: write exp(x)", "exp"),
        ("w*x > 2", "first part of where", "w*x > 2"),
        ("where(x, w, b)", "must be a comparison", "x"),
        ("where(x > 0, w > 1, b)", "first part of where", "w > 1"),
        ("where(exp(x > 0) > 1, w, b)", "first part of where", "x > 0"),
        ("col(x)", "one name in quotes", "col(x)"),
        ("w*inf", "is no number", "inf"),
        ("w*__x", "begin with a letter", "__x"),
        ("9**9**9", "too large", "9**9**9"),
        ("w*2**10**8", "too large", "2**10**8"),
        ("exp(1000)*w", "too large", "exp(1000)"),
        ("x/0", "divides by zero", "x/0"),
        ("w*(1/0)", "divides by zero", "1/0"),
        ("0**-1", "divides by zero", "0**-1"),
        ("log(-1)*w", "no real value", "log(-1)"),
        ("(-8)**0.5", "no real value", "(-8)**0.5"),
    ],
)
def test_refused_where_and_why(text, says, under):
    problem, piece = place(text)
    assert says in problem
    assert piece == under


@pytest.mark.parametrize("text", ["9**9**9", "2**10**8", "9**9**9**9**9*w"])
def test_huge_powers_cost_nothing(text):
    started = time.perf_counter()
    place(text)
    assert time.perf_counter() - started < 0.05


def test_places_count_characters_not_bytes():
    assert place('col("größe") + Δθ*frobnicate(x)')[1] == "frobnicate"


def test_python_precedence():
    tree = read_expression("-x**2 + w/2*x")
    assert [node.op for node in postorder(tree) if isinstance(node, Apply)] == ["**", "negative", "/", "*", "+"]


def test_constants_are_folded_where_they_stand():
    tree = read_expression("w*(2*pi/360)")
    assert isinstance(tree, Apply)
    assert constant(tree.args[1]) == 2 * 3.141592653589793 / 360


def test_an_odd_column_is_quoted():
    assert [
        (node.name, node.quoted)
        for node in postorder(read_expression("""col('a"b') * col("exp")"""))
        if isinstance(node, Name)
    ] == [('a"b', True), ("exp", True)]


def test_letters_of_other_widths_are_the_plain_ones():
    tree = read_expression("ｗ*𝐱")
    assert [node.name for node in postorder(tree) if isinstance(node, Name)] == ["w", "x"]


def test_chained_comparison_means_both():
    tree = read_expression("where(0 < x <= 1, w, b)")
    assert isinstance(tree, Apply)
    assert [node.op for node in postorder(tree) if isinstance(node, Apply)] == ["<", "<=", "and", "where"]


def test_too_many_nodes_are_refused():
    assert "too many terms" in place("+".join(["-x"] * 2_500))[0]

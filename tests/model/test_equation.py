import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.errors import FormulaError
from downslope.model.equation import Call, read_equation, read_expression
from downslope.model.tree import Name, postorder


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "empty"),
        ("   ", "empty"),
        ("w*x + b", "there is no ="),
        ("y =", "nothing stands after ="),
        ("y == w*x", "one =, not =="),
        ("y = x = w", "two ="),
    ],
)
def test_an_equation_has_two_sides(text, says):
    with pytest.raises(FormulaError, match=says):
        read_equation(text)


def test_sides_are_kept_as_text_on_one_line():
    _, _, left, right = read_equation('  log( y )\n=\tw *\n x + col("two  spaces") ')
    assert (left, right) == ("log( y )", 'w *  x + col("two  spaces")')


def test_a_ready_model_is_the_whole_right_side():
    _, call, *_ = read_equation("y = polynomial(log(x) + 1, degree=3)")
    assert isinstance(call, Call)
    assert (call.name, call.text, call.args, call.options) == ("polynomial", "log(x) + 1", (), {"degree": 3})


@pytest.mark.parametrize(
    "text, says",
    [
        ("y = 2*line(x)", "only be the whole right side"),
        ("y = line()", "nothing stands between"),
        ("y = line(degree=3)", "needs a column"),
        ("y = line(3)", "needs a column"),
        ("y = polynomial(x, degree=w)", "plain numbers"),
        ("y = line(x)(x)", "an operator is missing"),
        ("y = line", "is a function"),
    ],
)
def test_ready_models_that_cannot_be_read(text, says):
    with pytest.raises(FormulaError, match=says):
        read_equation(text)


def test_a_sum_of_a_thousand_terms_is_read():
    tree = read_expression("+".join(f"a{k}*x" for k in range(1_000)))
    assert sum(isinstance(node, Name) for node in postorder(tree)) == 2_000


def test_a_long_sum_on_a_deep_stack_is_refused_or_read_but_never_overflows():
    def deeper(levels):
        return deeper(levels - 1) if levels else read_expression("+".join(["x"] * 2_000))

    try:
        deeper(sys.getrecursionlimit() - 200)
    except FormulaError as error:
        assert "too long or nested too deeply" in str(error)


@given(
    st.text(alphabet=st.sampled_from(list("xyw0123.,=+-*/()<> \t\n\"'[]{}:;#^%_eé²аd")), max_size=40)
    | st.text(max_size=30)
)
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        read_equation(text)
    except FormulaError as error:
        assert 0 <= error.start <= len(error.text)
        assert "^" in str(error)

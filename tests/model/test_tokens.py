import time

import pytest

from downslope.errors import FormulaError
from downslope.model.tokens import tokenize


def place(text):
    with pytest.raises(FormulaError) as caught:
        tokenize(text)
    error = caught.value
    return error.problem, error.text[error.start : error.end or error.start + 1]


def test_tokens_of_a_formula():
    words = " ".join(token.text for token in tokenize("log(y)= .5*x1**-2e-3+where(0<x,a,b_)"))
    assert words == "log ( y ) = .5 * x1 ** - 2e-3 + where ( 0 < x , a , b_ )"


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r\n", "\u00a0", "   "])
def test_every_kind_of_space_separates(space):
    assert [token.text for token in tokenize(f"y{space}={space}w*x")] == ["y", "=", "w", "*", "x"]


@pytest.mark.parametrize(
    "text, says, under",
    [
        ("y = x^2", "power is written **", "^"),
        ("y = 2x", "a product is written 2*x", "2x"),
        ("y = w x", "a product is written w*x", "w x"),
        ("y = 2(x)", "an operator is missing", "2("),
        ("y = (x)(w)", "an operator is missing", ")("),
        ("y = x % 2", "remainder", "%"),
        ("y = x // 2", "floor(a/b)", "//"),
        ("y = w*0,5", "a point: 0.5", ","),
        ("y = w*x; b", "a second statement", ";"),
        ("y = w*x # b", "a comment", "#"),
        ("y = w*x\0", "U+0000", "\0"),
        ("y = w*\u200bx", "zero width space", "\u200b"),
        ("y = w*\u202ex", "right-to-left override", "\u202e"),
        ("y = w·x", "multiply with *", "·"),
        ("y = w−x", "typographic minus", "−"),
        ("y = w*x\\", "a backslash", "\\"),
        ("y ~ w*x", "joined by =", "~"),
        ("y = w*x²", "a power is written x**2", "²"),
        ("y = w*mах", "cyrillic", "а"),
        ("y = 3j*x", "a complex number", "3j"),
        ("y = w*x*", "missing after '*'", "*"),
        ("y = w*/x", "missing before '/'", "/"),
        ("y = w*(x", "never closed", "("),
        ("y = w*x)", "never opened", ")"),
        ("y = exp()", "nothing stands between", ")"),
        ("y = exp(,x)", "missing before ','", ","),
        ("= w*x", "nothing stands before =", "="),
        ("y = = x", "one = is enough", "="),
        ("y = w*class", "col(", "class"),
        ("y = x if x else w", "where(x > 0, a, b)", "if"),
        ("y = x and w", "'and'", "and"),
        ("y = 1e999*w", "too large", "1e999"),
        ("y = w*'x", "never closed", "'"),
        ('y = col("a\\d")*w', "a backslash is written twice", '"'),
        ("y = 📈*w", "is not part of a formula", "📈"),
    ],
)
def test_refused_where_and_why(text, says, under):
    problem, piece = place(text)
    assert says in problem
    assert piece == under


@pytest.mark.parametrize(
    "text, construct",
    [
        ('y = __import__("os").system("touch marker")', "__import__"),
        ("y = x.__class__", "attribute"),
        ("y = ().__class__", "parentheses"),
        ('y = open("f")', "open"),
        ("y = x[0]", "subscript"),
        ("y = [x for x in y]", "comprehension"),
        ("y = {x: 1}", "dictionary"),
        ("y = lambda x: x", "lambda"),
        ('y = f"{x}"', "f-string"),
        ('y = "text"', "a string"),
        ("y = (x := 3)", "assignment"),
        ("y = exp(*x)", "starred"),
        ("y = exp(**x)", "starred"),
        ("y = x @ w", "@"),
        ("y = yield", "yield"),
        ("y = await x", "await"),
    ],
)
def test_what_is_no_formula_is_refused_by_its_name(text, construct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    problem, _ = place(text)
    assert construct in problem
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "y = " + "(" * 10_000 + "x" + ")" * 10_000,
        "y = " + "(" * 199 + "x" + ")" * 199,
        "y = " + "x" * 10**6,
        "y = " + "+".join(["w*x"] * 5_000),
        "y = " + "9" * 5_000,
        "y = " + "-" * 10_000 + "x",
        "y = w*x" + "\0" * 10**6,
        "y = " + "1." * 9_000,
        "y = " + "'" * 9_999,
    ],
)
def test_size_and_nesting_are_bounded(text):
    started = time.perf_counter()
    place(text)
    assert time.perf_counter() - started < 0.1

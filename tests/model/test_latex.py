import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.model import as_model
from downslope.model.equation import read_expression
from downslope.model.latex import latex, name


@pytest.mark.parametrize(
    "text, shown",
    [
        ("w*x + b", "w x + b"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a - b - c", "a - b - c"),
        ("a*(b + c)", r"a \left(b + c\right)"),
        ("(a + b)/(2*c)", r"\frac{a + b}{2 c}"),
        ("2*3*x", r"2 \cdot 3 x"),
        ("w*x**2", "w x^{2}"),
        ("(w*x)**2", r"\left(w x\right)^{2}"),
        ("-x**2", "-x^{2}"),
        ("(-x)**2", r"\left(-x\right)^{2}"),
        ("a*-x", r"a \left(-x\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("-a/b", r"-\frac{a}{b}"),
        ("x**y**z", "x^{y^{z}}"),
        ("(x**y)**z", r"\left(x^{y}\right)^{z}"),
        ("sqrt(x)/pi", r"\frac{\sqrt{x}}{\pi}"),
        ("exp(-alpha*t)", r"\exp\left(-\alpha t\right)"),
        ("1e-3*x + 2.50", r"0.001 x + 2.5"),
        ("3e-20*x", r"3 \cdot 10^{-20} x"),
        ("x1*x_max*theta_0", r"x_{1} x_{\mathrm{max}} \theta_{0}"),
        ("celsius*w", r"\mathrm{celsius} w"),
        ('col("100 % {a}_b")*w', r"\text{100 \% \{a\}\_b} w"),
        ("where(x <= 0, a, b)", r"\begin{cases} a & \text{if } x \le 0 \\ b & \text{otherwise} \end{cases}"),
        ("relu(x - k)", r"\operatorname{relu}\left(x - k\right)"),
        ("abs(x)", r"\left|x\right|"),
        ("log10(x)", r"\log_{10}\left(x\right)"),
    ],
)
def test_known_formulas(text, shown):
    assert latex(read_expression(text)) == shown


def test_an_equation():
    assert as_model("log(y) = a + b*x", ["x", "y"]).latex == r"\log\left(y\right) = a + b x"


ATOMS = st.sampled_from(["x", "lambda_", "x_1_max", "3", "1e30", "pi", 'col("}{\\\\ %")'])
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("{}({})".format, st.sampled_from(["-", "sqrt", "exp", "floor", "asin"]), inner),
        st.builds("where({} < {}, {}, {})".format, inner, inner, inner, inner),
    ),
    max_leaves=10,
)


def balanced(text):
    depth = 0
    plain = text.replace(r"\{", "").replace(r"\}", "")
    for letter in plain:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return depth == 0 and text.count(r"\left") == text.count(r"\right")


@given(TREES)
def test_braces_balance(text):
    try:
        tree = read_expression(f"x*w*{text}")
    except ValueError:
        return
    except Exception as error:
        assert "large" in str(error) or "zero" in str(error) or "real" in str(error)  # constants without a value
        return
    assert balanced(latex(tree))


@given(st.text(max_size=12))
def test_any_name_balances(word):
    assert balanced(name(word))

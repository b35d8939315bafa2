import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from downslope.model import read_formula
from downslope.model.latex import latex
from downslope.report import mathml
from downslope.report.mathml import ATTRIBUTES, ELEMENTS

FORMULAS = [
    "y = w*x + b",
    "y = a*exp(-(x - mu)**2/(2*sigma1**2))",
    "y = where(x > 0, a*sqrt(x), b*log10(1 - x)) + floor(c) + abs(d)",
    "celsius = w*unknown + relu(k_max*lambda_ - 3e-7)*sigmoid(x1)/pi",
    'col("a & b <i>") = w*col("</math><script>alert(1)</script>") + b*col("50% \\\\ {x}_^~#$")',
]


def latex_of(text):
    formula = read_formula(text)
    return f"{latex(formula.left)} = {latex(formula.right)}"


def words(markup):
    return [each.text for each in ElementTree.fromstring(markup).iter() if each.text]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_become_mathematics_and_nothing_else(text):
    made = mathml(latex_of(text))
    root = ElementTree.fromstring(made)
    names = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert names <= ELEMENTS and root.tag.endswith("math")
    assert {key for each in root.iter() for key in each.attrib} <= ATTRIBUTES


def test_names_are_whole_words():
    assert "unknown" in words(mathml(r"\mathrm{celsius} = w \mathrm{unknown} + b"))
    assert '<mspace width="0.2em"></mspace><mi>unknown</mi>' in mathml(r"w \mathrm{unknown}")


def test_what_stands_in_a_name_is_text():
    made = mathml(latex_of(FORMULAS[-1]))
    assert "<script" not in made and "<i>" not in made
    assert {"a & b <i>", "</math><script>alert(1)</script>"} <= {word.replace("\xa0", " ") for word in words(made)}


def test_the_browser_lets_the_same_through():
    source = (Path(__file__).parents[2] / "view" / "src" / "formula.js").read_text(encoding="utf-8")
    lists = dict(re.findall(r"const (ELEMENTS|ATTRIBUTES) = new Set\(\[(.*?)\]\)", source, re.DOTALL))
    assert set(re.findall(r'"(\w+)"', lists["ELEMENTS"])) == ELEMENTS
    assert set(re.findall(r'"(\w+)"', lists["ATTRIBUTES"])) == ATTRIBUTES


def test_a_fault_of_our_own_is_not_hidden(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["downslope.report.mathml"], "_checked", broken)
    with pytest.raises(ZeroDivisionError):
        mathml("a + a + a")


@pytest.mark.parametrize(
    "latex", [None, r"\text{never closed", r"\href{javascript:alert(1)}{x}", "x" * 5000, r"\frac{1}"]
)
def test_none_where_it_cannot_be_set(latex):
    made = mathml(latex)
    assert made is None or "href" not in made

import numpy as np
import pytest

from downslope.model.formula import read_formula
from downslope.model.tree import names
from downslope.model.units import MOST_UNKNOWNS, places, units


def unit(text, parameter, columns=("x",)):
    """Exponents of the columns' units, the target's last."""
    return units(read_formula(text), columns)[parameter].tolist()


@pytest.mark.parametrize(
    "text, parameter, exponents",
    [
        ("y = a*exp(-b*x)", "b", [-1, 0]),
        ("y = a*exp(-b*x)", "a", [0, 1]),
        ("y = a*exp(-x/b)", "b", [1, 0]),
        ("y = a*exp(p - b*x)", "p", [0, 0]),
        ("y = a*tanh(x - b)", "b", [1, 0]),
        ("y = a*sin(w*x)", "w", [-1, 0]),
        ("y = a*exp(-((x - m)/s)**2)", "s", [1, 0]),
        ("y = a/(b + x)", "b", [1, 0]),
        ("y = a/(b + x)", "a", [1, 1]),
        ("y = 1/(a + b*x)", "b", [-1, -1]),
        ("y = a*(x**2 + b*x)/(x**2 + c*x + d)", "d", [2, 0]),
        ("y = a/(1 + b*x + c*x**3)", "c", [-3, 0]),
        ("y = a*sqrt(x/b + 1)", "b", [1, 0]),
        ("y = a*x**b", "b", [0, 0]),
        ("y = a*(x/k)**b", "k", [1, 0]),
        ("y = a*(x - k)**b", "k", [1, 0]),
        ("y = a*x**n/(k**n + x**n)", "k", [1, 0]),
        ("y = a*log(x + k)", "k", [1, 0]),
        ("y = a + c*relu(x - k)", "c", [-1, 1]),
        ("y = where(x < k, a, b)", "k", [1, 0]),
        ("y = minimum(a*x, b)", "b", [0, 1]),
    ],
)
def test_a_parameter_has_the_unit_that_makes_the_formula_true(text, parameter, exponents):
    assert unit(text, parameter) == exponents


def test_each_column_has_a_unit_of_its_own():
    assert unit("y = a*exp(-b*t)*x", "b", ("t", "x")) == [-1, 0, 0]
    assert unit("y = a*exp(-b*t)*x", "a", ("t", "x")) == [0, -1, 1]
    assert unit("y = abs(t - b*x)", "b", ("t", "x")) == [1, -1, 0]


def test_what_the_formula_leaves_open_is_shared_evenly():
    assert unit("y = a*b*x", "a") == unit("y = a*b*x", "b") == [-0.5, 0.5]


def test_a_number_that_is_added_takes_the_unit_of_its_neighbour():
    assert unit("y = a*exp(-b*(x - 1990))", "b") == [-1, 0]


def test_a_contradiction_does_not_spoil_the_rest():
    assert unit("y = a*exp(-b*x)*exp(x) + x", "b") == [-1, 0]


def test_a_formula_with_very_many_parameters_gets_no_units():
    terms = " + ".join(f"a{k}*exp(-b{k}*x)" for k in range(MOST_UNKNOWNS))
    assert unit(f"y = {terms}", "b7") == [0, 0]


def test_an_answer_can_be_changed_without_changing_the_next():
    formula = read_formula("y = a*exp(-b*x)")
    units(formula, ["x"])["b"][:] = 7
    assert unit("y = a*exp(-b*x)", "b") == [-1, 0]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("y = a*exp(-b*x) + c", [("b", "factor", 1)]),
        ("y = a*exp(-x/b)", [("b", "factor", -1)]),
        ("y = a*exp(-((x - m)/s)**2)", [("m", "zero", 1), ("s", "factor", -2)]),
        ("y = a/(1 + exp(p - k*x))", [("k", "factor", 1), ("p", "zero", 1)]),
        ("y = a*sin(2*pi*f*x + p)", [("f", "wave", 1), ("p", "zero", 1)]),
        ("y = v*x/(k + x)", [("k", "clear", 1)]),
        ("y = a*(k + x)**(-1/p)", [("k", "clear", 1), ("p", "exponent", -1)]),
        ("y = a*b**x", [("b", "base", 1)]),
        ("y = a*exp(-b*exp(-c*x))", [("c", "factor", 1), ("b", "factor", 1)]),
        ("y = a/(1 + ((x - m)/w)**2)", [("m", "zero", 1), ("w", "factor", -2)]),
        ("y = a + b*relu(x - k)", [("k", "zero", 1)]),
        ("y = where(k > x, a, b)", [("k", "zero", 1)]),
        ("y = maximum(a, b*x)", [("a", "zero", 1)]),
        ("y = a*x + b", []),
    ],
)
def test_places(text, expected):
    found = places(read_formula(text), ["x"])
    assert [(place.name, place.kind, place.power) for place in found] == expected


def test_a_place_depends_on_earlier_ones_only():
    """A shift's sum holds the factors before it, so that they are known when it is solved for."""
    found = places(read_formula("y = a/(1 + exp(p - k*x))**(1/q)"), ["x"])
    seen = {"x"}
    for place in found:
        read = {name.name for node in (place.node, place.base) if node is not None for name in names(node)}
        assert read - {place.name} <= seen
        seen.add(place.name)
    assert seen == {"x", "k", "p", "q"}


def test_a_long_formula_is_walked_without_recursion():
    hinges = " + ".join(f"a{k}*relu(x - k{k})" for k in range(400))
    found = places(read_formula(f"y = {hinges}"), ["x"])
    assert [place.name for place in found] == [f"k{k}" for k in range(400)]
    assert np.all([place.kind == "zero" for place in found])

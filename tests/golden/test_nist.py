"""The golden files are right by themselves: what NIST certified for the sum of squares comes out of data and values."""

import json
from pathlib import Path

import numpy as np
import pytest

FILES = {
    "nist_nonlinear.json": 9,
    "nist_nonlinear_rest.json": 18,
    "nist_linear.json": 5,
    "nist_linear_rest.json": 1,
}
PROBLEMS = {file: json.loads((Path(__file__).parent / file).read_text())["problems"] for file in FILES}
ALL = [problem for problems in PROBLEMS.values() for problem in problems]
NUMPY = {name: getattr(np, name) for name in ("exp", "log", "cos", "sin", "arctan", "pi")}


def residual(problem, params):
    """Left side less right side of the formula, by Python and NumPy alone."""
    names = {**NUMPY, **{name: np.array(column) for name, column in problem["x"].items()}, "y": np.array(problem["y"])}
    left, right = problem["formula"].split(" = ")
    exec(f"found = {left} - ({right})", names | dict(zip(problem["parameters"], params, strict=True)), answer := {})
    return answer["found"]


def test_all_27_nonlinear_problems_are_there_once():
    assert {file: len(problems) for file, problems in PROBLEMS.items()} == FILES
    assert len({problem["name"] for problem in ALL}) == len(ALL)
    assert {tuple(problem) for problem in ALL} == {tuple(ALL[0])}, "one format"


@pytest.mark.parametrize("problem", ALL, ids=lambda problem: problem["name"])
def test_the_formula_at_the_values_gives_the_certified_sum_of_squares(problem):
    values, target = np.array(problem["refined"]), np.array(problem["y"])
    at = residual(problem, values)
    few = 8 * np.finfo(float).eps
    rounding = few * np.abs(target)  # what doubles can leave: all that is left in Lanczos1, and much in Filip
    for moved in values * (1 + few * np.eye(values.size)):
        rounding = rounding + np.abs(residual(problem, moved) - at)
    allowed = 1e-9 * problem["rss"] + 2 * np.abs(at) @ rounding + rounding @ rounding
    assert abs(at @ at - problem["rss"]) <= allowed
    if problem["name"] not in ("Lanczos1", "Filip", "Wampler1"):
        assert at @ at == pytest.approx(problem["rss"], rel=1e-9)


@pytest.mark.parametrize("problem", ALL, ids=lambda problem: problem["name"])
def test_refined_and_certified_agree_and_the_numbers_fit_together(problem):
    assert problem["refined"] == pytest.approx(problem["certified"], rel=1e-10)
    assert problem["refined_sd"] == pytest.approx(problem["certified_sd"], rel=1e-10)
    assert problem["refined_rss"] == pytest.approx(problem["rss"], rel=1e-10)
    assert problem["residual_sd"] == pytest.approx(np.sqrt(problem["rss"] / problem["dof"]), rel=1e-9)
    assert problem["dof"] == problem["n"] - len(problem["parameters"]) == len(problem["y"]) - len(problem["parameters"])
    assert all(len(column) == problem["n"] for column in problem["x"].values())

"""NIST's linear problems: the five given, and the polynomial of degree 10 whose condition number is 1e15."""

from collections.abc import Iterator

import numpy as np

import downslope as ds
from benchmarks.accuracy import peers
from benchmarks.accuracy.problems import Problem, digits, load
from benchmarks.measure import Figure

ASKED = {"Filip": 6.0}
OTHERS = 9.0


def figures() -> Iterator[Figure | str]:
    """A figure for each; digits of the worst parameter by NumPy's lstsq and SciPy's curve_fit beside it."""
    for problem in load("nist_linear.json", "nist_linear_rest.json"):
        fit = ds.fit(problem.formula, problem.table)
        values = digits([fit.params[name] for name in problem.parameters], problem.values)
        errors = digits([fit.errors[name] for name in problem.parameters], problem.errors)
        asked = ASKED.get(problem.name, OTHERS)
        measured = (
            f"values {values:.1f}, errors {errors:.1f}, {fit.state}; numpy {_lstsq(problem):.1f}{_scipy(problem)}"
        )
        met = min(values, errors) >= asked and fit.state == "certified"
        yield Figure(f"{problem.name}: digits", f">= {asked:g}, certified", measured, met)


def _lstsq(problem: Problem) -> float:
    """Digits of numpy.linalg.lstsq with its default cutoff."""
    unit = np.eye(len(problem.parameters))
    columns = [np.broadcast_to(problem.model(problem.columns, *each), problem.target.shape) for each in unit]
    values, *_ = np.linalg.lstsq(np.stack(columns, axis=1), problem.target)
    return digits(values, problem.values)


def _scipy(problem: Problem) -> str:
    peer = peers.installed().get("scipy")
    if peer is None:
        return ""
    answer = peers.ask(peer, problem, None)
    return ", scipy " + ("raised" if answer.values is None else f"{digits(answer.values, problem.values):.1f}")

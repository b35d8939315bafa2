"""The fitters that others use, each as its manual says, with its defaults."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from benchmarks.accuracy.problems import Problem

Peer = Callable[[Problem, np.ndarray | None], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What came back: parameters, (p,), and whether a doubt was spoken (a warning, a flag); None where it raised."""

    values: np.ndarray | None
    doubted: bool = False


def scipy_curve_fit(problem: Problem, start: np.ndarray | None) -> Answer:
    """scipy.optimize.curve_fit; without a start it takes ones."""
    from scipy.optimize import curve_fit

    values, covariance = curve_fit(problem.model, problem.columns, problem.target, p0=start)
    return Answer(values, not np.isfinite(covariance).all())


def lmfit_model(problem: Problem, start: np.ndarray | None) -> Answer:
    """lmfit.Model; it demands a start."""
    from lmfit import Model

    model = Model(problem.model, independent_vars=["columns"])
    begin = {} if start is None else dict(zip(problem.parameters, start, strict=True))
    result = model.fit(problem.target, columns=problem.columns, **begin)
    return Answer(np.array([result.params[name].value for name in problem.parameters]), not result.success)


def iminuit_migrad(problem: Problem, start: np.ndarray | None) -> Answer:
    """MIGRAD; it demands a start, and the noise of y, which it is told. It stops at a small part of an error bar."""
    from iminuit import Minuit

    noise = np.sqrt(problem.rss / problem.freedom)

    def sum_of_squares(*params: float) -> float:
        residual = problem.residual(np.array(params)) / noise
        return float(residual @ residual)

    begin = () if start is None else start
    minuit = Minuit(sum_of_squares, *begin, name=problem.parameters)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.migrad()
    return Answer(np.array(minuit.values), not minuit.valid)


ALL: dict[str, Peer] = {
    "scipy": scipy_curve_fit,
    "lmfit": lmfit_model,
    "iminuit": iminuit_migrad,
}


def installed() -> dict[str, Peer]:
    """Those that can be imported."""
    return {name: peer for name, peer in ALL.items() if find_spec(name)}


def ask(peer: Peer, problem: Problem, start: np.ndarray | None) -> Answer:
    """Its answer; whatever it raises is an answer too."""
    with warnings.catch_warnings(record=True) as said, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            answer = peer(problem, start)
        except Exception:  # each has errors of its own
            return Answer(None)
    warned = any(not issubclass(each.category, DeprecationWarning) for each in said)
    return Answer(answer.values, answer.doubted or warned)

"""Is the stated bound on the loss still to gain kept? 500 random problems whose minimum is known."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import downslope as ds
from benchmarks.accuracy.random_problems import Random, draw, true_gap
from benchmarks.measure import Figure
from downslope.errors import DownslopeError

PROBLEMS = 500
ASKED = 0.99


class Result(NamedTuple):
    """How one fit ended; whether its bound held, and the bound as a share of the loss."""

    kind: str
    state: str
    kept: bool
    bound: float


def figures() -> Iterator[Figure | str]:
    """How often the true gap is within the stated one, and how often a certified answer breaks it."""
    results = [_one(problem) for problem in draw(PROBLEMS)]
    for kind in dict.fromkeys(result.kind for result in results):
        these = [result for result in results if result.kind == kind]
        states = ", ".join(f"{count} {state}" for state, count in Counter(each.state for each in these).most_common())
        middle = np.median([result.bound for result in these])
        broken = sum(not result.kept for result in these)
        yield f"{kind}: {states}; {broken} above the bound, whose median is {middle:.0e} of the loss"
    kept = sum(result.kept for result in results) / PROBLEMS
    yield Figure(f"true gap <= stated bound, on {PROBLEMS} problems", f">= {ASKED:.0%}", f"{kept:.1%}", kept >= ASKED)
    certified = [result for result in results if result.state == "certified"]
    wrong = sum(not result.kept for result in certified)
    measured = f"{wrong} of {len(certified)}"
    yield Figure("certified, and above the bound", f"<= {1 - ASKED:.0%}", measured, wrong <= (1 - ASKED) * PROBLEMS)


def _one(problem: Random) -> Result:
    """Fit it, nothing else said. Without a certificate, or if it is refused, no bound is kept."""
    try:
        fit = ds.fit(problem.formula, problem.table, loss=problem.loss)
    except DownslopeError:
        return Result(problem.kind, "refused", False, float("inf"))
    if fit.certificate is None:
        return Result(problem.kind, f"{fit.state} without a certificate", False, float("inf"))
    gap = true_gap(problem, np.array([fit.params[name] for name in problem.names]))
    return Result(problem.kind, fit.state, gap <= fit.certificate.gap, fit.certificate.gap / abs(fit.loss))

"""NIST's 27 nonlinear problems, from both of its starts and from none."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import downslope as ds
from benchmarks.accuracy import peers
from benchmarks.accuracy.problems import Problem, load, standard_errors_off, values_and_errors
from benchmarks.measure import Figure
from downslope.errors import DownslopeError

GIVEN, REST = "nist_nonlinear.json", "nist_nonlinear_rest.json"
RIGHT = 4.0
"""Digits from which an answer counts as right: less is another point, not the same one less exactly."""
ASKED = 9.0
"""Digits of values and errors, wherever an answer is certified."""
MOST_NAMED = 12
OUTCOMES = ("right", "wrong silently", "wrong and doubted", "raised")
ROUNDING = "Lanczos1"
"""Its residuals, 1e-13 of the data, are rounding: in double precision they, and so the errors, have 3 digits."""


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    problem: str
    start: str
    state: str
    values: float
    errors: float
    elsewhere: str
    peers: dict[str, tuple[str, str]]
    """What each of the others did: as text, and which of `OUTCOMES` that is."""

    @property
    def certified(self) -> bool:
        """Whether the fit says that its answer is proven."""
        return self.state == "certified"

    @property
    def right(self) -> bool:
        """Whether the answer is the known one."""
        return self.values >= RIGHT

    def __str__(self) -> str:
        others = "".join(f"{text:>9}" for text, _ in self.peers.values())
        ours = f"{self.problem:<10} {self.start:<6} {self.state:<10} {self.values:>6.1f} {self.errors:>6.1f}"
        return f"{ours}{others}  {self.elsewhere}".rstrip()


def figures() -> Iterator[Figure | str]:
    """The table, then what was asked."""
    given, rest = load(GIVEN), load(REST)
    others = peers.installed()
    missing = [name for name in peers.ALL if name not in others]
    if missing:
        yield f"without {', '.join(missing)}: not installed"
    yield "correct digits of the worst parameter and of the worst standard error; of the worst parameter for others"
    yield "(! it voiced a doubt itself; terms that are alike may come in any order)"
    yield f"{'problem':<10} {'start':<6} {'state':<10} {'values':>6} {'errors':>6}" + "".join(
        f"{name:>9}" for name in others
    )
    lines: list[Line] = []
    for problem in given + rest:
        for start in (0, 1, None):
            lines.append(_line(problem, start, others))
            yield str(lines[-1])
    names = {problem.name for problem in given}
    yield from _targets("the 9 given", [line for line in lines if line.problem in names])
    yield from _targets("all 27", lines)
    for name in others:
        yield _of_peer(name, lines)


def _line(problem: Problem, which: int | None, others: dict[str, peers.Peer]) -> Line:
    start = None if which is None else problem.starts[which]
    asked = {} if start is None else dict(zip(problem.parameters, map(float, start), strict=True))
    try:
        fit = ds.fit(problem.formula, problem.table, start=asked)
        state, found = fit.state, (fit.params, fit.errors)
    except DownslopeError:
        state, found = "refused", (dict.fromkeys(problem.parameters, np.nan),) * 2
    values, errors = ([of[name] for name in problem.parameters] for of in found)
    digits = values_and_errors(problem, values, errors)
    return Line(
        problem.name,
        "none" if which is None else f"{which + 1}",
        state,
        *digits,
        _elsewhere(problem, np.array(values)) if digits[0] < RIGHT else "",
        {name: _told(problem, peers.ask(peer, problem, start)) for name, peer in others.items()},
    )


def _elsewhere(problem: Problem, values: np.ndarray) -> str:
    """What is remarkable about a wrong answer."""
    residual = problem.residual(values)
    ratio = float(residual @ residual) / problem.rss
    if ratio < 1 - 1e-6:
        return "a lower sum of squares"
    return "the same sum of squares" if ratio < 1 + 1e-6 else ""


def _told(problem: Problem, answer: peers.Answer) -> tuple[str, str]:
    """Right is more lenient for others: within a tenth of a standard error will do as well."""
    if answer.values is None:
        return "raised", "raised"
    digits, _ = values_and_errors(problem, answer.values)
    right = digits >= RIGHT or standard_errors_off(problem, answer.values) <= 0.1
    outcome = "right" if right else "wrong and doubted" if answer.doubted else "wrong silently"
    return f"{digits:.1f}" + ("!" if answer.doubted else " "), outcome


def _targets(which: str, lines: list[Line]) -> Iterator[Figure]:
    started = [line for line in lines if line.start != "none"]
    free = [line for line in lines if line.start == "none"]
    certified = [line for line in lines if line.certified]
    yield _share(f"{which}, starts 1 and 2: certified", [line for line in started if line.certified], started)
    yield _least(f"{which}, certified: digits of values", [(line.values, line) for line in certified])
    exact = [line for line in certified if line.problem != ROUNDING]
    without = f" (without {ROUNDING}, whose residuals are rounding)" if which == "all 27" else ""
    yield _least(f"{which}, certified: digits of errors{without}", [(line.errors, line) for line in exact])
    yield _share(f"{which}, no start: right", [line for line in free if line.right], free)
    wrong = [line for line in certified if not line.right]
    yield Figure(f"{which}: certified and wrong", "0", f"{len(wrong)}{_named(wrong)}", not wrong)


def _share(what: str, those: list[Line], among: list[Line]) -> Figure:
    others = [line for line in among if line not in those]
    return Figure(what, f"{len(among)} of {len(among)}", f"{len(those)}{_named(others, 'not ')}", not others)


def _least(what: str, found: list[tuple[float, Line]]) -> Figure:
    if not found:
        return Figure(what, f">= {ASKED:g}", "none is certified", False)
    low = [line for reached, line in found if reached < ASKED]
    return Figure(what, f">= {ASKED:g}", f"{min(reached for reached, _ in found):.1f}{_named(low)}", not low)


def _named(lines: list[Line], word: str = "") -> str:
    names = [f"{line.problem}/{line.start}" for line in lines]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"; {word}{', '.join(names[:MOST_NAMED])}{more}" if names else ""


def _of_peer(name: str, lines: list[Line]) -> str:
    """How often another fitter was right, wrong, and so on."""
    words = []
    for start in ("1", "2", "none"):
        outcomes = [line.peers[name][1] for line in lines if line.start == start]
        words.append(f"{start:>4} " + " ".join(f"{outcomes.count(each):>2}" for each in OUTCOMES))
    return f"{name:<8} {', '.join(OUTCOMES)}; by start: {' | '.join(words)}"

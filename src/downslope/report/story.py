"""Story: what happened in a run, in at most 15 lines: asked, seen, cost, and what to change."""

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from downslope.diagnosis import Finding
from downslope.diagnosis.directions import in_words
from downslope.history import History, Run
from downslope.pictures.scene import plain
from downslope.repair import Repair
from downslope.repair.outcome import shown
from downslope.report import words
from downslope.report.numbers import count, number

MOST_LINES = 15
MOST_FINDINGS = 3
LONGEST = 6
"""Lines that one fact may take, where there is room."""
NARROWEST = 60
DIGITS = 4


def story(run: Run, findings: Sequence[Finding], repair: Repair | None = None, width: int = 100) -> str:
    """The story of a run, a fact a line.

    Args:   repair: what came of a repair, if one was tried; width: columns of the terminal.
    Returns: at most 15 lines, each ending in a line break.
    """
    facts = [("asked", _asked(run)), ("loss", happened(run)), ("state", _state(run, findings))]
    told = [("found", words.seen(found)) for found in findings[:MOST_FINDINGS]]
    if len(findings) > MOST_FINDINGS:
        told.append(("found", f"and {len(findings) - MOST_FINDINGS} more: downslope shows them as fit.findings"))
    nothing = "nothing wrong with the training"
    if run.taken.reference is None:
        nothing = "nothing wrong in the steps; no more was measured of this run"
    if not len(run.history):
        nothing = "; ".join(("nothing: no step was seen", *run.notes))
    facts += told or [("found", nothing)]
    after = [("valley", text) for text in _valley(run)] + [("cost", _cost(run))]
    if repair is not None:
        after.append(("repair", repair.reason))
        if repair.changed:
            after.append(("changed", "; ".join(repair.listed)))
    elif findings and findings[0].remedy:
        after.append(("to change", words.remedy(findings[0])))
    lines = _lines([*facts, *after], max(NARROWEST, width))
    return "\n".join(lines) + "\n"


def _lines(facts: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Names in front, texts wrapped; where there are too many lines, long facts are cut to one line, the last first."""
    most = [LONGEST for _ in facts]
    while True:
        lines: list[str] = []
        for (name, text), limit in zip(facts, most, strict=True):
            wrapped = textwrap.wrap(plain(text, 600), width - 11, max_lines=limit, placeholder=" …") or [""]
            lines += [f"{name if place == 0 else '':<11}{part}" for place, part in enumerate(wrapped)]
        if len(lines) <= MOST_LINES or all(limit == 1 for limit in most):
            return lines[:MOST_LINES]
        # of the facts that fill their lines, the longest gives one up; a finding last
        longest = max(range(len(most)), key=lambda place: (most[place] > 1, facts[place][0] != "found", most[place]))
        most[longest] -= 1


def _asked(run: Run) -> str:
    if run.chosen.get("watched"):
        return f"{run.text}, as it is ({run.source})"
    said = ", ".join(f"{name} {shown(value)}" for name, value in run.plan.said().items())
    return f"{run.text}  ({run.source}, {count(run.rows)} rows); {said or 'nothing more, so all was chosen'}"


def happened(run: Run) -> str:
    """The loss at the start, when half and nearly all of the fall was done, at the best step and at the end; over all
    rows, also of a run on batches, as far as it was measured.
    """
    history, overall = run.history, run.taken.overall
    if overall is not None and overall.steps.size:
        nothing = np.zeros((overall.steps.size, 0))
        history = History.of((), step=overall.steps, loss=overall.losses, params=nothing)
    elif history.batch_size is not None:
        return f"{_told(history)}, each of a batch"
    return _told(history)


def _told(history: History) -> str:
    if not len(history):
        return "no step was seen"
    finite = np.flatnonzero(history.finite)
    if not finite.size:
        return "no number from the first step on"
    loss, last = history.loss, int(finite[-1])
    rows = {0, last, history.best}
    low = loss[history.best]
    for part in (0.5, 0.01):
        rows.add(int(np.argmax(loss <= low + part * (loss[0] - low))))
    told = [f"{number(loss[row], DIGITS)} at step {count(int(history.step[row]))}" for row in sorted(rows)]
    if last < len(history) - 1:
        told.append(f"no finite number at step {count(int(history.step[last + 1]))}")
    elif history.best not in (last, 0):
        told[sorted(rows).index(history.best)] += " (the lowest)"
    return ", ".join(told)


def _state(run: Run, findings: Sequence[Finding]) -> str:
    """With its reasons, but for those that a finding says again."""
    reasons = [reason for reason in run.reasons if not any(reason in found.message for found in findings)]
    return f"{words.state(run)}: {'; '.join(reasons)}" if reasons else words.state(run)


def _valley(run: Run) -> Iterator[str]:
    """Curvature: how steep, how narrow, and along what."""
    known = run.taken.curvature
    if known is None or not known.highest.size:
        return
    high, low = float(known.highest[-1]), float(known.lowest[-1])
    steep = f"steepest {_along(known.steepest, known.names)}, curvature {number(high, DIGITS)}"
    if len(known.names) == 1:
        yield f"curvature {number(high, DIGITS)}"
        return
    yield f"{steep}; flattest {_along(known.flattest, known.names)}, {number(low, DIGITS)}"


def _along(direction: np.ndarray, names: Sequence[str]) -> str:
    said = in_words(direction, names)
    return f"along {said}" if said.endswith(" alone") else f"where {said}"


def _cost(run: Run) -> str:
    did = words.did(run)
    known = run.taken.reference
    if known is None or not run.history.finite.all() or not np.isfinite(run.loss):
        return did
    left = run.loss - known.loss
    if left <= 0:
        return f"{did}; no lower loss is known"
    return f"{did}; {number(left, 3)} above the lowest loss known ({number(known.loss, DIGITS)}, by {known.optimizer})"

"""Story: what happened in a run, in at most 15 lines: asked, seen, cost, and what to change."""

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from downslope.diagnosis import Finding
from downslope.diagnosis.directions import in_words
from downslope.history import History, Run
from downslope.pictures.scene import plain
from downslope.repair import Repair
from downslope.report import words
from downslope.report.numbers import count, number

MOST_LINES = 15
MOST_FINDINGS = 3
LONGEST = 2
"""Lines that one fact may take; a finding may take one more."""
NARROWEST = 60
DIGITS = 4


def story(run: Run, findings: Sequence[Finding], repair: Repair | None = None, width: int = 100) -> str:
    """The story of a run, a fact a line.

    Args:   repair: what came of a repair, if one was tried; width: columns of the terminal.
    Returns: at most 15 lines, each ending in a line break.
    """
    facts = [("asked", _asked(run)), ("loss", _happened(run.history)), ("state", _state(run))]
    told = [("found", words.seen(found)) for found in findings[:MOST_FINDINGS]]
    if len(findings) > MOST_FINDINGS:
        told.append(("found", f"and {len(findings) - MOST_FINDINGS} more: downslope shows them as fit.findings"))
    nothing = "nothing wrong with the training"
    if run.readings is None:
        nothing = "nothing wrong in the steps; no more was measured of this run"
    facts += told or [("found", nothing)]
    after = [("valley", text) for text in _valley(run)] + [("cost", _cost(run))]
    if repair is not None:
        after.append(("repair", repair.reason))
        if repair.changed:
            after.append(("changed", "; ".join(repair.listed)))
    elif findings and findings[0].remedy:
        after.append(("to change", _change(findings[0])))
    lines = _lines([*facts, *after], max(NARROWEST, width))
    return "\n".join(lines) + "\n"


def _lines(facts: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Names in front, texts wrapped; where there are too many lines, long facts are cut to one line, the last first."""
    most = [LONGEST + (name == "found") for name, _ in facts]
    while True:
        lines: list[str] = []
        for (name, text), limit in zip(facts, most, strict=True):
            wrapped = textwrap.wrap(plain(text, 600), width - 11, max_lines=limit, placeholder=" …") or [""]
            lines += [f"{name if place == 0 else '':<11}{part}" for place, part in enumerate(wrapped)]
        if len(lines) <= MOST_LINES or all(limit == 1 for limit in most):
            return lines[:MOST_LINES]
        longest = max(range(len(most)), key=lambda place: (most[place], place))
        most[longest] -= 1


def _asked(run: Run) -> str:
    if run.chosen.get("watched"):
        return f"{run.text}, as it is ({run.source})"
    said = ", ".join(f"{name} {_setting(value)}" for name, value in run.plan.said().items())
    return f"{run.text}  ({run.source}, {count(run.rows)} rows); {said or 'nothing more, so all was chosen'}"


def _setting(value: object) -> str:
    if isinstance(value, float):
        return number(value, DIGITS)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_setting(each)}" for name, each in value.items()) + "}"
    return words.called(value) if not isinstance(value, int | list) else str(value)


def _happened(history: History) -> str:
    """The loss at the start, when half and nearly all of the fall was done, at the best step and at the end."""
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


def _state(run: Run) -> str:
    return f"{words.state(run)}: {'; '.join(run.reasons)}" if run.reasons else words.state(run)


def _valley(run: Run) -> Iterator[str]:
    """Curvature: how steep, how narrow, and along what."""
    known = run.readings.curvature if run.readings is not None else None
    if known is None or not known.highest.size:
        return
    high, low = float(known.highest[-1]), float(known.lowest[-1])
    steep = f"steepest where {in_words(known.steepest, known.names)}, curvature {number(high, DIGITS)}"
    if len(known.names) == 1:
        yield f"curvature {number(high, DIGITS)}"
        return
    flat = f"flattest where {in_words(known.flattest, known.names)}, {number(low, DIGITS)}"
    yield f"{steep}; {flat}"


def _cost(run: Run) -> str:
    did = words.did(run)
    known = run.readings.reference if run.readings is not None else None
    if known is None or not run.history.finite.all() or not np.isfinite(run.loss):
        return did
    left = run.loss - known.loss
    if left <= 0:
        return f"{did}; no lower loss is known"
    return f"{did}; {number(left, 3)} above the lowest loss known ({number(known.loss, DIGITS)}, by {known.optimizer})"


def _change(found: Finding) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in found.remedy.items())

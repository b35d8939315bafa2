"""Verdicts: the sentence that goes with each step of a replay. What it says holds at every step that it stands at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from downslope.diagnosis import Finding
from downslope.history import History, Run
from downslope.history.readings import allowance
from downslope.pictures.scene import plain
from downslope.report import words
from downslope.report.numbers import count, number

Tone = Literal["plain", "good", "warning", "fault"]
MOST = 60
"""Sentences beyond which those that change to and fro are told more coarsely."""
MOST_FINDINGS = 2
LONGEST = 200
PARTS = ((0.01, "more than 99 %"), (0.1, "more than 90 %"), (0.5, "more than half"))
"""Shares of the excess that are left, and what of the way down is done then."""
MEANINGS: Mapping[str, str] = {
    "diverging": "the loss leaves for infinity",
    "overshooting": "steps land on the other side of the valley",
    "bouncing": "steps circle the floor of the valley and do not settle",
    "crawling": "at this pace the steps are too few",
    "ravine": "one direction is far steeper than another",
    "unscaled-inputs": "the columns differ so much in size that no rate suits all parameters",
    "plateau": "the gradient is nearly zero where there is no minimum",
    "dead-units": "there are units that no row switches on",
    "undetermined": "the data cannot tell all parameters apart",
    "ignored-parameter": "the loss does not depend on every parameter",
    "local-minimum": "other starts reach lower",
    "outliers": "a few rows carry much of the loss",
    "overfitting": "the loss of the rows that were held out rises",
    "nonfinite": "there are numbers that are not finite",
    "summed-gradients": "each step uses the sum of all gradients so far",
    "untracked-parameter": "no gradient arrives at a parameter",
    "broadcast-loss": "predictions and targets are compared all with all",
}  # fmt: skip
"""What each symptom is, in a few words that hold from its first step on."""


GONE = "no longer a finite number"


@dataclass(frozen=True)
class Verdict:
    """What is to be said from a step on, until the next verdict."""

    step: int
    tone: Tone
    text: str


def verdicts(run: Run, findings: Sequence[Finding] = ()) -> tuple[Verdict, ...]:
    """The sentences of a run, by rising step, the first at its start; none of a run without steps.

    Each has two parts: what the loss of the step is, beside the start and the lowest loss known, and what was found
    by then. The last one says how the run ended.
    """
    history = run.history
    if not len(history):
        return ()
    told = _coarse_enough(run, findings)
    last = int(history.step[-1])
    ending = Verdict(last, _tone_at_end(run, findings), _ending(run, told[-1].text))
    return (*(verdict for verdict in told if verdict.step < last), ending)


Said = tuple[np.ndarray, list[tuple[Tone, str]]]
"""Of each row (m,), which of these sentences holds of its loss."""
Way = Callable[[History, float, float, str], Said]
"""From a history, the lowest loss, how far above it a run has arrived, and what it is called."""


def _coarse_enough(run: Run, findings: Sequence[Finding]) -> list[Verdict]:
    """The finest of the ways to tell the losses whose sentences are not too many."""
    history = run.history
    ways: tuple[Way, ...] = (_trend_and_part, _part, _beside_start, _either, _at_all)
    if history.batch_size is not None:  # losses of different rows are not compared
        ways = (_of_a_batch, _at_all)
    begins = np.searchsorted(history.step, [found.first_step for found in findings])
    for way in ways:
        which, sentences = way(history, *_lowest(run))
        turns = np.flatnonzero(np.diff(which, prepend=-1))
        if turns.size <= MOST:
            break
    rows = np.unique(np.concatenate([turns, begins[begins < len(history)]])).astype(int).tolist()
    return [_verdict(int(history.step[row]), *sentences[int(which[row])], findings) for row in rows]


def _verdict(step: int, tone: Tone, text: str, findings: Sequence[Finding]) -> Verdict:
    """What is said of the loss, and what was found by then."""
    begun = [found for found in findings if found.first_step <= step]
    told = [
        found.symptom
        + (f" since step {count(found.first_step)}" if found.first_step else "")
        + f": {MEANINGS.get(found.symptom, found.message)}"
        for found in begun[:MOST_FINDINGS]
    ]
    if len(begun) > MOST_FINDINGS:
        told.append(f"{len(begun) - MOST_FINDINGS} more beside these")
    severities = {found.severity for found in begun}
    loud: Tone = "fault" if "fault" in severities else "warning" if severities else tone
    return Verdict(step, loud, plain(" ".join([text + "." * bool(told), *map(words.sentence, told)]), LONGEST * 3))


def _lowest(run: Run) -> tuple[float, float, str]:
    """The lowest loss to compare with, how far above it a run has arrived, and what it is called."""
    known = run.taken.reference
    losses = run.history.loss[run.history.finite]
    seen = float(losses.min()) if losses.size else float("nan")
    if known is not None and np.isfinite(known.loss) and known.loss <= seen:
        return known.loss, allowance(known.loss, known.level, known.floor), "the lowest loss known"
    return seen, allowance(seen, float("nan")), "the lowest loss of this run"


def _trend_and_part(history: History, low: float, room: float, called: str) -> Said:
    """Whether this step brought the loss up or down, and how much of the way is done."""
    which, sentences = _part(history, low, room, called)
    arrived = sentences.index(("good", f"arrived at {called}"))
    with np.errstate(invalid="ignore"):
        moved = np.select([np.diff(history.loss) < 0, np.diff(history.loss) > 0], [1, 2], default=3)
    compared = history.finite[1:] & history.finite[:-1] & (which[1:] != arrived)
    trend = np.concatenate([[0], np.where(compared, moved, 0)])
    told = [
        (tone, f"{word}; {text}" if word else text)
        for tone, text in sentences
        for word in ("", "falling", "rising", "unchanged")
    ]
    return 4 * which + trend, told


def _part(history: History, low: float, room: float, called: str) -> Said:
    """How much of the way from the start to the lowest loss is done."""
    which, sentences = _beside_start(history, low, room, called)
    known = len(sentences)
    done = [*(text for _, text in PARTS), "less than half"]
    sentences += [
        ("good", f"arrived at {called}"),
        *(("plain", f"{text} of the way down to {called} is done") for text in done),
    ]
    with np.errstate(all="ignore"):  # losses of 1e308 are numbers too
        left = history.loss - low
        shares = [share * left[0] for share, _ in PARTS]
        part = np.select([left <= room, *(left < each for each in shares), left < left[0]], range(known, known + 5), -1)
    part[0] = -1
    return np.where(history.finite & (part >= 0) & bool(left[0] > 0), part, which), sentences


def _beside_start(history: History, low: float, room: float, called: str) -> Said:
    """Lower or higher than at the start."""
    loss, first = history.loss, history.loss[0]
    which = np.select([~history.finite, ~np.isfinite(first) | (loss == first), loss < first], [0, 1, 2], 3)
    sentences: list[tuple[Tone, str]] = [
        ("fault", GONE),
        ("plain", "as at the start" if np.isfinite(first) else "a finite number"),
        ("plain", "lower than at the start"),
        ("warning", "higher than at the start"),
        ("plain", "the start"),
    ]
    if history.finite[0]:
        which[0] = 4
    return which, sentences


def _either(history: History, low: float, room: float, called: str) -> Said:
    """One sentence for all steps with a finite loss."""
    finite = history.loss[history.finite]
    ends = [number(end, 3) for end in (finite.min(initial=np.inf), finite.max(initial=-np.inf))]
    between = f"the loss goes up and down between {ends[0]} and {ends[1]}"
    return history.finite.astype(int), [("fault", GONE), ("plain", between)]


def _of_a_batch(history: History, low: float, room: float, called: str) -> Said:
    """The loss of a batch says little of the others."""
    text = f"this is the loss of {count(history.batch_size or 0)} rows; each step sees others"
    return history.finite.astype(int), [("fault", GONE), ("plain", text)]


def _at_all(history: History, low: float, room: float, called: str) -> Said:
    """One sentence for all steps, of a run in which numbers come and go."""
    text = "there are steps at which the loss is no finite number"
    return np.zeros(len(history), dtype=int), [("fault", text)]


def _tone_at_end(run: Run, findings: Sequence[Finding]) -> Tone:
    if run.state == "untrusted" or any(found.severity == "fault" for found in findings):
        return "fault"
    if findings:
        return "warning"
    return "good" if run.state == "certified" else "plain"


def _ending(run: Run, text: str) -> str:
    text = text.removeprefix(GONE).removeprefix(". ")  # why it stopped says so already
    said = [f"the end, and {words.state(run)}.", words.sentence(plain(words.stopped(run), LONGEST))]
    return " ".join([*said, words.sentence(text)] if text else said)

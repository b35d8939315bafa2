"""Figures: rates with their counts, by half, by symptom and by program, beside what is asked of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.measure import Figure
from benchmarks.troubles.detect import Part, Verdict, all_parts
from benchmarks.troubles.mend import Repaired
from benchmarks.troubles.truth import HEALTHY

Chosen = Sequence[Verdict]
HALVES = ("seen", "unseen")


def wilson(count: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927).

    >>> low, high = wilson(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.037)
    """
    if of == 0:
        return 0.0, 1.0
    share = count / of
    middle = share + z * z / (2 * of)
    half = z * float(np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)))
    below = 1 + z * z / of
    return max(0.0, (middle - half) / below), min(1.0, (middle + half) / below)


def rate(count: int, of: int) -> str:
    """A share with its counts."""
    return f"{100 * count / of:5.1f} % ({count}/{of})" if of else "    - (0/0)"


def recalled(chosen: Chosen) -> tuple[int, int]:
    """Faulty runs with any finding, of how many."""
    faulty = [one for one in chosen if one.faulty]
    return sum(one.noticed for one in faulty), len(faulty)


def rightly(chosen: Chosen) -> tuple[int, int]:
    """Faulty runs whose first finding is the true cause, of all faulty ones."""
    faulty = [one for one in chosen if one.faulty]
    return sum(one.right for one in faulty), len(faulty)


def alarms(chosen: Chosen) -> tuple[int, int]:
    """Healthy runs with any finding, of how many."""
    healthy = [one for one in chosen if not one.faulty]
    return sum(one.noticed or bool(one.raised) for one in healthy), len(healthy)


def table(parts: Sequence[Part]) -> Iterator[str]:
    """Rates by half, by symptom in each half, and by program."""
    verdicts = [one for part in parts for one in part.verdicts]
    heading = f"{'':34s} {'recall':>18s} {'right cause':>18s} {'false alarms':>18s}"
    yield heading
    for half in HALVES:
        yield _row(half, [one for one in verdicts if one.half == half])
    yield ""
    for symptom in sorted({one.true for one in verdicts if one.faulty}):
        for half in HALVES:
            some = [one for one in verdicts if one.true == symptom and one.half == half]
            if some:
                yield _row(f"{symptom}, {half}", some)
    yield ""
    for part in parts:
        name = f"{part.program}, {part.verdicts[0].half}"
        yield _row(name, part.verdicts)
    left_out, seconds = sum(part.left_out for part in parts), [part.truth_seconds + part.fit_seconds for part in parts]
    truth = sum(part.truth_seconds for part in parts)
    yield ""
    yield f"{len(verdicts)} runs; {left_out} more left out, whose truth is in doubt"
    yield f"{sum(seconds):.0f} s of a core, {truth:.0f} s of it for the truth"


def _row(name: str, chosen: Chosen) -> str:
    return f"{name:34s} {rate(*recalled(chosen)):>18s} {rate(*rightly(chosen)):>18s} {rate(*alarms(chosen)):>18s}"


def detect() -> Iterator[Figure | str]:
    """The table, and the figures of the unseen half."""
    parts = all_parts()
    yield from table(parts)
    unseen = [one for part in parts for one in part.verdicts if one.half == "unseen"]
    yield _figure("recall", ">= 97 %", recalled(unseen), lambda share: share >= 0.97)
    found, of = alarms(unseen)
    low, high = wilson(found, of)
    measured = f"{rate(found, of).strip()}, 95 % interval {100 * low:.1f} to {100 * high:.1f} %"
    yield Figure("false alarms, unseen programs", "<= 1 %", measured, found <= 0.01 * of)
    yield _figure("right cause", ">= 92 %", rightly(unseen), lambda share: share >= 0.92)


def repair_table(parts: Sequence[Part]) -> Iterator[str]:
    """What became of repairs, by half and by symptom, beside chance."""
    repairs = [one for part in parts for one in part.repairs]
    yield f"{'':34s} {'repaired':>18s} {'not arrived before':>18s} {'by chance':>18s}"
    trained = [one for one in repairs if one.true != HEALTHY and not one.in_the_data]
    for half in HALVES:
        yield _repair_row(half, [one for one in trained if one.half == half])
    for symptom in sorted({one.true for one in trained}):
        for half in HALVES:
            some = [one for one in trained if one.true == symptom and one.half == half]
            if some:
                yield _repair_row(f"{symptom}, {half}", some)
    yield ""
    for symptom in sorted({one.true for one in repairs if one.in_the_data}):
        for half in HALVES:
            some = [one for one in repairs if one.true == symptom and one.half == half]
            yield f"{symptom + ', ' + half:34s} says so {rate(*_says(some))}"
    kinds = Counter(one.kind or "nothing" for one in trained)
    yield ""
    yield "changed: " + "; ".join(f"{kind} {count}" for kind, count in kinds.most_common())


def _repair_row(name: str, chosen: Sequence[Repaired]) -> str:
    before, chance = _cured(_stuck(chosen)), (sum(one.chance for one in _stuck(chosen)), len(_stuck(chosen)))
    return f"{name:34s} {rate(*_cured(chosen)):>18s} {rate(*before):>18s} {rate(*chance):>18s}"


def _stuck(chosen: Sequence[Repaired]) -> list[Repaired]:
    """Those that had not arrived before; a run that overshoots, but arrives, is cured however little is done."""
    return [one for one in chosen if not one.before]


def _cured(chosen: Sequence[Repaired]) -> tuple[int, int]:
    return sum(one.after for one in chosen), len(chosen)


def _says(chosen: Sequence[Repaired]) -> tuple[int, int]:
    return sum(one.says for one in chosen), len(chosen)


def repair() -> Iterator[Figure | str]:
    """The table of repairs, and the figures of the unseen half."""
    parts = all_parts()
    yield from repair_table(parts)
    unseen = [one for part in parts for one in part.repairs if one.half == "unseen"]
    trained = _stuck([one for one in unseen if one.true != HEALTHY and not one.in_the_data])
    yield _figure("repaired", ">= 97 %", _cured(trained), lambda share: share >= 0.97)
    chance = sum(one.chance for one in trained)
    yield f"a random change instead, as often, on the same budget: {rate(chance, len(trained)).strip()}"
    yield f"fault in the data said: {rate(*_says([one for one in unseen if one.in_the_data])).strip()}"
    healthy = [one for part in parts for one in part.repairs if one.true == HEALTHY]
    changed = sum(one.changed or bool(one.raised) for one in healthy)
    yield Figure("healthy runs changed, all programs", "0", f"{changed} of {len(healthy)}", changed == 0)


def _figure(what: str, asked: str, counts: tuple[int, int], met: Callable[[float], bool]) -> Figure:
    return Figure(f"{what}, unseen programs", asked, rate(*counts).strip(), met(counts[0] / max(counts[1], 1)))

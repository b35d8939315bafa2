"""What a scan of learning rates has to say: a ruler of outcomes and some ten lines, and the same as JSON."""

import math
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from downslope.pictures.scene import plain
from downslope.report.numbers import count, number

SHADES = {"stalls": "·", "learns": "█", "overshoots": "▓", "bounces": "▒", "diverges": "x"}
DIGITS = 4


class Told(NamedTuple):
    """A scan in plain values; numbers that are not known are nan."""

    head: str
    rates: np.ndarray
    outcomes: tuple[str, ...]
    limit: float
    limit_is: str
    fastest: float
    fastest_is: str
    best: float
    best_loss: float
    best_steps: float
    has_arrived: bool
    lowest: float
    steps: int
    asked: float
    asked_is: str
    steepest: str
    flattest: str
    highest_curvature: float
    lowest_curvature: float
    condition: float
    checked: str
    floor: str
    notes: tuple[str, ...]


def rate_scan(told: Told, width: int = 80) -> str:
    """Lines of text, each at most `width` wide and ending in a line break.

    Args:   width: columns of the terminal, at least 40.
    """
    width = max(40, width)
    lines = [plain(told.head, width), ""]
    lines += _ruler(told, width)
    lines.append("")
    for name, text in _facts(told):
        wrapped = textwrap.wrap(plain(text, 400), max(20, width - 11)) or [""]
        lines += [f"{name if place == 0 else '':<11}{part}" for place, part in enumerate(wrapped)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _facts(told: Told) -> Iterator[tuple[str, str]]:
    if math.isfinite(told.limit):
        yield "limit", f"{number(told.limit, DIGITS)}, {told.limit_is}"
    elif told.limit_is:
        yield "limit", told.limit_is
    if math.isfinite(told.fastest):
        yield "fastest", f"{number(told.fastest, DIGITS)}, {told.fastest_is}"
    if math.isfinite(told.highest_curvature):
        yield "steepest", f"{told.steepest}, curvature {number(told.highest_curvature, DIGITS)}"
        flat = f"{told.flattest}, curvature {number(told.lowest_curvature, DIGITS)}"
        condition = f"; condition number {number(told.condition, 3)}" if math.isfinite(told.condition) else ""
        yield "flattest", flat + condition
    if told.floor:
        yield "batches", told.floor
    yield "checked", told.checked
    if math.isfinite(told.asked):
        yield "yours", f"{number(told.asked, DIGITS)} {told.asked_is}"
    if math.isfinite(told.best):
        took = f", there to stay after {count(int(told.best_steps))}" if math.isfinite(told.best_steps) else ""
        ended = "" if math.isfinite(told.best_steps) or told.has_arrived else "none arrived; "
        ended += f"loss {number(told.best_loss)} after {count(told.steps)} steps{took}"
        yield "take", f"{number(told.best, DIGITS)}: {ended}; the lowest known is {number(told.lowest)}"
    else:
        yield "take", f"no rate lowered the loss in {count(told.steps)} steps"
    for place, note in enumerate(told.notes[:3]):
        yield "" if place else "notes", note


def _ruler(told: Told, width: int) -> Iterator[str]:
    """A bar of all rates, a shade for each outcome, with the borders and the names of the shades under it."""
    across = width - 2
    places = np.minimum((np.arange(across) + 0.5) / across * told.rates.size, told.rates.size - 1).astype(int)
    shown = [told.outcomes[place] for place in places]
    yield " " + "".join(SHADES[outcome] for outcome in shown)
    borders, free, first = [" "] * (across + 1), 0, 0
    for _, stretch in groupby(told.outcomes):
        begin, length = number(float(told.rates[first]), 3), len(list(stretch))
        at = 1 + int(first / told.rates.size * across)
        if at >= free and at + len(begin) <= across + 1 and (first == 0 or length * across >= told.rates.size):
            borders[at : at + len(begin)] = begin
            free = at + 1 + len(begin)
        first += length
    last = number(float(told.rates[-1]), 3)
    if free <= across + 1 - len(last):
        borders[across + 1 - len(last) :] = last
    yield "".join(borders).rstrip()
    yield " " + "   ".join(f"{shade} {outcome}" for outcome, shade in SHADES.items() if outcome in shown)

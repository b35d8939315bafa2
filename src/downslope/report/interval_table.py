"""Intervals as a table for a terminal: a line for each parameter, then what is to be known of them."""

from collections.abc import Mapping, Sequence

from downslope.pictures.scene import plain
from downslope.report.numbers import aligned, ends, number

LONGEST_SENTENCE = 280
METHODS = {"covariance": "the covariance", "profile": "the profile of the loss", "bootstrap": "the bootstrap"}


def interval_table(
    limits: Mapping[str, tuple[float, float]], level: float, method: str, notes: Sequence[str] = (), width: int = 80
) -> str:
    """Intervals in words; ends to the second digit of the width.

    >>> print(interval_table({"w": (0.5328, 0.5407), "b": (-21.66412, -12.945)}, 0.95, "profile"))
    95 % intervals from the profile of the loss
      w     0.5328 to   0.5407
      b   -21.7    to -12.9
    """
    from textwrap import wrap

    names = [plain(name, 30) for name in limits]
    column = max(map(len, names), default=0)
    said = [("", number(low)) if low == high else ends(low, high) for low, high in limits.values()]
    lows, highs = (aligned([pair[side] for pair in said]) for side in (0, 1))
    lines = [f"{number(100 * level)} % intervals from {METHODS.get(method, method)}"]
    for name, low, high, (first, second) in zip(names, lows, highs, said, strict=True):
        body = f"{low} to {high}" if first else f"{second}, fixed"
        lines.append(f"  {name.ljust(column)}   {body}".rstrip())
    for note in notes:
        lines += wrap(plain(note, LONGEST_SENTENCE), max(20, width), initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines)

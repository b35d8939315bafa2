"""Rates: the loss that each learning rate reached, on the zones of what became of it; limit and fastest as upright
lines.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from downslope.pictures.scene import Axis, Line, Mark, Note, Role, Rule, Scene, Zone, plain

OUTCOMES: tuple[Role, ...] = ("stalls", "learns", "overshoots", "bounces", "diverges")
STYLES: Mapping[str, Role] = {"limit": "minimum", "fastest": "start", "yours": "finding"}
ABOVE = 30.0
"""So many times the loss at the start is the top of the picture; what diverged has left it."""
EDGE = 0.8
"""Share of the top at which the runs are drawn that ended above it."""
DEEPEST = 1e-12
"""Share of the loss at the start below which depth is rounding."""


def rates(
    tried: np.ndarray,
    losses: np.ndarray,
    outcomes: Sequence[str],
    *,
    zones: Sequence[tuple[float, float, str]] = (),
    start_loss: float,
    steps: int,
    lines: Mapping[str, float] | None = None,
    title: str = "",
) -> Scene:
    """Loss reached against the rate.

    Args:   tried, losses (k,): rates, ascending, and the losses after `steps` steps, not finite where a run left;
            outcomes: k words; zones: from, to and outcome of the stretches of rates; lines: name -> rate of an upright
            line, left out if it is not finite.
    """
    lifted, label = losses, f"loss after {steps:,} steps"
    known = losses[np.isfinite(losses)]
    low = float(np.min(known, initial=start_loss))
    if not low > 0:  # a loss below 0 has no logarithm: its height above the lowest has
        lifted, label, start_loss = losses - low, f"{label}, above the lowest", start_loss - low
    top = ABOVE * start_loss if start_loss > 0 else 1.0
    shown = np.where(np.isfinite(lifted), np.clip(lifted, DEEPEST * top, EDGE * top), EDGE * top)
    bottom = float(shown.min()) / 2
    down, up = np.log10(bottom), np.log10(top)
    if up - down < 1:
        bottom = top / 10
    left, right = float(tried[0]), float(tried[-1])
    if not right > left:
        left, right = left / 2, right * 2
    marks: list[Mark] = [Zone(low, high, role) for low, high, word in zones for role in OUTCOMES if role == word]
    for outcome in OUTCOMES:
        inside = np.array([each == outcome for each in outcomes], dtype=bool)
        if inside.any():
            # each stretch reaches to the next rate, so that the line is whole
            inside[1:] |= inside[:-1].copy()
            marks.append(Line(tried, np.where(inside, shown, np.nan), outcome, outcome))
    marks += [
        Rule(float(rate), STYLES.get(name, "guess"), plain(name))
        for name, rate in (lines or {}).items()
        if np.isfinite(rate) and left <= rate <= right
    ]
    gone = int(np.sum(~np.isfinite(lifted) | (lifted > EDGE * top)))
    said = [f"{gone} of {tried.size} runs ended higher than the picture"] if gone else []
    return Scene(
        plain(title or "Loss reached at each learning rate", 200),
        Axis("learning rate", left, right, "log"),
        Axis(label, bottom, top, "log"),
        (*marks, *map(Note, said)),
    )

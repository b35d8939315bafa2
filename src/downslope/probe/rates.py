"""What rates lead to: stalls, learns, overshoots, bounces or diverges, as theory foretells it and as lanes showed it.

A run has arrived when its loss is at most 1 % above the lowest known, and a millionth of the level.

    stalls      it has not arrived after all steps, and goes on downhill too slowly to matter
    learns      it has arrived, and its steps did not land across the valley
    overshoots  its steps land across the valley (above 1/c for plain descent, c the steepest curvature), and it has
                arrived, or will within as many steps again
    bounces     its steps turn back, it has not arrived and will not: it circles above the floor
    diverges    the error grows
"""

from typing import Any, Literal, NamedTuple

import numpy as np

from downslope.descent.rate_lanes import Lanes
from downslope.descent.rules import options_of
from downslope.history.readings import allowance
from downslope.probe.rate_theory import Law, determined, factors, limit

Shape = Literal["parabola", "curved", "unknown"]
GREW = 1.5
"""Of the slope along the steepest direction, over half of the steps."""
NOTHING = 1e-9
"""Of the first slope: what grows below that is rounding."""
CIRCLES = 0.5
"""Share of the length of the last steps by which they got on, below which they turn back."""
FADED = 512
"""Steps after which what momentum remembers of its first ones has faded."""
FALLS = 0.9
"""Share of the excess that is left after half of the steps, above which it no longer falls."""


class Goal(NamedTuple):
    """best: lowest loss known; level: loss of the best constant prediction; steps: those of each run; floor: loss of
    predictions that meet every row.
    """

    best: float
    level: float
    steps: int
    floor: float = 0.0

    @property
    def arrived(self) -> float:
        """Loss from which on a run has arrived."""
        return self.best + self.margin

    @property
    def margin(self) -> float:
        """The same above the best."""
        return allowance(self.best, self.level, self.floor)


def foretold(
    rule: Law, rates: np.ndarray, spectrum: np.ndarray, away: np.ndarray, needed: np.ndarray, steps: int
) -> tuple[str, ...]:
    """Outcomes (k,) on a parabola of this spectrum (q,).

    Args:   away: (q,), the start's distance from the minimum along each direction; needed: (k,), steps until arrived.
    """
    most = limit(rule, spectrum)
    crosses = _crosses(rule, rates * float(np.max(spectrum, initial=0.0)), steps)
    hops = _hops(rule, rates, spectrum, away, steps)
    told = []
    for place, rate in enumerate(rates):
        if not rate < most:
            told.append("diverges")
        elif needed[place] <= steps:
            told.append("overshoots" if crosses[place] else "learns")
        elif crosses[place] and hops[place]:
            told.append("overshoots" if needed[place] <= 2 * steps else "bounces")
        else:
            told.append("stalls")
    return tuple(told)


def _crosses(rule: Law, s: np.ndarray, steps: int) -> np.ndarray:
    """Whether the slopes along the steepest direction turn around from step to step, on the whole, (k,): Σ x x' < 0.
    For plain descent: whether s = rate · curvature is above 1.
    """
    if not rule.momentum:
        return s > 1
    matrix, total = rule.matrix(s), np.zeros(s.size)
    state = np.tile([[1.0], [0.0]], (s.size, 1, 1))
    with np.errstate(all="ignore"):
        for _ in range(min(steps, FADED)):
            after = matrix @ state
            total += state[:, 0, 0] * after[:, 0, 0]
            state = after
    return total < 0


def _hops(rule: Law, rates: np.ndarray, spectrum: np.ndarray, away: np.ndarray, steps: int) -> np.ndarray:
    """Whether the last step lands across the valley, (k,): Σ g² f^(2n+1) < 0, f the factor along each direction. With
    momentum: whether in the long run the steepest direction is what is left.
    """
    seen = determined(spectrum) & (spectrum > 0)
    curve, off = spectrum[seen], away[seen]
    if not curve.size:
        return np.zeros(rates.size, dtype=bool)
    if rule.momentum:
        steepest = rule.radius(rates * curve.max())
        return np.asarray(steepest >= factors(rule, rates, curve) * (1 - 1e-12))
    factor = 1 - rates[:, None] * curve
    with np.errstate(divide="ignore"):
        power = 2 * steps * np.log(np.abs(factor)) + 2 * np.log(np.abs(curve * off))
    top = np.max(power, axis=1, keepdims=True)
    share = np.exp(power - np.where(np.isfinite(top), top, 0.0))
    return np.asarray(np.sum(share * factor, axis=1) < 0)


def seen(lanes: Lanes, losses: np.ndarray, start_loss: float, goal: Goal, best: float, shape: Shape) -> tuple[str, ...]:
    """Outcomes (k,) of what the lanes showed.

    Args:   losses: (k,) over all rows after all steps; best: lowest loss on the rows that the lanes saw; shape: what is
            known of the valley and the rule. On a "parabola" what grows along the steepest direction is lost; in a
            "curved" valley the loss must rise too; "unknown": no direction is known to be the steepest, or the rule,
            such as Adam, keeps to none.
    """
    told = []
    with np.errstate(all="ignore"):
        excess, before = lanes.end - best, lanes.middle - best
        soon = excess * (excess / before) ** 2 <= goal.margin
        stays = excess > FALLS * before
        back = (lanes.path > 0) & (lanes.away < CIRCLES * lanes.path)
        rises = lanes.end > GREW * lanes.middle
        grows = (lanes.end_slope > GREW * lanes.middle_slope) & (lanes.turned < 0) & (rises | (shape == "parabola"))
        grows &= (lanes.end_slope > NOTHING * lanes.first_slope) & (shape != "unknown")
        turned = lanes.across > 0.5 if shape == "unknown" else lanes.turned < 0
        finite = np.isfinite(losses) & np.isfinite(lanes.end) & np.isfinite(lanes.params).all(axis=1)
        above = losses > start_loss
    for place in range(losses.size):
        if not finite[place]:
            told.append("diverges")
        elif losses[place] <= goal.arrived and not (grows[place] and rises[place]):
            told.append("overshoots" if turned[place] else "learns")
        elif grows[place] or (above[place] and (rises[place] or not back[place])):
            told.append("diverges")
        elif turned[place] and lanes.across[place] > 0.5:
            told.append("overshoots" if soon[place] else "bounces")
        elif back[place] and stays[place]:
            told.append("bounces")
        else:
            told.append("stalls")
    return tuple(told)


def divisors(memory: Any, optimizer: str) -> np.ndarray | None:
    """What an adaptive rule divides each slope by, P (k, q), from what its lanes remember; None for other rules."""
    moments = [each for each in memory if hasattr(each, "nu")] if isinstance(memory, tuple) else []
    if not moments:
        return None
    state = moments[0]
    squares = np.asarray(state.nu)
    options = options_of(optimizer)
    if "decay" in options:
        return np.sqrt(squares + options["eps"])
    return np.sqrt(squares / (1 - options["b2"] ** np.asarray(state.count)[:, None])) + options["eps"]


def sharpness(hessian: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    """Largest eigenvalue of P⁻¹H for each P on the diagonal (k, q), H (q, q): (k,)."""
    root = 1 / np.sqrt(divisor)
    scaled = root[:, :, None] * hessian * root[:, None, :]
    finite = np.isfinite(scaled).all(axis=(1, 2))
    found = np.full(len(scaled), np.nan)
    found[finite] = np.linalg.eigvalsh(scaled[finite])[:, -1]
    return found

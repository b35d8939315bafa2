"""Arrival: whether a run has reached the lowest loss that is known, and if not, what its last steps were doing.

Everything here is read off the history and the readings; which symptom follows is for each symptom to say.
"""

from dataclasses import dataclass

import numpy as np

from downslope.history import History, Reference, Run
from downslope.history.readings import SHARE, allowance

ROUNDING = 1e-10
"""Share of the largest gradient below which its direction is rounding."""
AT_REST = 1e-9
"""Way of the last half of the steps, as a share of where a parameter stands, that is rounding."""
FEWEST = 3
"""Steps that tell a habit from an accident."""
ACROSS = -1e-9
"""Landing below which a step is across the valley; one on its floor lands at 0, but for rounding."""


def tolerance(known: Reference) -> float:
    """Loss above the lowest known one up to which a run has arrived."""
    return allowance(known.loss, known.level, known.floor)


def arrived(run: Run) -> bool | None:
    """Whether the answer is as good as the lowest loss known; None where none is known."""
    known = run.taken.reference
    if known is None or not np.isfinite(known.loss):
        return None
    return bool(run.loss <= known.loss + tolerance(known))


def stepping(run: Run) -> bool:
    """Whether the run took steps as it was told, and did not search."""
    return not run.chosen.get("searches") and len(run.history) > 1


@dataclass(frozen=True)
class Lag:
    """A run that has not arrived.

    excess     loss above the lowest known
    allowed    of it
    turned     share of the steps of the last half that landed across the valley; nan where that cannot be told
    lost       share of the way of the last half that led nowhere: 0, straight on; 1, back to where it came from
    ripple     highest less lowest loss of the last half
    ahead      excess foretold after as many steps again, from the last half of the losses
    falling    whether the loss fell over the last half by more than it scattered
    """

    excess: float
    allowed: float
    turned: float
    lost: float
    ripple: float
    ahead: float
    falling: bool

    @property
    def along(self) -> bool:
        """Whether the last steps went along a valley, not across it."""
        return not self.turned > 0.5


def lag(run: Run) -> Lag | None:
    """What is to be said of a run that took its steps and has not arrived; None for any other."""
    known = run.taken.reference
    if known is None or arrived(run) is not False or not stepping(run) or not run.history.finite.all():
        return None
    if _stopped_in_time(run):
        return None
    allowed = tolerance(known)
    steps, losses = _over_all_rows(run)
    with np.errstate(all="ignore"):  # losses of 1e200 are numbers too
        ahead, falling = _trend(steps, np.maximum(losses - known.loss, 0.0))
    return Lag(
        excess=float(run.loss - known.loss),
        allowed=float(allowed),
        turned=turned(run.history, len(run.history) // 2) if run.plain else float("nan"),
        lost=_lost(run.history),
        ripple=float(np.ptp(losses[len(losses) // 2 :])),
        ahead=ahead,
        falling=falling,
    )


def _stopped_in_time(run: Run) -> bool:
    """Whether the rows that were held out are met better here than at the lowest loss known over the others."""
    held_out = run.taken.validation
    return held_out is not None and bool(held_out.at_best > (1 + SHARE) * held_out.losses[-1])


def landings(history: History, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows (k,), from one on, that a step led to, and where it landed; steps that rounding decides are left out."""
    first = max(1, first)
    with np.errstate(invalid="ignore"):
        norms = history.gradient_norm[first - 1 : -1]
        near = norms > ROUNDING * np.nanmax(norms, initial=0.0)
    rows = first + np.flatnonzero(near & np.isfinite(history.landing[first:]))
    return rows, history.landing[rows]


def turned(history: History, first: int = 0) -> float:
    """Share of the steps, from a row on, that landed across the valley; nan of fewer than three."""
    _, landing = landings(history, first)
    return float(np.mean(landing < ACROSS)) if landing.size >= FEWEST else float("nan")


def _over_all_rows(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Steps and losses over all rows; of a run on batches, those that were measured."""
    overall = run.taken.overall
    if overall is not None:
        return overall.steps, overall.losses
    return run.history.step, run.history.loss


def _lost(history: History) -> float:
    """Path length of the last half against the way from its first to its last point, each parameter in units of its
    own path: steps to and fro add to the first only.
    """
    points = history.params[len(history) // 2 :]
    moves = np.abs(np.diff(points, axis=0))
    lengths = moves.sum(axis=0)
    # what moves by its last digits only is at rest
    going = lengths > AT_REST * np.abs(points).max(axis=0)
    if not going.any():
        return 0.0
    net = np.abs(points[-1] - points[0])[going] / lengths[going]
    return float(1.0 - net.max())


def _trend(steps: np.ndarray, excess: np.ndarray) -> tuple[float, bool]:
    """The excess after as many steps again, and whether it is falling at all.

    By the medians of the last two quarters: what falls by the same factor in each step falls from one to the other by a
    power of it, and by another power from there on.
    """
    half = steps >= steps[-1] / 2
    steps, excess = steps[half], excess[half]
    if excess.size < 4:
        return float(excess[-1]), False
    middle = excess.size // 2
    first, second = excess[:middle], excess[middle:]
    before, after = float(np.median(first)), float(np.median(second))
    if not before > 0 or not after > 0:
        return after, after < before
    scatter = np.hypot(*(1.25 * np.std(part) / np.sqrt(part.size) for part in (_flattened(first), _flattened(second))))
    apart, ahead = np.median(steps[middle:]) - np.median(steps[:middle]), 2 * steps[-1] - np.median(steps[middle:])
    return float(after * min(after / before, 1.0) ** (ahead / apart)), bool(before - after > 3 * scatter)


def _flattened(values: np.ndarray) -> np.ndarray:
    """What scatters about a straight line."""
    places = np.arange(values.size)
    return values - np.polyval(np.polyfit(places, values, 1), places) if values.size > 2 else np.zeros(values.size)

"""Truth: what a run suffers from, by fixed rules, from its replay and the known minimum alone.

Where the rules leave doubt the answer is None, and the run is left out: near the border of two of them, or with two
troubles at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.troubles.minimum import Minimum
from benchmarks.troubles.replay import LEAST_GRADIENT

HEALTHY = "healthy"
MAJORITY = (0.45, 0.55)
"""Between these shares of steps across the valley there is doubt."""
STUCK, FLAT, TURNING = 0.01, 0.9, 0.2
"""Share of the gap won in the second half of a run that stands still; of the excess left in the last quarter, by the
one before, of a run that falls no longer; of the way that is left as distance, of a run that circles."""
ROUNDING = 1e-12
"""Share of the first gradient below which one is nothing but rounding."""
PROPER = 1e-6
"""Share of the highest curvature that the lowest has at a proper minimum."""
RAVINE, ROUND = 100.0, 10.0
"""Condition numbers from which a valley is a ravine, and up to which it is none."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One replayed run of S steps, followed for 2 S.

    losses (2 S + 1,), landings (S,), norms (S + 1,), path (S + 1, p); smooth: plain descent on all rows of a loss
    without kinks, where landings tell; convex: so that no other minimum exists; ended: (p,) -> eigenvalues of the
    Hessian there, ascending; nearby: loss and lowest and highest curvature of the minimum that SciPy reaches from the
    end; at_edge, scaled, half_scaled, faster: whether other rates arrive within S steps: one over the largest
    curvature, the same on columns of -1..1 and of half that width, and multiples of the one that ran with the same
    rule; None where not tried; condition: of the
    valley, on scaled columns where the model allows it; dead: ReLU units that no row switches on at the end; singular:
    whether the formula leaves a direction open everywhere; batches: whether steps see some rows only.
    """

    minimum: Minimum
    losses: np.ndarray
    landings: np.ndarray
    norms: np.ndarray
    path: np.ndarray
    smooth: bool
    convex: bool
    ended: Callable[[], np.ndarray]
    nearby: Callable[[], tuple[float, float, float]]
    at_edge: bool | None = None
    scaled: bool | None = None
    half_scaled: bool | None = None
    faster: bool | None = None
    condition: float = np.nan
    dead: int = 0
    singular: bool = False
    batches: bool = False

    @property
    def steps(self) -> int:
        return len(self.landings)


@dataclass(frozen=True)
class Truth:
    """The symptom, and all that count as the right cause where definitions overlap."""

    symptom: str
    accept: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, symptom: str, *also: str) -> "Truth":
        return cls(symptom, frozenset({symptom, *also}))


def judge(seen: Seen) -> Truth | None:
    """The trouble of a run, Truth("healthy"), or None in doubt."""
    with np.errstate(all="ignore"):
        for rule in (_not_finite, _diverges, _arrived, _across, _circles, _stands_still, _elsewhere):
            found = rule(seen)
            if found is not NEXT:
                return found
        return _on_the_way(seen)


NEXT = Truth("next rule")


def _not_finite(seen: Seen) -> Truth | None:
    """Losses that end as numbers: after growth it was the rate, without any it was the formula."""
    losses = seen.losses[: seen.steps + 1]
    finite = np.isfinite(losses)
    if finite.all():
        return NEXT
    before = losses[: int(np.argmin(finite))]
    if before.size == 0:
        return None
    growth = before.max() / before[0]
    if growth > 1e3:
        return Truth.of("diverging")
    if growth < 10 and np.isnan(losses[before.size]):
        return Truth.of("nonfinite")
    return None


def _diverges(seen: Seen) -> Truth | None:
    """Rising at each of the last steps, well above the lowest, and ten times higher yet in as many steps again."""
    steps, losses = seen.steps, seen.losses
    rising = steps > 10 and bool((np.diff(losses[steps - 9 : steps + 1]) > 0).all())
    later = losses[2 * steps]
    if rising and losses[steps] > 2 * losses[: steps + 1].min() and not later < 10 * losses[steps]:
        return Truth.of("diverging")
    return None if losses[steps] > 1e3 * losses[0] else NEXT


def _arrived(seen: Seen) -> Truth | None:
    """At the minimum, with room to spare; overshooting if most steps before the end of rounding crossed the valley.

    What batches reach moves with every step: there most of the last quarter must have arrived as well.
    """
    steps, arrived = seen.steps, seen.minimum.arrived
    last = seen.losses[max(1, steps - (steps // 4 if seen.batches else steps // 10)) : steps + 1]
    settled = np.median(last) if seen.batches else last.max()
    if not arrived(last[-1], 2.0) and not arrived(settled, 2.0):
        # what had arrived and swung out again is in doubt, unless it is batches that move it
        return None if arrived(seen.losses[: steps + 1]).any() and not seen.batches else NEXT
    if not (arrived(last[-1], 0.8) and arrived(settled, 0.6)):
        return None
    if not seen.smooth:
        return Truth(HEALTHY)
    if _leaves(seen):
        return None  # near the minimum by the other directions, and leaving it by the steepest
    # of those before it had arrived, of those of some size, and of all that are more than rounding
    until = int(np.argmax(arrived(seen.losses))) + 1
    shares = [_share_across(seen, 0, until), _share_across(seen, 0), _share_across(seen, 0, least=ROUNDING)]
    if max(shares) < MAJORITY[0]:
        return Truth(HEALTHY)
    return Truth.of("overshooting") if min(shares) > MAJORITY[1] else None


def _across(seen: Seen) -> Truth | None:
    """Plain descent whose last half of steps crosses the valley, and has not arrived."""
    if not seen.smooth:
        return NEXT
    share = _share_across(seen, seen.steps // 2)
    if share < MAJORITY[0]:
        return NEXT
    if share <= MAJORITY[1] or not _this_valley(seen):
        return None
    later = seen.losses[2 * seen.steps]
    if seen.minimum.arrived(later, 0.5):
        return Truth.of("overshooting")
    if not seen.minimum.arrived(later, 2.0):
        return Truth.of("bouncing")
    return Truth.of("bouncing", "overshooting")  # it arrives after just as many steps again: the border of the two


def _circles(seen: Seen) -> Truth | None:
    """The loss falls no longer, and the way turns back on itself."""
    steps, best = seen.steps, seen.minimum.loss
    third = np.median(seen.losses[steps // 2 : 3 * steps // 4] - best)
    last = np.median(seen.losses[3 * steps // 4 : steps + 1] - best)
    way = seen.path[3 * steps // 4 : steps + 1]
    length = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
    turning = np.linalg.norm(way[-1] - way[0]) / length if length > 0 else 1.0
    if not (last > FLAT * third and turning < TURNING):
        return NEXT
    again = np.median(seen.losses[3 * steps // 2 : 2 * steps + 1])
    moves = length / len(way) > 1e-6 * np.linalg.norm(way[-1] - seen.path[0])
    if not moves or not _this_valley(seen) or seen.minimum.arrived(again, 2.0):
        return None
    return Truth.of("bouncing")


def _stands_still(seen: Seen) -> Truth | None:
    """No minimum, and yet next to no progress: curvature is missing or negative, next to that of the minimum."""
    if seen.convex:
        return NEXT
    steps, best = seen.steps, seen.minimum.loss
    won = (seen.losses[steps // 2] - seen.losses[steps]) / (seen.losses[steps] - best)
    spectrum, proper = seen.ended(), seen.minimum.spectrum
    missing = spectrum[0] < 1e-3 * proper[0] if not seen.singular else spectrum[0] < -1e-3 * proper[-1]
    if not missing or won > 10 * STUCK:
        return NEXT
    # what steps of the best size could win by this slope: were it much, the rate would be the trouble
    reach = steps * seen.norms[steps] ** 2 / (2 * proper[-1])
    if seen.at_edge or seen.faster or reach > 0.1 * (seen.losses[steps] - best):
        return NEXT
    if seen.dead:
        return Truth.of("dead-units") if won < STUCK or seen.nearby()[0] > seen.minimum.loss * 1.02 else None
    if won >= STUCK:
        return None
    # nearly flat, and yet curved upwards in every direction: both words are right
    return Truth.of("plateau", *(["local-minimum"] if spectrum[0] > PROPER * spectrum[-1] else []))


def _elsewhere(seen: Seen) -> Truth | None:
    """In the basin of a proper minimum that is not the lowest one."""
    if _this_valley(seen):
        return NEXT
    if seen.dead:
        return Truth.of("dead-units")
    loss, low, high = seen.nearby()
    if seen.minimum.arrived(loss, 2.0) or not np.isfinite(loss):
        return None
    left, start = seen.losses[seen.steps] - loss, seen.losses[0] - loss
    if left > 0.1 * start:
        return None  # too far above it to say that it is heading there
    return Truth.of("local-minimum") if low > (-PROPER if seen.singular else PROPER) * high else None


def _on_the_way(seen: Seen) -> Truth | None:
    """Still falling along the right valley: which change would have arrived?"""
    if seen.at_edge or seen.faster:
        return Truth.of("crawling")
    if seen.at_edge is None:
        return None
    if seen.scaled and seen.half_scaled:
        return Truth.of("unscaled-inputs")
    if seen.scaled or seen.half_scaled:
        return Truth.of("unscaled-inputs", "ravine")  # it depends on what "about -1..1" is
    if seen.condition >= RAVINE:
        return Truth.of("ravine")
    if seen.condition <= ROUND:
        return Truth.of("crawling")  # a round valley: nothing but more steps would help
    return Truth.of("ravine", "crawling")  # neither round nor a ravine: both words are right


def _share_across(seen: Seen, first: int, stop: int | None = None, least: float = LEAST_GRADIENT) -> float:
    """Of the steps from `first` on, up to `stop`, whose direction is more than rounding."""
    told = _told(seen, first, stop, least)
    return float((told < 0).mean()) if told.size else 0.0


def _told(seen: Seen, first: int, stop: int | None = None, least: float = LEAST_GRADIENT) -> np.ndarray:
    """Their landings."""
    told = (seen.norms[:-1] > least * seen.norms[0]) & np.isfinite(seen.landings)
    told[:first] = False
    told[stop if stop is not None else told.size :] = False
    return seen.landings[told]


def _leaves(seen: Seen) -> bool:
    """Whether the last steps land higher than they began."""
    last = _told(seen, seen.steps - 10)
    return bool(last.size and np.median(last) < -1)


def _this_valley(seen: Seen) -> bool:
    """Whether the minimum next to the end is the lowest."""
    return seen.convex or bool(seen.minimum.arrived(seen.nearby()[0]))


def overfits(risk: np.ndarray, out: np.ndarray, lowest: int) -> bool | None:
    """Whether a descent learned the noise of its rows; None in doubt.

    Args: risk: mean loss over many fresh rows, at some steps; out: loss of each row held out, (steps, rows); lowest:
          the step of the lowest mean of these. The truth is the risk; a fault must also show on the rows held out, by
          three standard errors, or nobody could know.
    """
    turned = risk[-1] / risk.min()
    if turned <= 1.02:
        return False
    rise = out[-1] - out[lowest]
    shows = rise.mean() > 3 * rise.std(ddof=1) / np.sqrt(rise.size) and out[-1].mean() > 1.05 * out[lowest].mean()
    return True if turned > 1.2 and shows else None

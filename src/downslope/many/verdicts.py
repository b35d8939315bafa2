"""Verdicts: the state of every group and the reason for it, by the rules of `judge`, for many groups at once."""

from typing import NamedTuple

import numpy as np

from downslope.certifying import CURVED_ROWS
from downslope.descent.stops import EDGE, GOING_ON, STUCK
from downslope.history.trust import MOST_DIGITS
from downslope.judge import CLOSE_ENOUGH, ENOUGH_DIGITS, EXACT_DIGITS, PERFECT, UNSEEN
from downslope.many.packing import Rows
from downslope.many.searching import Found
from downslope.many.spec import Bound
from downslope.probe.metric import INVOLVED, metric, undetermined, unknown
from downslope.probe.minimum import FLAT
from downslope.report.numbers import number

STATES = ("certified", "usable", "untrusted")
NEARLY_SINGULAR = 1e8
"""Condition of the columns from which their singular values are looked at one group at a time."""
BARELY = 1e10
"""The same where rounding hides the minimum, from which a direction is no longer held to be determined."""
LOWER = 1e-6


class Verdict(NamedTuple):
    """state: (g,) places in STATES; reason: (g,) texts; errors: (g, q) of the free parameters; again: (g,) bool,
    whether a harder search might tell more.
    """

    state: np.ndarray
    reason: np.ndarray
    errors: np.ndarray
    again: np.ndarray


class Targets(NamedTuple):
    """What is known of the targets of each group, (g,): mean and mean square in units of the spread, and whether they
    are the same in every row.
    """

    name: str
    mean: np.ndarray
    square: np.ndarray
    constant: np.ndarray


def look_at(rows: Rows, name: str) -> Targets:
    """The targets of all groups; of one without rows it tells nothing."""
    begun = np.minimum(rows.starts[:-1], rows.target.size - 1)
    size = rows.target if rows.spread is None else rows.target / rows.spread
    counts = np.maximum(rows.lengths, 1)
    return Targets(
        name,
        np.add.reduceat(size, begun) / counts,
        np.add.reduceat(size * size, begun) / counts,
        np.maximum.reduceat(rows.target, begun) == np.minimum.reduceat(rows.target, begun),
    )


class _Told:
    """The first reason against each group is the one that is told."""

    def __init__(self, groups: int) -> None:
        self.state = np.full(groups, 2)
        self.reason = np.full(groups, "", dtype=object)
        self.open = np.ones(groups, bool)

    def say(self, where: np.ndarray, reason: str, state: int = 2) -> None:
        at = where & self.open
        self.state[at], self.reason[at] = state, reason
        self.open &= ~where


def verdicts(bound: Bound, rows: Rows, targets: Targets, found: Found, groups: np.ndarray) -> Verdict:
    """Judge some groups that have been searched."""
    params, errors, loss = found.params[groups], found.errors[groups].copy(), found.loss[groups]
    told = _Told(len(groups))
    finite = np.isfinite(loss) & np.isfinite(params).all(axis=1)
    rest, lowest = found.rest[groups], found.lowest[groups]
    sound = finite & rest & (lowest > FLAT)
    told.say(~finite, "no start gave a finite loss: give one where it is a number, such as start={...}")
    constant = targets.constant[groups] & (rows.lengths[groups] > 1)
    for place in np.flatnonzero(constant & told.open):
        value = number(rows.target[rows.starts[groups[place]]])
        told.say(np.arange(len(groups)) == place, f"{targets.name} is {value} in every row: there is nothing to fit")
    undecided = found.condition[groups] > NEARLY_SINGULAR
    blurred = np.zeros(len(groups), bool)
    for place in np.flatnonzero(undecided & finite):
        said, errors[place] = _undetermined(bound, found, int(groups[place]), errors[place])
        if said:
            blurred[place] = True
            told.say(np.arange(len(groups)) == place, "; ".join(said))
    with np.errstate(all="ignore"):
        reach = found.reach[groups]
        digits = np.clip(-np.log10(reach / np.fmax(np.abs(params), np.where(np.isfinite(errors), errors, 0.0))), 0, 99)
        digits = np.where(reach == 0, MOST_DIGITS, np.where(np.isfinite(digits), np.minimum(digits, MOST_DIGITS), 0.0))
        away = np.where(np.isfinite(errors) & (errors > 0), reach / errors, -np.inf).max(axis=1)
    distance = np.where(np.isfinite(away), away, np.nan)
    few_curved = _few_curved(bound, found.near[groups])
    distance = np.where(few_curved, np.nan, distance)
    errors[few_curved] = np.nan
    least = digits.min(axis=1)
    with np.errstate(invalid="ignore"):
        good = sound & (((distance <= CLOSE_ENOUGH) & (least > 0)) | (least >= ENOUGH_DIGITS))
    end = found.end[groups]
    told.say(~good & ~sound & (end == EDGE), "the search ended at an edge of the model, beyond which it is no number")
    told.say(
        ~good & ~rest & (end == STUCK),
        "the search is stuck: much seems left to gain, but no step lowers the loss; start it nearer to the answer",
    )
    told.say(~good & ~sound & (end == GOING_ON), "the search had not settled when its steps were used up")
    told.say(~sound & ~(lowest > FLAT), _NO_MINIMUM)
    told.say(~sound, "the search did not come to rest at the minimum")
    exact, sure = _perfect(bound, targets, found, groups, errors, digits)
    if not bound.convex:
        margin = LOWER * np.abs(loss)
        elsewhere = ~exact & (found.second[groups] < loss - margin)
        for place in np.flatnonzero(elsewhere & told.open):
            second = number(found.second[groups[place]])
            told.say(np.arange(len(groups)) == place, f"a lower minimum was met elsewhere, with the loss {second}")
        alone = ~exact & (found.agreed[groups] < 2)
        for tried in np.unique(found.tried[groups][alone & told.open]):
            told.say(
                alone & (found.tried[groups] == tried),
                f"only one of {tried} starts ended here: a lower minimum may well exist",
            )
    searchable = told.state == 2
    again = searchable & ~told.open & ~blurred & (not bound.linear_squares)
    again &= ~constant
    met = "every row is met to rounding: no fit is better"
    told.say(exact & sure, met, 0)
    for text, where in _agreement(bound, found, groups):
        told.say(good & where, text, 0)
    for place in np.flatnonzero(told.open & (found.condition[groups] > BARELY)):
        told.say(np.arange(len(groups)) == place, _barely(bound, found, int(groups[place])))
    told.say(np.ones(len(groups), bool), "rounding hides where the minimum is", 1)
    _add_resting(bound, found, groups, told)
    return Verdict(told.state, told.reason, errors, again)


_NO_MINIMUM = "this is not known to be a minimum: the loss falls, or stays level, in some direction from here"


def _agreement(bound: Bound, found: Found, groups: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What a certificate assumes, in words, and the groups that it holds for."""
    every = np.ones(len(groups), bool)
    if bound.convex:
        which = "the least-squares minimum" if bound.loss.least_squares else "the minimum, as the loss is convex"
        return [(f"{which}, the only one", every)]
    agreed, tried = found.agreed[groups], found.tried[groups]
    pairs = np.unique(np.stack([agreed, tried], axis=1), axis=0)
    return [
        (
            f"a minimum that {one} of {of} starts agree on; not proven to be the only one",
            (agreed == one) & (tried == of),
        )
        for one, of in pairs.tolist()
    ]


def _undetermined(bound: Bound, found: Found, group: int, errors: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """What the data of one group do not determine, and the errors that say so."""
    triangle = found.triangle[group] * found.width[group][None, :]
    if not np.isfinite(triangle).all():
        return (), errors
    free = ~found.held[group]
    frame = metric(triangle, bound.posed.size, free)
    said = undetermined(frame, bound.free)
    if not said:
        return (), errors
    return said, np.where(unknown(frame), np.inf, np.where(np.isfinite(errors), errors, np.nan))


def _barely(bound: Bound, found: Found, group: int) -> str:
    """The combination of parameters that the data of one group determine least."""
    vectors = np.linalg.svd(found.triangle[group])[2]
    parts = np.abs(vectors[-1])
    names = [bound.free[k] for k in np.flatnonzero(parts > INVOLVED * parts.max())]
    if len(names) == 1:
        return f"the data hardly determine {names[0]}"
    return f"the data can hardly tell {', '.join(names[:-1])} and {names[-1]} apart"


def _few_curved(bound: Bound, near: np.ndarray) -> np.ndarray:
    """Whether too few rows lie within huber's distance to tell how steep the minimum is."""
    if not (isinstance(bound.loss.key, tuple) and bound.loss.key[0] == "huber"):
        return np.zeros(len(near), bool)
    return near < CURVED_ROWS * (bound.posed.size + 1)


def _perfect(
    bound: Bound, targets: Targets, found: Found, groups: np.ndarray, errors: np.ndarray, digits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Groups where nothing but rounding is left of the residuals, and those of them that fix their parameters."""
    if not bound.loss.least_squares:
        nothing = np.zeros(len(groups), bool)
        return nothing, nothing
    mean, square = targets.mean[groups], targets.square[groups]
    with np.errstate(all="ignore"):
        exact = np.sqrt(found.loss[groups]) <= PERFECT * np.finfo(float).eps * np.sqrt(square)
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        unseen = errors * found.width[groups] <= UNSEEN * spread[:, None]
    return exact, exact & (unseen | (digits >= EXACT_DIGITS)).all(axis=1)


def _add_resting(bound: Bound, found: Found, groups: np.ndarray, told: _Told) -> None:
    """Say of parameters on their bounds that their errors are one-sided."""
    if not bound.posed.bounded:
        return
    held = found.held[groups]
    for place in np.flatnonzero(held.any(axis=1) & (told.state < 2)):
        at = found.params[groups[place]]
        sides = [
            f"{bound.free[k]} rests on its {side} bound: its error is one-sided"
            for side, k in _sides(bound, at, held[place])
        ]
        told.reason[place] = "; ".join([told.reason[place], *sides])


def _sides(bound: Bound, at: np.ndarray, held: np.ndarray) -> list[tuple[str, int]]:
    """On which bound each held parameter rests, and its place."""
    return [("lower" if at[k] <= bound.lower[k] else "upper", int(k)) for k in np.flatnonzero(held)]

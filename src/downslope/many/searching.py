"""Searching: the minimum of every group of a slab, in rounds; a round looks harder, at those left by the one before."""

from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from downslope.descent.group_search import TOGETHER
from downslope.descent.stops import GOING_ON
from downslope.device import on_gpu
from downslope.many.packing import Rows, buckets, pack, width_for
from downslope.many.spec import Bound
from downslope.plan import Plan
from downslope.probe.group_fit import SAME, Effort, Way, program
from downslope.probe.group_starts import propose_for_groups

JUDGED, FOLLOWED = 32, 3
"""Candidates of each group that are judged in a round, and how many of them are followed."""
BRIEF, LONG = (7, 4), (60, 15)
"""Steps of a search and looks at a minimum, at most: in the first round, which most groups need no more than, and
later."""
CACHED_LANES, EVERY = 128, 1 << 30
"""Lanes that a program works on at a time: on a processor so many stay in its cache, on a graphics card all of them."""
MOST_ROUNDS = 16
"""A group that nothing is sure of is searched for from other candidates, so often in all."""
FEW_GROUPS = 4096
"""Groups up to which the time to compile is what a user waits for."""


class Found(NamedTuple):
    """What is known of the groups of a slab: as `probe.group_look.Certified`, groups along the first axis.

    params, errors, reach, held, width: (g, q); loss, gap, lowest, condition, near, rest: (g,); triangle, covariance:
    (g, q, q); tried, agreed: (g,) starts; second: (g,) loss of the next best minimum, inf where none was met; end:
    (g,) as in `stops`; seen: (g,) bool, whether there is anything.
    """

    params: np.ndarray
    loss: np.ndarray
    errors: np.ndarray
    reach: np.ndarray
    gap: np.ndarray
    lowest: np.ndarray
    rest: np.ndarray
    held: np.ndarray
    condition: np.ndarray
    triangle: np.ndarray
    width: np.ndarray
    covariance: np.ndarray
    near: np.ndarray
    tried: np.ndarray
    agreed: np.ndarray
    second: np.ndarray
    end: np.ndarray

    @classmethod
    def nothing(cls, groups: int, size: int) -> "Found":
        """Before the first round."""
        wide, square = (groups, size), (groups, size, size)
        nan, no = np.nan, False
        return cls(
            np.full(wide, nan),
            np.full(groups, np.inf),
            np.full(wide, nan),
            np.full(wide, np.inf),
            np.full(groups, np.inf),
            np.zeros(groups),
            np.full(groups, no),
            np.full(wide, no),
            np.full(groups, np.inf),
            np.zeros(square),
            np.ones(wide),
            np.full(square, nan),
            np.zeros(groups),
            np.zeros(groups, int),
            np.zeros(groups, int),
            np.full(groups, np.inf),
            np.full(groups, float(GOING_ON)),
        )


def search(bound: Bound, plan: Plan, rows: Rows, groups: np.ndarray, of: int, unsure: Any) -> Found:
    """Search for the minimum of some groups.

    Args:   of: groups of the whole table, as far as they are known: a few are not worth much time to compile.
            unsure: (found, groups) -> those that deserve another round, bool.
    """
    found = Found.nothing(len(rows.lengths), bound.posed.size)
    way = Way(FOLLOWED, plan.sigma_is == "absolute", bound.projected, EVERY if on_gpu() else CACHED_LANES)
    run = program(bound.posed, way, of <= FEW_GROUPS)
    left = groups
    for number in range(1 if bound.linear_squares else MOST_ROUNDS):
        if not left.size:
            break
        steps, looks = BRIEF if number == 0 and not bound.linear_squares else LONG
        effort = Effort(int(bool(plan.start) or number == 1), steps, looks)
        for length, members in buckets(rows.lengths[left]):
            some = left[members]
            width = width_for(length, FOLLOWED, len(some) if number == 0 and of > FEW_GROUPS else 0)
            for first in range(0, len(some), width):
                part = some[first : first + width]
                lanes, lengths = pack(bound, rows, part, length, width)
                points = _candidates(bound, plan, lanes, lengths, plan.seed + number)
                told = _run_once(run, points, lanes, effort)
                _merge(found, part, told, np.asarray(lanes.floor)[: len(part)])
        left = left[unsure(found, left)]
    return found


def _run_once(run: Any, points: np.ndarray, lanes: Any, effort: Effort) -> Any:
    """The program on some lanes; where it has yet to be compiled for their shape, by one thread for all."""
    key = run, points.shape, lanes.target.shape, np.shape(lanes.spread)
    if key not in _compiled:
        with _compiling:
            told = run(points, lanes, effort)
            _compiled.add(key)
            return told
    return run(points, lanes, effort)


_compiled: set[Any] = set()
_compiling = Lock()


def _candidates(bound: Bound, plan: Plan, lanes: Any, lengths: np.ndarray, seed: int) -> np.ndarray:
    """Points (C, q, L): the nonlinear parameters of the size that formula and data of each group suggest."""
    names, size = bound.free, len(bound.free)
    said = {**dict.fromkeys(names, 1.0), **{name: value for name, value in plan.start.items() if name in names}}
    first = np.clip([said[name] for name in names], bound.lower, bound.upper)
    points = np.empty((TOGETHER if bound.convex else JUDGED, size, len(lengths)))
    points[:] = first[:, None]
    bent = [k for k in range(size) if k not in bound.projected]
    if bent and not bound.convex:
        points[:, bent] = propose_for_groups(
            bound.formula,
            [names[k] for k in bent],
            lanes.columns,
            lanes.target,
            lengths,
            bound.lower[bent],
            bound.upper[bent],
            JUDGED,
            seed,
        )
    points[0] = first[:, None]
    given = [k for k, name in enumerate(names) if name in plan.start]
    points[::2, given] = first[given, None]  # half of them keep what was said
    return points


def _merge(found: Found, groups: np.ndarray, told: Any, floor: np.ndarray) -> None:
    """Put what a round has told beside what is known: the lower minimum counts, and equal ones confirm each other."""
    count = len(groups)
    answer = told.answer
    new = {
        name: np.moveaxis(np.asarray(value), -1, 0)[:count] for name, value in zip(answer._fields, answer, strict=True)
    }
    agreed, second, end = (np.asarray(each)[:count] for each in (told.agreed, told.second, told.end))
    loss = np.where(np.isfinite(new["loss"]), new["loss"], np.inf)
    before = found.loss[groups]
    with np.errstate(invalid="ignore"):
        margin = SAME * np.abs(np.minimum(loss, before) - floor) + 1e-14 * np.abs(floor)
        same = np.isfinite(before) & (np.abs(loss - before) <= margin)
        lower = (loss < before - np.where(np.isfinite(margin), margin, 0.0)) | (found.tried[groups] == 0)
        sound = new["rest"] & (new["lowest"] > 0)
        better = same & sound & ~(found.rest[groups] & (found.lowest[groups] > 0))
    taken = lower | better
    higher = np.where(lower & found.rest[groups], before, np.where(same | lower, np.inf, np.where(sound, loss, np.inf)))
    found.second[groups] = np.minimum(np.where(lower, np.inf, found.second[groups]), np.minimum(second, higher))
    found.agreed[groups] = np.where(same, found.agreed[groups] + agreed, np.where(lower, agreed, found.agreed[groups]))
    found.tried[groups] += FOLLOWED
    at = groups[taken]
    for name, values in new.items():
        getattr(found, name)[at] = values[taken]
    found.end[at] = end[taken]

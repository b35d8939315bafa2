"""Losses whose minimum sits on kinks, mae and quantile, descended to the minimum itself.

A gradient does not get smaller near a kink, so a rule that follows it circles. Here each step goes to the lowest point
of the kinked lines that the loss is near by, found by linear programming. For a model that is linear in its parameters
those lines are the loss: one step ends at a corner of it, and the slopes there prove how low it is. Else the lines hold
within a trust region.

When not to use it: for more than some hundred parameters. Rows that do not fit in memory: see `globbed`.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from downslope.descent.kinks.curved import curved
from downslope.descent.kinks.kinked import Case, Kinked, View, case
from downslope.descent.kinks.straight import straight
from downslope.descent.stops import NOT_FINITE, STOPPED


class Point(NamedTuple):
    """Where the descent stands after a step.

    gradient: (p,) of the slopes that prove the gap, hence 0 at a minimum but where a bound holds; before that, a kink
              counts as flat.
    gap:      loss still to gain, at most: proven for a linear model, of the linearised one else; inf while unknown.
    kinks:    rows on their kink.
    end:      "" while it goes on, else why it is over, in the words of `stops`.
    unique:   whether no other parameters near by do as well; false while it goes on.
    """

    params: np.ndarray
    loss: float
    gradient: np.ndarray
    gap: float
    kinks: tuple[int, ...]
    end: str
    unique: bool


def descend_kinks(problem: Kinked, start: np.ndarray, steps: int) -> Iterator[Point]:
    """The start, brought within the bounds, and the point after each step, until it is over or all steps are taken.

    >>> ones, far = np.ones((3, 1)), np.array([np.inf])
    >>> target = np.array([1.0, 2.0, 9.0])
    >>> median = Kinked(lambda p: ones @ p, lambda p: ones, target, np.ones(3), 1.0, 0.5, 2.0, -far, far, True)
    >>> [(point.params.tolist(), round(point.loss, 3), point.end) for point in descend_kinks(median, np.zeros(1), 9)]
    [([0.0], 4.0, ''), ([2.0], 2.667, 'nothing left to gain')]
    """
    start = np.clip(np.asarray(start, float), problem.lower, problem.upper)
    with np.errstate(all="ignore"):
        rows = case(problem)
        here = None if rows is None else rows.place(start)
    if rows is None or here is None or not here.finite:
        loss = np.nan if here is None else here.loss
        yield Point(start, loss, np.full_like(start, np.nan), np.inf, (), STOPPED[NOT_FINITE], False)
        return
    views = straight(rows, here) if problem.linear else curved(rows, here)
    with np.errstate(all="ignore"):
        for view in islice(views, steps + 1):
            yield _point(rows, view)


def _point(rows: Case, view: View) -> Point:
    """A view as it is told."""
    here = view.here
    gradient = -(here.matrix.T @ (rows.cost * view.slope))
    kinks = tuple(rows.used[np.abs(here.residual) <= here.fuzz].tolist())
    return Point(here.params, here.loss, gradient, view.gap, kinks, view.end, view.unique)

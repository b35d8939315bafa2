"""Profiling: intervals from the loss as it is, with all that restrictions, bounds and the kind of errors ask for."""

from typing import TYPE_CHECKING

import numpy as np

from downslope.arrays import double_precision
from downslope.descent.lanes import search
from downslope.descent.stops import SETTLED
from downslope.errors import RequestError
from downslope.history import Run, Uncertainty
from downslope.intervals import APART, CENTRED, Intervals, quantile, searching_for
from downslope.judge import perfect
from downslope.probe import hessian
from downslope.probe.profile import LOWER, STEPS, Profile, profile
from downslope.problem import Problem

if TYPE_CHECKING:
    from downslope.result import Fit

ALONG = 65
"""Points at which a tied parameter is looked at between the limits of the one that it follows."""


def by_profile(fit: "Fit", problem: Problem, known: Uncertainty, plain: Intervals) -> Intervals:
    """The intervals by profile, held against those from the covariance."""
    run, level = fit.run, plain.level
    free = list(problem.restriction.free)
    covariance = known.covariance[np.ix_(free, free)]
    error = np.sqrt(np.diagonal(covariance))
    reach = quantile(run, known, level)
    if not np.isfinite(reach):
        raise RequestError("no row is left over to tell the size of the noise, so no interval can be given")
    with double_precision():
        answer, loss = _centre(run, problem, run.params[free])
        if perfect(problem, loss) and not problem.absolute:
            said = "the residuals are rounding only, which no profile can follow: these are from the covariance"
            return Intervals(plain.limits, level, "profile", (*plain.notes, said))
        rise = _rise(run, problem, known, answer, loss, covariance, reach)
        width = reach * error
        known_width = np.isfinite(width) & (width > 0)
        with np.errstate(all="ignore"):
            follow = covariance / np.diagonal(covariance)
        found = profile(
            problem.objective,
            searching_for(problem),
            answer,
            loss,
            rise,
            np.where(known_width, width, np.maximum(np.abs(answer), 1.0)),
            np.where(np.isfinite(follow), follow, 0.0),
            problem.users_rows,
            problem.lower,
            problem.upper,
        )
        ends = np.where(np.isfinite(error)[:, None], found.ends, [-np.inf, np.inf])
        limits, notes = _of_all(run, problem, answer, ends, plain)
    disagree = tuple(
        run.parameters[place]
        for place, (low, high) in zip(free, ends, strict=True)
        if _apart(run.params[place], (low, high), plain[run.parameters[place]])
    )
    notes = [*known.undetermined, *notes, *_said(problem, known, found, loss)]
    if disagree:
        notes.append(
            f"{', '.join(disagree)}: more than {APART:.0%} wider or narrower than the covariance says; trust the "
            "profile"
        )
    return Intervals(limits, level, "profile", tuple(notes), disagree)


def _centre(run: Run, problem: Problem, answer: np.ndarray) -> tuple[np.ndarray, float]:
    """The minimum and its loss: the answer itself, or what lies nearby if it stopped before."""
    proof = run.certificate
    if proof is not None and not proof.distance > CENTRED:
        return answer, run.loss
    lower, upper = problem.lower[None], problem.upper[None]
    ends = search(problem.objective, searching_for(problem), answer[None], problem.users_rows, lower, upper, STEPS)
    better = ends.end[0] == SETTLED and ends.loss[0] <= run.loss
    return (ends.params[0], float(ends.loss[0])) if better else (answer, run.loss)


def _rise(
    run: Run,
    problem: Problem,
    known: Uncertainty,
    answer: np.ndarray,
    loss: float,
    covariance: np.ndarray,
    reach: float,
) -> np.ndarray:
    """By how much the mean loss rises up to the end of each interval, (q,).

    On a parabola with the Hessian H the loss, minimised over the others, rises by ½ δ² / (H⁻¹)ᵢᵢ, and the end is at
    δ² = reach² Cᵢᵢ. Least squares: C = 2 noise / rows · H⁻¹, and with it the rise is noise · reach² / rows for all.
    Other losses have the sandwich for C: ½ reach² Cᵢᵢ / (H⁻¹)ᵢᵢ, the likelihood ratio that does not believe its model
    (Kent 1982).
    """
    if known.by_squares:
        rows = int(np.count_nonzero(problem.weights))
        return np.full(answer.size, reach**2 / rows if problem.absolute else loss * reach**2 / known.freedom)
    matrix = hessian(problem.objective, answer, problem.users_rows)
    moved = np.array([name not in known.resting for name in problem.free])
    moved &= np.isfinite(np.diagonal(covariance)) & (np.diagonal(matrix) > 0)
    width = np.sqrt(np.diagonal(matrix)[moved])
    inverse = np.linalg.inv(matrix[np.ix_(moved, moved)] / np.outer(width, width))
    spread = np.diagonal(covariance)[moved] * width**2
    # a parameter on its bound has no sandwich of its own: that of the others serves, on average
    share = spread / np.diagonal(inverse)
    rise = np.full(answer.size, 0.5 * reach**2 * float(np.mean(share)) if share.size else np.nan)
    rise[moved] = 0.5 * reach**2 * share
    return rise


def _of_all(
    run: Run, problem: Problem, answer: np.ndarray, ends: np.ndarray, plain: Intervals
) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """The limits of all parameters from those of the free ones, ends (q, 2), and what is to be said of tied ones."""
    limits, notes = {}, []
    restriction = problem.restriction
    turn = restriction.turn(answer)
    for place, name in enumerate(run.parameters):
        if place in restriction.free:
            low, high = ends[restriction.free.index(place)]
        elif name in run.plan.fixed:
            low = high = run.params[place]
        elif np.count_nonzero(turn[place]) == 1:
            low, high = _followed(problem, answer, ends, place, int(np.flatnonzero(turn[place])[0]))
        else:
            low, high = plain[name]
            notes.append(f"{name} follows several parameters: its interval is from the covariance")
        limits[name] = (float(low), float(high))
    return limits, notes


def _followed(problem: Problem, answer: np.ndarray, ends: np.ndarray, place: int, leader: int) -> tuple[float, float]:
    """The limits of a tied parameter while the one that it follows goes through its own."""
    if not np.isfinite(ends[leader]).all():
        return -np.inf, np.inf
    points = np.tile(answer, (ALONG, 1))
    points[:, leader] = np.linspace(ends[leader, 0], ends[leader, 1], ALONG)
    values = problem.restriction.full(points)[:, place]
    return float(values.min()), float(values.max())


def _apart(value: float, found: tuple[float, float], expected: tuple[float, float]) -> bool:
    """Whether one of two half-widths differs from what was expected of it."""
    halves = [abs(end - value) for end in found], [abs(end - value) for end in expected]
    # two that are equal may be 0, or infinite
    return any(one != other and not abs(one - other) <= APART * other for one, other in zip(*halves, strict=True))


def _said(problem: Problem, known: Uncertainty, found: Profile, loss: float) -> list[str]:
    """What is to be known of the profiles of the free parameters."""
    notes = []
    for name, ends, cut, unsure in zip(problem.free, found.ends, found.cut, found.unsure, strict=True):
        for side, end, at_bound in zip(("lower", "upper"), ends, cut, strict=True):
            where = "below" if side == "lower" else "above"
            if known.resting.get(name) == side:
                notes.append(f"{name} rests on its {side} bound: one-sided")
            elif at_bound:
                notes.append(f"{name} is cut off at its {side} bound")
            elif np.isinf(end):
                notes.append(f"{name} has no limit {where}: however far it goes, the loss does not rise enough")
        if unsure:
            notes.append(f"a search along {name} did not settle: its limits may be too narrow")
    if found.lowest < loss - LOWER * abs(loss):
        notes.append(f"a lower loss, {found.lowest:.6g}, was met on the way: the answer is not the lowest minimum")
    return notes

"""The search for a model that is not linear: kinked lines within a trust region, and Newton steps along the kinks.

Osborne and Watson (1971) minimise the kinked lines again and again; a trust region keeps them honest (Madsen 1975).
It is measured by what a move changes in the predictions, so that the units of the parameters do not matter. Where the
minimum is no corner, that alone would creep: a Newton step along the kinks ends it (Fletcher and Sainz de la Maza
1989).
"""

from collections.abc import Iterator

import numpy as np

from downslope.descent.kinks.along import Crease, bend, crease, curvature, lower_nearby, newton
from downslope.descent.kinks.kinked import NEGLIGIBLE, ROUNDING, Case, Place, View
from downslope.descent.kinks.linear_program import EPSILON, Frame, Lines, frame, lowest, side
from downslope.descent.kinks.vertex import Vertex, inner, is_only, prove, vertex
from downslope.descent.stops import SETTLED, STOPPED, STUCK

GOOD, POOR = 0.75, 0.25
"""Gain, as a share of the promised one, above which the trust region grows, and below which it shrinks."""
FADING = 4.0
"""Factor by which the reach of a parameter may grow from step to step as its effect fades."""
TRIALS = 60
"""Steps tried from one point, at most."""


def curved(case: Case, here: Place) -> Iterator[View]:
    """The view from the start and from the place after each step that lowered the loss."""
    coordinates = frame(here.matrix, case.cost)
    radius, width = max(_typical(case, here), _size(here, coordinates)), coordinates.width
    while True:
        coordinates = frame(here.matrix, case.cost)
        # an effect that fades fast does not let its parameter run off at once
        width = np.maximum(coordinates.width, width / FADING)
        lower, promised, radius = _step(case, here, coordinates, radius, width)
        if lower is None:
            view, lower = _verdict(case, here, coordinates)
            if lower is None:
                yield view
                return
            promised, radius = view.gap, max(radius, _typical(case, here))
        yield View(here, promised, side(here.residual, case.problem.level))
        here = lower


def _typical(case: Case, here: Place) -> float:
    """A typical residual."""
    return float(case.cost @ np.abs(here.residual) / case.cost.sum())


def _ahead(case: Case, here: Place, coordinates: Frame, reach: np.ndarray) -> tuple[Lines, Vertex, float] | None:
    """The lines within a trust region, reach (p,), their corner, and the gain that it promises."""
    lines = case.lines(here, reach)
    answer = lowest(lines, coordinates)
    if answer is None:
        return None
    corner = vertex(lines, coordinates, answer)
    return lines, corner, max(0.0, here.loss - lines.loss(corner.move))


def _step(
    case: Case, here: Place, coordinates: Frame, radius: float, width: np.ndarray
) -> tuple[Place | None, float, float]:
    """A lower place or None, the gain promised at first, and the next radius; width: of each parameter (p,)."""
    first = np.inf
    for _ in range(TRIALS):
        seen = _ahead(case, here, coordinates, radius / width)
        if seen is None:
            radius *= POOR
            continue
        lines, corner, promised = seen
        first = min(first, promised) if np.isinf(first) else first
        length = float((np.abs(corner.move) * width).max(initial=0.0))
        if promised <= case.negligible(here) or length <= 2 * EPSILON * _size(here, coordinates):
            break
        fold = _crease(case, here, coordinates, corner.basis, corner.move)
        there = _lower(case.place(case.moved(here, corner.move)), _settled(case, here, fold, corner.move))
        gain = (here.loss - there.loss) / promised if there.finite else -1.0
        at_edge = length > 0.9 * radius
        beside = _along(case, here, lines, corner, fold, 8.0 * radius) if at_edge or gain < POOR else None
        if gain < POOR:
            radius = POOR * min(length, radius)
        elif gain > GOOD and at_edge:
            radius *= 2.0
        best = _lower(there, beside)
        if best.finite and best.loss < here.loss:
            went = float((np.abs(best.params - here.params) * width).max(initial=0.0))
            return best, first, max(radius, went) if best is beside else radius
    return None, first, radius


def _lower(one: Place, other: Place | None) -> Place:
    """The lower of two places; the first, where there is no other."""
    return one if other is None or (one.finite and one.loss <= other.loss) else other


def _size(here: Place, coordinates: Frame) -> float:
    """Size of the parameters, by what they change in the predictions."""
    return float((np.abs(here.params) * coordinates.width).max(initial=0.0))


def _crease(case: Case, here: Place, coordinates: Frame, rows: np.ndarray, move: np.ndarray) -> Crease:
    """The crease of rows, for the parameters that do not rest on a bound of the problem after a move."""
    after = case.moved(here, move)
    open_one = np.flatnonzero((after > case.problem.lower) & (after < case.problem.upper))
    return crease(here.matrix, rows, coordinates.turn(open_one, whole=True))


def _far(case: Case, here: Place) -> float:
    """A length of move that changes the predictions by about their own size."""
    predicted = case.target - here.residual
    return max(float(np.sqrt(np.mean(predicted**2))), _typical(case, here))


def _along(case: Case, here: Place, lines: Lines, corner: Vertex, fold: Crease, longest: float) -> Place | None:
    """Where a Newton step along the kinks of a corner leads, no longer than `longest`; None if to nowhere."""
    move = newton(lines, case.problem.jacobian, here.params, corner.slope, fold, _far(case, here), longest)
    return _settled(case, here, fold, move)


def _settled(case: Case, here: Place, fold: Crease, move: np.ndarray) -> Place | None:
    """The place after a move, brought back onto the kinks that it left by curving."""
    after = case.moved(here, move)
    if not np.isfinite(after).all():
        return None
    left = case.residual(after)[fold.rows]
    if np.isfinite(left).all() and left.size:
        after = case.moved(here, after - here.params + fold.back @ left)
    there = case.place(after)
    return there if there.finite else None


def _most(here: Place, coordinates: Frame, lines: Lines, corner: Vertex, promised: float) -> float:
    """What the lines can promise within their bounds, at most: the corner's gain, and what its proof leaves open."""
    beyond = lines._replace(
        residual=lines.residual - lines.matrix @ corner.move,
        lower=lines.lower - corner.move,
        upper=lines.upper - corner.move,
    )
    return promised + prove(beyond, coordinates, corner, here.fuzz).gap


def _verdict(case: Case, here: Place, coordinates: Frame) -> tuple[View, Place | None]:
    """Whether nothing is left to gain, asked of the lines within a typical residual; or a lower place after all."""
    flat = side(here.residual, case.problem.level)
    size = _typical(case, here)
    seen = _ahead(case, here, coordinates, size / coordinates.width)
    if seen is None:
        return View(here, np.inf, flat, STOPPED[STUCK]), None
    lines, corner, _ = seen
    promised = _most(here, coordinates, *seen)
    slope = corner.slope
    loose = np.flatnonzero(inner(slope, case.problem.level))
    fold = _crease(case, here, coordinates, loose, np.zeros_like(here.params))
    beside = _along(case, here, lines, corner, fold, size)
    if beside is not None and beside.loss < here.loss - case.negligible(here):
        return View(here, promised, flat), beside
    if promised > case.negligible(here, NEGLIGIBLE) and beside is not None:
        # where the loss is round, its last digits say nothing any more, but its slope does
        level = case.negligible(here, 4 * EPSILON)
        frames = frame(beside.matrix, case.cost)
        then = _ahead(case, beside, frames, size / coordinates.width)
        if beside.loss <= here.loss + level and then is not None and _most(beside, frames, *then) < 0.1 * promised:
            return View(here, promised, flat), beside
    if promised > case.negligible(here, ROUNDING):
        return View(here, promised, flat, STOPPED[STUCK]), None
    unique = True
    if fold.along.shape[1]:
        far = _far(case, here)
        force = case.cost * slope
        turned = bend(case.problem.jacobian, here.params, force, fold.along, far)
        if not np.isfinite(turned).all():
            return View(here, promised, slope, STOPPED[STUCK]), None
        bends = curvature(turned, fold.along, force, far)

        def trial(move: np.ndarray) -> float:
            there = _settled(case, here, fold, move)
            return np.inf if there is None else there.loss

        enough = here.loss - case.negligible(here, 10 * NEGLIGIBLE)
        move = lower_nearby(trial, bends, enough, np.array([1e-4, 1e-3, 1e-2, 0.1, 1.0]) * far)
        if move is not None:
            return View(here, promised, slope), _settled(case, here, fold, move)
        firm = bool((bends.values > bends.none).all())
        unique = firm or is_only(case.lines(here), coordinates, slope, here.fuzz)
    return View(here, promised, slope, STOPPED[SETTLED], unique), None

"""Where the minimum is, from close by: Newton's steps in the Gauss-Newton metric, until rounding ends them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from downslope.probe.look import Look
from downslope.probe.metric import Metric, metric

MOST_STEPS = 30
FLAT = 1e-7
"""Smallest eigenvalue of the Hessian, in the Gauss-Newton metric, that counts as a minimum's."""
CLOSE = 1e-13
"""Length of a Newton step, as a share of the residuals' length, that is not worth another look: in standard errors,
times the root of the rows."""
DIGITS = 1e-10
"""Share of a parameter by which answers to the same rows may differ, however those are cut."""
SURE, BLIND = 0.1, 4.0
"""A step that was this much shorter than the one before tells how much shorter the next will be, within this factor."""

Looker = Callable[[np.ndarray, np.ndarray | None], Look]
"""(params (p,), directions (p, p) or None) -> what is seen there."""


class Minimum(NamedTuple):
    """The point that was reached and what was seen there.

    params (p,); seen: with the Hessian along the metric's directions; step: Newton's next step from there, in the
    metric (p,), not taken; lowest: smallest eigenvalue of the Hessian in the metric (nan: no direction is determined,
    1: all are held); held: (p,) bool, parameters that rest on a bound; found: whether it is a minimum, as far as the
    numbers tell; way: the points that were gone through, this one included, and what was seen there; left: length of
    the way that `step` does not tell, after a last step that was not looked at.
    """

    params: np.ndarray
    seen: Look
    metric: Metric
    step: np.ndarray
    lowest: float
    held: np.ndarray
    found: bool
    way: tuple[tuple[np.ndarray, Look], ...] = ()
    left: float = 0.0

    @property
    def doubt(self) -> float:
        """How far the true minimum may be from here, in the metric."""
        steepness = max(self.lowest, FLAT)
        size, rough = self.params.size, self.seen.rough
        if self.seen.triangle.shape[0] > size:  # the slope comes from q, and was rounded as the columns of R were
            rough = np.linalg.norm(self.seen.triangle[:, :size], axis=0) * np.sqrt(2 * self.seen.loss)
        roughness = float(np.finfo(float).eps * np.linalg.norm(np.abs(self.metric.directions).T @ rough))
        return self.left + float(np.linalg.norm(self.step)) + (self.seen.blur + roughness) / steepness

    @property
    def gap(self) -> float:
        """Loss still to gain from here, at most."""
        rank = self.metric.rank
        steepest = float(np.linalg.eigvalsh(self.seen.hessian[:rank, :rank]).max(initial=1.0))
        return 0.5 * steepest * self.doubt**2


def held_at(params: np.ndarray, gradient: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Parameters on a bound with a slope that presses outwards, (p,) bool."""
    return ((params <= lower) & (gradient > 0)) | ((params >= upper) & (gradient < 0))


def minimum(
    look: Looker,
    start: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    enough: float = 0.0,
    factor: np.ndarray | None = None,
) -> Minimum:
    """Go from `start` (p,) to the minimum nearby, if there is one, inside the bounds (p,) each.

    Exact Newton steps, halved where they do not lower the loss; where the Hessian has a negative eigenvalue, or
    nothing is gained, it ends where it stands and says so.

    enough: length, as a share of the residuals' length, by which the answer may miss the minimum. Where looks are
    dear, the
            last step is then taken blindly, once the steps before it have told how much it can leave.
    factor: of the curvature at the start, where it is known already: it saves a look.
    """
    best = _known(look, start, factor, lower, upper) if factor is not None else None
    best = best or _stand(look, start, look(start, None), lower, upper)
    way, ratio = [(best.params, best.seen)], 1.0
    for _ in range(MOST_STEPS):
        length = np.linalg.norm(best.step)
        unit = float(np.sqrt(2 * abs(best.seen.loss)))
        if not best.lowest > FLAT or length <= _negligible(best):
            break
        if ratio < SURE and _is_enough(best, BLIND * ratio, enough * unit):
            best = _blindly(best, BLIND * ratio * float(length), lower, upper)
            break
        moved = _moved(look, best, lower, upper)
        if moved is None:
            break
        best, ratio = moved, float(np.linalg.norm(moved.step) / length)
        way.append((best.params, best.seen))
    rest = np.linalg.norm(best.step) <= 1e3 * _negligible(best)
    found = bool(best.lowest > FLAT and rest) and not _falls_unseen(look, best)
    return best._replace(found=found, way=tuple(way))


def _is_enough(best: Minimum, left: float, enough: float) -> bool:
    """Whether the next step, which leaves this share of itself, ends near enough: within `enough`, and in that to ten
    digits of each parameter, or to a thousandth of it.
    """
    length = left * float(np.linalg.norm(best.step))
    away = left * np.abs(best.metric.directions @ best.step)
    return length <= enough and (length <= 1e-3 * enough or bool(np.all(away <= DIGITS * np.abs(best.params))))


def _falls_unseen(look: Looker, best: Minimum) -> bool:
    """Whether the loss bends down where no prediction moves, as at a = b = 0 of a*b*x: then it is a saddle."""
    unseen = np.vstack([best.metric.lost / best.metric.width, np.eye(best.params.size)[best.metric.ignored]])
    if not len(unseen):
        return False
    along = np.zeros((best.params.size, best.params.size))
    along[:, : len(unseen)] = unseen.T
    curve = look(best.params, along).hessian[: len(unseen), : len(unseen)]
    return not np.linalg.eigvalsh(curve)[0] > -FLAT if np.isfinite(curve).all() else True


def _blindly(best: Minimum, left: float, lower: np.ndarray, upper: np.ndarray) -> Minimum:
    """The point after Newton's step, which is not looked at; by a parabola it is lower by the decrement."""
    rank = best.metric.rank
    fall = 0.5 * float(best.step[:rank] @ best.seen.hessian[:rank, :rank] @ best.step[:rank])
    params = np.clip(best.params + best.metric.directions @ best.step, lower, upper)
    return best._replace(
        params=params, seen=best.seen._replace(loss=best.seen.loss - fall), step=np.zeros_like(best.step), left=left
    )


def _negligible(best: Minimum) -> float:
    return CLOSE * float(np.sqrt(2 * abs(best.seen.loss))) + best.seen.blur


def _stand(look: Looker, params: np.ndarray, seen: Look, lower: np.ndarray, upper: np.ndarray) -> Minimum:
    """What is to be known at a point that has been looked at once."""
    size = params.size
    held = held_at(params, seen.gradient, lower, upper)
    frame = metric(seen.triangle, size, ~held) if np.isfinite(seen.triangle).all() else None
    if frame is None or not frame.rank:
        empty = frame or Metric(np.zeros((size, size)), np.zeros((0, size)), np.ones(size), np.zeros(size, bool))
        corner = frame is not None and held.all()  # every slope presses against a bound: there is nowhere to go
        return Minimum(params, seen, empty, np.zeros(size), 1.0 if corner else np.nan, held, False)
    again = look(params, frame.directions)
    return _measured(params, again, frame, held)


def _known(
    look: Looker, params: np.ndarray, factor: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> Minimum | None:
    """The same where the metric is known before; None if a bound is near, or it does not hold all directions."""
    size = params.size
    if ((params <= lower) | (params >= upper)).any() or not np.isfinite(factor).all():
        return None
    frame = metric(factor, size, np.ones(size, dtype=bool))
    if frame.rank < size:
        return None
    return _measured(params, look(params, frame.directions), frame, np.zeros(size, dtype=bool))


def _measured(params: np.ndarray, seen: Look, frame: Metric, held: np.ndarray) -> Minimum:
    """Newton's step and the lowest curvature from what is seen along the directions of a metric."""
    size, rank = params.size, frame.rank
    slope = frame.directions.T @ seen.gradient
    if seen.triangle.shape[1] > size:  # q keeps digits that the gradient has lost
        slope = (seen.triangle[:, :size] @ frame.directions).T @ seen.triangle[:, size]
    curve = seen.hessian[:rank, :rank]
    step = np.zeros(size)
    if not (np.isfinite(curve).all() and np.isfinite(slope).all()):
        return Minimum(params, seen, frame, step, np.nan, held, False)
    values, vectors = np.linalg.eigh(curve)
    if values[0] > FLAT:
        step[:rank] = -vectors @ ((vectors.T @ slope[:rank]) / values)
    return Minimum(params, seen, frame, step, float(values[0]), held, False)


def _moved(look: Looker, best: Minimum, lower: np.ndarray, upper: np.ndarray) -> Minimum | None:
    """The point after a Newton step or a part of it, if it is better; None if nothing is."""
    whole = best.metric.directions @ best.step
    loss, blur = abs(best.seen.loss), best.seen.blur
    noise = 4 * np.finfo(float).eps * loss + blur * (np.sqrt(2 * loss) + blur)
    for part in (1.0, 0.5, 0.25, 0.1, 0.01):
        params = np.clip(best.params + part * whole, lower, upper)
        seen = look(params, best.metric.directions)
        if not (np.isfinite(seen.loss) and np.isfinite(seen.triangle).all() and np.isfinite(seen.gradient).all()):
            continue
        if seen.loss > best.seen.loss + noise:
            continue
        same = (held_at(params, seen.gradient, lower, upper) == best.held).all()
        # close by, the metric of the last point serves as well, and saves a look
        near = same and np.linalg.norm(best.step) <= 0.1 * np.sqrt(2 * loss)
        after = _measured(params, seen, best.metric, best.held) if near else _stand(look, params, seen, lower, upper)
        nearer = after.lowest > FLAT and np.linalg.norm(after.step) < np.linalg.norm(best.step)
        return after if nearer or seen.loss < best.seen.loss - noise else None
    return None

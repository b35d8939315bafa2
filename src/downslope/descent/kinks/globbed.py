"""The search for a linear model over rows that are elsewhere: the exact minimum over all of them, in a few passes.

The rows that are here, drawn of all, tell about where the minimum is. One pass keeps the rows that are near their kink
there and sums up all others in two globs; a linear program finds the lowest point of that; another pass checks that
every row of a glob kept its sign. Those that did not are taken out, until none is left: then the lowest point, and the
proof of it, are those of all rows (Portnoy and Koenker 1997). Where even the near rows are too many to be kept, passes
over all rows come first, with kinks that are rounded less and less, and bring it nearer.

When not to use it: for models that are not linear in their parameters; where most rows lie exactly on their kink.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from downslope.descent.kinks.descend import Point, descend_kinks
from downslope.descent.kinks.globs import Glob, GlobWork, Kinks, SmoothWork
from downslope.descent.kinks.kinked import NEGLIGIBLE, ROUNDING, Kinked, moved
from downslope.descent.kinks.linear_program import Frame, Lines, lowest_nearby, side
from downslope.descent.kinks.vertex import Proof, blur, is_only, prove, vertex
from downslope.descent.stops import SETTLED, STOPPED, STUCK
from downslope.errors import RequestError

AIM = 400_000
"""Rows that are kept, about."""
MOST = 125_000_000
"""Numbers that the rows which are kept may have."""
KEEN = 4.0
"""Standard errors of the sample's predictions within which a residual may have the other sign over all rows."""
LEAST = 1.6
"""The same, if no more can be kept."""
CLOSER = 4.0
"""Factor by which a pass with rounded kinks brings the answer nearer, at least."""
FAILED = 2
"""Steps without a lower loss after which no more are tried."""
TIED = 1e-12
"""Residual, as a share of a typical one, up to which a row of the sample counts as on its kink."""
ROUNDS = 60
"""Passes, at most."""
AGAIN = 3
"""Times that the rows are taken anew, from nearer, where far too few were kept; then all that are needed are added."""
SAMPLE_STEPS = 50
"""Steps on the sample, at most."""


@dataclass(frozen=True)
class Scattered:
    """A loss with kinks of a linear model, whose rows are elsewhere; some of them, drawn of all, are here.

    total: a work over all rows to what they add. triangle: factor (p, p) of their matrix, 0 where that is not known.
    rows: how many. sample: those that are here, with the problem's bounds; its predictions are matrix @ params.
    """

    kinks: Kinks
    total: Callable[[Any], Any]
    triangle: np.ndarray
    rows: int
    sample: Kinked


class Met(NamedTuple):
    """A point, and of the rows that are on their kink there: matrix (m, p), and the size of what cancels (m,)."""

    point: Point
    matrix: np.ndarray
    size: np.ndarray


def descend_scattered(problem: Scattered, start: np.ndarray) -> Iterator[Met]:
    """The start, the answer of the rows that are here, and each lower point, until it is over; losses are those of all
    rows.

    Raises: RequestError for rows that are no numbers, or where too many lie on their kink.
    """
    search = _Search(problem, np.clip(np.asarray(start, float), problem.sample.lower, problem.sample.upper))
    with np.errstate(all="ignore"):
        yield from search.points()


class _Reduced(NamedTuple):
    """Rows that are kept, and globs as rows: matrix and its size (m, p), right side, cost and its size (m,), how many
    of them are kept rows, and the lengths that cancelled in the globs (p,).
    """

    matrix: np.ndarray
    lengths: np.ndarray
    right: np.ndarray
    cost: np.ndarray
    size: np.ndarray
    kept: int
    summed: np.ndarray

    @classmethod
    def of(cls, near: tuple[np.ndarray, ...], globs: tuple[Glob, Glob]) -> "_Reduced":
        rows = np.hstack(near)
        full = [glob for glob in globs if glob.cost > 0]
        params = rows.shape[0] - 3
        means = np.array([glob.row / glob.cost for glob in full]).reshape(-1, params + 1)
        sizes = np.array([glob.lengths / glob.cost for glob in full]).reshape(-1, params)
        return cls(
            np.ascontiguousarray(np.vstack([rows[:params].T, means[:, :-1]])),
            np.vstack([np.abs(rows[:params].T), sizes]),
            np.concatenate([rows[params], means[:, -1]]),
            np.concatenate([rows[params + 1], [glob.cost for glob in full]]),
            np.concatenate([rows[params + 2], [glob.size / glob.cost for glob in full]]),
            rows.shape[1],
            np.sum([glob.lengths for glob in full], axis=0) if full else np.zeros(params),
        )

    def sizes(self, params: np.ndarray) -> np.ndarray:
        """Sizes (m,) of what cancels in the residuals."""
        return self.size + 2.0 * (self.lengths @ np.abs(params))

    def fuzz(self, params: np.ndarray) -> np.ndarray:
        """What rounding may make of the residuals (m,)."""
        return blur(params.size, self.sizes(params))

    def lines(self, problem: Scattered, params: np.ndarray, reach: np.ndarray | float = np.inf) -> Lines:
        """As `Case.lines`."""
        low, high = problem.sample.lower - params, problem.sample.upper - params
        walls = bool(np.isfinite(low).any() or np.isfinite(high).any())
        low, high = np.maximum(low, -reach), np.minimum(high, reach)
        residual = self.right - self.matrix @ params
        return Lines(self.matrix, residual, self.cost, problem.kinks.level, low, high, walls, self.summed)


class _Corner(NamedTuple):
    """A lowest point of the reduced rows, what proves it, and whether it is the only one."""

    params: np.ndarray
    proof: Proof
    unique: bool


class _Search:
    """One search; `points` are what it has to tell."""

    def __init__(self, problem: Scattered, start: np.ndarray) -> None:
        self.problem, self.start = problem, start
        sample, size = problem.sample, start.size
        self.matrix, self.right = sample.jacobian(start), sample.target
        self.coordinates = _frame(problem.triangle, self.matrix)
        self.turn = self.coordinates.turn(np.arange(size))
        self.length = np.linalg.norm(self.matrix @ self.turn, axis=1)
        self.most = MOST // (size + 3)
        self.passes = 0

    def total(self, work: Any) -> Any:
        self.passes += 1
        return self.problem.total(work)

    def points(self) -> Iterator[Met]:
        problem = self.problem
        *_, answer = descend_kinks(problem.sample, self.start, SAMPLE_STEPS)
        center, share = self._nearer(answer.params if np.isfinite(answer.loss) else self.start)
        centers, looked = center[None], np.array([self.start, center])
        kept: tuple[np.ndarray, ...] = ()
        solved: tuple[_Reduced, _Corner] | None = None
        lowest, best, again, idle = np.inf, center, 0, 0
        while True:
            reach = self._reach(centers[0], share)
            work = GlobWork(problem.kinks, looked, centers, self.turn, reach, self.most)
            seen = self.total(work)
            losses, slopes, globs = work.told(seen)
            if solved is not None and not seen.kept:
                lower = float(losses[-1]) < lowest
                idle = 0 if lower else idle + 1
                met = self._met(*solved, float(losses[-1]), lower, idle)
                if met.point.end:
                    yield met
                    return
            for point, loss, slope in zip(looked, losses, slopes, strict=True):
                if loss < lowest:
                    lowest, best = float(loss), point
                    yield self._on_the_way(point, lowest, slope)
            kept = (*kept, *seen.near)
            if sum(each.shape[1] for each in kept) > self.most or seen.kept > self.most or self.passes >= ROUNDS:
                raise RequestError(_too_many(problem.rows))
            if len(centers) > 1 and seen.kept > AIM and again < AGAIN:  # far too few were kept
                again += 1
                center, share = self._nearer(best, share * CLOSER**again)
                centers, looked, kept, solved = center[None], center[None], (), None
                continue
            reduced = _Reduced.of(kept, globs)
            corner = self._corner(reduced, centers[-1], reach)
            solved = reduced, corner
            centers, looked = np.vstack([centers, corner.params]), corner.params[None]

    def _nearer(self, center: np.ndarray, share: float | None = None) -> tuple[np.ndarray, float]:
        """A center so near that the rows within its error can be kept, and their share of all."""
        problem = self.problem
        level, rank = problem.kinks.level, self.turn.shape[1]
        if share is None:
            share = KEEN * 2 * float(np.sqrt(level * (1 - level) * max(rank, 1) / self.right.size))
        few = min(1.0, AIM / problem.rows)
        lowest, best, move, failed = np.inf, center, np.zeros_like(center), 0
        while share * LEAST / KEEN > few and failed < FAILED:
            reach = self._reach(center, min(1.0, share))
            work = SmoothWork(problem.kinks, center, self.turn, reach)
            loss, onward = work.told(self.total(work))
            if loss < lowest:
                lowest, best, move, share, failed = loss, center, onward, share / CLOSER, 0
            else:
                move, failed = move / CLOSER, failed + 1
            center = np.clip(best + move, problem.sample.lower, problem.sample.upper)
        return (best if failed else center), min(share, few)

    def _reach(self, center: np.ndarray, share: float) -> float:
        """Within how much of a row's length its kink is near, for so large a share of the rows."""
        with np.errstate(all="ignore"):
            ratio = np.abs(self.right - self.matrix @ center) / self.length
        ratio = ratio[np.isfinite(ratio)]
        if not ratio.size:
            return 0.0
        apart = np.sort(ratio[ratio > TIED * np.mean(ratio)])  # those on their kink are kept in any case
        place = max(int(share * ratio.size), 2 * center.size + 10)
        return float(apart[min(place, apart.size - 1)]) if apart.size else 0.0

    def _corner(self, reduced: _Reduced, params: np.ndarray, reach: float) -> _Corner:
        problem = self.problem
        lines = reduced.lines(problem, params)
        typical = float(lines.cost @ np.abs(lines.residual) / lines.cost.sum())
        far = max(10.0 * reach, 0.1 * typical) * np.linalg.norm(self.turn, axis=1)
        lines = reduced.lines(problem, params, np.where(far > 0, far, np.inf))
        answer = lowest_nearby(lines, self.coordinates)
        if answer is None:
            return _Corner(params, Proof(np.inf, side(lines.residual, lines.level)), False)
        corner = vertex(lines, self.coordinates, answer)
        after = moved(params, corner.move, problem.sample.lower, problem.sample.upper)
        there = reduced.lines(problem, after)
        fuzz = reduced.fuzz(after)
        proof = prove(there, self.coordinates, corner, fuzz)
        settled = proof.gap <= self._small(reduced, after, ROUNDING)
        return _Corner(after, proof, settled and is_only(there, self.coordinates, proof.slope, fuzz))

    def _small(self, reduced: _Reduced, params: np.ndarray, share: float = NEGLIGIBLE) -> float:
        """Gain too small to count, as `Case.negligible`."""
        lines = reduced.lines(self.problem, params)
        return share * lines.loss(np.zeros_like(params)) + 4.0 * float(reduced.cost @ reduced.fuzz(params))

    def _met(self, reduced: _Reduced, corner: _Corner, loss: float, lower: bool, idle: int) -> Met:
        """The answer, if it is proven; without an end, if it is to be gone on from. lower: than any point before; idle:
        how often that was not so.
        """
        params, proof = corner.params, corner.proof
        fuzz = reduced.fuzz(params)[: reduced.kept]
        matrix, right = reduced.matrix[: reduced.kept], reduced.right[: reduced.kept]
        on_kink = np.flatnonzero(np.abs(right - matrix @ params) <= fuzz)
        gradient = -(reduced.matrix.T @ (reduced.cost * proof.slope))
        end = ""
        if proof.gap <= self._small(reduced, params, NEGLIGIBLE if lower else ROUNDING):
            end = STOPPED[SETTLED]
        elif idle > FAILED:
            end = STOPPED[STUCK]
        point = Point(params, loss, gradient, proof.gap, tuple(on_kink.tolist()), end, corner.unique)
        return Met(point, matrix[on_kink], reduced.sizes(params)[on_kink])

    def _on_the_way(self, params: np.ndarray, loss: float, slope: np.ndarray) -> Met:
        none = np.zeros((0, params.size))
        return Met(Point(params, loss, slope, np.inf, (), "", False), none, none[:, 0])


def _frame(triangle: np.ndarray, matrix: np.ndarray) -> Frame:
    """Coordinates in which the rows of a matrix with this factor are orthogonal, and of length one in the mean over
    some rows (m, p).
    """
    if not (np.isfinite(matrix).all() and np.isfinite(triangle).all()):  # the first pass will say where
        return Frame(np.ones(len(triangle)), np.eye(len(triangle)))
    if not triangle.any():
        triangle = np.asarray(np.linalg.qr(matrix, mode="r"))
    width = np.linalg.norm(triangle, axis=0)
    width = np.where(width > 0, width, 1.0)
    found = Frame(width, triangle / width)
    turn = found.turn(np.arange(width.size))
    size = float(np.sqrt(np.mean((matrix @ turn) ** 2))) if turn.size else 1.0
    return found._replace(factor=found.factor * size) if size > 0 else found


def _too_many(rows: int) -> str:
    return (
        f"of {rows:,} rows too many lie exactly on one answer, or too near to it, to be kept in memory, so the minimum "
        "cannot be found here. Read the data with ds.read(...) if they fit in memory, fit a sample of them, or take "
        "loss='huber(...)', which has no kinks"
    )

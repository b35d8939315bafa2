"""The search in many lanes: candidates are judged, the best of them are followed side by side to their minima.

Levenberg-Marquardt with variable projection, as in `levenberg_marquardt`, for several points in each lane at once. It
goes by the normal equations, which is enough to find a minimum; the last digits, and how near it is, are for `probe`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.descent.group_algebra import Matrix, backward, cholesky, forward
from downslope.descent.group_lanes import Lanes, Point, Posed, finite, spaced
from downslope.descent.stops import GOING_ON, SETTLED, STUCK

NEAR = 1e-9
"""Gain left, as a share of the loss, from which Newton's steps need one or two more."""
INVISIBLE = 1e-22
"""The same as a share of the mean square of the target: of a perfect fit only rounding is left."""
SMALLEST_STEP = 1e-14
ROUNDING = 1e-8
UNDAMPED = 1e-14
"""So little damping of the linear parameters only keeps out what is lost in rounding."""
TOGETHER = 4
"""Candidates that are judged at a time, so that what is computed of them stays in the cache."""


class Reached(NamedTuple):
    """Where the points of each lane ended: q arrays (S, L), loss (S, L), end (S, L) as in `stops`."""

    point: Point
    loss: Any
    end: Any


class _State(NamedTuple):
    """The best point so far, its loss, slope (q arrays) and Gauss-Newton curvature (the lower half, row by row)."""

    point: Point
    loss: Any
    slope: Point
    curve: tuple[Any, ...]
    damping: Any
    growth: Any
    promised: Any
    left: Any
    end: Any


def judged(posed: Posed, candidates: Any, lanes: Lanes, linear: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    """The candidates (C, q, L) with these linear parameters at their least-squares best for the others, and their loss
    (C, L); inf where it is no number. C is a multiple of TOGETHER.
    """
    count, size, width = candidates.shape

    def some(points: jax.Array) -> tuple[jax.Array, jax.Array]:
        at = tuple(points[:, k] for k in range(size))
        if linear:
            at, loss = projected(posed, at, lanes, linear)
        else:
            loss = posed.loss(at, lanes)
        return jnp.stack(at, axis=1), jnp.where(jnp.isfinite(loss), loss, jnp.inf)

    parts = candidates.reshape(count // TOGETHER, TOGETHER, size, width)
    points, losses = jax.lax.map(some, parts)
    return points.reshape(candidates.shape), losses.reshape(count, width)


def best_of(points: jax.Array, losses: jax.Array, keep: int) -> jax.Array:
    """Of points (C, q, L) those of the lowest losses (C, L), best first: (keep, q, L)."""
    places = jnp.arange(len(losses))[:, None]

    def one(losses: jax.Array, _: Any) -> tuple[jax.Array, jax.Array]:
        chosen = places == jnp.argmin(losses, axis=0)
        point = jnp.sum(jnp.where(chosen[:, None, :], points, 0.0), axis=0)
        return jnp.where(chosen, jnp.inf, losses), point

    return jax.lax.scan(one, losses, length=keep)[1]


def projected(posed: Posed, point: Point, lanes: Lanes, linear: tuple[int, ...]) -> tuple[Point, jax.Array]:
    """A point with its linear parameters at their least-squares best for the others, and the mean squared residual
    there.
    """
    several = point[0].ndim == 2
    bare = tuple(jnp.zeros_like(each) if k in linear else each for k, each in enumerate(point))
    offset, columns = posed.linearised(bare, lanes, linear)
    root = spaced(jnp.sqrt(lanes.weight), several)
    offset = (offset - spaced(lanes.target / lanes.spread, several)) * root
    columns = [column * root for column in columns]
    gram = [[jnp.sum(one * other, axis=0) for other in columns[: k + 1]] for k, one in enumerate(columns)]
    unit, width = _scaled(gram)
    lower, _ = cholesky([[*row[:-1], row[-1] + UNDAMPED] for row in unit])
    right = [-jnp.sum(column * offset, axis=0) / each for column, each in zip(columns, width, strict=True)]
    found = [each / scale for each, scale in zip(backward(lower, forward(lower, right)), width, strict=True)]
    residual = offset
    for value, column in zip(found, columns, strict=True):
        residual = residual + value * column
    moved = dict(zip(linear, found, strict=True))
    sound = finite(*found)
    after = tuple(jnp.where(sound, moved[k], each) if k in moved else each for k, each in enumerate(point))
    return after, jnp.sum(residual * residual, axis=0) / lanes.total


def followed(posed: Posed, starts: Point, lanes: Lanes, steps: Any) -> Reached:
    """Search from each start until every point is at its end, or so many steps are taken."""
    lower = [lanes.lower[k] for k in range(posed.size)]
    upper = [lanes.upper[k] for k in range(posed.size)]
    invisible = INVISIBLE * lanes.level if posed.squares else 0.0 * lanes.level

    def clipped(point: Point) -> Point:
        if not posed.bounded:
            return point
        return tuple(jnp.clip(each, low, high) for each, low, high in zip(point, lower, upper, strict=True))

    def proposed(state: _State) -> tuple[Point, _State]:
        rows, slope = _matrix(state.curve, posed.size), state.slope
        held = [jnp.zeros((), bool)] * posed.size
        if posed.bounded:
            held = [
                ((each <= low) & (rise > 0)) | ((each >= high) & (rise < 0))
                for each, rise, low, high in zip(state.point, slope, lower, upper, strict=True)
            ]
            rows = [
                [jnp.where(held[i] | held[j], 0.0, each) for j, each in enumerate(row)] for i, row in enumerate(rows)
            ]
            slope = tuple(jnp.where(on, 0.0, each) for on, each in zip(held, slope, strict=True))
        unit, width = _scaled(rows)
        damping = [UNDAMPED if k in posed.linear else state.damping for k in range(posed.size)]
        factor, _ = cholesky([[*row[:-1], row[-1] + damping[k]] for k, row in enumerate(unit)])
        known = forward(factor, [each / scale for each, scale in zip(slope, width, strict=True)])
        move = [-each / scale for each, scale in zip(backward(factor, known), width, strict=True)]
        ahead = clipped(tuple(each + step for each, step in zip(state.point, move, strict=True)))
        if posed.bounded:
            ahead = tuple(jnp.where(on, old, new) for on, old, new in zip(held, state.point, ahead, strict=True))
            move = [new - old for new, old in zip(ahead, state.point, strict=True)]
        promised = -_along(slope, move) - 0.5 * _quadratic(rows, move)
        left = 0.5 * _along(known, known) * (1.0 + state.damping)
        length = sum((each * scale) ** 2 for each, scale in zip(state.point, width, strict=True))
        tiny = sum((each * scale) ** 2 for each, scale in zip(move, width, strict=True)) <= SMALLEST_STEP**2 * length
        size = jnp.abs(state.loss - lanes.floor)
        settled = left <= NEAR * size + invisible
        close = left <= ROUNDING * size + 1e2 * invisible
        end = jnp.where(settled | (tiny & close), SETTLED, jnp.where(tiny, STUCK, GOING_ON))
        return ahead, state._replace(promised=promised, left=left, end=end.astype(state.loss.dtype))

    def body(carry: tuple) -> tuple:
        done, ahead, state = carry
        if posed.linear:
            ahead = projected(posed, ahead, lanes, posed.linear)[0]
        loss, slope, curve = _sums(posed, ahead, lanes)
        first, going = jnp.isinf(state.loss), state.end == GOING_ON
        sound = finite(loss, *slope, *curve)
        better = sound & (loss <= state.loss) & going
        gain = jnp.where(state.promised > 0, (state.loss - loss) / state.promised, 0.5)
        eased = state.damping * jnp.clip(1.0 - (2.0 * gain - 1.0) ** 3, 1.0 / 3.0, 2.0)
        eased = jnp.where(first | ~jnp.isfinite(eased), state.damping, jnp.maximum(eased, 1e-20))

        def kept(new: Any, old: Any) -> Any:
            return jax.tree.map(lambda one, other: jnp.where(better, one, other), new, old)

        after = state._replace(
            point=kept(ahead, state.point),
            loss=kept(loss, state.loss),
            slope=kept(slope, state.slope),
            curve=kept(curve, state.curve),
            damping=jnp.where(better, eased, state.damping * state.growth),
            growth=jnp.where(better, 2.0, 2.0 * state.growth),
        )
        new, proposal = proposed(after)
        end = jnp.where(going, jnp.where(first & ~sound, STUCK, proposal.end), state.end)
        return done + 1, new, proposal._replace(end=end)

    def going_on(carry: tuple) -> jax.Array:
        done, _, state = carry
        return (done < steps) & (state.end == GOING_ON).any()

    like = jnp.zeros_like(starts[0])
    none = tuple(like for _ in starts)
    half = posed.size * (posed.size + 1) // 2
    start = clipped(starts)
    begun = _State(start, like + jnp.inf, none, (like,) * half, like + 1e-3, like + 2.0, like, like, like + GOING_ON)
    _, _, last = jax.lax.while_loop(going_on, body, (0, start, begun))
    return Reached(last.point, last.loss, last.end)


def _sums(posed: Posed, point: Point, lanes: Lanes) -> tuple[jax.Array, Point, tuple[jax.Array, ...]]:
    """Mean loss, slope and the lower half of the Gauss-Newton curvature."""
    prediction, columns = posed.linearised(point, lanes, tuple(range(posed.size)))
    loss, slope, bend = posed.rows(prediction, lanes)
    slopes = tuple(jnp.sum(column * slope, axis=0) / lanes.total for column in columns)
    curved = jnp.maximum(bend, 0.0)
    curve = tuple(
        jnp.sum(one * other * curved, axis=0) / lanes.total
        for k, one in enumerate(columns)
        for other in columns[: k + 1]
    )
    return jnp.sum(loss, axis=0) / lanes.total, slopes, curve


def _matrix(half: tuple[jax.Array, ...], size: int) -> Matrix:
    """The lower half, row by row."""
    starts = [row * (row + 1) // 2 for row in range(size)]
    return [[half[first + column] for column in range(row + 1)] for row, first in enumerate(starts)]


def _scaled(rows: Matrix) -> tuple[Matrix, list[jax.Array]]:
    """The matrix with a diagonal of 1, and the width of each parameter."""
    width = [jnp.where(row[-1] > 0, jnp.sqrt(row[-1]), 1.0) for row in rows]
    return [[each / (width[i] * width[j]) for j, each in enumerate(row)] for i, row in enumerate(rows)], width


def _along(one: Any, other: Any) -> jax.Array:
    return sum((a * b for a, b in zip(one, other, strict=True)), start=jnp.zeros(()))


def _quadratic(rows: Matrix, move: list[jax.Array]) -> jax.Array:
    """moveᵀ curve move."""
    total = jnp.zeros_like(move[0])
    for i, row in enumerate(rows):
        for j, each in enumerate(row):
            total = total + (1.0 if i == j else 2.0) * each * move[i] * move[j]
    return total

"""The last steps and the certificate in many lanes: Newton's steps in the Gauss-Newton metric until rounding ends them,
then how far the minimum may still be, and the errors of the parameters.

The same numbers as `minimum`, `uncertainty` and `certificate` give for one problem, with one estimate on the careful
side: the lowest curvature is bounded from below. A matrix that is nearly singular is left for a closer look.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from downslope.descent.group_algebra import Matrix, added, backward, cholesky, forward, inverse, orthogonal
from downslope.descent.group_lanes import Lanes, Point, Posed, finite
from downslope.probe.look import EPSILON
from downslope.probe.minimum import CLOSE, FLAT
from downslope.probe.uncertainty import BOUND

SHORTER = (1.0, 0.25, 0.03)
"""Parts of a Newton step that are tried, one a round, where the whole one is no gain."""


class Seen(NamedTuple):
    """What is seen at a point of each lane, (L,) each; all of the mean objective.

    step: Newton's from there, and length, that of it in the metric; lowest: a lower bound of the smallest eigenvalue of
    the Hessian in the metric, 0 where it may not be positive; highest: an upper bound of the largest; blur, rough: by
    how much rounding may falsify the slope in the metric; directions: q by q, one a column; triangle: R of columns of
    length 1, the upper half, row by row; width: their lengths before; held: whether a bound holds a parameter; bent:
    inverse of the Hessian in the metric; scores: mean square of the rows' slopes there, empty for least squares; near:
    rows where the loss is curved.
    """

    loss: Any
    step: Point
    length: Any
    lowest: Any
    highest: Any
    blur: Any
    rough: Any
    directions: Any
    triangle: Any
    width: Point
    held: Any
    slope: Point
    bent: Any
    scores: Any
    near: Any


class Certified(NamedTuple):
    """What is known of the point that was reached in each lane.

    params, errors, reach, held, width: (q, L); loss, gap, lowest, condition, near: (L,); reach: how far from it the
    minimum may be, in each parameter; gap: loss still to gain at most; rest: whether Newton's steps ended; condition:
    of the columns brought to length 1, a bound from above; triangle, covariance: (q, q, L); near: rows where the loss
    is curved.
    """

    params: Any
    loss: Any
    errors: Any
    reach: Any
    gap: Any
    lowest: Any
    rest: Any
    held: Any
    condition: Any
    triangle: Any
    width: Any
    covariance: Any
    near: Any


def look(posed: Posed, point: Point, lanes: Lanes, free: bool = False) -> Seen:
    """Look at a point; `free`: as if there were no bounds."""
    size, squares, total = posed.size, posed.squares, lanes.total
    every = range(size)
    prediction, columns = posed.linearised(point, lanes, tuple(every))
    target = lanes.target / lanes.spread
    loss, slope, bend = posed.rows(prediction, lanes)
    curved = jnp.maximum(bend, 0.0)
    mean = jnp.sum(loss, axis=0) / total
    slopes = tuple(jnp.sum(column * slope, axis=0) / total for column in columns)
    held = [jnp.zeros_like(mean, dtype=bool) for _ in every]
    if posed.bounded and not free:
        held = [
            ((point[k] <= lanes.lower[k]) & (slopes[k] > 0)) | ((point[k] >= lanes.upper[k]) & (slopes[k] < 0))
            for k in every
        ]
    root = jnp.sqrt(curved / total)
    taken = [jnp.where(held[k], 0.0, columns[k] * root) if posed.bounded else columns[k] * root for k in every]
    taken, width = _of_length_one(taken)
    right = jnp.sqrt(2.0 * lanes.weight / total) * (prediction - target) if squares else jnp.zeros_like(loss)
    upper, known = orthogonal(taken, right)
    alive = [row[0] > 0 for row in upper]
    inner = inverse([[jnp.where(on, row[0], 1.0), *row[1:]] for on, row in zip(alive, upper, strict=True)])
    directions = [[jnp.where(alive[j], inner[i][j], 0.0) / width[i] for j in every] for i in every]

    bends = _second(posed, point, lanes, slope)
    matrix = [[jnp.where(alive[i], 1.0, 1.0) if i == j else jnp.zeros_like(mean) for j in range(i + 1)] for i in every]
    across = [[added(bends[max(i, k)][min(i, k)] * directions[k][j] for k in every) for j in every] for i in every]
    for i in every:
        for j in range(i + 1):
            matrix[i][j] = matrix[i][j] + added(directions[k][i] * across[k][j] for k in every)
    factor, _ = cholesky(matrix)
    _, positive = cholesky([[*row[:-1], row[-1] - FLAT] for row in matrix])
    zero, one = jnp.zeros_like(mean), jnp.ones_like(mean)
    bent = [backward(factor, forward(factor, [one if i == k else zero for i in every])) for k in every]
    lowest = 1.0 / jnp.sqrt(added(each * each for row in bent for each in row))
    highest = jnp.sqrt(
        added((1.0 if i == j else 2.0) * each * each for i, row in enumerate(matrix) for j, each in enumerate(row))
    )
    inward = known if squares else [added(directions[i][k] * slopes[i] for i in every) for k in every]
    inward = [jnp.where(on, each, 0.0) for on, each in zip(alive, inward, strict=True)]
    move = [-added(bent[i][k] * inward[k] for k in every) for i in every]
    step = tuple(added(directions[i][k] * move[k] for k in every) for i in every)
    length = jnp.sqrt(added(each * each for each in move))

    spans = jnp.abs(target) + jnp.abs(prediction) + added(jnp.abs(columns[k] * point[k]) for k in every)
    blur = 4 * EPSILON * jnp.sqrt(jnp.sum(curved * spans**2, axis=0) / total)
    if squares:
        rounded = [each * jnp.sqrt(2.0 * mean) for each in width]
    else:
        rounded = [jnp.sum(jnp.abs(column * slope), axis=0) / total for column in columns]
    rough = EPSILON * jnp.sqrt(added(added(jnp.abs(directions[i][k]) * rounded[i] for i in every) ** 2 for k in every))
    scores, near = [], zero
    if not squares:
        along = [added(directions[i][k] * columns[i] for i in every) * slope for k in every]
        scores = [[jnp.sum(a * b, axis=0) / total for b in along] for a in along]
        near = jnp.sum((bend > 0).astype(mean.dtype), axis=0)
    sound = finite(mean, length, lowest, blur)
    return Seen(
        jnp.where(sound, mean, jnp.inf),
        step,
        length,
        jnp.where(positive & sound, lowest, 0.0),
        highest,
        blur,
        rough,
        directions,
        upper,
        tuple(width),
        held,
        slopes,
        bent,
        scores,
        near,
    )


class _Here(NamedTuple):
    """The best point so far, and what steers the steps from it; tries: parts of a step that were no gain."""

    point: Point
    step: Point
    loss: Any
    length: Any
    lowest: Any
    blur: Any
    tries: Any


def polished(posed: Posed, start: Point, lanes: Lanes, looks: Any) -> tuple[Point, Seen]:
    """The minimum near a point, and what is seen there: Newton's steps until rounding ends them, or so many looks are
    taken.
    """

    def wants(here: _Here) -> jax.Array:
        near = CLOSE * jnp.sqrt(2.0 * jnp.abs(here.loss)) + here.blur
        return (here.lowest > FLAT) & (here.length > near) & (here.tries < len(SHORTER))

    def body(carry: tuple) -> tuple:
        done, here, _, _ = carry
        first, going = done == 0, wants(here)
        moves = going.any() & (done < looks) & ~first
        part = jnp.where(here.tries == 0, SHORTER[0], jnp.where(here.tries == 1, SHORTER[1], SHORTER[2]))
        ahead = tuple(
            jnp.where(going & moves, each + part * move, each) for each, move in zip(here.point, here.step, strict=True)
        )
        if posed.bounded:
            ahead = tuple(jnp.clip(each, lanes.lower[k], lanes.upper[k]) for k, each in enumerate(ahead))
        seen = look(posed, ahead, lanes)
        size = jnp.sqrt(2.0 * jnp.abs(here.loss))
        noise = 4 * EPSILON * jnp.abs(here.loss) + here.blur * (size + here.blur)
        nearer = (seen.lowest > FLAT) & (seen.length < here.length)
        gained = (seen.loss <= here.loss + noise) & (nearer | (seen.loss < here.loss - noise))
        better = first | (going & moves & gained)
        tries = jnp.where(better, 0, here.tries + (going & moves).astype(here.tries.dtype))
        new = _Here(ahead, seen.step, seen.loss, seen.length, seen.lowest, seen.blur, tries)
        kept = jax.tree.map(lambda one, other: jnp.where(better, one, other), new, here)
        kept = kept._replace(tries=tries)
        # the last look is at the best point, so that what is seen there need not be carried along
        current = (better | ~(going & moves)).all()
        over = current & ((done >= looks) | ~wants(kept).any())
        return done + 1, kept, seen, over

    def going_on(carry: tuple) -> jax.Array:
        return ~carry[3]

    shapes = jax.eval_shape(lambda: look(posed, start, lanes))
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    like = jnp.zeros_like(start[0])
    begun = _Here(start, (like,) * posed.size, like, like, like, like, jnp.zeros(like.shape, int))
    _, here, seen, _ = jax.lax.while_loop(going_on, body, (0, begun, nothing, jnp.zeros((), bool)))
    return here.point, seen


def certified(posed: Posed, at: Point, seen: Seen, lanes: Lanes, absolute: bool) -> Certified:
    """Errors and certificate of the points that were reached; absolute: whether the spread of the rows is their true
    standard deviation.
    """
    every, rows = range(posed.size), lanes.rows
    directions = seen.directions
    free = posed.size - added(on.astype(rows.dtype) for on in seen.held)
    freedom = rows - free
    left = jnp.where(freedom > 0, freedom, jnp.nan)
    if posed.squares:
        least = 0.5 * (seen.blur / BOUND) ** 2
        noise = jnp.ones_like(rows) if absolute else jnp.maximum(seen.loss, least) * rows / left
        covariance = [
            [2.0 * noise / rows * added(directions[i][k] * directions[j][k] for k in every) for j in every]
            for i in every
        ]
    else:
        inner = _product(_product(seen.bent, seen.scores), seen.bent)
        trace = added(seen.bent[i][k] * seen.scores[k][i] for i in every for k in every)
        noise = 0.5 * rows / left * trace / jnp.maximum(free, 1.0)
        spread = _product(_product(directions, inner), [list(row) for row in zip(*directions, strict=True)])
        covariance = [[each / left for each in row] for row in spread]
    if posed.bounded:
        whole = look(posed, at, lanes, free=True).directions
        for k in every:
            error = _one_sided(added(each * each for each in whole[k]), jnp.abs(seen.slope[k]), noise / rows)
            covariance[k][k] = jnp.where(seen.held[k], error**2, covariance[k][k])
    doubt = seen.length + (seen.blur + seen.rough) / jnp.maximum(seen.lowest, FLAT)
    unit = added((directions[i][k] * seen.width[i]) ** 2 for i in every for k in every)
    sound = jnp.ones_like(rows, dtype=bool)
    for row, on in zip(seen.triangle, seen.held, strict=True):
        sound = sound & ((row[0] > 0) | on)
    zero = jnp.zeros_like(rows)
    return Certified(
        jnp.stack(at),
        seen.loss,
        jnp.sqrt(jnp.stack([covariance[k][k] for k in every])),
        jnp.stack([jnp.sqrt(added(each * each for each in row)) * doubt for row in directions]),
        0.5 * seen.highest * doubt**2,
        seen.lowest,
        seen.length <= 1e3 * _negligible(seen),
        jnp.stack(seen.held),
        jnp.where(sound, jnp.sqrt(posed.size * unit), jnp.inf),
        jnp.stack([jnp.stack([*[zero] * k, *row]) for k, row in enumerate(seen.triangle)]),
        jnp.stack(seen.width),
        jnp.stack([jnp.stack(row) for row in covariance]),
        seen.near,
    )


def _of_length_one(columns: list[jax.Array]) -> tuple[list[jax.Array], list[jax.Array]]:
    """Columns (n, L) divided by their lengths, and these, 1 where they are 0."""
    largest = [jnp.max(jnp.abs(column), axis=0) for column in columns]
    safe = [jnp.where(each > 0, each, 1.0) for each in largest]  # hypot, in effect: squares of 1e-200 would be 0
    width = [each * jnp.sqrt(jnp.sum((column / each) ** 2, axis=0)) for each, column in zip(safe, columns, strict=True)]
    width = [jnp.where(each > 0, each, 1.0) for each in width]
    return [column / each for column, each in zip(columns, width, strict=True)], width


def _second(posed: Posed, point: Point, lanes: Lanes, slope: jax.Array) -> Matrix:
    """Σ slope · second derivatives of the prediction, the lower half: what bends the loss beyond Gauss-Newton."""
    found: Matrix = []
    for i in range(posed.size):
        found.append([])
        for j in range(i + 1):

            def along(value: jax.Array, i: int = i, j: int = j) -> jax.Array:
                at = (*point[:j], value, *point[j + 1 :])
                return jax.jvp(posed.alone(at, lanes, i), (at[i],), (jnp.ones_like(at[i]),))[1]

            bend = jax.jvp(along, (point[j],), (jnp.ones_like(point[j]),))[1]
            found[i].append(jnp.sum(slope * bend, axis=0) / lanes.total)
    return found


def _negligible(seen: Seen) -> jax.Array:
    return CLOSE * jnp.sqrt(2.0 * jnp.abs(seen.loss)) + seen.blur


def _one_sided(tightness: jax.Array, slope: jax.Array, rise: jax.Array) -> jax.Array:
    """How far inside its bound the loss has risen by so much: slope · t + curvature · t² / 2 = rise, the other
    parameters following.
    """
    safe = jnp.where(tightness > 0, tightness, 1.0)
    return jnp.where(tightness > 0, 2 * rise / (jnp.sqrt(slope**2 + 2 * rise / safe) + slope), jnp.inf)


def _product(one: Matrix, other: Matrix) -> Matrix:
    size = range(len(one))
    return [[added(one[i][k] * other[k][j] for k in size) for j in size] for i in size]

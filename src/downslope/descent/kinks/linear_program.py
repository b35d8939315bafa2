"""The lowest point of a sum of kinked lines, min Σ cost ρ(residual - matrix @ move), by linear programming.

ρ(r) = max(level r, (level - 1) r) (Koenker and Bassett 1978). What is solved is the dual: max residualᵀd over slopes
d = cost u with level - 1 <= u <= level and matrixᵀd = 0; the moves are its multipliers. Two things make it fast and
robust: the columns are turned into orthogonal ones first, so that neither units nor nearly collinear columns matter to
the solver's tolerances; and only rows near their kink take part, with all others held at the slope of their side. What
is held is a lower line, so the reduced problem never promises too little; rows that changed sides are added until none
does (Portnoy and Koenker 1997).
"""

from typing import Any, NamedTuple

import numpy as np

EPSILON = float(np.finfo(float).eps)
SUBSAMPLE = 2000
"""Rows, besides 40 for each parameter, that are cheap to solve at once."""
RANK = 1e-13
"""Singular value, as a share of the largest, below which a direction of the parameters has no effect."""
NO_BOUND = 1e9
"""Bound, in typical residuals, that is too far away to matter to one move."""


class Lines(NamedTuple):
    """Residuals (n,) that fall by matrix (n, p) @ move, what each costs (n,), positive, and bounds (p,) on the move.

    `lower` <= 0 <= `upper`. `walls`: whether any of those bounds is the problem's own, not a trust region's.
    `summed` (p,): the lengths that cancelled in rows that are sums of others, Σ cost |matrix| of those; 0 without any.
    """

    matrix: np.ndarray
    residual: np.ndarray
    cost: np.ndarray
    level: float
    lower: np.ndarray
    upper: np.ndarray
    walls: bool = False
    summed: np.ndarray | float = 0.0

    def loss(self, move: np.ndarray) -> float:
        """Loss after a move (p,)."""
        return pinball(self.residual - self.matrix @ move, self.cost, self.level)


class Frame(NamedTuple):
    """Orthogonal coordinates of a matrix (n, p): column widths (p,) and its triangular factor (p, p), columns of width
    one."""

    width: np.ndarray
    factor: np.ndarray

    def turn(self, free: np.ndarray, whole: bool = False) -> np.ndarray:
        """(p, k): moves of the free parameters, as columns, whose effects on the rows are orthogonal and of size one.

        k is the rank; with `whole`, also the directions without effect, of length one in widths.
        """
        _, sizes, directions = np.linalg.svd(self.factor[:, free])
        sizes = np.append(sizes, np.zeros(directions.shape[0] - sizes.size))
        felt = sizes > RANK * sizes[:1].max(initial=0.0)
        kept = np.ones_like(felt) if whole else felt
        turn = np.zeros((self.width.size, int(kept.sum())))
        turn[free] = (directions[kept] / np.where(felt, sizes, 1.0)[kept][:, None]).T
        return turn / self.width[:, None]


class Answer(NamedTuple):
    """The lowest point: a move (p,), and the slope u (n,) of each row there, in level - 1 .. level."""

    move: np.ndarray
    slope: np.ndarray


def pinball(residual: np.ndarray, cost: np.ndarray, level: float) -> float:
    """Σ cost ρ(residual).

    >>> pinball(np.array([1.0, -1.0]), np.array([1.0, 1.0]), 0.25)
    1.0
    """
    return float(cost @ np.maximum(level * residual, (level - 1.0) * residual))


def side(residual: np.ndarray, level: float) -> np.ndarray:
    """Slope of ρ (n,); 0, which is one of its slopes there, on the kink."""
    return np.where(residual > 0, level, np.where(residual < 0, level - 1.0, 0.0))


def frame(matrix: np.ndarray, cost: np.ndarray) -> Frame:
    """Orthogonal coordinates for rows that cost so much; a column of zeros has width one."""
    weighted = matrix * np.sqrt(cost / cost.sum())[:, None]
    width = np.linalg.norm(weighted, axis=0)
    width = np.where(width > 0, width, 1.0)
    return Frame(width, np.asarray(np.linalg.qr(weighted / width, mode="r")))


def lowest(lines: Lines, coordinates: Frame) -> Answer | None:
    """The lowest point to the solver's tolerances (about 1e-9 of a typical residual), or None if it found none."""
    size = float(lines.cost @ np.abs(lines.residual) / lines.cost.sum())
    rows, params = lines.matrix.shape
    if size == 0.0:
        return Answer(np.zeros(params), np.zeros(rows))
    count = SUBSAMPLE + 40 * params
    everything = np.arange(rows)
    if rows <= 2 * count:
        return _solve(lines, coordinates, everything, side(lines.residual, lines.level), size)
    white = lines.matrix @ coordinates.turn(np.arange(params))
    length = np.linalg.norm(white, axis=1)
    # rows that are nearly alone in feeling a direction all take part; of the others some stand for all
    order = np.argsort(-length, kind="stable")
    half = count // 2
    others = np.random.default_rng(0).choice(order[half:], half, replace=False)
    some = np.concatenate([order[:half], others])
    stands_for = np.where(np.arange(2 * half) < half, 1.0, (rows - half) / half)
    few = lines._replace(matrix=lines.matrix[some], residual=lines.residual[some], cost=lines.cost[some] * stands_for)
    first = _solve(few, coordinates, np.arange(some.size), np.zeros(some.size), size)
    residual = lines.residual - lines.matrix @ (np.zeros(params) if first is None else first.move)
    if first is not None and ((first.move > lines.lower) & (first.move < lines.upper)).all():
        residual = _smoothed(lines, white, residual, count)
    return _settled(lines, coordinates, residual, length, count, size)


def lowest_nearby(lines: Lines, coordinates: Frame) -> Answer | None:
    """The same where the lowest point is known to be near: the residuals tell which rows matter."""
    size = float(lines.cost @ np.abs(lines.residual) / lines.cost.sum())
    rows, params = lines.matrix.shape
    if size == 0.0:
        return Answer(np.zeros(params), np.zeros(rows))
    count = SUBSAMPLE + 40 * params
    white = lines.matrix @ coordinates.turn(np.arange(params))
    residual = lines.residual if lines.walls else _smoothed(lines, white, lines.residual, count)
    return _settled(lines, coordinates, residual, np.linalg.norm(white, axis=1), count, size)


def _settled(
    lines: Lines, coordinates: Frame, residual: np.ndarray, length: np.ndarray, count: int, size: float
) -> Answer | None:
    """Solve for the `count` rows nearest to their kink, and add those that changed sides, until none does.

    residual: (n,), near those of the lowest point; length: (n,), of each row in orthogonal coordinates.
    """
    held = side(residual, lines.level)
    near = np.abs(residual) / np.maximum(length, 1e-300)  # the shortest move to each kink
    rows = residual.size
    inside = np.zeros(rows, bool)
    while not inside.all():
        inside[np.argpartition(near, min(count, rows) - 1)[:count]] = True
        answer = _solve(lines, coordinates, np.flatnonzero(inside), held, size)
        if answer is None:
            count *= 2
            continue
        after = lines.residual - lines.matrix @ answer.move
        crossed = ~inside & (side(after, lines.level) * held <= 0) & (np.abs(after) > 1e-9 * size)
        if not crossed.any():
            return answer
        inside |= crossed
    return _solve(lines, coordinates, np.arange(rows), held, size)


def _smoothed(lines: Lines, white: np.ndarray, residual: np.ndarray, count: int) -> np.ndarray:
    """Residuals (n,) nearer to those of the lowest point: Newton steps on kinks rounded over ever fewer rows.

    white: the matrix in orthogonal coordinates.

    The answer of a subsample is off by more than the rows near their kink can mend; this costs a few products.
    """
    share = lines.cost / lines.cost.mean()
    kept = residual.size // 2
    while kept >= count:
        width = float(np.partition(np.abs(residual), kept)[kept])
        if width == 0.0:
            break
        slope = lines.level - 0.5 + np.clip(residual / (2.0 * width), -0.5, 0.5)
        near = np.abs(residual) < width
        bend = (white[near] * share[near][:, None]).T @ white[near] / (2.0 * width)
        step = np.linalg.lstsq(bend, white.T @ (share * slope), rcond=1e-10)[0]
        after = residual - white @ step
        if not pinball(after, share, lines.level) < pinball(residual, share, lines.level):
            break
        residual, kept = after, kept // 4
    return residual


def _solve(lines: Lines, coordinates: Frame, rows: np.ndarray, held: np.ndarray, size: float) -> Answer | None:
    """Solve for some rows; the others keep the slope that they are held at. `size`: a typical residual."""
    from scipy.optimize import linprog

    params = lines.lower.size
    free = np.flatnonzero(lines.upper > lines.lower)
    turn = coordinates.turn(free, whole=lines.walls)
    if not turn.size:
        return Answer(np.zeros(params), held)
    share = lines.cost / lines.cost[rows].mean()
    outside = np.where(np.isin(np.arange(held.size), rows), 0.0, share * held)
    reach = np.linalg.norm(turn, axis=1)
    reach[reach == 0] = 1.0
    up, down = lines.upper / (reach * size), -lines.lower / (reach * size)
    walls = turn / reach[:, None]
    above, below = (np.flatnonzero((far < NO_BOUND) & np.isin(np.arange(params), free)) for far in (up, down))
    table = np.vstack([(lines.matrix[rows] @ turn) * share[rows][:, None], -walls[above], walls[below]])
    price = np.concatenate([-share[rows] * lines.residual[rows] / size, up[above], down[below]])
    box = np.vstack(
        [
            np.tile([lines.level - 1.0, lines.level], (rows.size, 1)),
            np.tile([0.0, np.inf], (len(above) + len(below), 1)),
        ]
    )
    right = -((lines.matrix.T @ outside) @ turn)
    for method in ("highs-ds", "highs-ipm"):
        options = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
        found: Any = linprog(price, A_eq=table.T, b_eq=right, bounds=box, method=method, options=options)
        if found.status == 0:
            move = np.clip(turn @ -found.eqlin.marginals * size, lines.lower, lines.upper)
            slope = held.copy()
            slope[rows] = np.clip(found.x[: rows.size], lines.level - 1.0, lines.level)
            return Answer(move, slope)
        if found.status in (2, 3):  # the rows that take part leave a way down without end: more of them are needed
            return None
    return None

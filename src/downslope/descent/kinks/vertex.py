"""The corner that a linear program points at, to full digits, with what proves how low it is.

A lowest point of kinked lines can be had with as many rows on their kink as there are free parameters. Which rows is
what the solver tells; the point itself is solved again from them. The proof is a set of slopes, one a row, in their
boxes and with no pull on any free parameter: Σ cost ρ(residual) of any parameters is at least residualᵀd of these.
Slopes that rounding has put beside their boxes are drawn towards zero, which keeps the pull at none, until they are in;
or they are put on the edge, if the pull which that leaves gains less on all ways that a lower point may be at.
"""

from typing import NamedTuple

import numpy as np

from downslope.descent.kinks.linear_program import EPSILON, Answer, Frame, Lines, pinball, side

AT_KINK = 1e-8
"""Residual, as a share of a typical one, that the solver may have meant to be none."""


class Vertex(NamedTuple):
    """A corner: a move (p,) to it, places of the rows (k,) that hold it, and of the parameters (f,) off their bounds.

    slope: u (n,), as the solver gave it.
    """

    move: np.ndarray
    basis: np.ndarray
    free: np.ndarray
    slope: np.ndarray


class Proof(NamedTuple):
    """How much lower than here the loss can be, at most, and the slopes (n,) that prove it."""

    gap: float
    slope: np.ndarray


def vertex(lines: Lines, coordinates: Frame, answer: Answer) -> Vertex:
    """The corner of an answer; the answer's own move, where its rows do not lead to a lower point."""
    size = float(lines.cost @ np.abs(lines.residual) / lines.cost.sum())
    move, loose = answer.move, inner(answer.slope, lines.level)
    for _ in range(move.size + 1):
        move = _snapped(lines, coordinates, move, size)
        free = np.flatnonzero((move > lines.lower) & (move < lines.upper))
        turn = coordinates.turn(free)
        after = np.abs(lines.residual - lines.matrix @ move)
        basis = _independent(lines, turn, np.flatnonzero(loose | (after <= AT_KINK * size)), loose)
        if basis.size:
            for _ in range(3):  # each solves for what rounding has left of the one before
                left = lines.residual[basis] - lines.matrix[basis] @ move
                move = move + turn @ np.linalg.lstsq(lines.matrix[basis] @ turn, left, rcond=None)[0]
        move = np.clip(move, lines.lower, lines.upper)
        if basis.size == turn.shape[1]:
            break
        move = move + _to_next(lines, turn, basis, move, size)
    if not lines.loss(move) <= lines.loss(answer.move) * (1 + 1e-12) + 1e-14 * lines.loss(np.zeros_like(move)):
        move = answer.move
    return Vertex(move, basis, free, answer.slope)


def inner(slope: np.ndarray, level: float) -> np.ndarray:
    """Whether a slope is strictly inside its box: such a row is on its kink."""
    return np.minimum(level - slope, slope - (level - 1.0)) > 1e-9


def _snapped(lines: Lines, coordinates: Frame, move: np.ndarray, size: float) -> np.ndarray:
    """The move, on a bound where it is as good as there."""
    small = AT_KINK * size / coordinates.width
    move = np.where(move - lines.lower <= small, lines.lower, move)
    return np.where(lines.upper - move <= small, lines.upper, move)


def _to_next(lines: Lines, turn: np.ndarray, basis: np.ndarray, move: np.ndarray, size: float) -> np.ndarray:
    """From the middle of an edge or a face, a move along it to the next kink or bound; the solver may end there, where
    the loss is flat."""
    along = turn @ np.linalg.svd(lines.matrix[basis] @ turn)[2][-1]
    change, left = lines.matrix @ along, lines.residual - lines.matrix @ move
    with np.errstate(all="ignore"):
        away = (np.abs(left) > AT_KINK * size) & (np.abs(change) > 1e-12 * np.abs(change).max())
        lengths = np.concatenate(
            [np.where(away, left / change, np.inf), *((wall - move) / along for wall in (lines.lower, lines.upper))]
        )
    lengths = np.where(np.isnan(lengths) | (lengths == 0), np.inf, lengths)
    nearest = float(lengths[np.argmin(np.abs(lengths))])
    return nearest * along if np.isfinite(nearest) else np.zeros_like(along)


def _independent(lines: Lines, turn: np.ndarray, rows: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Rows, among those on the kink, that fix what may turn; those that must be there come first."""
    from scipy.linalg import qr

    seen = lines.matrix[rows] @ turn
    length = np.linalg.norm(seen, axis=1)
    rows, seen, length = rows[length > 0], seen[length > 0], length[length > 0]
    if not seen.size:
        return np.zeros(0, int)
    preferred = np.where(loose[rows], 1.0, 1e-4) / length
    factor, order = qr((seen * preferred[:, None]).T, mode="r", pivoting=True)
    rank = int((np.abs(np.diagonal(factor)) > 1e-11).sum())
    return rows[order[:rank]]


def blur(params: int, size: np.ndarray) -> np.ndarray:
    """What rounding may make of each residual (n,); size: target and terms of the prediction, in absolute value."""
    return (params / 2 + 4) * EPSILON * size


def prove(here: Lines, coordinates: Frame, corner: Vertex, fuzz: np.ndarray) -> Proof:
    """A bound on what is left to gain here, at a corner, for residuals known to `fuzz` (n,).

    Where a bound holds a parameter with no more force than rounding makes, the proof is tried without that bound too.
    """
    first, faint = _prove(here, coordinates, corner, fuzz)
    if np.isinf(first.gap) and faint.size:
        free = np.sort(np.concatenate([corner.free, faint]))
        near = np.flatnonzero(_near(here, fuzz))
        basis = _independent(here, coordinates.turn(free), near, inner(corner.slope, here.level))
        second, _ = _prove(here, coordinates, corner._replace(free=free, basis=basis), fuzz)
        first = min(first, second, key=lambda proof: proof.gap)
    here_at_all = pinball(here.residual, here.cost, here.level)
    return first if first.gap <= here_at_all else Proof(here_at_all, np.zeros_like(first.slope))


def _near(here: Lines, fuzz: np.ndarray) -> np.ndarray:
    """Rows (n,) that are on their kink or so near that it costs next to nothing to take them for it."""
    return np.abs(here.residual) <= np.maximum(fuzz, AT_KINK * pinball(here.residual, here.cost, 0.5) / here.cost.sum())


def _prove(here: Lines, coordinates: Frame, corner: Vertex, fuzz: np.ndarray) -> tuple[Proof, np.ndarray]:
    """A proof from the slopes of a corner, and the places of parameters that a bound holds with next to no force."""
    matrix, residual, cost, level = here.matrix, here.residual, here.cost, here.level
    turn, basis = coordinates.turn(corner.free), corner.basis
    near = _near(here, fuzz)
    near[basis] = True
    slope = np.where(near, corner.slope, side(residual, level))
    held, none = matrix[basis] @ turn, np.zeros(0, int)
    if held.shape[0] != held.shape[1]:
        return Proof(np.inf, slope), none
    across = np.ascontiguousarray(matrix.T)
    back = np.linalg.pinv(held).T if held.size else held
    for _ in range(2):
        slope[basis] -= (back @ (turn.T @ _pull(across, cost * slope))) / cost[basis]
    force = cost * slope
    pull, error = _pull(across, force), _pull_error(across, force) + 24 * EPSILON * here.summed
    # slopes without any pull exist this near to those of the basis
    off = 2.0 * np.abs(back) @ (np.abs(turn.T @ pull) + np.abs(turn.T) @ error) / cost[basis]
    outside = np.maximum((slope[basis] + off) / level, (off - slope[basis]) / (1.0 - level)) - 1.0
    shrink = max(0.0, float(outside.max(initial=0.0)))
    drawn = shrink / (1.0 + shrink) * max(0.0, float((force * residual).sum()))
    if drawn > 0.0:
        inside = np.clip(slope, level - 1.0, level)
        left = _pull(across, cost * inside)
        gained = _gained(here, coordinates, corner.free, np.abs(left) + error)
        if gained < drawn:
            drawn, slope, force, pull = gained, inside, cost * inside, left
    on_kink = near & (np.abs(residual) <= fuzz)
    on_kink[basis] = True
    gap = drawn + pinball(residual[near], cost[near], level) - float((force * residual)[near].sum())
    gap += float((cost * fuzz)[on_kink].sum() + (cost * np.abs(residual))[basis] @ off)
    faint = []
    for parameter in np.setdiff1d(np.flatnonzero(here.upper > here.lower), corner.free):
        for bound, sign in ((here.lower[parameter], -1.0), (here.upper[parameter], 1.0)):
            outward = sign * pull[parameter] + error[parameter]
            if bound != 0.0 and outward > 0.0:
                gap += outward * abs(float(bound))
                faint += [parameter] * bool(outward <= 1e4 * error[parameter])
    return Proof(gap if np.isfinite(gap) else np.inf, slope), np.array(faint, int)


def _gained(here: Lines, coordinates: Frame, free: np.ndarray, pull: np.ndarray) -> float:
    """What a pull (p,) of no more than this on the parameters that are free may gain, at most.

    It gains no more than its size times the way to the lowest point. Parameters as low as these leave residuals of
    Σ cost |residual| <= loss / κ, with κ the lesser slope of ρ, hence are no farther than
    Σ cost |white z| <= 2 loss / κ; and Σ cost |white z| >= Σ cost (white z)² / (max |white| |z|).
    """
    able = np.flatnonzero(here.upper > here.lower)
    turn = coordinates.turn(able)
    if not 0 < turn.shape[1] == able.size:
        return np.inf
    white = here.matrix @ turn
    weakest = float(np.linalg.eigvalsh((white * here.cost[:, None]).T @ white)[0])
    if not weakest > 0.0:
        return np.inf
    far = 2.0 * pinball(here.residual, here.cost, here.level) / min(here.level, 1.0 - here.level)
    far *= float(np.linalg.norm(white, axis=1).max()) / weakest
    return far * float(pull[free] @ np.linalg.norm(turn[free], axis=1))


def _pull(across: np.ndarray, force: np.ndarray) -> np.ndarray:
    """Σ force x by parameter (p,), summed in pairs."""
    return np.sum(across * force, axis=1)


def _pull_error(across: np.ndarray, force: np.ndarray) -> np.ndarray:
    """What rounding may have made of it (p,): half an epsilon for each addition on the longest way (Higham 2002)."""
    additions = 24 + np.log2(1 + force.size)
    return 0.5 * EPSILON * additions * np.sum(np.abs(across * force), axis=1)


def is_only(here: Lines, coordinates: Frame, slope: np.ndarray, fuzz: np.ndarray) -> bool:
    """Whether the corner here is the only lowest point of the lines: no direction keeps every row at its slope.

    Directions that may: those that leave rows with inner slopes where they are, and take the others on the kink, and
    parameters on a bound without force, only to the side of their slope. A linear program asks for one.
    """
    from scipy.optimize import linprog

    level = here.level
    free = np.flatnonzero(here.upper > here.lower)
    on_kink = np.flatnonzero((np.abs(here.residual) <= fuzz) | inner(slope, level))
    turn = coordinates.turn(free, whole=True)
    seen = here.matrix[on_kink] @ turn
    pull = here.matrix.T @ (here.cost * slope)
    strength = np.abs(here.matrix.T) @ (here.cost * np.abs(slope))
    resting = free[(here.lower[free] == 0) | (here.upper[free] == 0)]
    pushed = np.abs(pull[resting]) > 1e-9 * strength[resting]
    outward = np.where(here.lower[resting] == 0, 1.0, -1.0)
    walls = turn[resting] * (outward * coordinates.width[resting])[:, None]
    fixed = inner(slope[on_kink], level)
    toward = np.where(slope[on_kink] > 0, -1.0, 1.0)[:, None]
    equal = np.vstack([seen[fixed], walls[pushed]])
    ways = np.vstack([(seen * toward)[~fixed], walls[~pushed]])
    if _rank(np.vstack([equal, ways])) < turn.shape[1]:
        return False
    if not ways.size or _rank(equal) == turn.shape[1]:
        return True
    ways = ways / np.maximum(np.linalg.norm(ways, axis=1), 1e-300)[:, None]
    zeros = np.zeros(equal.shape[0])
    table = np.vstack([ways, -ways])
    limit = np.concatenate([np.ones(len(ways)), np.zeros(len(ways))])
    most = linprog(-ways.sum(axis=0), A_ub=table, b_ub=limit, A_eq=equal, b_eq=zeros, bounds=(None, None))
    return bool(most.status == 0 and -most.fun < 0.5)


def _rank(table: np.ndarray) -> int:
    """Rank of directions (k, m), each taken for its direction only."""
    length = np.linalg.norm(table, axis=1)
    table = table[length > 1e-12]
    return int(np.linalg.matrix_rank(table / length[length > 1e-12][:, None], tol=1e-10)) if table.size else 0

"""Outlying: rows whose residual is larger than chance leaves, and which matter.

Three questions, all of which must be answered with yes:

1. Is it beyond normal noise? The generalised extreme studentised deviate test (Rosner 1983): the row with the largest
   studentised residual is left out, again and again; the k-th residual is held against Student's distribution with the
   freedom that is left, at the level LEVEL for all rows together. The last one beyond its limit decides, so several
   outliers cannot hide behind one another. The rows are left out in a second order too, by their distance from least
   trimmed squares: several that pull together may make an innocent row the most striking one.
2. Is it beyond the tail of the table's own residuals? Real noise has longer tails than the normal one. The gaps between
   the largest residuals of an exponential tail are independent, the i-th from the top has the mean scale/i (Rényi
   1953): the gap below the outliers is held against those that follow.
3. Does it matter? Without these rows a parameter moves by one of its standard errors, or they carry a tenth of the
   loss.

Leaving out a row is linearised, and costs one product of the n rows with a vector: the leverages and residuals of the
others follow from those that there were.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from downslope.history.readings import Outlying
from downslope.probe.trimmed import farthest

LEVEL = 0.001
"""Probability that normal noise has an outlier, by the first question."""
EXPONENTIAL, POWER = 0.05, 0.3
"""Probability that noise with a tail that falls exponentially, or as a power, has one, by the second. They only bound
what the first lets pass, and what they cost is paid by true outliers: at these two an outlier of 8 standard deviations
is still found 94 times of 100 in 20 rows, and 98 or more in 40 to 500.
"""
MOST, MOST_SHARE, OF_FEW = 50, 0.1, 3
"""Rows that may be outliers, and what share of all; of few rows, so many, but no more than a third of them: half of a
table is not an outlier of the other half.
"""
MATTERS_ERRORS, MATTERS_SHARE = 1.0, 0.1
"""Standard errors that a parameter must move, or share of the loss that the rows must carry."""
TAIL_SHARE, TAIL_MOST = 0.2, 100
"""The rows below the gap that show how the tail falls: so many of all, and at most so many."""
POWER_ROWS = 20
"""Rows of the tail from which on it is held against a power as well: fewer reach down to 0, which no power does."""
CANDIDATES = 2_000
"""Of many rows only those with the largest residuals, and as many with the largest leverage, can be left out."""
BLIND = 1e-10
"""Share of a row's residual that must be its own: a row with the leverage 1 is met whatever its target is."""
ROUNDING = 1e-12
"""Share of the size of the targets below which residuals are rounding."""
MOST_WORK = 2e5
"""Rows times parameters squared up to which rows are also left out in the order of a fit that they cannot pull: a tenth
of a second."""


class _Left(NamedTuple):
    """Rows left out, in this order, with the studentised residual that each had, its degrees of freedom and among how
    many rows it was the largest.
    """

    places: list[int]
    residuals: list[float]
    among: list[tuple[int, int]]


def outlying(
    jacobian: np.ndarray,
    residual: np.ndarray,
    numbers: np.ndarray,
    size: float = 0.0,
    whole: "Whole | None" = None,
) -> Outlying | None:
    """The outliers among some rows, at the minimum or anywhere near; None if there are none.

    Args:
        jacobian: (n, p), of each row's prediction by each parameter, and
        residual: (n,), prediction - target; both already divided by sigma and times the root of the weight.
        numbers:  (n,) of the rows, as the user counts them.
        size:     of the targets, in the same units: residuals below its rounding are none.
        whole:    all rows, where these are only the most striking of them.

    >>> x = np.arange(12.0)
    >>> y = x + np.resize([0.1, -0.1, 0.05], 12)
    >>> y[4] += 9
    >>> design = np.column_stack([x, np.ones(12)])
    >>> outlying(design, design @ np.linalg.lstsq(design, y)[0] - y, np.arange(1, 13)).rows
    (5,)
    """
    sane = np.isfinite(residual).all() and np.isfinite(jacobian).all()
    if not sane or residual.size < 4:
        return None
    if whole is None:
        basis, back = _basis(jacobian)
        rest = residual - basis @ (basis.T @ residual)
        rest -= basis @ (basis.T @ rest)  # once more: what rounding left
        rows, squares = residual.size, float(rest @ rest)
    else:
        (basis, rest), back = whole.seen(jacobian, residual), whole.back
        rows, squares = whole.rows, float(whole.triangle[-1, -1] ** 2)
    freedom = rows - basis.shape[1]
    if freedom < 3 or np.max(np.abs(rest)) <= ROUNDING * max(size, float(np.max(np.abs(residual)))):
        return None
    of_all = _All(rows, squares)
    left, count = max((_judged(each) for each in _orders(basis, rest, of_all)), key=lambda judged: judged[1])
    if not count:
        return None
    clean = _without(basis, rest, left.places[:count], of_all)
    order = np.argsort(-np.abs(clean.studentised), kind="stable")
    found = next((m for m in range(count, 0, -1) if beyond_the_tail(np.abs(clean.studentised)[order], m)), 0)
    if not found:
        return None
    places = order[:found]
    clean = _without(basis, rest, list(places), of_all)
    share = float(np.sum(rest[places] ** 2) / squares)
    moved = _moved(back, clean.shift, float(np.sqrt(squares / freedom)))
    if moved < MATTERS_ERRORS and share < MATTERS_SHARE:
        return None
    places = places[np.argsort(-np.abs(clean.studentised[places]), kind="stable")]
    return Outlying(
        rows=tuple(int(numbers[place]) for place in places),
        residuals=tuple(float(clean.studentised[place]) for place in places),
        limit=_limit(*left.among[found - 1]),
        share=share,
        leverage=float(np.max(np.sum(basis[places] ** 2, axis=1))),
        noise=clean.noise,
        moved=moved,
    )


class Whole(NamedTuple):
    """Very many rows: how many, and the factor R of [jacobian | residual] (p + 1, p + 1)."""

    rows: int
    triangle: np.ndarray

    @property
    def back(self) -> np.ndarray:
        """(p, r): how the parameters follow from moves in an orthonormal basis."""
        return _basis(self.triangle[:, :-1])[1]

    def seen(self, jacobian: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of some of the rows, the orthonormal columns and what the fit to all rows leaves of the residuals."""
        across, back = _basis(self.triangle[:, :-1])
        basis = jacobian @ back
        return basis, residual - basis @ (across.T @ self.triangle[:, -1])


class _All(NamedTuple):
    """Number and squares of all rows, also those that are not here."""

    rows: int
    squares: float


def _basis(jacobian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal columns (n, r) of what the parameters can reach, and (p, r): how they follow from moves in it."""
    width = np.linalg.norm(jacobian, axis=0)
    width = np.where(width > 0, width, 1.0)
    across, triangle = np.linalg.qr(jacobian / width)
    left, values, right = np.linalg.svd(triangle)
    kept = values > 1e-10 * (values[0] if values.size else 1.0)
    back = (right[: kept.size][kept].T / values[kept]) / width[:, None]
    return across @ left[:, : kept.size][:, kept], back


def _orders(basis: np.ndarray, rest: np.ndarray, of_all: _All) -> list[_Left]:
    """Rows left out one by one, the most striking first; and those that are farthest from a fit that they cannot pull:
    where several pull together, the most striking may be an innocent one.
    """
    most = max(int(np.ceil(MOST_SHARE * rest.size)), min(OF_FEW, rest.size // 3))
    most = min(MOST, most, of_all.rows - basis.shape[1] - 2)
    # its cost grows with the rows and the square of the parameters
    few = of_all.rows == rest.size and rest.size * basis.shape[1] ** 2 <= MOST_WORK
    order = farthest(basis, rest, most) if few else None
    striking = _leave_out(basis, rest, of_all, most)
    return [striking] if order is None else [striking, _leave_out(basis, rest, of_all, most, order)]


def _judged(left: _Left) -> tuple[_Left, int]:
    """With how many of them are outliers: the last one beyond its limit decides."""
    beyond = (
        # Student's limit is never below the normal one, which asks for no SciPy: a quarter of a second to import
        residual > -NormalDist().inv_cdf(LEVEL / (2 * rows)) and residual > _limit(freedom, rows)
        for residual, (freedom, rows) in zip(left.residuals, left.among, strict=True)
    )
    return left, max((k + 1 for k, is_so in enumerate(beyond) if is_so), default=0)


def _limit(freedom: int, rows: int) -> float:
    """That the largest studentised residual of so many rows passes by chance at the level."""
    from scipy.special import stdtrit

    return float(-stdtrit(freedom, LEVEL / (2 * rows)))


def _leave_out(basis: np.ndarray, rest: np.ndarray, of_all: _All, most: int, order: np.ndarray | None = None) -> _Left:
    """Leave out so many rows, each time the one with the largest studentised residual, or in this order."""
    rows, squares = of_all
    freedom = rows - basis.shape[1]
    if order is None and rest.size > 4 * CANDIDATES:
        own = 1.0 - np.sum(basis**2, axis=1)
        large = np.argpartition(-np.abs(rest) / np.sqrt(np.maximum(own, BLIND)), CANDIDATES)[:CANDIDATES]
        steep = np.argpartition(own, CANDIDATES)[:CANDIDATES]
        chosen = np.unique(np.concatenate([large, steep]))
    else:
        chosen = np.arange(rest.size)
    basis, rest = basis[chosen].copy(), rest[chosen].copy()
    there = np.ones(chosen.size, dtype=bool)
    left = _Left([], [], [])
    for turn in range(most):
        own = 1.0 - np.sum(basis**2, axis=1)
        testable = there & (own > BLIND)
        if not (testable.any() if order is None else testable[order[turn]]):
            break
        part = np.where(testable, rest**2 / np.where(testable, own, 1.0), 0.0)
        place = int(np.argmax(part)) if order is None else int(order[turn])
        after = max(squares - part[place], 0.0)  # what is left of the squares without the row
        noise = np.sqrt(after / (freedom - 1))
        left.places.append(int(chosen[place]))
        left.residuals.append(float(np.sqrt(part[place]) / noise) if noise > 0 else np.inf if part[place] > 0 else 0.0)
        left.among.append((freedom - 1, rows - len(left.places) + 1))
        along = basis @ basis[place]
        rest = rest + along * (rest[place] / own[place])
        if own[place] < 1.0:  # the root of 1 + q qᵀ/(1 - h), with h the length of q, keeps the columns orthonormal
            basis = basis + np.outer(along, basis[place]) * ((1 / np.sqrt(own[place]) - 1) / (1 - own[place]))
        there[place] = False
        squares, freedom = after, freedom - 1
    return left


class _Clean(NamedTuple):
    """Residuals (n,) in standard deviations of those of the rows that are kept, which is `noise`; shift (r,): what
    leaving out the others moves in the basis.
    """

    studentised: np.ndarray
    noise: float
    shift: np.ndarray


def _without(basis: np.ndarray, rest: np.ndarray, places: list[int], of_all: _All) -> _Clean:
    """The fit to all other rows, at once: of the normal equations, r of them, those of the rows are taken away."""
    out = basis[places]
    inverse = np.linalg.pinv(np.eye(basis.shape[1]) - out.T @ out, hermitian=True)
    shift = inverse @ (out.T @ rest[places])
    after = rest + basis @ shift
    kept = np.ones(rest.size, dtype=bool)
    kept[places] = False
    freedom = max(1, of_all.rows - len(places) - basis.shape[1])
    squares = float(np.sum(after[kept] ** 2))
    if rest.size < of_all.rows:  # by how much the squares fall when these rows leave; of few rows that would cancel
        squares = max(0.0, of_all.squares - float(rest[places] @ (rest[places] + out @ shift)))
    noise = float(np.sqrt(squares / freedom))
    leverage = np.sum((basis @ inverse) * basis, axis=1)
    # of a row that was fitted its leverage takes away, of one that was not the fit's own error adds
    scale = np.sqrt(np.where(kept, np.maximum(1.0 - leverage, BLIND), 1.0 + leverage))
    testable = ~kept | (1.0 - leverage > BLIND)
    with np.errstate(all="ignore"):
        studentised = np.where(testable, after / scale, 0.0) / noise
    return _Clean(np.where(np.isnan(studentised), 0.0, studentised), noise, shift)


def beyond_the_tail(sizes: np.ndarray, count: int) -> bool:
    """Whether the first `count` of some sizes, in falling order, stand apart from the tail that the others form.

    The gaps D_i = i (size_i - size_i+1) of an exponential tail are independent with one mean, so that D_count over the
    mean of the j that follow exceeds g with the probability (1 + g/j)^-j. So are the gaps between the logarithms, of a
    tail that falls as a power. The level is shared among all counts, in proportion to 1/count².

    >>> sizes = [2.0, 1.8, 1.5, 1.3, 1.1, 1.0, 0.6, 0.4, 0.1]
    >>> beyond_the_tail(np.array([9.0, *sizes]), 1), beyond_the_tail(np.array([3.2, *sizes]), 1)
    (True, False)
    """
    tail = int(np.clip(np.ceil(TAIL_SHARE * sizes.size), 10, TAIL_MOST))
    tail = min(tail, int(np.count_nonzero(sizes)) - count - 1)
    if tail < 2:
        return bool(sizes[count - 1] > 0)  # all others are met exactly
    level = 6 / (np.pi * count) ** 2  # of all levels this share, in sum 1
    if _chance(sizes, count, tail) >= np.log(EXPONENTIAL * level):
        return False
    return tail < POWER_ROWS or _chance(np.log(sizes[: count + tail + 1]), count, tail) < np.log(POWER * level)


def _chance(sizes: np.ndarray, count: int, tail: int) -> float:
    """The logarithm of the probability that an exponential tail has so wide a gap below its first `count`."""
    gap = count * (sizes[count - 1] - sizes[count])
    ranks = np.arange(count + 1, count + tail + 1)
    total = float(np.sum(ranks * (sizes[count : count + tail] - sizes[count + 1 : count + tail + 1])))
    if not np.isfinite(gap) or total == 0:
        return -np.inf if gap > 0 else 0.0
    return float(-tail * np.log1p(gap / total))


def _moved(back: np.ndarray, shift: np.ndarray, noise: float) -> float:
    """By how many standard errors, of the fit to all rows, the parameter moves that moves most."""
    errors = noise * np.linalg.norm(back, axis=1)
    known = errors > 0
    return float(np.max(np.abs(back @ shift)[known] / errors[known], initial=0.0))

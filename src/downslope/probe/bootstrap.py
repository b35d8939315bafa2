"""The bootstrap: the same fit of rows drawn anew, with replacement, many times (Efron 1979).

Each draw is a set of weights: how often each row was drawn. Linear least squares is solved draw by draw; all else is
searched from the answer, in lanes with their own weights.
"""

from collections.abc import Iterator

import numpy as np

from downslope.descent.closed_form import Straight
from downslope.descent.lanes import search
from downslope.descent.rules import Rule
from downslope.descent.stops import SETTLED
from downslope.objective import Objective, Rows
from downslope.probe.metric import BLIND
from downslope.probe.profile import lanes_at_once

STEPS = 100


def draws(weight: np.ndarray, repeats: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn, (n,) whole numbers, for each repeat. Rows of weight 0 (n,) are not drawn.

    >>> [times.tolist() for times in draws(np.array([1.0, 0.0, 1.0]), 3, seed=0)]
    [[0, 0, 2], [1, 0, 1], [2, 0, 0]]
    """
    drawn_from = np.flatnonzero(weight)
    generator = np.random.default_rng(seed)
    for _ in range(repeats):
        times = np.zeros(weight.size, dtype=int)
        picked = generator.integers(0, drawn_from.size, drawn_from.size)
        times[drawn_from] = np.bincount(picked, minlength=drawn_from.size)
        yield times


def solved(problem: Straight, weight: np.ndarray, repeats: int, seed: int) -> np.ndarray:
    """The least-squares answers of the draws, (repeats, q); nan for one that does not determine all parameters.

    Args:   weight: of the rows (n,), to tell which are drawn; the problem holds it already.
    """
    size = problem.matrix.shape[1]
    width = np.linalg.norm(problem.matrix, axis=0)
    unit = problem.matrix / np.where(width > 0, width, 1.0)
    found = np.full((repeats, size), np.nan)
    for repeat, times in enumerate(draws(weight, repeats, seed)):
        rows = np.flatnonzero(times)
        root = np.sqrt(times[rows])
        params, _, rank, _ = np.linalg.lstsq(unit[rows] * root[:, None], problem.right[rows] * root)
        if rank == size:
            found[repeat] = params / width
    return found


def searched(
    objective: Objective,
    rule: Rule,
    answer: np.ndarray,
    rows: Rows,
    lower: np.ndarray,
    upper: np.ndarray,
    repeats: int,
    seed: int,
) -> np.ndarray:
    """The minimum near `answer` (q,) of each draw, (repeats, q); nan where a search did not settle.

    The draws depend on the seed alone, not on how many lanes run at once.
    """
    size, weight = answer.size, np.asarray(rows.weight)
    drawn = draws(weight.reshape(-1), repeats, seed)
    count = lanes_at_once(rows, size, weight.size)
    found = np.full((repeats, size), np.nan)
    for first in range(0, repeats, count):
        lanes = min(count, repeats - first)
        times = np.array([next(drawn) for _ in range(lanes)])
        ends = search(
            objective,
            rule,
            np.tile(answer, (lanes, 1)),
            rows,
            np.tile(lower, (lanes, 1)),
            np.tile(upper, (lanes, 1)),
            STEPS,
            weight=(times * weight.reshape(-1)).reshape(lanes, *weight.shape),
        )
        sound = (ends.end == SETTLED) & _determined(ends.factor[:, :size, :size])
        found[first : first + lanes] = np.where(sound[:, None], ends.params, np.nan)
    return found


def _determined(factors: np.ndarray) -> np.ndarray:
    """Whether factors of the curvature (k, q, q) leave no direction open, (k,) bool: a search may settle even so."""
    width = np.linalg.norm(factors, axis=1)
    sound = np.isfinite(width).all(axis=1) & (width > 0).all(axis=1)
    unit = np.where(sound[:, None, None], factors, 0.0) / np.where(width > 0, width, 1.0)[:, None, :]
    values = np.linalg.svd(unit, compute_uv=False)
    return sound & (values[:, -1] > BLIND * values[:, 0])

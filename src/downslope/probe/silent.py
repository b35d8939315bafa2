"""Silent: parameters on which no prediction depends."""

from collections.abc import Mapping

import numpy as np

from downslope.objective import Objective
from downslope.probe.jacobian import jacobian

RANDOM_POINTS = 64
SMALLEST, LARGEST = -4.0, 2.0
"""Powers of ten, of the size of each parameter, between which the random points are drawn: at the small ones nothing is
saturated, and with either sign, and each parameter of another size, a unit that is off at one is on at another.
"""
FEW_ROWS = 512
MOST_NUMBERS = 2_000_000
"""Of a Jacobian that is computed at once."""


def silent(
    objective: Objective, points: np.ndarray, columns: Mapping[str, np.ndarray], seed: int = 0
) -> tuple[int, ...]:
    """Places of the parameters by which the slope of every prediction is 0, wherever one looks.

    It is looked at the points that are given and at random ones of their size, on all rows. A slope that is 0 at one of
    them only (saturation, a unit that is off) makes no parameter silent.

    Args:   points: (k, q), such as start and answer; columns: what the prediction reads, constants (1,) included.

    >>> from downslope.arrays import double_precision
    >>> from downslope.model import as_model
    >>> from downslope.objective import as_loss, build
    >>> with double_precision():
    ...     silent(build(as_model("y = w*x + 0*c", ["x", "y"]), as_loss("mse")), np.ones((1, 2)), {"x": np.arange(3.0)})
    (1,)
    """
    points = points[np.isfinite(points).all(axis=1)]
    count = points.shape[1]
    if not len(points):
        return ()
    generator = np.random.default_rng(seed)
    size = np.max(np.abs(points), axis=0)
    size = np.where(size > 0, size, 1.0)
    together = generator.uniform(SMALLEST, LARGEST, (RANDOM_POINTS // 2, 1)) + np.zeros(count)
    apart = generator.uniform(SMALLEST, LARGEST, (RANDOM_POINTS // 2, count))
    sizes = size * generator.uniform(0.5, 1.5, (RANDOM_POINTS, count)) * 10 ** np.vstack([together, apart])
    everywhere = np.vstack([points, generator.choice([-1.0, 1.0], (RANDOM_POINTS, count)) * sizes])
    rows = max((values.size for values in columns.values()), default=1)
    quiet = np.ones(count, dtype=bool)
    seen = 0
    # few rows usually settle it; all of them are looked at only where they left a parameter in doubt
    for chosen in _portions(rows, count):
        some = {name: values if values.size == 1 else values[chosen] for name, values in columns.items()}
        for point in everywhere:
            slopes = jacobian(objective, point, some)
            known = np.isfinite(slopes)
            quiet &= ~((slopes != 0) & known).any(axis=0)
            seen += int(known.all())
            if not quiet.any():
                return ()
    # where the slope is no number anywhere, nothing is known
    return tuple(map(int, np.flatnonzero(quiet))) if seen else ()


def _portions(rows: int, count: int) -> list[slice]:
    """A few rows from all over the table, then all of them, in portions."""
    if rows <= FEW_ROWS:
        return [slice(None)]
    portion = max(FEW_ROWS, MOST_NUMBERS // max(1, count))
    few = slice(0, None, -(-rows // FEW_ROWS))
    return [few, *(slice(first, first + portion) for first in range(0, rows, portion))]

"""Scaling: each column to about -1..1, and back.

z = (x - centre) / width, with a power of two for the width, so that the division is exact, wherever the subtraction is:
for columns far from zero (Sterbenz: y/2 <= x <= 2*y makes x - y exact) and for columns of few digits. Where it is not,
the middle and half of the range are taken, and z is off by a unit in the last place of the centre: next to nothing,
beside the valley of a fit that is a hundred times as narrow on a column left all on one side of 0. Only for columns
that reach over so many powers of ten that their small numbers would be lost, the centre is 0 and only the division is
left. Which of them holds is tried on the column itself.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from downslope.errors import UnknownName

_LARGEST_POWER = 1023
_NOT_LOST = 1e-9
"""Share of the largest number of a column that its smallest one, 0 apart, must have to be shifted with rounding."""


@dataclass(frozen=True)
class Scaling:
    """A centre and a width for each column.

    Guarantee: for the numbers it was made `of`, `back(forward(x))` gives the same numbers to two units in the last
    place of the larger of x and the centre, and the same bits (0.0 for -0.0) wherever a centre allows it; and
    |z| <= 1.25. It is 2 at most for columns of neighbouring floats and beyond 2**1023, and without bound for a column
    so wide that its smallest numbers would underflow: that one stays as it is.

    >>> scaling = Scaling.of({"x": np.array([1000.0, 1003.0])})
    >>> scaling.centre, scaling.width
    ({'x': 1001.5}, {'x': 2.0})
    >>> scaling.forward({"x": np.array([1000.0, 1003.0])})["x"]
    array([-0.75,  0.75])
    """

    centre: Mapping[str, float]
    width: Mapping[str, float]

    @classmethod
    def of(cls, columns: Mapping[str, np.ndarray], names: Sequence[str] | None = None) -> "Scaling":
        """The scaling that brings columns, (n,) each and finite, to about -1..1; all of them, or the named ones.

        Raises: UnknownName for a name that the columns lack.
        """
        centre, width = {}, {}
        for name in columns if names is None else names:
            if name not in columns:
                raise UnknownName("column", name, list(columns))
            centre[name], width[name] = _fitted(np.asarray(columns[name], np.float64))
        return cls(centre, width)

    def forward(self, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The columns with the known ones scaled, the others as they are; nothing is changed in place."""
        return {
            name: (column - self.centre[name]) / self.width[name] if name in self.centre else column
            for name, column in columns.items()
        }

    def back(self, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The way back: the inverse of `forward`."""
        return {
            name: column * self.width[name] + self.centre[name] if name in self.centre else column
            for name, column in columns.items()
        }


def _fitted(column: np.ndarray) -> tuple[float, float]:
    """Centre and width: the first candidate that gives back every bit of the column; a centre that does not rather than
    none.
    """
    if not column.size:
        return 0.0, 1.0
    found = next(candidate for candidate in _candidates(column) if _is_exact(column, *candidate))
    sizes = np.abs(column[column != 0])
    if found[0] == 0.0 and sizes.size and sizes.min() >= _NOT_LOST * sizes.max():
        low, high = float(column.min()), float(column.max())
        centre, half = low / 2 + high / 2, high / 2 - low / 2
        with np.errstate(all="ignore"):
            if half > 0 and np.isfinite((column - centre) / half).all():
                return centre, half
    return found


def _candidates(column: np.ndarray) -> Iterator[tuple[float, float]]:
    low, high = float(column.min()), float(column.max())
    if low == high:
        yield low, 1.0
    else:
        half = high / 2 - low / 2
        width = _power(half)
        middle = low / 2 + high / 2
        # On a grid of quarter widths the centre is a number of few digits; being off by an eighth costs nothing.
        grid = width / 4
        if grid > 0 and math.isfinite(middle / grid):
            yield round(middle / grid) * grid, width
        yield middle, width
        yield 0.0, _power(max(-low, high))
    yield 0.0, 1.0


def _power(half: float) -> float:
    """The smallest power of two that is no less than `half`; at most 2**1023, the largest there is."""
    mantissa, exponent = math.frexp(half)
    if mantissa == 0.5:
        exponent -= 1
    return math.ldexp(1.0, min(exponent, _LARGEST_POWER)) if half > 0 else 1.0


def _is_exact(column: np.ndarray, centre: float, width: float) -> bool:
    with np.errstate(all="ignore"):
        again = (column - centre) / width * width + centre
    return np.array_equal(again, column)

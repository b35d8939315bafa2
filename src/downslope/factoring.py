"""Factoring: the rows of a linear least-squares problem read once, kept as their factor R. Part of the conductor."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from downslope.descent import Straight
from downslope.descent.factor import SAMPLE, factor_of
from downslope.model import Model
from downslope.model.linear import design
from downslope.model.terms import Terms, columns_of, terms
from downslope.objective.shards import Piece

if TYPE_CHECKING:
    from downslope.problem import Problem


def condensed(problem: "Problem") -> Straight | None:
    """A linear least-squares problem in as many rows as it has parameters and one more, in the user's columns.

    Of the data no more than a chunk a thread is ever copied. None if the numbers of the design are not finite, or,
    where no formula tells it, if the model turns out not to be linear.
    """
    rows = _rows_of(problem)
    count = problem.target.size
    with np.errstate(all="ignore"):
        sample = rows(slice(None, None, max(1, count // SAMPLE)))
        if sample is None:
            return None
        try:
            triangle = factor_of(_sure(rows), count, sample, alone=problem.model.target is None)
        except _NotStraight:
            return None
    if not np.isfinite(triangle).all():
        return None
    return Straight(triangle[:, :-1], triangle[:, -1], problem.total_weight)


class Straightened(NamedTuple):
    """A linear model as its design is made of rows: terms where a formula tells them, or the model itself, whose
    linearity is then tried on them unless it is `known`. A plain value, which may travel to where the rows are.
    """

    model: Model
    constants: Mapping[str, np.ndarray]
    known: bool
    taken: Terms | None
    fixed: Mapping[str, float]

    @classmethod
    def of(cls, problem: "Problem") -> "Straightened":
        """That of a problem."""
        taken, held = _taken(problem), problem.restriction.constants
        fixed = {name: float(held[f"fixed {name}\0"]) for name in taken.fixed} if taken else {}
        return cls(problem.restriction.model, problem.constants, problem.read, taken, fixed)


def design_rows(straight: Straightened, piece: Piece) -> np.ndarray | None:
    """[matrix | right] of some rows (q + 1, n), divided by their spread and multiplied by the root of their weight.
    None where the model is not linear on them.
    """
    size = len(straight.model.parameters)
    both = np.empty((size + 1, piece.target.size))
    if straight.taken is not None:
        rest = columns_of(straight.taken, piece.columns, straight.fixed, both[:size])
    else:
        found = design(straight.model, {**piece.columns, **straight.constants}, linear=straight.known)
        if found is None:
            return None
        both[:size], rest = found.matrix.T, found.offset
    np.subtract(piece.target, rest, out=both[size])
    if piece.weight is not None:
        both *= np.sqrt(piece.weight)
    if isinstance(piece.spread, np.ndarray):
        both /= piece.spread
    return both


def _rows_of(problem: "Problem") -> Callable[[slice], np.ndarray | None]:
    """(slice of the rows that are here) -> their `design_rows`."""
    straight, here = Straightened.of(problem), problem.here
    return lambda some: design_rows(straight, here.at(some))


def slopes_squared(problem: "Problem", params: np.ndarray) -> np.ndarray:
    """The mean over the rows that are here of the slope of each, by the free parameters (q,), times itself: (q, q)."""
    rows, ends = _sure(_rows_of(problem)), np.append(params, -1.0)
    total = np.zeros((params.size, params.size))
    for first in range(0, problem.target.size, PIECE):
        both = rows(slice(first, first + PIECE))
        rises = 2.0 * both[:-1] * (ends @ both)
        total += rises @ rises.T
    return total / float(problem.target.size if problem.weight is None else problem.weight.sum())


def holds(problem: "Problem") -> bool:
    """Whether a model that was taken for linear after a few trials is so on all rows."""
    model, columns = problem.restriction.model, problem.columns
    for first in range(0, problem.target.size, PIECE):
        here = {name: values[first : first + PIECE] for name, values in columns.items()}
        if design(model, {**here, **problem.constants}) is None:
            return False
    return True


PIECE = 65_536
"""Rows on which a function is tried at a time."""


class _NotStraight(Exception):
    pass


def _sure(rows: Callable[[slice], np.ndarray | None]) -> Callable[[slice], np.ndarray]:
    def found(some: slice) -> np.ndarray:
        both = rows(some)
        if both is None:
            raise _NotStraight
        return both

    return found


def _taken(problem: "Problem") -> Terms | None:
    """The terms of a formula that can be read; None for any other model."""
    if not problem.read:
        return None
    model = problem.restriction.model
    return terms(model.text, tuple(dict.fromkeys((*model.columns, *model.target_columns))), model.parameters)

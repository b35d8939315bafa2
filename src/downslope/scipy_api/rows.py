"""The user's function as downslope takes it: one prediction a row. Two ways, the better one first.

by rows   f on any block of rows, differentiated exactly, and compiled once for all data
numbers   f called with plain numbers on all of xdata, of which each row takes its own; derivatives from jac, or by
          central differences. For what JAX cannot look into, for f that looks at other rows or holds an array as long
          as the data, for other xdata than arrays, and for a covariance as sigma, which mixes the rows.
"""

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from downslope.scipy_api.evaluations import Evaluations
from downslope.scipy_api.request import Request

MOST_COLUMNS = 32


class Way(NamedTuple):
    """A model for `downslope.fit`, its data, and the name of the target among them."""

    model: Callable[..., Any]
    data: Mapping[str, np.ndarray]
    target: str


def ways(request: Request) -> Iterator[Way]:
    """The ways that may do, in order; the last one takes every function."""
    names, rows, x = request.names, request.target.size, request.xdata
    target = _unused("y", names)
    plain = request.seen.jacobian is None and request.whiten is None
    if plain and _has_rows(x, rows) and request.first.shape == (rows,):
        columns = x.reshape(-1, rows)
        labels = tuple(_unused(f"x{place}" if len(columns) > 1 else "x", names) for place in range(len(columns)))
        data = dict(zip(labels, columns, strict=True)) | {target: request.target}
        yield Way(_kept(request.function, labels, names, x.shape[:-1]), data, target)
    row, ticket = (_unused(name, names) for name in ("row", "ticket"))
    data = {
        row: np.arange(float(rows)),
        ticket: np.full(rows, float(request.seen.ticket)),
        target: request.target if request.whiten is None else request.whiten @ request.target,
    }
    yield Way(_numbers((row, ticket, *names), request.seen.jacobian is not None), data, target)


def _has_rows(x: Any, rows: int) -> bool:
    return isinstance(x, np.ndarray) and x.ndim > 0 and x.shape[-1] == rows and x.size <= MOST_COLUMNS * rows


def _unused(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _unused(name + "_", taken)


def _signature(names: Sequence[str]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in names])


class ByRows:
    """f of single rows: (the rows of x one by one, each (n,), then the parameters) -> (n,).

    lead: the shape of xdata without its last axis. All that the answer depends on stands in its attributes, where
    `downslope.fit` looks for changes.
    """

    def __init__(self, function: Any, labels: Sequence[str], names: Sequence[str], lead: tuple[int, ...]) -> None:
        self.function, self.lead, self.count = function, lead, len(labels)
        self.__signature__ = _signature((*labels, *names))
        self.__name__ = str(getattr(function, "__name__", type(function).__name__))

    def __call__(self, *values: Any) -> Any:
        """The predictions."""
        if not self.lead:
            return self.function(*values)
        # operators only: they suit whatever stands for the numbers, NumPy's functions do not
        units = np.eye(self.count)[:, :, None]
        x = sum(unit * column[None, :] for unit, column in zip(units, values[: self.count], strict=True))
        return self.function(x.reshape((*self.lead, -1)), *values[self.count :])


@dataclass(frozen=True)
class _Written:
    """A function, known by how it is written, where that says all: a lambda in a loop is one function, not many."""

    function: Any = field(compare=False)
    written: Hashable

    @classmethod
    def of(cls, function: Any) -> "_Written":
        plain = isinstance(function, FunctionType) and not (
            function.__closure__ or function.__defaults__ or function.__kwdefaults__
        )
        return cls(function, (function.__code__, id(function.__globals__)) if plain else function)


def _kept(function: Any, labels: tuple[str, ...], names: tuple[str, ...], lead: tuple[int, ...]) -> ByRows:
    """The same `ByRows` for the same function, so that a second fit compiles nothing."""
    try:
        return _remembered(_Written.of(function), labels, names, lead)
    except TypeError:  # it cannot be hashed
        return ByRows(function, labels, names, lead)


@lru_cache(maxsize=128)
def _remembered(written: _Written, labels: tuple[str, ...], names: tuple[str, ...], lead: tuple[int, ...]) -> ByRows:
    return ByRows(written.function, labels, names, lead)


@lru_cache(maxsize=128)
def _numbers(names: tuple[str, ...], with_slopes: bool) -> "Numbers":
    return Numbers(names, with_slopes)


class Numbers:
    """Any function, called with plain numbers: `model/black_box.py` knows it by its attribute.

    The same for all functions with these names of parameters, which its data tell apart, so that one program does for
    them all.
    """

    __slots__ = ("__name__", "__signature__", "numeric_jacobian")

    def __init__(self, names: Sequence[str], with_slopes: bool) -> None:
        self.__signature__, self.__name__ = _signature(names), "f"
        self.numeric_jacobian = slopes_of if with_slopes else None

    def __call__(self, row: np.ndarray, ticket: np.ndarray, *params: float) -> np.ndarray:
        """The predictions of some rows, (n,)."""
        return Evaluations.of(ticket[0]).tried(np.array(params))[row.astype(int)]


def slopes_of(row: np.ndarray, ticket: np.ndarray, *params: float) -> np.ndarray:
    """Their derivatives by jac, (n, p)."""
    return Evaluations.of(ticket[0]).tried(np.array(params), slopes=True)[row.astype(int)]

"""A gradient written by hand, held against automatic differentiation."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from downslope.errors import ModelError, RequestError, shortened
from downslope.objective import Objective, Rows

AGREES = 1e-6
"""Largest relative difference that counts as agreement: far above rounding, far below any slip of the pen."""


@dataclass(frozen=True)
class GradientCheck:
    """Where a hand-written gradient agrees with automatic differentiation.

    kind:  "loss" (one number a parameter: the slope of the mean loss) or "prediction" (one a row and parameter)
    worst: for each parameter, (yours, automatic) where they differ most, over all points tried
    """

    kind: str
    worst: Mapping[str, tuple[float, float]]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The parameters whose derivative is wrong."""
        return tuple(name for name, (mine, theirs) in self.worst.items() if not _close(mine, theirs))

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return not self.wrong

    def __str__(self) -> str:
        head = f"derivative of the {'mean loss' if self.kind == 'loss' else 'prediction'}, where the two differ most:"
        lines = [f"  {'parameter':<12} {'yours':>14} {'automatic':>14}"]
        for name, (mine, theirs) in self.worst.items():
            verdict = f"WRONG{_hint(mine, theirs)}" if name in self.wrong else "ok"
            lines.append(f"  {name:<12} {mine:>14.6g} {theirs:>14.6g}  {verdict}")
        return "\n".join([head, *lines])


def check(
    gradient: Callable[..., Any],
    objective: Objective,
    parameters: tuple[str, ...],
    points: np.ndarray,
    rows: Rows,
    known: Mapping[str, np.ndarray],
    columns: tuple[str, ...],
) -> GradientCheck:
    """Compare at several points (m, p), so that an agreement by chance does not pass.

    Args:
        gradient: called by the names of its arguments, any of `known` (the columns and the target, each (rows,)) and
            `parameters`. It returns one number for each parameter (the derivative of the mean loss) or one array
            (rows,) for each (the derivative of the prediction), in the order of the parameters, or as a mapping.
        columns: which of the known the model reads.
    """
    names = _argument_names(gradient, {*known, *parameters})
    slope = jax.jit(lambda params: objective.sums(params, rows).mean().gradient)
    inputs = {name: known[name] for name in columns}
    jacobian = jax.jit(jax.jacfwd(lambda params: objective.predict(params, inputs)))
    count = next(iter(known.values())).size
    compared = 0
    kind, worst = "", dict.fromkeys(parameters, (0.0, 0.0))
    for params in points:
        there = {**known, **dict(zip(parameters, params, strict=True))}
        mine = _arranged(gradient(**{name: there[name] for name in names}), parameters, count)
        kind = "loss" if mine.ndim == 1 else "prediction"
        theirs = np.asarray(slope(params) if kind == "loss" else jacobian(params))
        if not np.isfinite(theirs).all():
            continue  # outside the domain of the model there is nothing to compare
        if (
            mine.shape == mine.T.shape
            and mine.ndim == 2
            and np.abs(mine.T - theirs).sum() < np.abs(mine - theirs).sum()
        ):
            mine = mine.T  # as many rows as parameters: either way round is meant
        compared += 1
        for index, name in enumerate(parameters):
            pair = _furthest(np.atleast_1d(mine[..., index]), np.atleast_1d(theirs[..., index]))
            if _distance(*pair) >= _distance(*worst[name]):
                worst[name] = pair
    if not compared:
        raise ModelError("the model has no derivative at the start, nor near it; give a start where it has one")
    return GradientCheck(kind, worst)


def _argument_names(gradient: Callable[..., Any], known: set[str]) -> list[str]:
    if not callable(gradient):
        raise RequestError(
            f"gradient is {gradient!r:.60}; give a function of the columns, the target and the parameters"
        )
    names = list(inspect.signature(gradient).parameters)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RequestError(
            f"the gradient function takes {unknown[0]!r}, which is no column, target or parameter; known: "
            f"{shortened(sorted(known))}"
        )
    return names


def _arranged(returned: Any, parameters: tuple[str, ...], rows: int) -> np.ndarray:
    """What the gradient function returned, as (p,) or (rows, p)."""
    if isinstance(returned, Mapping):
        missing = [name for name in parameters if name not in returned]
        if missing:
            raise ModelError(f"the gradient function returned no value for {missing[0]!r}")
        returned = [returned[name] for name in parameters]
    try:
        values = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    size = len(parameters)
    if values.shape == (size,) and (size != rows or size != 1):
        return values
    if values.shape == (rows, size):
        return values
    if values.shape == (size, rows):
        return values.T
    raise ModelError(
        f"the gradient function returned {np.shape(values)}; expected {size} numbers (the derivative of the mean loss "
        f"by {', '.join(parameters)}) or ({rows}, {size}) (of the prediction, row by row)"
    )


def _distance(mine: float, theirs: float) -> float:
    if not (np.isfinite(mine) and np.isfinite(theirs)):
        return 0.0 if mine == theirs else np.inf
    return abs(mine - theirs) / max(abs(mine), abs(theirs), 1e-12)


def _close(mine: float, theirs: float) -> bool:
    return _distance(mine, theirs) <= AGREES


def _furthest(mine: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    index = int(np.argmax([_distance(one, other) for one, other in zip(mine, theirs, strict=True)]))
    return float(mine[index]), float(theirs[index])


def _hint(mine: float, theirs: float) -> str:
    """A slip that explains the difference, if a usual one does."""
    if _close(mine, theirs) or theirs == 0:
        return ""
    ratio = mine / theirs
    slips = {
        -1.0: "the sign is turned",
        0.5: "half of it: a factor 2 is missing",
        2.0: "twice too large",
        -0.5: "half, with the sign turned",
    }
    for factor, words in slips.items():
        if abs(ratio / factor - 1) < 1e-6:
            return f" ({words})"
    return ""

"""Synthetic columns: numbers drawn by a named distribution, and noise added to a truth.

The order of the draws is part of what is promised: columns first, in the order asked for, then multiplicative noise,
then additive noise. So the same seed gives the same bits.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.choice import Choice, parse
from downslope.data.columns import as_column
from downslope.data.places import Places
from downslope.errors import RequestError, UnknownName

Draw = Callable[[np.random.Generator, int, float, float], np.ndarray]

DISTRIBUTIONS: Mapping[str, tuple[tuple[str, str], Draw]] = {
    "uniform": (("low", "high"), lambda generator, n, low, high: generator.uniform(low, high, n)),
    "normal": (("mean", "deviation"), lambda generator, n, mean, deviation: generator.normal(mean, deviation, n)),
    "linspace": (("first", "last"), lambda generator, n, first, last: np.linspace(first, last, n)),
    "integers": (("low", "high"), lambda generator, n, low, high: _integers(generator, n, low, high)),
}


def draw(spec: Any, n: int, generator: np.random.Generator) -> np.ndarray:
    """A column of n numbers.

    Args:    spec: "uniform(0, 1)" (without 1), "normal(0, 1)", "linspace(-2, 2)" and "integers(0, 9)" (with both
             ends), a parsed Choice, a number for all rows, or n numbers.
    Returns: (n,) float64.
    Raises:  UnknownName for another name, RequestError for wrong numbers in the parentheses, DataError for a bad array.

    >>> draw("linspace(-2, 2)", 5, np.random.default_rng(0))
    array([-2., -1.,  0.,  1.,  2.])
    """
    if n < 1:
        raise RequestError(f"n is {n}; it must be a positive whole number")
    if not isinstance(spec, str | Choice):
        if np.ndim(spec) == 0 and spec is not None:
            spec = np.full(n, spec)
        values = as_column(spec, "given", Places("array")).values
        if len(values) != n:
            raise RequestError(f"a column is given with {len(values)} numbers, but n is {n}")
        return values
    choice = parse(spec, what="distribution") if isinstance(spec, str) else spec
    if choice.name not in DISTRIBUTIONS:
        raise UnknownName("distribution", choice.name, list(DISTRIBUTIONS))
    names, drawn = DISTRIBUTIONS[choice.name]
    first, second = _bounds(choice, names)
    return np.asarray(drawn(generator, n, first, second), np.float64)


def add_noise(
    values: np.ndarray, *, generator: np.random.Generator, noise: float = 0.0, relative_noise: float = 0.0
) -> np.ndarray:
    """values * (1 + m) + a, with m normal of deviation `relative_noise` and a normal of deviation `noise`.

    Multiplicative draws come first; a deviation of 0 draws nothing. A legacy RandomState serves as generator too.
    Raises: RequestError for a negative or infinite deviation.

    >>> add_noise(np.ones(2), generator=np.random.default_rng(0)).tolist()
    [1.0, 1.0]
    """
    for name, deviation in (("noise", noise), ("relative_noise", relative_noise)):
        if not 0 <= deviation < np.inf:
            raise RequestError(f"{name} is {deviation}; it must be 0 or a positive number")
    if relative_noise:
        values = values * (1 + generator.normal(0.0, relative_noise, len(values)))
    if noise:
        values = values + generator.normal(0.0, noise, len(values))
    return values


def _bounds(choice: Choice, names: tuple[str, str]) -> tuple[float, float]:
    """The two numbers of a distribution, given by place or by name."""
    example = f"{choice.name}({names[0]}, {names[1]})"
    given = dict(zip(names, choice.args, strict=False)) | dict(choice.options)
    if len(choice.args) > 2 or set(given) != set(names) or len(choice.args) + len(choice.options) != 2:
        raise RequestError(f"{choice} is not complete; write {example} with two numbers, such as {choice.name}(0, 1)")
    values = [given[name] for name in names]
    if any(isinstance(value, bool | str) or value is None or not np.isfinite(float(value)) for value in values):
        raise RequestError(f"{choice} needs two finite numbers: {example}")
    first, second = (float(value) for value in values if value is not None)
    if choice.name in ("uniform", "integers") and first > second:
        raise RequestError(f"{choice}: {names[0]} is above {names[1]}")
    if choice.name == "normal" and second < 0:
        raise RequestError(f"{choice}: the deviation is negative")
    return first, second


def _integers(generator: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    if low != int(low) or high != int(high) or max(abs(low), abs(high)) > 2**53:
        raise RequestError(f"integers({low}, {high}) needs whole numbers of at most 2**53")
    return generator.integers(int(low), int(high), n, endpoint=True)

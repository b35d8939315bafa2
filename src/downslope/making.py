"""Made data: a formula with its numbers, columns by distribution, noise of known size."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from downslope.data import Table, from_arrays, synthetic
from downslope.errors import RequestError, UnknownName
from downslope.model import evaluate, read_formula

MOST_ROWS = 10**9


def make(
    formula: str, *, n: int = 100, noise: float = 0.0, relative_noise: float = 0.0, seed: int = 0, **columns: Any
) -> Table:
    """A table with a known truth: columns are drawn first, then the noise.

    Args:
        formula: the truth, with its numbers: "y = 0.1*x + 0.5". Every name on the right is a column.
        n: rows.
        noise: standard deviation of the normal noise added to y, in its units.
        relative_noise: standard deviation of the normal noise by which y is first multiplied: y * (1 + r) + a.
        seed: of numpy's default_rng.
        columns: for each column a distribution ("uniform(0, 1)", "normal(0, 1)", "linspace(-2, 2)", "integers(0, 9)"),
            or n numbers.
    Returns: a Table that knows its truth, so that a fit can show estimated beside true values.
    Raises: RequestError, FormulaError.

    >>> table = make("y = 0.1*x + 0.5", x="uniform(0, 1)", noise=0.01, n=100, seed=0)
    >>> table.rows, round(float(table["y"][0]), 6)
    (100, 0.550284)
    """
    parsed = read_formula(formula)
    target = parsed.left_name
    if target is None:
        raise RequestError(f"the left side of {formula!r} must be one name, such as y")
    n, seed = _whole("n", n, 1, MOST_ROWS), _whole("seed", seed, 0, 2**63)
    for what, size in (("noise", noise), ("relative_noise", relative_noise)):
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < math.inf:
            raise RequestError(f"{what} is {size!r}; it must be a number, 0 or more")
    needed = tuple(name for name in parsed.names if name != target)
    for name in needed:
        if name not in columns:
            raise RequestError(
                f"{name!r} has no values: say how to draw it, {name}='uniform(0, 1)', or put a number in its place"
            )
    for name in columns:
        if name not in needed:
            raise UnknownName("column", name, needed)
    generator = np.random.default_rng(seed)
    drawn = {name: synthetic.draw(columns[name], n, generator) for name in needed}
    exact = np.broadcast_to(np.asarray(evaluate(parsed.right, drawn), dtype=np.float64), (n,))
    if not np.isfinite(exact).all():
        row = int(np.argmin(np.isfinite(exact)))
        at = ", ".join(f"{name} = {values[row]:g}" for name, values in drawn.items())
        raise RequestError(f"{formula!r} is {exact[row]} at {at}; draw the columns where it is a number")
    values = synthetic.add_noise(exact, noise=noise, relative_noise=relative_noise, generator=generator)
    table = from_arrays((*drawn, target), (*drawn.values(), values))
    return replace(table, source=f"made from {formula!r}, seed {seed}", truth=formula)


def _whole(what: str, value: Any, least: int, most: int) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != value // 1
        or not least <= value <= most
    ):
        shown = f"{value:g}" if isinstance(value, float) else repr(value)
        raise RequestError(f"{what} is {shown}; it must be a whole number, {least} or more (at most {most:g})")
    return int(value)

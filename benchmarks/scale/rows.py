"""Very many rows in memory, of a curved model: a pass over all of them against the least that it could cost."""

from collections.abc import Iterator

import numpy as np

import downslope as ds
from benchmarks.measure import Figure, paired
from downslope.arrays import double_precision
from downslope.probe.look_large import looker

ROWS = 4_000_000
PAIRS = 15


def figures() -> Iterator[Figure | str]:
    """One figure."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 4, ROWS)
    data = {"x": x, "y": 2.5 * np.exp(-1.3 * x) + 0.5 + generator.normal(0, 0.1, ROWS)}
    problem = ds.fit("y = a*exp(-b*x) + c", data, optimizer="gd", learning_rate=0.1, steps=0).problem
    with double_precision():
        look = looker(problem.objective, problem.shards, problem.constants, problem.some_rows(8192, 0))
        points = iter(np.array([2.5, 1.3, 0.5]) * (1 + 1e-9 * np.arange(1, 1000)[:, None]))

        def a_pass() -> None:
            look(next(points), None)

        ratio, mine, theirs = paired(lambda: np.exp(x), a_pass, PAIRS)
    what = f"{ROWS:,} rows, exponential: a pass of loss, gradient and R, against one np.exp"
    yield Figure(what, "<= 6x", f"{ratio:.1f}x ({1e3 * theirs:.0f} ms against {1e3 * mine:.1f} ms)", ratio <= 6)

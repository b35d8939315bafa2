"""Do 95 % intervals hold the truth in 95 % of repeats?"""

from collections.abc import Iterator, Mapping

import numpy as np

import downslope as ds
from benchmarks.measure import Figure

REPEATS = 2000
LEVEL = 0.95


def figures() -> Iterator[Figure | str]:
    """Coverage by parameter, over repeats with new noise each."""
    x = np.linspace(0, 4, 12)
    yield from _covered("linear, 12 rows", "y = w*x + b", x, {"w": 2.0, "b": -1.0}, 2.0 * x - 1.0, 0.5, (0.94, 0.96))
    x = np.linspace(0, 4, 30)
    truth, clean = {"a": 4.0, "b": 0.7, "c": 1.5}, 4.0 * np.exp(-0.7 * x) + 1.5
    yield from _covered("exponential, 30 rows", "y = a*exp(-b*x) + c", x, truth, clean, 0.2, (0.92, 0.97))


def _covered(
    what: str,
    formula: str,
    x: np.ndarray,
    truth: Mapping[str, float],
    clean: np.ndarray,
    noise: float,
    asked: tuple[float, float],
) -> Iterator[Figure]:
    generator = np.random.default_rng(1)
    hits = dict.fromkeys(truth, 0)
    for _ in range(REPEATS):
        fit = ds.fit(formula, {"x": x, "y": clean + noise * generator.normal(size=x.size)})
        for name, (low, high) in fit.intervals(level=LEVEL).items():
            hits[name] += low <= truth[name] <= high
    for name, held in hits.items():
        share = held / REPEATS
        span = f"{asked[0]:.0%} to {asked[1]:.0%}"
        yield Figure(f"{what}: 95 % intervals that hold {name}", span, f"{share:.1%}", asked[0] <= share <= asked[1])

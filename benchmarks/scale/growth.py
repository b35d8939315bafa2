"""How cost grows: rows x10, parameters x2, groups x10, epochs x10. `./run bench scale growth` prints the table;
docs/make_pictures.py draws it.
"""

from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

import numpy as np

import downslope as ds
from benchmarks.measure import seconds

RUNS = 3
CURVE = "y = a*exp(-b*x) + c"


class Growth(NamedTuple):
    """What grows, its sizes, and the seconds that each of them took, medians of some runs."""

    what: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def factors(self) -> tuple[float, ...]:
        """By how much each is dearer than the one before."""
        return tuple(after / before for before, after in zip(self.seconds, self.seconds[1:], strict=False))


def figures() -> Iterator[str]:
    """A row of the table after the other."""
    for growth in measured():
        steps = ", ".join(
            f"{size:,}: {1e3 * taken:.3g} ms" for size, taken in zip(growth.sizes, growth.seconds, strict=True)
        )
        yield f"{growth.what}: {steps} ({', '.join(f'x{factor:.2g}' for factor in growth.factors)})"


def measured() -> Iterator[Growth]:
    """All of them, warm."""
    yield _grown("rows, a line of 5 slopes", (50_000, 500_000, 5_000_000), _linear_rows)
    yield _grown("rows, y = a*exp(-b*x) + c", (50_000, 500_000, 5_000_000), _curved_rows)
    yield _grown("parameters, linear, 500,000 rows", (4, 8, 16, 32), _linear_parameters)
    yield _grown("parameters, a sum of exponentials, 20,000 rows", (2, 4, 8), _curved_parameters)
    yield _grown("epochs of gd, recorded, 1,000,000 rows", (1_000, 10_000, 100_000, 1_000_000), _epochs)
    yield _grown("groups of 20 rows, y = a*exp(-b*x) + c", (1_000, 10_000, 100_000), _groups)


def _grown(what: str, sizes: tuple[int, ...], made: Callable[[int], Callable[[], object]]) -> Growth:
    taken = []
    for size in sizes:
        call = made(size)
        call()
        taken.append(median(seconds(call) for _ in range(RUNS)))
    return Growth(what, sizes, tuple(taken))


def _line(slopes: int) -> str:
    return "y = b0 + " + " + ".join(f"b{place}*x{place}" for place in range(1, slopes + 1))


def _linear(rows: int, slopes: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    data = {f"x{place}": generator.normal(size=rows) for place in range(1, slopes + 1)}
    return {**data, "y": sum(data.values()) + generator.normal(size=rows)}


def _curved(rows: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 4, rows)
    return {"x": x, "y": 2.5 * np.exp(-1.3 * x) + 0.5 + generator.normal(0, 0.1, rows)}


def _linear_rows(rows: int) -> Callable[[], object]:
    data = _linear(rows, 5)
    return lambda: ds.fit(_line(5), data)


def _curved_rows(rows: int) -> Callable[[], object]:
    data = _curved(rows)
    return lambda: ds.fit(CURVE, data)


def _linear_parameters(size: int) -> Callable[[], object]:
    data = _linear(500_000, size - 1)
    return lambda: ds.fit(_line(size - 1), data)


def _curved_parameters(size: int) -> Callable[[], object]:
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 6, 20_000)
    terms, rates = range(1, size // 2 + 1), 3.0 ** np.arange(size // 2)
    data = {"x": x, "y": np.exp(-np.outer(x, rates)).sum(axis=1) + generator.normal(0, 1e-3, x.size)}
    model = "y = " + " + ".join(f"a{term}*exp(-b{term}*x)" for term in terms)
    start = {f"b{term}": 1.1 * float(rate) for term, rate in zip(terms, rates, strict=True)}
    return lambda: ds.fit(model, data, optimizer="levenberg-marquardt", start=start)


def _epochs(count: int) -> Callable[[], object]:
    data = _linear(1_000_000, 5)
    return lambda: ds.fit(_line(5), data, optimizer="gd", learning_rate=0.1, epochs=count)


def _groups(count: int) -> Callable[[], object]:
    generator = np.random.default_rng(0)
    x = np.tile(np.linspace(0, 4, 20), count)
    data = {"key": np.repeat(np.arange(count), 20), "x": x}
    data["y"] = 2.5 * np.exp(-1.3 * x) + 0.5 + generator.normal(0, 0.1, x.size)
    return lambda: ds.fit_many(CURVE, data, by="key")

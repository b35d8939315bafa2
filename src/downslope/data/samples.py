"""Samples: small data sets to learn and to test with, the same bits everywhere."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.data.read import from_arrays
from downslope.data.synthetic import add_noise
from downslope.data.table import Table
from downslope.errors import RequestError, UnknownName


def sample(name: str, **options: Any) -> Table:
    """A sample by name: `line`, `thermometer`, `quadratic` or `plane`.

    Args:   options: of line: n, seed, noise; of plane: n, d (columns x1 … xd), seed, noise. The others have none.
    Raises: UnknownName for another sample or option, RequestError for a number that makes no sense.

    >>> sample("line").truth, sample("plane", d=3).available
    ('y = 0.1*x + 0.5', ('x1', 'x2', 'x3', 'y'))
    """
    if name not in SAMPLES:
        raise UnknownName("sample", name, list(SAMPLES))
    known = list(inspect.signature(SAMPLES[name]).parameters)
    for option in options:
        if option not in known:
            raise UnknownName(f"option of the sample {name}", option, known)
    for option, least in (("n", 1), ("d", 1), ("seed", 0)):
        value = options.get(option, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise RequestError(f"{option} is {value!r}; it must be a whole number, {least} or more")
    return SAMPLES[name](**options)


def line(n: int = 100, seed: int = 0, noise: float = 0.01) -> Table:
    """y = 0.1*x + 0.5 with x uniform on 0..1: the first lesson of many courses.

    >>> line(n=3).rows
    3
    """
    generator = np.random.default_rng(seed)
    x = generator.uniform(0.0, 1.0, n)
    y = add_noise(0.1 * x + 0.5, noise=noise, generator=generator)
    return _named({"x": x, "y": y}, "sample line", "y = 0.1*x + 0.5")


def thermometer() -> Table:
    """Eleven readings of a thermometer with an unknown scale beside the right ones.

    Source: Stevens, Antiga, Viehmann, Deep Learning with PyTorch, chapter 5.

    >>> thermometer().rows
    11
    """
    celsius = [0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0]
    unknown = [35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4]
    return _named({"celsius": celsius, "unknown": unknown}, "sample thermometer", None)


def quadratic() -> Table:
    """y = 3*x**2 + 2*x + 1 at 20 places with multiplicative noise of 0.15, then additive noise of 1.5.

    Source: fast.ai, "How does a neural net really work?", with NumPy's legacy generator and seed 42.

    >>> float(quadratic()["y"][0])
    11.869037259947495
    """
    x = np.linspace(-2.0, 2.0, 20)
    generator: Any = np.random.RandomState(42)
    y = add_noise(3 * x**2 + 2 * x + 1, noise=1.5, relative_noise=0.15, generator=generator)
    return _named({"x": x, "y": y}, "sample quadratic", "y = 3*x**2 + 2*x + 1")


def plane(n: int = 1000, d: int = 2, seed: int = 0, noise: float = 0.01) -> Table:
    """y = w1*x1 + … + wd*xd + b with every x uniform on -1..1, for stochastic descent.

    The weights are drawn from -3.0, -2.9 … 3.0 without 0, so that the truth can be read.

    >>> plane(n=10, d=1).truth
    'y = 2.6*x1 - 2.0'
    """
    generator = np.random.default_rng(seed)
    tenths = generator.integers(1, 30, d + 1, endpoint=True) * generator.choice([-1, 1], d + 1)
    weights = tenths / 10
    columns = {f"x{index}": generator.uniform(-1.0, 1.0, n) for index in range(1, d + 1)}
    y = sum((weight * x for weight, x in zip(weights, columns.values(), strict=False)), np.zeros(n)) + weights[-1]
    terms = [f"{weight}*{name}" for weight, name in zip(weights.tolist(), columns, strict=False)]
    truth = " + ".join([*terms, str(float(weights[-1]))]).replace("+ -", "- ")
    columns["y"] = add_noise(y, noise=noise, generator=generator)
    return _named(columns, "sample plane", f"y = {truth}")


SAMPLES: Mapping[str, Callable[..., Table]] = {
    "line": line,
    "thermometer": thermometer,
    "quadratic": quadratic,
    "plane": plane,
}


def _named(columns: Mapping[str, Any], source: str, truth: str | None) -> Table:
    table = from_arrays(list(columns), list(columns.values()))
    return Table(table.columns, source, truth)

"""What explaining costs: looking at the curvature along the way of a run, against the run itself."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import numpy as np

import downslope as ds
from benchmarks.measure import Figure
from downslope.arrays import double_precision
from downslope.measuring import way

MOST_SHARE = 0.05
REPEATS = 9


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    for what, model, data, plan in _runs():

        def run(model: str = model, data: ds.Table | dict = data, plan: dict = plan) -> ds.Fit:
            return ds.fit(model, data, optimizer="gd", **plan)

        assert run().readings.curvature is not None  # compiles what both need
        shares, looks = [], 0
        for _ in range(REPEATS):
            started = perf_counter()
            fit = run()
            ran = perf_counter() - started
            with double_precision():
                started = perf_counter()
                seen = way.along(fit.problem, fit.run)
                shares.append((perf_counter() - started) / ran)
            looks = seen.steps.size
        share = median(shares)
        yield Figure(
            f"curvature along the way of {what}", f"<= {MOST_SHARE:.0%} of its time",
            f"{share:.1%}, {looks} looks", share <= MOST_SHARE,
        )  # fmt: skip


def _runs() -> Iterator[tuple[str, str, ds.Table | dict, dict]]:
    generator = np.random.default_rng(0)
    start = {"w": 1.0, "b": 0.0}
    yield (
        "5,000 epochs of the thermometer", "celsius = w*unknown + b", ds.sample("thermometer"),
        {"learning_rate": 1e-4, "steps": 5000, "start": start},
    )  # fmt: skip
    x = np.linspace(0.0, 4.0, 200)
    decay = 3.0 * np.exp(-1.3 * x) + 0.5 + 0.02 * generator.normal(size=x.size)
    yield (
        "20,000 steps of a decay, 200 rows", "y = a*exp(-b*x) + c", {"x": x, "y": decay},
        {"learning_rate": 0.1, "steps": 20_000, "start": {"a": 1.0, "b": 1.0, "c": 0.0}},
    )  # fmt: skip
    wave = np.sin(2.0 * x) + 0.1 * generator.normal(size=x.size)
    units = " + ".join(f"a{k}*tanh(b{k}*x + c{k})" for k in range(1, 5))
    begun = {f"{name}{k}": float(generator.normal()) for k in range(1, 5) for name in "abc"}
    yield (
        "5,000 steps of a small network, 200 rows", f"y = {units} + d", {"x": x, "y": wave},
        {"learning_rate": 0.02, "steps": 5000, "start": begun},
    )  # fmt: skip
    line = {"x": generator.normal(size=200_000), "y": generator.normal(size=200_000)}
    yield "300 steps of a line, 200,000 rows", "y = w*x + b", line, {"learning_rate": 0.1, "steps": 300}

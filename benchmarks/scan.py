"""The scan's limit against 2/λmax by NumPy and against real runs, on several programs; and what 256 rates cost."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.measure import Figure, paired

STEPS = 6000
RATES, TIMED = 256, 500
CLOSE = 0.01
MOST_SLOWER = 25.0
"""Times as long as one fit that all rates together may take: a tenth of one after the other."""

Program = tuple[str, Mapping[str, Any], Mapping[str, Any], Callable[[np.ndarray], np.ndarray] | None]


def programs() -> dict[str, Program]:
    """Formula, data, settings, and the derivative by the parameters where the curvature is 2 JᵀJ/n exactly."""
    generator = np.random.default_rng(0)
    raw = {name: np.asarray(values) for name, values in ds.sample("thermometer").columns.items()}
    lesson = {"unknown": 0.1 * raw["unknown"], "celsius": raw["celsius"]}
    line = {name: np.asarray(values) for name, values in ds.sample("line").columns.items()}
    x = np.linspace(0.0, 4.0, 60)

    def noisy(y: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": x, "y": y + 0.02 * generator.standard_normal(x.size)}

    def straight(name: str) -> Any:
        return lambda data: np.column_stack([data[name], np.ones(data[name].size)])

    net = "y = a*tanh(b*x + c) + d*tanh(f*x + h) + k"
    bent = {"a": 1.2, "b": 1.5, "c": -1.5, "d": -0.8, "f": 2.0, "h": -5.0, "k": 0.3}
    weights = np.array(list(bent.values()))
    truth = weights[0] * np.tanh(1.5 * x - 1.5) - 0.8 * np.tanh(2.0 * x - 5.0) + 0.3
    yes = (x + 0.8 * generator.standard_normal(60) > 2).astype(float)
    return {
        "thermometer, raw": ("celsius = w*unknown + b", raw, {}, straight("unknown")),
        "thermometer, scaled": ("celsius = w*unknown + b", lesson, {}, straight("unknown")),
        "line": ("y = w*x + b", line, {}, straight("x")),
        "exponential": ("y = a*exp(-b*x) + c", noisy(2.5 * np.exp(-1.3 * x) + 0.5), {}, None),
        "logistic curve": (
            "y = a/(1 + exp(-b*(x - c)))", noisy(3 / (1 + np.exp(-2 * (x - 2)))), {"start": {"c": 1.5}}, None
        ),
        "gaussian": (
            "y = a*exp(-((x - c)/w)**2)", noisy(3 * np.exp(-(((x - 2) / 0.7) ** 2))), {"start": {"c": 1.5}}, None
        ),
        "huber line": ("y = w*x + b", noisy(2 * x + 1), {"loss": "huber(1)"}, None),
        "logistic regression": ("y = w*x + b", {"x": x, "y": yes}, {"loss": "logistic"}, None),
        "tanh network": (net, noisy(truth), {"start": bent}, None),
    }  # fmt: skip


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    for name, (formula, data, settings, design) in programs().items():
        whole = ds.scan(formula, data, **settings)
        if design is not None:
            matrix = design(data)
            exact = 2 / np.linalg.eigvalsh(2 * matrix.T @ matrix / len(matrix))[-1]
            yield _close(f"{name}: limit {whole.limit:.4g} against 2/λmax by NumPy", whole.limit / exact)
        first = _moves_away(formula, data, settings, whole.limit)
        yield _close(f"{name}: limit {whole.limit:.4g} against the first real run that moves away", first)
        yield f"{name}: from its own start {100 * whole.agree:.0f} % of {RATES} rates went as foretold"
    yield _time_of_many()


def _close(what: str, ratio: float) -> Figure:
    off = abs(ratio - 1)
    return Figure(what, f"within {100 * CLOSE:g} %", f"{100 * off:.2g} % off", off <= CLOSE)


def _moves_away(formula: str, data: Any, settings: Mapping[str, Any], limit: float) -> float:
    """The first rate, in units of the limit, whose real run, begun beside the minimum, moves away from it."""
    answer = ds.fit(formula, data, **settings)
    beside = {each: value * (1 + 1e-5) + 1e-7 for each, value in answer.params.items()}
    rates = limit * np.linspace(0.97, 1.03, 61)
    runs = ds.scan(formula, data, **{**settings, "start": beside}, rates=rates, steps=STEPS)
    away = ~(runs.losses <= runs.start_loss)
    return float(runs.rates[np.argmax(away)] / limit) if away.any() else float("inf")


def _time_of_many() -> Figure:
    formula, data, _, _ = programs()["thermometer, scaled"]
    plan = {"optimizer": "gd", "steps": TIMED}
    rates = np.geomspace(1e-4, 0.1, RATES)
    ratio, many, one = paired(
        lambda: ds.scan(formula, data, rates=rates, **plan),
        lambda: ds.fit(formula, data, learning_rate=0.01, **plan),
        7,
    )
    measured = f"{1 / ratio:.1f}x ({1e3 * many:.1f} ms against {1e3 * one:.2f} ms)"
    what = f"a scan of {RATES} rates x {TIMED} steps, against a fit of one"
    return Figure(what, f"<= {MOST_SLOWER:g}x", measured, 1 / ratio <= MOST_SLOWER)

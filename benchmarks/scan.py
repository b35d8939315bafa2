"""The scan's limit against 2/λmax by NumPy and against real runs, on every program of the suite of troubles where
theory applies; and what 256 rates cost.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.measure import Figure, paired
from benchmarks.troubles.posed import pose
from benchmarks.troubles.programs import PROGRAMS

STEPS = 6000
RATES, TIMED = 256, 500
CLOSE = 0.01
MOST_SLOWER = 25.0
"""Times as long as one fit that all rates together may take: a tenth of one after the other."""
LINE = "celsius = w*unknown + b"


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    raw = {name: np.asarray(values) for name, values in ds.sample("thermometer").columns.items()}
    lesson = {"unknown": 0.1 * raw["unknown"], "celsius": raw["celsius"]}
    for name, data in (("thermometer, raw", raw), ("thermometer, scaled", lesson)):
        design = np.column_stack([data["unknown"], np.ones(data["unknown"].size)])
        exact = 2 / np.linalg.eigvalsh(2 * design.T @ design / len(design))[-1]
        yield from _limits(name, LINE, data, {}, exact)
    for program in PROGRAMS:
        posed = pose(program, "", False, 0, None, 0.0)
        if program.loss == "mae" or "relu" in program.formula or posed.minimum.undetermined:
            why = "there is no one minimum" if posed.minimum.undetermined else "kinks have no curvature"
            yield f"{program.name}: left out, as {why}"
            continue
        start = dict(zip(posed.model.parameters, map(float, posed.minimum.params), strict=True))
        plan = {"loss": program.loss, "start": start}
        yield from _limits(program.name, program.formula, posed.drawn, plan, 2 / posed.minimum.spectrum[-1])
    yield _time_of_many(lesson)


def _limits(name: str, formula: str, data: Any, plan: Mapping[str, Any], exact: float) -> Iterator[Figure]:
    """The limit against 2/λmax at the minimum found by SciPy, and against real runs that begin beside it."""
    limit = ds.scan(formula, data, **plan).limit
    yield _close(f"{name}: limit {limit:.4g} against 2/λmax by NumPy", limit / exact)
    yield _close(
        f"{name}: limit {limit:.4g} against the first real run that moves away", _moves_away(formula, data, plan, limit)
    )


def _close(what: str, ratio: float) -> Figure:
    off = abs(ratio - 1)
    return Figure(what, f"within {100 * CLOSE:g} %", f"{100 * off:.2g} % off", off <= CLOSE)


def _moves_away(formula: str, data: Any, plan: Mapping[str, Any], limit: float) -> float:
    """The first rate, in units of the limit, whose real run, begun beside the minimum, moves away from it."""
    answer = ds.fit(formula, data, **plan)
    beside = {each: value * (1 + 1e-5) + 1e-7 for each, value in answer.params.items()}
    rates = limit * np.linspace(0.97, 1.03, 61)
    runs = ds.scan(formula, data, **{**plan, "start": beside}, rates=rates, steps=STEPS)
    away = ~(runs.losses <= runs.start_loss)
    return float(runs.rates[np.argmax(away)] / limit) if away.any() else float("inf")


def _time_of_many(data: Any) -> Figure:
    plan = {"optimizer": "gd", "steps": TIMED}
    rates = np.geomspace(1e-4, 0.1, RATES)
    ratio, many, one = paired(
        lambda: ds.scan(LINE, data, rates=rates, **plan), lambda: ds.fit(LINE, data, learning_rate=0.01, **plan), 7
    )
    measured = f"{1 / ratio:.1f}x ({1e3 * many:.1f} ms against {1e3 * one:.2f} ms)"
    what = f"a scan of {RATES} rates x {TIMED} steps, against a fit of one"
    return Figure(what, f"<= {MOST_SLOWER:g}x", measured, 1 / ratio <= MOST_SLOWER)

"""What trust costs: a large fit against scipy, a small warm one, and the first one ever in a fresh process."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from scipy.optimize import curve_fit

import downslope as ds
from benchmarks.measure import Figure, faster, seconds
from benchmarks.startup import _process, _python

FORMULA = "y = a*exp(-b*x) + c"
TRUTH = (4.0, 0.7, 1.5)
START = {"a": 1.0, "b": 1.0, "c": 0.0}
LARGE, SMALL = 4_000_000, 20
PAIRS, CALLS, RUNS = 3, 200, 5


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    yield from _large()
    yield _warm()
    yield from _fresh()


def _model(x: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return a * np.exp(-b * x) + c


def _table(rows: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 5, rows)
    return {"x": x, "y": _model(x, *TRUTH) + 0.1 * generator.normal(size=rows)}


def _large() -> Iterator[Figure]:
    table = _table(LARGE)

    def ours() -> tuple[np.ndarray, np.ndarray]:
        fit = ds.fit(FORMULA, table, start=START)
        return np.array([fit.params[name] for name in START]), np.array([fit.errors[name] for name in START])

    def theirs() -> tuple[np.ndarray, np.ndarray]:
        values, covariance = curve_fit(_model, table["x"], table["y"], p0=list(START.values()))
        return values, np.sqrt(np.diag(covariance))

    apart = float(np.max(np.abs(np.concatenate(ours()) / np.concatenate(theirs()) - 1)))
    yield Figure("scipy finds the same values and errors", "to 1e-5", f"to {apart:.0e}", apart <= 1e-5)
    yield faster(f"{LARGE:,} rows of {FORMULA}, errors included, against curve_fit", 8, ours, theirs, pairs=PAIRS)


def _warm() -> Figure:
    table = _table(SMALL)
    times = [seconds(lambda: ds.fit(FORMULA, table)) for _ in range(CALLS)][CALLS // 10 :]
    measured = median(times)
    return Figure(
        f"a warm fit of {SMALL} rows, 3 parameters, nothing else said",
        "<= 3 ms",
        f"{1e3 * measured:.2f} ms",
        measured <= 3e-3,
    )


def _fresh() -> Iterator[Figure | str]:
    """Whole processes, each with an empty cache of compiled programs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "decay.csv"
        table = _table(SMALL)
        np.savetxt(file, np.column_stack([table["x"], table["y"]]), delimiter=",", header="x,y", comments="")
        words = ["fit", str(file), FORMULA, "--no-save"]
        _process(words, Path(folder) / "unused")  # the first run after an installation also compiles Python files
        times = [_process(words, Path(folder) / str(run)) for run in range(RUNS)]
        alone = [_python(["-c", "import jax"], Path(folder)) for _ in range(RUNS)]
    yield f"        import jax alone: {median(alone):.2f} s"
    measured = median(times)
    spread = f"{measured:.2f} s ({min(times):.2f} to {max(times):.2f})"
    yield Figure("the first fit ever of this formula, from a fresh process", "<= 2 s", spread, measured <= 2)

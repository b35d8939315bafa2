"""Data of a program, and where its descents start, by seed."""

from pathlib import Path
from zlib import crc32

import numpy as np

from benchmarks.troubles.numpy_model import Loss, Model
from benchmarks.troubles.programs import Program

TABLES = Path(__file__).parent / "tables"


def generator_of(program: Program, seed: int, *more: object) -> np.random.Generator:
    """The same numbers for the same words, everywhere."""
    return np.random.default_rng([crc32(repr((program.name, *more)).encode()), seed])


def table(program: Program, seed: int, scaled: bool = False) -> dict[str, np.ndarray]:
    """Columns and target of one seed; a real table gives another choice of its rows to each."""
    generator = generator_of(program, seed)
    if program.table:
        drawn = _real(program, generator)
    else:
        drawn = {}
        for name, ends in program.columns.items():
            if isinstance(ends[0], str):
                fresh = generator.uniform(-1, 1, program.rows)
                drawn[name] = ends[1] * drawn[ends[0]] + np.sqrt(1 - ends[1] ** 2) * fresh
            else:
                drawn[name] = np.sort(generator.uniform(*ends, program.rows))
                if len(program.columns) > 1:
                    generator.shuffle(drawn[name])
        model = Model(program.formula, tuple(program.columns))
        clean = model.predict(np.array([float(program.truth[name]) for name in model.parameters]), drawn)
        drawn[program.target] = _noisy(program, clean, generator)
    if scaled:
        for name in program.columns:
            low, high = drawn[name].min(), drawn[name].max()
            drawn[name] = (2 * drawn[name] - low - high) / (high - low)
    return drawn


def with_outliers(program: Program, drawn: dict, count: int, sigmas: float, seed: int, best: np.ndarray) -> tuple:
    """The table with rows moved by so many standard deviations of the residuals, and their numbers counted from 1."""
    generator = generator_of(program, seed, count, sigmas)
    rows = np.sort(generator.choice(best.size, count, replace=False))
    size = sigmas * (drawn[program.target] - best).std()
    moved = drawn[program.target].copy()
    moved[rows] = best[rows] + generator.choice([-1.0, 1.0], count) * size
    return {**drawn, program.target: moved}, tuple(int(row) + 1 for row in rows)


def begin(program: Program, model: Model, start: dict, seed: int, exact: bool) -> np.ndarray:
    """A start (p,), moved a little by the seed, unless it is exact; parameters that only a variant has begin at 0.5."""
    values = np.array([float(start.get(name, 0.5)) for name in model.parameters])
    if exact or seed == 0:
        return values
    moved = generator_of(program, seed, "start").normal(size=values.size)
    return values + 0.05 * moved * np.maximum(np.abs(values), 0.5)


def _real(program: Program, generator: np.random.Generator) -> dict[str, np.ndarray]:
    if program.table == "thermometer":
        import downslope as ds

        sample = ds.sample("thermometer")
        return {name: np.array(sample[name]) for name in ("celsius", "unknown")}
    read = np.genfromtxt(TABLES / f"{program.table}.csv", delimiter=",", names=True)
    chosen = np.sort(generator.choice(read.size, program.rows, replace=False))
    return {name: read[name][chosen] for name in (*program.columns, program.target)}


def _noisy(program: Program, clean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    if program.loss == "logistic":
        return (generator.uniform(size=clean.size) < 1 / (1 + np.exp(-clean))).astype(float)
    draw = generator.laplace if Loss(program.loss).text == "mae" else generator.normal
    return clean + draw(0.0, program.noise, clean.size)

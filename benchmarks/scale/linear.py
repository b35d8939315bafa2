"""Linear models of millions of rows in memory, against one BLAS product of the same matrix and scikit-learn."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

import numpy as np

import downslope as ds
from benchmarks.measure import Figure, paired, seconds

ROWS, COLUMNS = 5_000_000, 10
EPOCHS = 1_000_000
RATE = 1e-4
PAIRS = 7
OF_GRAM, OF_SKLEARN, MORE = 5.0, 7.0, 1.0


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    matrix, target = _made(ROWS, COLUMNS)
    apart = _named(matrix.T.copy(), target)
    side_by_side = _named(matrix.T, target)
    text = _formula(COLUMNS)
    fit = ds.fit(text, apart)
    yield _agrees(fit, matrix, target)

    def gram() -> object:
        return matrix.T @ matrix

    for what, data in (("each column an array", apart), ("the columns of one matrix", side_by_side)):
        ratio, mine, product = paired(lambda data=data: ds.fit(text, data), gram, PAIRS)
        measured = f"{1 / ratio:.1f}x ({1e3 * mine:.0f} ms against {1e3 * product:.0f} ms)"
        yield Figure(
            f"{ROWS:,} x {COLUMNS}, answer and errors, {what}, against one product XᵀX",
            f"<= {OF_GRAM:g}x",
            measured,
            1 / ratio <= OF_GRAM,
        )
    if find_spec("sklearn"):
        yield _against_sklearn(text, apart, matrix, target)
    else:
        yield "skipped: scikit-learn is not installed"
    for rule in ("gd", "momentum(0.9)", "nesterov(0.9)"):
        plan = {"optimizer": rule, "learning_rate": RATE, "epochs": EPOCHS}
        fit.again(**plan)
        more = min(seconds(lambda plan=plan: fit.again(**plan)) for _ in range(3))
        yield Figure(
            f"then {EPOCHS:,} epochs of {rule}, recorded", f"<= {MORE:g} s more", f"{more:.2f} s", more <= MORE
        )
    yield from costs()


def costs() -> Iterator[str]:
    """How the time grows, from a middle size: medians, in ms."""
    base = _time(1_000_000, COLUMNS)
    yield f"1,000,000 x {COLUMNS}: {1e3 * base:.0f} ms; rows x10: {_time(10_000_000, COLUMNS) / base:.1f}x the time"
    yield f"parameters x2: {_time(1_000_000, 2 * COLUMNS) / base:.1f}x the time"
    matrix, target = _made(1_000_000, COLUMNS)
    fit = ds.fit(_formula(COLUMNS), _named(matrix.T.copy(), target))

    def descended(epochs: int) -> float:
        plan = {"optimizer": "gd", "learning_rate": RATE, "epochs": epochs}
        fit.again(**plan)
        return min(seconds(lambda: fit.again(**plan)) for _ in range(3))

    few = descended(EPOCHS)
    yield f"{EPOCHS:,} epochs more: {1e3 * few:.0f} ms; epochs x10: {descended(10 * EPOCHS) / few:.1f}x the time"


def _made(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(rows, columns))
    return matrix, 1.0 + matrix @ generator.normal(size=columns) + generator.normal(size=rows)


def _named(columns: np.ndarray, target: np.ndarray) -> Mapping[str, np.ndarray]:
    return {f"x{place}": column for place, column in enumerate(columns, start=1)} | {"y": target}


def _formula(columns: int) -> str:
    return "y = b0 + " + " + ".join(f"b{place}*x{place}" for place in range(1, columns + 1))


def _time(rows: int, columns: int) -> float:
    matrix, target = _made(rows, columns)
    data, text = _named(matrix.T.copy(), target), _formula(columns)
    ds.fit(text, data)
    return min(seconds(lambda: ds.fit(text, data)) for _ in range(3))


def _agrees(fit: ds.Fit, matrix: np.ndarray, target: np.ndarray) -> Figure:
    """Held against the normal equations, whose columns are well apart here: parameters and errors."""
    design = np.column_stack([np.ones(len(target)), matrix])
    inverse = np.linalg.inv(design.T @ design)
    best = np.linalg.lstsq(design, target, rcond=None)[0]
    noise = np.sum((design @ best - target) ** 2) / (len(target) - best.size)
    off = max(abs(fit.params[f"b{place}"] / best[place] - 1) for place in range(best.size))
    errors = np.sqrt(noise * np.diag(inverse))
    wrong = max(abs(fit.errors[f"b{place}"] / errors[place] - 1) for place in range(best.size))
    held = off <= 1e-10 and wrong <= 1e-6 and fit.state == "certified"
    return Figure(
        "parameters and errors are those of LAPACK", "to 1e-10 and 1e-6, certified", f"to {off:.0e} and {wrong:.0e}, "
        f"{fit.state}", held,
    )  # fmt: skip


def _against_sklearn(text: str, data: Mapping[str, np.ndarray], matrix: np.ndarray, target: np.ndarray) -> Figure:
    from sklearn.linear_model import LinearRegression

    ratio, mine, other = paired(lambda: ds.fit(text, data), lambda: LinearRegression().fit(matrix, target), 3)
    measured = f"{ratio:.0f}x ({1e3 * mine:.0f} ms against {1e3 * other:.0f} ms, without errors)"
    return Figure(
        "the same against scikit-learn's LinearRegression", f">= {OF_SKLEARN:g}x", measured, ratio >= OF_SKLEARN
    )

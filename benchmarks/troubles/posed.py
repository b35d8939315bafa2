"""Posed: a formula on the data of one seed, its minimum, and what can be said of them without any descent."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy.stats import norm

from benchmarks.troubles.drawing import begin, generator_of, table, with_outliers
from benchmarks.troubles.minimum import Minimum, lowest
from benchmarks.troubles.numpy_model import Loss, Model, model_is_straight
from benchmarks.troubles.programs import Program
from downslope.data.holding_out import divide


@dataclass(frozen=True, eq=False)
class Posed:
    """A formula on one table, and its minimum; drawn: the whole table, of which `out` is what was held out."""

    model: Model
    loss: Loss
    columns: dict[str, np.ndarray]
    target: np.ndarray
    minimum: Minimum
    rows: tuple[int, ...] = ()
    moved: float = 0.0
    drawn: dict[str, np.ndarray] = field(default_factory=dict)
    out: tuple[dict[str, np.ndarray], np.ndarray] | None = None

    def loss_of(self, params: np.ndarray) -> float:
        """Mean loss of parameters (p,)."""
        with np.errstate(all="ignore"):
            return float(self.loss.rows(self.model.predict(params, self.columns), self.target).mean())

    @property
    def straight(self) -> bool:
        return model_is_straight(self.model, self.columns)


@lru_cache(maxsize=512)
def pose(program: Program, variant: str, scaled: bool, seed: int, outlying: tuple | None, validation: float) -> Posed:
    """The data of a seed with what a recipe does to them, and the minimum."""
    drawn, rows = table(program, seed, scaled), ()
    first = next(iter(program.columns))
    more = {"z": np.zeros_like(drawn[first]), "twin": drawn[first].copy()}
    formula = program.variants[variant] if variant else program.formula
    names = [name for name in (*program.columns, *more) if re.search(rf"\b{name}\b", formula)]
    model, loss = Model(formula, tuple(names)), Loss(program.loss)
    columns, target, out, size = {name: (drawn | more)[name] for name in names}, drawn[program.target], None, 0.0
    whole = {**columns, program.target: target}
    if validation:
        kept, held = divide(target.size, validation, seed)
        out = ({name: values[held] for name, values in columns.items()}, target[held])
        columns, target = {name: values[kept] for name, values in columns.items()}, target[kept]
    guesses = _guesses(program, model, seed)
    found = lowest(model, loss, columns, target, guesses)
    if outlying:
        whole, rows = with_outliers(program, whole, *outlying, seed, model.predict(found.params, columns))
        size, target = float(np.abs(whole[program.target] - target).max()), whole[program.target]
        found = lowest(model, loss, columns, target, np.vstack([found.params, guesses]))
    return Posed(model, loss, columns, target, found, rows, size, whole, out)


def _guesses(program: Program, model: Model, seed: int) -> np.ndarray:
    given = [
        program.truth or program.start,
        program.start,
        *(each for some in program.wrong.values() for each in some),
    ]
    guesses = [begin(program, model, each, 0, exact=True) for each in given]
    generator = generator_of(program, seed, "guesses")
    around = guesses[0] * np.exp(0.5 * generator.normal(size=(8, guesses[0].size)))
    return np.vstack([*guesses, around, generator.normal(size=(8, guesses[0].size)) * 2])


def rescaled(posed: Posed, begin_at: np.ndarray, width: float) -> tuple[Posed, np.ndarray] | None:
    """The same function to begin with on columns of -width..width, where the model can say it."""
    if not posed.straight:
        return None
    columns = {}
    for name, values in posed.columns.items():
        low, high = values.min(), values.max()
        columns[name] = width * (2 * values - low - high) / (high - low) if high > low else values
    before = posed.model.predict(begin_at, posed.columns)
    slopes = posed.model.jacobian(begin_at, columns)[1].T
    start = np.linalg.lstsq(slopes, before, rcond=None)[0]
    if np.abs(slopes @ start - before).max() > 1e-8 * (1 + np.abs(before).max()):
        return None
    found = lowest(posed.model, posed.loss, columns, posed.target, start[None])
    if found.loss > posed.minimum.loss * (1 + 1e-6) + 1e-9 * found.level:
        return None  # without a constant term, scaled columns cannot say the same
    return Posed(posed.model, posed.loss, columns, posed.target, found), start


def at_fault(posed: Posed, symptom: str) -> tuple[str, ...]:
    """The parameters that a fault of the model is about."""
    if symptom not in ("ignored-parameter", "undetermined"):
        return ()
    places = posed.minimum.params + 0.3 * np.random.default_rng(0).normal(size=(3, len(posed.model.parameters)))
    if symptom == "ignored-parameter":
        slopes = np.abs([posed.model.jacobian(place, posed.columns)[1] for place in places]).max((0, 2))
        return tuple(name for name, slope in zip(posed.model.parameters, slopes, strict=True) if slope == 0)
    parts = np.abs(posed.minimum.null).max(0, initial=0)
    return tuple(name for name, part in zip(posed.model.parameters, parts, strict=True) if part > 1e-3)


def stand_out(posed: Posed) -> bool:
    """Whether the fit could not follow the rows that were moved: each is left with half of its move."""
    left = np.abs(posed.target - posed.model.predict(posed.minimum.params, posed.columns))
    moved = np.array(posed.rows) - 1
    return bool((left[moved] > posed.moved / 2).all())


def ordinary(posed: Posed) -> bool:
    """Whether no residual is larger than normal noise makes it in 99 of 100 tables."""
    if posed.loss.text != "mse":
        return True
    left = posed.target - posed.model.predict(posed.minimum.params, posed.columns)
    freedom = max(left.size - len(posed.model.parameters), 1)
    return bool(np.abs(left).max() <= norm.isf(0.005 / left.size) * np.sqrt(left @ left / freedom))

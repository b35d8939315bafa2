"""Cases: recipes carried out on a program, each with its truth; what is in doubt is left out."""

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.troubles.drawing import table
from benchmarks.troubles.lanes import Lane, follow, lanes, lengths, other_rates
from benchmarks.troubles.minimum import downhill
from benchmarks.troubles.numpy_model import hessian
from benchmarks.troubles.posed import Posed, at_fault, ordinary, stand_out
from benchmarks.troubles.programs import Program
from benchmarks.troubles.recipes import RECIPES, Recipe
from benchmarks.troubles.truth import HEALTHY, Seen, Truth, judge, overfits


@dataclass(frozen=True, eq=False)
class Case:
    """A run to be made, and the truth about it.

    settings are those of `downslope.fit`; rows that were moved, counted from 1; parameters at fault; lowest_out: mean
    loss over the rows held out at its lowest on the way.
    """

    program: Program
    formula: str
    data: dict[str, np.ndarray]
    settings: dict
    truth: Truth
    meant: str
    severity: str
    seed: int
    best: float
    level: float
    posed: Posed
    rows: tuple[int, ...] = ()
    parameters: tuple[str, ...] = ()
    lowest_out: float = np.nan

    def __str__(self) -> str:
        return f"{self.program.name} | {self.truth.symptom} | {self.severity} | seed {self.seed}"


def cases(program: Program) -> tuple[list[Case], int]:
    """All of a program, and how many were left out as doubtful."""
    followed = [lane for recipe in RECIPES if _applies(program, recipe) for lane in lanes(program, recipe)]
    follow(program, [lane for lane in followed if lane.recipe.rule != "auto"])
    return _judged(program, followed)


def _applies(program: Program, recipe: Recipe) -> bool:
    named = not recipe.on or program.name in recipe.on
    startable = recipe.start in ("usual", "steep") or recipe.start in program.wrong
    rule = program.batch == 0 or (recipe.rule in ("gd", "auto") and recipe.start != "steep")
    outlying = not recipe.outlying or program.loss == "mse"
    linear = recipe.unit != "edge" or recipe.rule == "gd" or program.loss != "mae"
    return (
        named
        and startable
        and rule
        and outlying
        and linear
        and (not recipe.variant or recipe.variant in program.variants)
    )


def _judged(program: Program, followed: list[Lane]) -> tuple[list[Case], int]:
    """Every run with its truth."""
    asked = [(lane, *each) for lane in followed for each in lengths(program, lane)]
    extra = other_rates(program, [(lane, steps) for lane, steps, _ in asked if steps])
    made, left_out = [], 0
    for lane, steps, told, more in ((*each, extra.get((id(each[0]), each[1]), {})) for each in asked):
        case = _case(program, lane, steps, told, more)
        made += [case] if case else []
        left_out += case is None
    return made, left_out


def _case(program: Program, lane: Lane, steps: int, told: str, more: dict) -> Case | None:
    truth = _truth(program, lane, steps, more)
    if truth is None:
        return None
    posed, recipe = lane.posed, lane.recipe
    settings: dict = {"loss": program.loss} if program.loss != "mse" else {}
    if recipe.rule != "auto":
        start = dict(zip(posed.model.parameters, map(float, lane.start), strict=True))
        settings |= {"optimizer": recipe.rule, "learning_rate": lane.rate, "steps": steps, "start": start}
        settings |= {"batch_size": program.batch, "seed": lane.seed} if program.batch else {}
    names = at_fault(posed, truth.symptom)
    settings |= {"validation": recipe.validation, "seed": lane.seed} if recipe.validation else {}
    best, level = posed.minimum.loss, posed.minimum.level
    out = float(_held_out(lane, steps).mean(1).min()) if posed.out else np.nan
    severity = f"{lane.severity} {told}".strip()
    formula = posed.model.formula
    known = (truth, recipe.meant, severity, lane.seed, best, level, posed)
    return Case(program, formula, posed.drawn, settings, *known, posed.rows, names, out)


def _truth(program: Program, lane: Lane, steps: int, more: dict) -> Truth | None:
    posed, recipe, minimum = lane.posed, lane.recipe, lane.posed.minimum
    found = judge(_seen(program, lane, steps, more)) if steps else Truth(HEALTHY)
    beside = recipe.variant or recipe.outlying or recipe.validation
    if found is None or (found.symptom != HEALTHY and beside):
        return None  # two troubles at once
    if recipe.outlying:
        return Truth.of("outliers") if stand_out(posed) else None
    if recipe.variant:
        holds = at_fault(posed, recipe.variant) if recipe.variant == "ignored-parameter" else minimum.undetermined
        return Truth.of(recipe.variant) if holds else None
    if minimum.undetermined and "undetermined" not in program.allowed:
        return None
    if recipe.validation and (turned := _turned(program, lane, steps)) is not False:
        return Truth.of("overfitting") if turned else None
    return found if found.symptom != HEALTHY or ordinary(posed) else None


def _turned(program: Program, lane: Lane, steps: int) -> bool | None:
    """Whether the run learned the noise of its rows, by many fresh rows of the same kind."""
    fresh = table(replace(program, rows=4000), 1000 + lane.seed)
    path, posed = lane.seen.path[_some(steps)], lane.posed
    columns = {name: fresh[name] for name in posed.model.columns}
    risk = posed.loss.rows(posed.model.predict(path, columns), fresh[program.target]).mean(1)
    out = _held_out(lane, steps)
    return overfits(risk, out, int(np.argmin(out.mean(1))))


def _some(steps: int) -> np.ndarray:
    """Some of the steps, with the first and the last."""
    return np.unique(np.concatenate([np.arange(min(20, steps)), np.linspace(0, steps, 80).astype(int)]))


def _held_out(lane: Lane, steps: int) -> np.ndarray:
    """Loss of each row held out, at some of the steps."""
    columns, target = lane.posed.out
    path = lane.seen.path[_some(steps)]
    return lane.posed.loss.rows(lane.posed.model.predict(path, columns), target)


def _seen(program: Program, lane: Lane, steps: int, more: dict) -> Seen:
    posed, ran = lane.posed, lane.seen
    model, loss, columns, target = posed.model, posed.loss, posed.columns, posed.target
    end = ran.path[steps]

    def ended() -> np.ndarray:
        return np.linalg.eigvalsh(hessian(model, loss, end, columns, target))

    memory: dict = {}

    def nearby() -> tuple[float, float, float]:
        if not memory:
            steepest = max(float(ended()[-1]), float(posed.minimum.spectrum[-1]))
            params, value = downhill(model, loss, columns, target, end, steepest)
            spectrum = np.linalg.eigvalsh(hessian(model, loss, params, columns, target))
            memory[0] = (value, float(spectrum[0]), float(spectrum[-1]))
        return memory[0]

    dead = 0
    if np.isfinite(end).all():
        dead = sum(not (np.real(model.predict(end, columns, unit)) > 0).any() for unit in model.units)
    return Seen(
        posed.minimum,
        ran.losses[: 2 * steps + 1],
        ran.landings[:steps],
        ran.norms[: steps + 1],
        ran.path[: steps + 1],
        smooth=lane.recipe.rule == "gd" and not program.batch and program.loss != "mae",
        convex=posed.straight,
        ended=ended,
        nearby=nearby,
        dead=dead,
        singular="undetermined" in program.allowed,
        batches=bool(program.batch),
        **more,
    )

"""Lanes: the descents of a recipe, replayed side by side, and what other rates would have done."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product

import numpy as np

from benchmarks.troubles.drawing import begin
from benchmarks.troubles.posed import Posed, pose, rescaled
from benchmarks.troubles.programs import Program
from benchmarks.troubles.recipes import Recipe
from benchmarks.troubles.replay import Replay, replay
from benchmarks.troubles.truth import HEALTHY

LADDER = (3.0, 10.0, 30.0, 100.0, 300.0)
LEAST_STEPS = 20


@dataclass(eq=False)
class Lane:
    """One descent to replay, and the numbers of steps that are asked of it."""

    recipe: Recipe
    posed: Posed
    start: np.ndarray
    rate: float
    seed: int
    severity: str
    steps: list[tuple[str, float]] = field(default_factory=list)
    seen: Replay | None = None


def lanes(program: Program, recipe: Recipe) -> Iterator[Lane]:
    """All descents of a recipe; the numbers of steps are read off the same one."""
    wrong = program.wrong.get(recipe.start, ())
    for seed, outlying in product(range(recipe.seeds), recipe.outlying or (None,)):
        posed = pose(program, recipe.variant, recipe.scaled, seed, outlying, recipe.validation)
        usual = begin(program, posed.model, dict(program.start), seed, exact=False)
        starts = [begin(program, posed.model, dict(each), seed, exact=True) for each in wrong] or [usual]
        if recipe.start == "steep":
            far = np.sqrt(60 * (posed.minimum.loss + 1e-3 * posed.minimum.level) / posed.minimum.spectrum[-1])
            starts = [posed.minimum.params + far * posed.minimum.directions[:, -1]]
        limit = _limit(program, posed, usual, seed) if recipe.unit == "limit" else np.nan
        span = np.sqrt(np.mean((usual - posed.minimum.params) ** 2))
        unit = {"span": span, "edge": 1.0 / posed.minimum.spectrum[-1], "limit": limit}[recipe.unit]
        if not np.isfinite(unit):
            continue
        for (number, start), factor in product(enumerate(starts), recipe.rates):
            what = f"{recipe.meant} by {recipe.rule} {factor:g} {recipe.unit} from {recipe.start} {number}"
            what += " scaled" * recipe.scaled + (f" rows {outlying}" if outlying else "")
            yield Lane(recipe, posed, start, float(f"{factor * unit:.6g}"), seed, what, list(recipe.steps))


def _limit(program: Program, posed: Posed, start: np.ndarray, seed: int) -> float:
    """The lowest rate of plain descent that leaves for infinity from this start, to 0.2 %; nan if none below 64 times
    the inverse of the largest curvature at the minimum does. By replays alone: a grid of rates, made finer three times.
    """
    recipe = Recipe("diverging")
    edge = 1.0 / posed.minimum.spectrum[-1]
    low, high = 0.5 * edge, 64.0 * edge
    for _ in range(4):
        rates = np.geomspace(low, high, 12)
        ran = _replayed(program, [Lane(recipe, posed, start, rate, seed, "") for rate in rates], "gd", 400)
        left = [not one.losses[-1] < 1e3 * one.losses[0] for one in ran]
        if True not in left or left[0]:
            return float("nan")
        first = left.index(True)
        low, high = rates[first - 1], rates[first]
    return float(high)


def follow(program: Program, runs: list[Lane]) -> None:
    """Replay each, for twice as many steps as will be asked of it."""
    for (rule, *_), group in _grouped(program, runs).items():
        kinds = {kind for lane in group for kind, _ in lane.steps}
        longest = program.most if "arrival" in kinds else max(int(n) for lane in group for _, n in lane.steps)
        ran = _replayed(program, group, rule, 2 * min(longest, program.most))
        for lane, one in zip(group, ran, strict=True):
            lane.seen = one


def lengths(program: Program, lane: Lane) -> list[tuple[int, str]]:
    """Numbers of steps, and how they were meant."""
    if lane.seen is None:
        return [(0, "")]
    found = []
    for kind, number in lane.steps:
        # a run that is to arrive must do so with room to spare
        arrived = lane.posed.minimum.arrived(lane.seen.losses, 0.4 if number > 1 else 1.0)
        first = int(np.argmax(arrived)) if arrived.any() else 0
        steps = int(number) if kind == "fixed" else int(np.ceil(number * first)) or program.most
        if lane.recipe.meant == HEALTHY and (not first or steps > program.most):
            continue
        steps = min(max(steps, LEAST_STEPS), program.most)
        if steps not in [each for each, _ in found]:
            found.append((steps, f"{number:g} {kind}" if kind == "arrival" else f"{steps} steps"))
    return found


def other_rates(program: Program, runs: list[tuple[Lane, int]]) -> dict[tuple[int, int], dict]:
    """Whether other settings arrive, of the runs that do not."""
    wanted = defaultdict(list)
    answers: dict[tuple[int, int], dict] = defaultdict(dict)
    for lane, steps in runs:
        minimum = lane.posed.minimum
        if not np.isfinite(lane.seen.losses[steps]) or minimum.arrived(lane.seen.losses[steps]):
            continue
        key = (id(lane), steps)
        smooth = lane.recipe.rule == "gd" and not program.batch and program.loss != "mae"
        if not smooth:
            for factor in LADDER:
                wanted[lane.recipe.rule].append(
                    (key, "faster", lane, lane.posed, lane.start, factor * lane.rate, steps)
                )
            continue
        wanted["gd"].append((key, "at_edge", lane, lane.posed, lane.start, 1 / minimum.spectrum[-1], steps))
        answers[key]["condition"] = minimum.spectrum[-1] / max(minimum.spectrum[0], 1e-300)
        for name, width in (("half_scaled", 0.5), ("scaled", 1.0)):
            if other := rescaled(lane.posed, lane.start, width):
                posed, start = other
                spectrum = posed.minimum.spectrum
                answers[key]["condition"] = spectrum[-1] / max(spectrum[0], 1e-300)
                wanted["gd"].append((key, name, lane, posed, start, 1 / spectrum[-1], steps))
    for rule, entries in wanted.items():
        by_model = defaultdict(list)
        for entry in entries:
            posed, seed = entry[3], entry[2].seed if program.batch else 0
            by_model[(posed.model, posed.target.size, seed)].append(entry)
        for group in by_model.values():
            again = [Lane(e[2].recipe, e[3], e[4], e[5], e[2].seed, "") for e in group]
            longest = max(entry[6] for entry in group)
            ran = _replayed(program, again, rule, longest)
            for entry, one in zip(group, ran, strict=True):
                with np.errstate(all="ignore"):
                    arrives = bool(entry[3].minimum.arrived(one.losses[entry[6]]))
                answers[entry[0]][entry[1]] = answers[entry[0]].get(entry[1], False) or arrives
    return answers


def _grouped(program: Program, lanes: list[Lane]) -> dict[tuple, list[Lane]]:
    """Those that one replay can hold: of one rule and formula, and where there are batches, of one seed."""
    groups = defaultdict(list)
    for lane in lanes:
        until = any(kind == "arrival" for kind, _ in lane.steps)  # these are followed for longer
        posed, seed = lane.posed, lane.seed if program.batch else 0
        groups[(lane.recipe.rule, until, posed.model, posed.target.size, seed)].append(lane)
    return groups


def _replayed(program: Program, lanes: list[Lane], rule: str, steps: int) -> list[Replay]:
    """Each lane's replay."""
    model, loss = lanes[0].posed.model, lanes[0].posed.loss
    columns = {name: np.array([lane.posed.columns[name] for lane in lanes]) for name in model.columns}
    targets = np.array([lane.posed.target for lane in lanes])
    rows = None
    if program.batch:
        import downslope as ds

        drawn = ds.batches(targets.shape[1], program.batch, seed=lanes[0].seed)
        rows = np.array([np.pad(b, (0, program.batch - b.size), constant_values=-1) for b in islice(drawn, steps)])
    starts, rates = np.array([lane.start for lane in lanes]), np.array([lane.rate for lane in lanes])
    ran = replay(model, loss, columns, targets, starts, rates, rule, steps, rows)
    return [
        Replay(*(getattr(ran, name)[k] for name in ("losses", "landings", "norms", "path"))) for k in range(len(lanes))
    ]

"""Mend: let downslope repair a run, and let chance try as often on the same budget."""

import re
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.troubles.cases import Case
from benchmarks.troubles.truth import HEALTHY

IN_THE_DATA = ("outliers", "undetermined", "ignored-parameter")
RULES = ("gd", "momentum", "nesterov", "adam")
ROOM = 1.05
"""Of the lowest loss over the rows held out: what a repaired run may have there."""


@dataclass(frozen=True)
class Repaired:
    """What became of a repair: plain values.

    before, after, chance: whether the run had arrived at the lowest loss known before; after the repair, on at most
    twice the steps; by as many random changes. says: whether the reason names the rows or the parameters that are at
    fault, of a fault in the data. kind: what was changed.
    """

    program: str
    half: str
    true: str
    severity: str
    seed: int
    changed: bool
    kind: str
    before: bool
    after: bool
    chance: bool
    says: bool
    reason: str
    raised: str = ""

    @property
    def in_the_data(self) -> bool:
        """Whether no training cures it."""
        return self.true in IN_THE_DATA

    @property
    def good(self) -> bool:
        """Healthy and untouched, said, or cured."""
        if self.raised:
            return False
        if self.true == HEALTHY:
            return not self.changed
        return self.says if self.in_the_data else self.after

    def __str__(self) -> str:
        what = self.raised or f"changed {self.kind or 'nothing'}: {self.reason}"
        return f"{self.half} | {self.program} | {self.true} | {self.severity} | seed {self.seed} | {what}"


def fitted(case: Case, **changes: Any) -> Any:
    """The run of a case, or one that differs from it."""
    import downslope as ds

    return ds.fit(case.formula, case.data, **{**case.settings, **changes})


def mended(case: Case) -> Repaired:
    """Repair the run of a case, whatever it is."""
    of = (case.program.name, case.program.half, case.truth.symptom, case.severity, case.seed)
    try:
        fit = fitted(case)
        repair = fit.repair()
    except Exception as error:  # told with the others
        return Repaired(*of, False, "", False, False, False, False, "", f"{type(error).__name__}: {error}")
    after = _cured(case, repair.fit)
    healthy = case.truth.symptom == HEALTHY
    trained = not healthy and case.truth.symptom not in IN_THE_DATA
    chance = _by_chance(case, fit, max(1, len(repair.tried))) if trained else False
    kind = ", ".join(sorted(repair.changes)) if repair.changed else ""
    return Repaired(
        *of, repair.changed, kind, _cured(case, fit), after, chance, _says(case, repair.reason), repair.reason
    )


def _cured(case: Case, fit: Any) -> bool:
    """At most 1 % above the lowest loss known, by our own reckoning, within twice the steps that were asked for; of a
    run that overfits, the loss over the rows held out instead.
    """
    budget = case.settings.get("steps")
    if budget is not None and (fit.plan.steps or fit.history.step[-1]) > 2 * budget:
        return False
    posed = case.posed
    params = np.array([fit.params[name] for name in posed.model.parameters])
    if case.truth.symptom == "overfitting":
        columns, target = posed.out
        return bool(posed.loss.rows(posed.model.predict(params, columns), target).mean() <= ROOM * case.lowest_out)
    loss = posed.loss_of(params)
    return bool(np.isfinite(loss) and posed.minimum.arrived(loss))


def _says(case: Case, reason: str) -> bool:
    """Whether a reason names what is at fault: all rows that were moved, or one of the parameters."""
    words = set(re.findall(r"\w+", reason))
    if case.rows:
        return {str(row) for row in case.rows} <= words
    return bool(words & set(case.parameters))


def _by_chance(case: Case, fit: Any, tries: int) -> bool:
    """Whether random changes cure it: the one with the lowest loss of the run's own is kept."""
    generator = np.random.default_rng(crc32(str(case).encode()))
    best = fit
    for _ in range(tries):
        try:
            other = fitted(case, **_random_change(case, generator))
        except Exception:  # a change that cannot be run, such as a scale that cannot be undone, is a try
            continue
        if np.isfinite(other.loss) and not other.loss >= best.loss:
            best = other
    return _cured(case, best)


def _random_change(case: Case, generator: np.random.Generator) -> dict[str, Any]:
    rate, names = case.settings["learning_rate"], tuple(case.settings["start"])
    kind = generator.choice(["rate", "schedule", "scale", "start", "rule"])
    if kind == "rate":
        return {"learning_rate": float(rate * 10 ** generator.uniform(-2, 2))}
    if kind == "schedule":
        return {"learning_rate": f"{generator.choice(['cosine', 'exponential'])}({rate:.6g})"}
    if kind == "scale":
        return {"scale": "columns"}
    if kind == "start":
        return {"start": dict(zip(names, generator.normal(0.0, 2.0, len(names)).tolist(), strict=True))}
    return {"optimizer": str(generator.choice([rule for rule in RULES if rule != case.settings["optimizer"]]))}

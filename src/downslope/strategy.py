"""Strategy: solver or rule, rates, steps and batches; what the plan leaves open is chosen here, and said."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.descent import SEARCHES, SOLVERS, Rates, Rule, as_rates, as_rule, searching
from downslope.descent.closed_path import can_jump
from downslope.errors import RequestError
from downslope.plan import Plan
from downslope.probe import gradient, hessian
from downslope.problem import Problem

FEW_PARAMETERS = 300
"""Up to here a curvature matrix is cheap beside the passes over the data."""
SEARCH_STEPS = 500
MANY_STEPS = 20_000
STRIDE = 0.05
ADAPTIVE = ("adam", "adamw", "rmsprop", "adagrad")


@dataclass(frozen=True)
class Strategy:
    """What runs: a solver by `name`, or a rule that steps.

    automatic: nobody asked for this or its end, so an answer that has not settled is worth no trust.
    settles:   it goes on until it is at a minimum, however many steps that takes.
    convex:    there is one minimum only.
    on_factor: it steps on the factor of the rows, which holds all that such steps can see of them.
    jumps:     where it is after any number of steps is known without those between.
    """

    name: str
    rule: Rule | None
    rates: Rates
    steps: int
    batch_size: int | None
    automatic: bool
    settles: bool
    convex: bool
    on_factor: bool
    jumps: bool
    notes: tuple[str, ...]

    @property
    def chosen(self) -> Mapping[str, Any]:
        """For the record: plain values."""
        stepping = self.rule is not None and not self.rule.own_rate
        return {
            "optimizer": self.name,
            "learning_rate": self.rates.text if stepping else None,
            "steps": self.steps,
            "batch_size": self.batch_size,
            "searches": self.rule is None or self.rule.searches,
        }

    @property
    def looks_around(self) -> bool:
        """Whether it looks for the best of several minima."""
        if self.rule is None:
            return self.automatic and self.name == "linear-programming" and not self.convex
        return self.automatic and self.rule.searches and self.rule.curvature != ""

    @property
    def keeps_best(self) -> bool:
        """Whether its answer is the best point that it saw, not the last."""
        return self.automatic or self.rule is None or self.rule.searches


def choose(plan: Plan, problem: Problem, before: int = 0) -> Strategy:
    """The strategy for a plan; `before` counts the steps that an earlier run has taken.

    Raises: RequestError for settings that exclude each other.
    """
    rows, loss = problem.size, problem.objective.loss
    notes: list[str] = []
    linear = problem.linear
    asked = _optimizer(plan, problem, linear, notes)
    automatic = plan.optimizer == "auto" and not _stepping(plan)
    name = asked if isinstance(asked, str) else "an optax transformation"
    if name in (*SEARCHES, *SOLVERS):
        _check_solver(name, plan, problem, linear)
    rule = None
    if name in SEARCHES:
        rule = searching(name, loss.least_squares, linear if name == "variable-projection" else ())
    elif name not in SOLVERS:
        rule = as_rule(asked)
        name = rule.text
    batch_size = _batch_size(plan, asked, rows, notes)
    per_epoch = 1 if batch_size is None else math.ceil(rows / batch_size)
    if batch_size is not None and plan.tolerance is not None:
        raise RequestError(
            "tolerance looks at the gradient over all rows, and batches have none; leave one of them out"
        )
    steps = _steps(plan, rule, automatic, per_epoch, notes)
    rates = _rates(plan, problem, rule, asked, batch_size, before + steps, notes)
    unlimited = plan.steps is None and plan.epochs is None
    settles = unlimited and (automatic or rule is None or rule.searches)
    on_factor = rule is not None and not rule.searches and batch_size is None and problem.factor is not None
    jumps = can_jump(rule, rates, steps) and batch_size is None and not problem.bounded and problem.straight is not None
    if jumps:
        notes.append(
            f"a linear model and mse: where {name} is after any number of steps is known, so these {steps:,} are not "
            "taken one by one; they lead where a loop does"
        )
    elif on_factor:
        notes.append(f"a linear model and mse: each step is taken on the factor R of the {rows:,} rows, the same step")
    ended = automatic and unlimited
    return Strategy(
        name, rule, rates, steps, batch_size, ended, settles, problem.convex, on_factor, jumps, tuple(notes)
    )


def _stepping(plan: Plan) -> bool:
    """Whether the plan speaks of a first-order descent without naming one."""
    return plan.learning_rate not in (None, "auto") or plan.batch_size is not None


def _optimizer(plan: Plan, problem: Problem, linear: tuple[int, ...], notes: list[str]) -> Any:
    """The rule's name or transformation, or the solver's name."""
    if plan.optimizer != "auto":
        return plan.optimizer
    size = len(problem.free)
    if _stepping(plan):
        given = "a learning rate" if plan.learning_rate is not None else "a batch size"
        notes.append(f"optimizer: gd, because {given} was given")
        return "gd"
    smooth = problem.restriction.model.smooth
    if smooth and size <= FEW_PARAMETERS and size > problem.size:
        raise RequestError(
            f"{size} parameters, but only {problem.size} rows: the data cannot determine them. "
            "Take a smaller model, or name an optimizer (optimizer='adam') to descend all the same"
        )
    name, why = _automatic(problem, linear)
    notes.append(f"optimizer: {name}, because {why}")
    return name


def _automatic(problem: Problem, linear: tuple[int, ...]) -> tuple[str, str]:
    """The solver or rule for a problem, and the reason in a few words."""
    loss, names = problem.objective.loss, problem.free
    model, size = problem.restriction.model, len(problem.free)
    if not model.smooth and (size > FEW_PARAMETERS or not loss.curved):
        return "adam", "the model has kinks that the parameters move"
    if loss.least_squares and len(linear) == size and not problem.bounded:
        return "closed-form", "every parameter enters linearly"
    if loss.level is not None:
        if size <= FEW_PARAMETERS:
            return "linear-programming", f"the minimum of {loss.text} sits on kinks, where no slope leads"
        return "adam", f"{loss.text} has kinks, and the parameters are many ({size})"
    if size > FEW_PARAMETERS:
        return "lbfgs", f"the parameters are many ({size})"
    if not loss.curved:
        return "newton", f"nothing is known of the curvature of {loss.text}"
    if not loss.least_squares:
        return "levenberg-marquardt", f"{loss.text} is smooth and the parameters are few ({size})"
    if len(linear) == size:
        return "levenberg-marquardt", "there are bounds"
    if not model.smooth:
        return "levenberg-marquardt", "of many starts the lowest end is taken, as the model has kinks"
    fixed_ends = np.isfinite(problem.lower) | np.isfinite(problem.upper)
    if linear and not fixed_ends[list(linear)].any():
        listed = ", ".join(names[place] for place in linear[:6]) + (" and others" if len(linear) > 6 else "")
        return "variable-projection", f"{listed} enter{'s' if len(linear) == 1 else ''} linearly"
    return "levenberg-marquardt", f"{loss.text} is smooth and the parameters are few ({size})"


def _check_solver(name: str, plan: Plan, problem: Problem, linear: tuple[int, ...]) -> None:
    """Refuse a solver for a problem that it cannot solve.

    Raises: RequestError with the reason.
    """
    loss, names = problem.objective.loss, problem.free
    if plan.batch_size is not None:
        raise RequestError(f"{name} needs all rows in each step; leave batch_size out")
    if name == "closed-form":
        bent = [each for place, each in enumerate(names) if place not in linear]
        if bent or not loss.least_squares:
            why = f"{' and '.join(bent)} do not enter linearly" if bent else f"the loss is {loss.text}, not mse"
            raise RequestError(f"closed-form cannot solve this: {why}. Leave optimizer out, and one that can is chosen")
        if problem.bounded:
            raise RequestError("closed-form knows no bounds; leave optimizer out, and one that does is chosen")
    kinked = loss.level is not None
    if name == "linear-programming" and not kinked:
        raise RequestError(f"linear-programming is for mae and quantile; the loss is {loss.text}")
    if name == "variable-projection" and (not loss.least_squares or not linear):
        why = f"the loss is {loss.text}, not mse" if linear else "no parameter enters linearly"
        raise RequestError(f"variable-projection cannot be used here: {why}. Try levenberg-marquardt")
    if name in ("levenberg-marquardt", "newton", "lbfgs") and kinked:
        raise RequestError(
            f"{name} needs a loss with curvature, and {loss.text} has none; leave optimizer out, or name another, such "
            "as adam"
        )
    if name == "levenberg-marquardt" and not loss.curved:
        raise RequestError(f"levenberg-marquardt knows nothing of the curvature of {loss.text}; try newton")
    if name == "lbfgs" and problem.bounded:
        raise RequestError("lbfgs knows no bounds; leave optimizer out, and one that does is chosen")


def _batch_size(plan: Plan, name: Any, rows: int, notes: list[str]) -> int | None:
    if plan.batch_size is None:
        if name != "sgd":
            return None
        notes.append("batch size: 1, single random rows, as sgd was asked for without one")
        return 1
    if plan.batch_size > rows:
        raise RequestError(f"batch_size is {plan.batch_size}, but there are only {rows} rows")
    return plan.batch_size


def _steps(plan: Plan, rule: Rule | None, automatic: bool, per_epoch: int, notes: list[str]) -> int:
    if plan.steps is not None:
        return plan.steps
    if plan.epochs is not None:
        return plan.epochs * per_epoch
    if rule is None or rule.curvature:
        return SEARCH_STEPS
    if rule.searches:
        return MANY_STEPS
    steps = MANY_STEPS if automatic else max(1000, 20 * per_epoch)
    notes.append(f"steps: {steps:,}, as none were asked for")
    return steps


def _rates(
    plan: Plan, problem: Problem, rule: Rule | None, name: Any, batch_size: int | None, end: int, notes: list[str]
) -> Rates:
    given = plan.learning_rate not in (None, "auto")
    if rule is None or rule.own_rate:
        if given:
            raise RequestError(f"learning_rate is given, but {rule.text if rule else name} sets its own; leave it out")
        return as_rates(1.0, end)
    if given:
        return as_rates(plan.learning_rate, end)  # type: ignore[arg-type]
    adaptive = str(name).split("(")[0] in ADAPTIVE
    if adaptive and plan.learning_rate == "auto":
        rate, why = _rate_from_distance(problem)
        notes.append(f"learning rate: cosine({rate:.4g}), {why}")
        return as_rates(f"cosine({rate!r})", end)
    if adaptive:
        notes.append("learning rate: cosine(0.1), falling to 0 at the last step, as none was given")
        return as_rates("cosine(0.1)", end)
    rate, why = _rate_from_curvature(problem, batch_size)
    notes.append(f"learning rate: {rate:.4g}, {why}, as none was given")
    return as_rates(rate, end)


def _rate_from_distance(problem: Problem) -> tuple[float, str]:
    """For rules whose steps have one length, whatever the slope: a share of the way that both foretell."""
    start = problem.inner(problem.start[None])[0]
    objective, rows = problem.stepped
    matrix, slope = hessian(objective, start, rows), gradient(objective, start, rows)
    if not (np.isfinite(matrix).all() and np.isfinite(slope).all()):
        return 0.1, "a guess, because the curvature at the start is no number"
    values, vectors = np.linalg.eigh(matrix)
    bent = np.abs(values) > 1e-12 * np.max(np.abs(values), initial=0.0)
    way = vectors[:, bent] @ ((vectors[:, bent].T @ slope) / np.abs(values[bent]))
    longest = float(np.max(np.abs(way), initial=0.0))
    if longest == 0:
        return 0.1, "a guess, because there is no slope or no curvature at the start"
    return STRIDE * longest, f"a twentieth of the way that curvature and slope foretell at the start ({longest:.3g})"


def _rate_from_curvature(problem: Problem, batch_size: int | None) -> tuple[float, str]:
    """1/curvature at the start: half the rate at which a parabola of this steepness would diverge."""
    objective, rows = problem.stepped
    matrix = hessian(objective, problem.inner(problem.start[None])[0], rows)
    steepest = float(np.max(np.abs(np.linalg.eigvalsh(matrix)))) if np.isfinite(matrix).all() else 0.0
    if steepest == 0:
        return 0.01, "a guess, because the loss has no curvature at the start"
    if batch_size is None:
        return 1.0 / steepest, "1 over the steepest curvature at the start"
    # the curvature of single rows adds up to the trace, which no batch exceeds by much
    return 0.5 / float(np.sum(np.abs(np.linalg.eigvalsh(matrix)))), "1 over twice the curvature of a row at the start"

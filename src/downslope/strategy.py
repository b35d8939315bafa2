"""Strategy: rule, rates, steps and batches of a descent; what the plan leaves open is chosen here, simply, and said."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.descent import Rates, Rule, as_rates, as_rule
from downslope.errors import RequestError
from downslope.plan import Plan
from downslope.probe import hessian
from downslope.problem import Problem

FEW_PARAMETERS = 300
"""Up to here a curvature matrix is cheap beside the passes over the data."""
SEARCH_STEPS = 500
ADAPTIVE = ("adam", "adamw", "rmsprop", "adagrad")


@dataclass(frozen=True)
class Strategy:
    """What runs. `automatic`: nobody asked for this rule or its end, so an answer that has not settled is worth
    no trust.
    """

    rule: Rule
    rates: Rates
    steps: int
    batch_size: int | None
    automatic: bool
    notes: tuple[str, ...]

    @property
    def chosen(self) -> Mapping[str, Any]:
        """For the record: plain values."""
        rate = None if self.rule.own_rate else self.rates.text
        return {
            "optimizer": self.rule.text,
            "learning_rate": rate,
            "steps": self.steps,
            "batch_size": self.batch_size,
        }


def choose(plan: Plan, problem: Problem, before: int = 0) -> Strategy:
    """The strategy for a plan; `before` counts the steps that an earlier run has taken.

    Raises: RequestError for settings that exclude each other.
    """
    rows = problem.target.size
    notes: list[str] = []
    name, automatic = _optimizer(plan, problem, notes)
    rule = as_rule(name)
    batch_size = _batch_size(plan, name, rule, rows, notes)
    per_epoch = 1 if batch_size is None else math.ceil(rows / batch_size)
    if batch_size is not None and plan.tolerance is not None:
        raise RequestError(
            "tolerance looks at the gradient over all rows, and batches have none; leave one of them out"
        )
    if rule.curvature and not problem.objective.loss.curved:
        raise RequestError(
            f"{rule.text} needs a loss with curvature, and {problem.objective.loss.text} has none; name another "
            "optimizer, such as adam"
        )
    steps = _steps(plan, rule, automatic, per_epoch, notes)
    automatic = automatic and plan.steps is None and plan.epochs is None
    return Strategy(
        rule,
        _rates(plan, problem, rule, name, batch_size, before + steps, notes),
        steps,
        batch_size,
        automatic,
        tuple(notes),
    )


def needs_a_beginning(plan: Plan, problem: Problem) -> bool:
    """Whether least squares should be asked first where to begin: everything is left open, and the loss has kinks."""
    nothing_said = plan.optimizer == "auto" and plan.learning_rate is None and plan.batch_size is None
    smooth, loss, size = problem.model.smooth, problem.objective.loss, problem.start.size
    return nothing_said and smooth and not loss.curved and size <= min(FEW_PARAMETERS, problem.target.size)


def _optimizer(plan: Plan, problem: Problem, notes: list[str]) -> tuple[Any, bool]:
    """The rule's name or transformation, and whether it was chosen here."""
    if plan.optimizer != "auto":
        return plan.optimizer, False
    loss, size = problem.objective.loss, problem.start.size
    if plan.learning_rate is not None or plan.batch_size is not None:
        given = "a learning rate" if plan.learning_rate is not None else "a batch size"
        notes.append(f"optimizer: gd, because {given} was given")
        return "gd", False
    smooth = problem.model.smooth
    if loss.curved and smooth and size <= FEW_PARAMETERS:
        if size > problem.target.size:
            raise RequestError(
                f"{size} parameters, but only {problem.target.size} rows: the data cannot determine them. "
                "Take a smaller model, or name an optimizer (optimizer='adam') to descend all the same"
            )
        notes.append(
            f"optimizer: levenberg-marquardt, because {loss.text} is smooth and the parameters are few ({size})"
        )
        return "levenberg-marquardt", True
    if not loss.curved:
        why = f"{loss.text} has no usable curvature"
    else:
        why = f"the parameters are many ({size})" if smooth else "the model has kinks that the parameters move"
    notes.append(f"optimizer: adam, because {why}")
    return "adam", True


def _batch_size(plan: Plan, name: Any, rule: Rule, rows: int, notes: list[str]) -> int | None:
    if plan.batch_size is None:
        if name != "sgd":
            return None
        notes.append("batch size: 1, single random rows, as sgd was asked for without one")
        return 1
    if rule.curvature:
        raise RequestError(f"{rule.text} needs all rows in each step; leave batch_size out")
    if plan.batch_size > rows:
        raise RequestError(f"batch_size is {plan.batch_size}, but there are only {rows} rows")
    return plan.batch_size


def _steps(plan: Plan, rule: Rule, automatic: bool, per_epoch: int, notes: list[str]) -> int:
    if plan.steps is not None:
        return plan.steps
    if plan.epochs is not None:
        return plan.epochs * per_epoch
    if rule.searches:
        return SEARCH_STEPS
    steps = 20_000 if automatic else max(1000, 20 * per_epoch)
    notes.append(f"steps: {steps:,}, as none were asked for")
    return steps


def _rates(
    plan: Plan, problem: Problem, rule: Rule, name: Any, batch_size: int | None, end: int, notes: list[str]
) -> Rates:
    if rule.own_rate:
        if plan.learning_rate is not None:
            raise RequestError(f"learning_rate is given, but {rule.text} sets its own; leave it out")
        return as_rates(1.0, end)
    if plan.learning_rate is not None:
        return as_rates(plan.learning_rate, end)
    if problem.reach is not None:
        notes.append(
            f"learning rate: cosine({problem.reach:.3g}), steps that change the predictions by a typical residual"
        )
        return as_rates(f"cosine({problem.reach!r})", end)
    if str(name).split("(")[0] in ADAPTIVE:
        notes.append("learning rate: cosine(0.1), falling to 0 at the last step, as none was given")
        return as_rates("cosine(0.1)", end)
    rate, why = _rate_from_curvature(problem, batch_size)
    notes.append(f"learning rate: {rate:.4g}, {why}, as none was given")
    return as_rates(rate, end)


def _rate_from_curvature(problem: Problem, batch_size: int | None) -> tuple[float, str]:
    """1/curvature at the start: half the rate at which a parabola of this steepness would diverge."""
    matrix = hessian(problem.objective, problem.inner(problem.start[None])[0], problem.rows)
    steepest = float(np.max(np.abs(np.linalg.eigvalsh(matrix)))) if np.isfinite(matrix).all() else 0.0
    if steepest == 0:
        return 0.01, "a guess, because the loss has no curvature at the start"
    if batch_size is None:
        return 1.0 / steepest, "1 over the steepest curvature at the start"
    # the curvature of single rows adds up to the trace, which no batch exceeds by much
    return 0.5 / float(np.sum(np.abs(np.linalg.eigvalsh(matrix)))), "1 over twice the curvature of a row at the start"

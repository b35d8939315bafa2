"""Spec: what is fitted to every group, as plain values that can be sent to another process; bound where it is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.descent.group_lanes import MOST_PARAMETERS, Posed
from downslope.errors import RequestError, UnknownName
from downslope.model import Formula, Model, Ready, Restriction, as_model, check_model, read_formula, restrict
from downslope.model.linearity import can_be_read, linear_in
from downslope.model.names import column_text
from downslope.model.tree import names as names_of
from downslope.objective import Loss, as_loss, build
from downslope.objective.loss import check_loss
from downslope.plan import Plan, named

WITHOUT_MEANING = {
    "validation": "rows held out of a group of its own say little; fit the groups that matter by ds.fit",
    "repair": "a repair is for one descent; fit the groups that went wrong (see .failed) by ds.fit(..., repair=True)",
}
"""Settings of a plan that many fits do not take."""
ONE_DESCENT = ("optimizer", "learning_rate", "steps", "epochs", "batch_size", "tolerance", "scale")
"""Settings that ask for a certain way down: each group goes it by itself."""


@dataclass(frozen=True)
class Spec:
    """What is fitted to every group.

    model:     a formula's text, or a function.
    available: the columns that it may read; target: the column to predict, where the model does not say.
    linear:    places, among the free parameters, of those that enter linearly together.
    singly:    why each group is fitted by itself, one after the other; "" for side by side.
    """

    model: Any
    available: tuple[str, ...]
    target: str | None
    linear: tuple[int, ...] = ()
    singly: str = ""


@dataclass(frozen=True, eq=False)
class Bound:
    """A Spec and a Plan, bound: what the search of many groups works with."""

    model: Model
    restriction: Restriction
    loss: Loss
    lower: np.ndarray
    upper: np.ndarray
    formula: Formula | None
    posed: Posed
    linear: tuple[int, ...]

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the parameters that are searched for."""
        return self.restriction.model.parameters

    @property
    def convex(self) -> bool:
        """Whether there is one minimum only."""
        return len(self.linear) == len(self.free) and self.loss.convex

    @property
    def linear_squares(self) -> bool:
        """Whether it is linear least squares without a bound: solved, not searched for."""
        return len(self.posed.linear) == self.posed.size

    @property
    def projected(self) -> tuple[int, ...]:
        """Places of the linear parameters that have no bound: at their best for the others when starts are judged."""
        bounded = np.isfinite(self.lower) | np.isfinite(self.upper)
        return tuple(k for k in self.linear if self.loss.by_spread and not bounded[k])


def specify(model: Any, available: tuple[str, ...], target: str | None, plan: Plan) -> tuple[Spec, tuple[str, ...]]:
    """The Spec for a model, and notes; all that can be refused before any group is looked at is refused here.

    Raises: RequestError for the model, its parameters or the settings.
    """
    for name, why in WITHOUT_MEANING.items():
        if getattr(plan, name):
            raise RequestError(f"{name} has no meaning for many fits: {why}")
    for name in ("sigma", "weights"):
        if np.ndim(getattr(plan, name)) and not isinstance(getattr(plan, name), str):
            raise RequestError(
                f"{name} of many fits is the name of a column, so that each group has its own rows of it"
            )
    if isinstance(model, Formula):
        model = model.text
    if isinstance(model, Ready):
        if target is None:
            raise RequestError("which column is the target? Say target='...'")
        bound = as_model(model, [name for name in available if name != target], tuple(plan.start))
        model, target = f"{column_text(target)} = {model.called(column_text(bound.columns[0]))}", None
    if isinstance(model, str) and target is not None:
        raise RequestError(f"the formula says what is predicted, and target={target!r} says it again; leave target out")
    if not isinstance(model, str) and target is None:
        raise RequestError("which column is the target? Say target='...'")
    bound = _model(model, available, target, plan)
    for setting, parameter in named(plan):
        if parameter not in bound.parameters:
            raise UnknownName(f"parameter in {setting}", parameter, bound.parameters)
    held, loss = restrict(bound, plan.fixed, plan.tied), as_loss(plan.loss)
    check_loss(loss)
    if plan.sigma is not None and not loss.by_spread:
        raise RequestError(f"sigma has no meaning for the loss {loss.text}; use weights")
    notes = check_model(bound, 100)
    singly = _why_singly(held.model, loss, plan)
    generator = np.random.default_rng(0)
    some = {name: generator.uniform(0.5, 2.0, 64) for name in bound.columns}
    linear = linear_in(held.model, {**some, **_constants(held)}, bool(plan.tied))
    if len(linear) == len(held.model.parameters) and not can_be_read(held.model, bool(plan.tied)):
        linear = linear[:-1] if len(linear) > 1 else ()  # what trials took for linear is searched for all the same
    return Spec(model, available, target, linear, singly), tuple(notes)


def _why_singly(model: Model, loss: Loss, plan: Plan) -> str:
    default = Plan()
    asked = [name for name in ONE_DESCENT if getattr(plan, name) != getattr(default, name)]
    if asked:
        return f"{' and '.join(asked)} {'was' if len(asked) == 1 else 'were'} asked for"
    if not model.smooth:
        return "the model has kinks that the parameters move"
    if loss.level is not None:
        return f"the minimum of {loss.text} sits on kinks"
    if not loss.curved:
        return f"nothing is known of the curvature of {loss.text}"
    if len(model.parameters) > MOST_PARAMETERS:
        return f"the parameters are many ({len(model.parameters)})"
    return ""


def bind(spec: Spec, plan: Plan) -> Bound:
    """A Spec bound to its plan; cheap, as formulas are remembered."""
    model = _model(spec.model, spec.available, spec.target, plan)
    held, loss = restrict(model, plan.fixed, plan.tied), as_loss(plan.loss)
    pairs = [plan.bounds.get(name, (None, None)) for name in held.model.parameters]
    lower = np.array([-np.inf if low is None else low for low, _ in pairs])
    upper = np.array([np.inf if high is None else high for _, high in pairs])
    bounded = bool(np.isfinite(lower).any() or np.isfinite(upper).any())
    formula = read_formula(model.text) if model.target is not None else None
    direct = formula is not None and formula.ready is None and held.model is model and _reads(formula, model)
    free_ends = ~(np.isfinite(lower) | np.isfinite(upper))
    linear = spec.linear if loss.least_squares and free_ends[list(spec.linear)].all() else ()
    posed = Posed(build(held.model, loss), len(held.model.parameters), linear, direct, bounded)
    return Bound(model, held, loss, lower, upper, formula, posed, spec.linear)


def needed(spec: Spec, plan: Plan) -> tuple[str, ...]:
    """Columns that are read of each group."""
    model = _model(spec.model, spec.available, spec.target, plan)
    extra = [name for name in (spec.target, plan.sigma, plan.weights) if isinstance(name, str) and not _number(name)]
    return tuple(dict.fromkeys((*model.columns, *model.target_columns, *extra)))


def _model(model: Any, available: tuple[str, ...], target: str | None, plan: Plan) -> Model:
    claimed = tuple(name for _, name in named(plan))
    columns = available if isinstance(model, str) else tuple(name for name in available if name != target)
    return as_model(model, columns, claimed)


def _reads(formula: Formula, model: Model) -> bool:
    """Whether the right side of a formula reads any column."""
    return any(name.quoted or name.name not in model.parameters for name in names_of(formula.right))


def _constants(held: Restriction) -> Mapping[str, np.ndarray]:
    return {name: np.array([value]) for name, value in held.constants.items()}


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

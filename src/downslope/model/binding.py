"""From what the user gave to a Model: the room's verb."""

from collections.abc import Collection, Sequence

from downslope.model import formula, function, ready
from downslope.model.model import Model


def as_model(model: object, available: Sequence[str], claimed: Collection[str] = ()) -> Model:
    """A formula, a ready model or a Python function as a Model.

    Args:   model: formula text such as "y = w*x + b", a Formula, a ready model such as `line`, or a function whose
                first arguments are columns and whose rest are parameters.
            available: the columns there are. For a function or a ready model: those it may read, without the target.
            claimed: names that the user called parameters, by giving them a start.
    Raises: FormulaError, ModelError or another RequestError when it cannot be fitted; nothing has been compiled or run.

    >>> as_model("y = w*x + b", ["x", "y"]).parameters
    ('w', 'b')
    >>> as_model(lambda t, rate: rate * t, ["t"]).parameters
    ('rate',)
    """
    if isinstance(model, str):
        return formula.bind_text(model, tuple(available), frozenset(claimed))
    if isinstance(model, formula.Formula):
        return formula.bind(model, available, claimed)
    if isinstance(model, ready.Ready):
        return formula.bind_ready(model, available, claimed)
    if isinstance(model, Model):
        return model
    return function.bind(model, available, claimed)


def names_in(model: object) -> frozenset[str] | None:
    """The names in a model: what is worth reading from a file with many columns. None: all may be.

    >>> sorted(names_in("log(y) = w*x"))
    ['w', 'x', 'y']
    """
    if isinstance(model, str):
        return frozenset(formula.read_formula(model).names)
    if isinstance(model, formula.Formula):
        return frozenset(model.names)
    if isinstance(model, ready.Ready):
        return None
    if isinstance(model, Model):
        return frozenset(model.columns + model.target_columns)
    return frozenset(function.arguments(model))

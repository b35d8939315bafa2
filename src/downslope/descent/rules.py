"""Step rules: what to do with a gradient. First-order rules are Optax's; the rate multiplies what they say."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from downslope.arrays import double_precision
from downslope.choice import Choice, parse
from downslope.descent import lbfgs
from downslope.descent.levenberg_marquardt import Search, ended
from downslope.errors import RequestError, UnknownName
from downslope.objective import Curvature, Sums

if TYPE_CHECKING:
    import optax

Memory = Any
"""Whatever a rule remembers between steps: a tree of arrays."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A step rule. Rules of equal `key` are equal: they share compiled programs.

    init:      params (p,) -> memory
    update:    (sums at params, memory, params, limits) -> (direction (p,), memory); the step is rate · direction.
               limits: lower and upper bounds (p,) each, for a rule that searches; None for others, whose steps are cut
               off at them by the loop
    ended:     memory -> why the rule is at its end, as in `stops`; None for a rule that runs until it is stopped
    project:   (mean sums, params) -> params that are to be evaluated in their place; None if they are taken as they are
    curvature: what its sums need to know of it
    own_rate:  whether the rate is inside the rule, so that none may be given
    searches:  whether it tries points that it may take back; its answer is then the best point, not the last
    """

    text: str
    key: Hashable
    init: Callable[[jax.Array], Memory]
    update: Callable[[Sums, Memory, jax.Array, Any], tuple[jax.Array, Memory]]
    ended: Callable[[Memory], jax.Array] | None = None
    project: Callable[[Sums, jax.Array], jax.Array] | None = None
    curvature: Curvature = ""
    own_rate: bool = False
    searches: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def searching(name: str, least_squares: bool, linear: tuple[int, ...] = ()) -> Rule:
    """A rule that searches: levenberg-marquardt, variable-projection of the parameters at these places, newton, lbfgs.

    least_squares: whether the loss is the squared difference.
    """
    if name == "lbfgs":
        return Rule(name, name, lbfgs.init, lbfgs.update, lbfgs.ended, own_rate=True, searches=True)
    projects = name == "variable-projection"
    search = Search(least_squares and name != "newton", linear if projects else ())
    return Rule(
        name,
        (name, search),
        search.init,
        search.update,
        ended,
        search.project if projects else None,
        curvature="hessian" if name == "newton" else "triangle",
        own_rate=True,
        searches=True,
    )


def as_rule(asked: "str | optax.GradientTransformation") -> Rule:
    """The first-order rule that was asked for: a name with options, or any Optax transformation (which holds its own
    rate).

    Raises: UnknownName, RequestError for options that the rule does not take.

    >>> as_rule("momentum(0.8)").text
    'momentum(0.8)'
    """
    if isinstance(asked, str):
        return _by_name(asked)
    if not (callable(getattr(asked, "init", None)) and callable(getattr(asked, "update", None))):
        raise RequestError(f"optimizer is {asked!r:.80}; give a name ({', '.join(NAMES)}) or an optax transformation")
    _check_transformation(asked)
    # equal transformations are built of fresh closures each time, so only the very same object can share a program
    return _from_optax("an optax transformation", asked, asked, own_rate=True)


def _check_transformation(asked: "optax.GradientTransformation") -> None:
    """Take one step of a transformation without numbers.

    Raises: RequestError if it needs more than the gradient, the parameters and the loss, or remembers what is no
        number.
    """
    import optax

    full = optax.with_extra_args_support(asked)

    def step(params: jax.Array, loss: jax.Array) -> tuple:
        memory = full.init(params)
        return full.update(params, memory, params, value=loss, grad=params), memory

    with double_precision():
        kinds = jax.ShapeDtypeStruct((2,), np.float64), jax.ShapeDtypeStruct((), np.float64)
        try:
            _, memory = jax.eval_shape(step, *kinds)
        except Exception as error:
            raise RequestError(
                "this optax transformation cannot be used here, where a step sees the gradient, the parameters and the "
                f"loss: {type(error).__name__}: {str(error).splitlines()[0]}"
            ) from error
    if not all(np.issubdtype(leaf.dtype, np.number) or leaf.dtype == bool for leaf in jax.tree.leaves(memory)):
        raise RequestError(
            "this optax transformation remembers what is no number, such as a random key; that cannot be saved"
        )


@lru_cache(maxsize=64)
def _by_name(text: str) -> Rule:
    """A rule by name; remembered, so that a warm fit spends no time on it."""
    choice = parse(text, what="optimizer")
    if choice.name not in NAMES:
        raise UnknownName("optimizer", choice.name, (*NAMES, *SEARCHES, *SOLVERS, "auto"))
    return _from_optax(str(choice), str(choice), _named(choice))


def _from_optax(
    text: str, key: Hashable, transformation: "optax.GradientTransformation", own_rate: bool = False
) -> Rule:
    import optax

    full = optax.with_extra_args_support(transformation)

    def update(sums: Sums, memory: Memory, params: jax.Array, limits: Any) -> tuple[jax.Array, Memory]:
        return full.update(sums.gradient, memory, params, value=sums.loss, grad=sums.gradient)

    return Rule(text, key, full.init, update, own_rate=own_rate)


_OPTIONS: Mapping[str, Mapping[str, float]] = {
    "gd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adam": {"b1": 0.9, "b2": 0.999, "eps": 1e-8},
    "adamw": {"b1": 0.9, "b2": 0.999, "eps": 1e-8, "weight_decay": 1e-4},
    "rmsprop": {"decay": 0.9, "eps": 1e-8},
    "adagrad": {"initial_accumulator_value": 0.1, "eps": 1e-7},
    "sgd": {},
}
NAMES = tuple(_OPTIONS)
SEARCHES = ("levenberg-marquardt", "variable-projection", "newton", "lbfgs")
"""Rules that try points and may take them back."""
SOLVERS = ("closed-form", "linear-programming")
"""Ways to a minimum that take no steps of a rule."""


def _named(choice: Choice) -> "optax.GradientTransformation":
    """The Optax transformation of this name, its options checked first.

    Built at rate 1: each of these multiplies by its rate last, so rate · direction has the bits of the rule at that
    rate.
    """
    import optax  # a tenth of a second, and the search that is the usual choice needs none of it

    options = _checked(choice)
    if choice.name in ("gd", "sgd", "momentum", "nesterov"):
        return optax.sgd(1.0, nesterov=choice.name == "nesterov", **options)
    return getattr(optax, choice.name)(1.0, **options)


def options_of(text: str) -> Mapping[str, float]:
    """The options of a rule by its name, those left out at their defaults.

    Raises: RequestError, UnknownName as `as_rule`.

    >>> options_of("adam(0.8)")["b1"], options_of("gd")
    (0.8, {})
    """
    choice = parse(text, what="optimizer")
    if choice.name not in NAMES:
        raise UnknownName("optimizer", choice.name, (*NAMES, *SEARCHES, *SOLVERS, "auto"))
    return _checked(choice)


def _checked(choice: Choice) -> dict[str, float]:
    """The options of a named rule, those left out at their defaults."""
    options = choice.numbers(_OPTIONS[choice.name], what="optimizer")
    for name in ("momentum", "b1", "b2", "decay"):
        if options.get(name, 0) >= 1:
            raise RequestError(f"optimizer {str(choice)!r}: {name} must be below 1, or the past would never fade")
    return options

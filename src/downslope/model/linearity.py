"""Which parameters enter linearly: those may be solved exactly, for any values of the others.

A formula is read: no number can mislead there. A Python function, or a formula with ties, is tried out, with steps over
many powers of ten, since what looks straight from close by may be bent from afar.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from downslope.errors import RequestError
from downslope.model.formula import read_formula
from downslope.model.linear import EXACT
from downslope.model.model import Model
from downslope.model.tree import Apply, Name, Node, Number, constant, postorder

Pair = tuple[str, str]
STRIDES = (1e-6, 1e-3, 1.0, 1e3, 1e6, 1e9)
"""Lengths of the steps that are tried, as the unit of a parameter is not known."""
MOST_TRIED = 24
"""Parameters of a function up to which pairs of them are tried."""
MOST_ROWS = 4096
"""Rows on which it is tried."""


def linear_in(model: Model, columns: Mapping[str, np.ndarray], tied: bool = False) -> tuple[int, ...]:
    """Places of parameters that enter linearly together: as many as can be found, and none where it is not sure.

    Args:   columns: the data, constants of a restricted model included; tied: whether some parameters follow others, so
                that the formula does not tell.

    >>> from downslope.model import as_model
    >>> linear_in(as_model("y = a*exp(-b*x) + c", ["x", "y"]), {})
    (0, 2)
    """
    if not model.smooth or not model.parameters:
        return ()
    if can_be_read(model, tied):
        return _read(model.text, model.parameters)
    return _together(model.parameters, _tried(model, columns))


def can_be_read(model: Model, tied: bool) -> bool:
    """Whether the formula itself tells what is linear, so that no number has to."""
    return not tied and model.target is not None and _readable(model.text)


@lru_cache(maxsize=256)
def _readable(text: str) -> bool:
    try:
        read_formula(text)
    except RequestError:
        return False
    return True


@lru_cache(maxsize=256)
def _read(text: str, parameters: tuple[str, ...]) -> tuple[int, ...]:
    """Places of the parameters that enter a formula linearly together."""
    formula = read_formula(text)
    known = set(parameters)
    seen: dict[int, tuple[frozenset[str], frozenset[Pair]]] = {}
    nothing: tuple[frozenset[str], frozenset[Pair]] = (frozenset(), frozenset())
    for node in postorder(formula.right, into_constants=False):
        seen[id(node)] = _bends(node, seen) if isinstance(node, Apply) else nothing
        if isinstance(node, Name) and node.name in known and not node.quoted:
            seen[id(node)] = frozenset([node.name]), frozenset()
    return _together(parameters, set(seen[id(formula.right)][1]))


def _bends(node: Apply, seen: Mapping[int, tuple[frozenset[str], frozenset[Pair]]]) -> tuple:
    """What a node depends on, and the pairs by which it may bend."""
    if node.constant is not None:
        return frozenset(), frozenset()
    below = [seen[id(each)] for each in node.args]
    depends = frozenset().union(*(names for names, _ in below))
    pairs = frozenset().union(*(bends for _, bends in below))
    if not depends or node.op in ("+", "-", "negative", "positive"):
        return depends, pairs
    if node.op in ("*", "/") and len(below) == 2:
        (first, _), (second, _) = below
        return depends, pairs | _all(first if node.op == "*" else depends, second)
    if node.op == "where" and not below[0][0]:
        return depends, pairs
    if node.op == "**" and _is_one(node.args[1]):
        return depends, pairs
    return depends, pairs | _all(depends, depends)


def _is_one(node: Node) -> bool:
    value = node.value if isinstance(node, Number) else constant(node)
    return value == 1.0


def _all(first: frozenset[str], second: frozenset[str]) -> frozenset[Pair]:
    return frozenset(tuple(sorted((one, other))) for one in first for other in second)  # type: ignore[misc]


def _together(parameters: Sequence[str], bent: set[Pair]) -> tuple[int, ...]:
    """A largest set without a bent pair, found greedily: the parameter in most pairs is left out first."""
    left = [name for name in parameters if (name, name) not in bent]

    def rivals(name: str) -> int:
        return sum(tuple(sorted((name, other))) in bent for other in left if other != name)

    while left:
        worst = max(left, key=rivals)
        if not rivals(worst):
            break
        left.remove(worst)
    return tuple(place for place, name in enumerate(parameters) if name in left)


def _telling(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rows to try it on: all, or so many and those where a column is smallest or largest; constants as they are."""
    rows = max((len(values) for values in columns.values()), default=0)
    if rows <= MOST_ROWS:
        return dict(columns)
    wide = {name: values for name, values in columns.items() if len(values) == rows}
    ends = [end for values in wide.values() for end in (int(np.argmin(values)), int(np.argmax(values)))]
    chosen = np.unique(np.concatenate([np.linspace(0, rows - 1, MOST_ROWS).astype(int), ends]))
    return {name: values[chosen] if name in wide else values for name, values in columns.items()}


def _tried(model: Model, columns: Mapping[str, np.ndarray]) -> set[Pair]:
    """The same from values of the prediction: all pairs whose mixed second difference is ever not 0."""
    names = model.parameters
    if len(names) > MOST_TRIED:
        return {(name, name) for name in names}
    few = _telling(columns)
    generator = np.random.default_rng(0)
    bent: set[Pair] = set()
    for stride in STRIDES:
        base, lengths, one, other = generator.uniform(0.5, 1.5, (4, len(names)))
        base = np.where(one < 1, -base, base)
        steps = np.diag(stride * np.where(other < 1, -lengths, lengths))

        def at(params: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                return np.asarray(model.predict(params, few), dtype=np.float64)

        origin = at(base)
        once = [at(base + step) for step in steps]
        pairs = [(place, place) for place in range(len(names))] + list(combinations(range(len(names)), 2))
        for first, second in pairs:
            pair = tuple(sorted((names[first], names[second])))
            if pair in bent:
                continue
            both = at(base + steps[first] + steps[second])
            size = np.max(np.abs([origin, once[first], once[second], both]), axis=0, initial=1e-300)
            with np.errstate(all="ignore"):
                difference = both - once[first] - once[second] + origin
            if not (np.abs(difference) <= EXACT * size).all():  # nan counts as bent
                bent.add(pair)  # type: ignore[arg-type]
    return bent

"""Terms: a formula that is linear in its parameters, taken apart into what each of them is multiplied by.

y = a*x + b*(x - 5)/z + 1 is a times x, b times (x - 5)/z, and 1 that no parameter moves: a column of the design is a
column of the data, or one expression of them, and nothing has to be evaluated for each parameter.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from downslope.errors import RequestError
from downslope.model.evaluate import evaluate
from downslope.model.formula import read_formula
from downslope.model.names import resolve
from downslope.model.tree import Apply, Name, Node, Number, constant, postorder

_ONE, _NONE = Number(1.0, "1"), Number(0.0, "0")


class Terms(NamedTuple):
    """What each parameter is multiplied by, and the rest, as nodes in `postorder` (none: there is no rest).

    reads: from names as the formula writes them to columns; fixed: its parameters that are not among those asked for.
    """

    factors: tuple[tuple[Node, ...], ...]
    rest: tuple[Node, ...]
    reads: Mapping[str, str]
    fixed: tuple[str, ...]


class _Form(NamedTuple):
    """by parameter, and the rest; None is 0."""

    by: Mapping[str, Node]
    rest: Node | None


@lru_cache(maxsize=256)
def terms(text: str, available: tuple[str, ...], parameters: tuple[str, ...]) -> Terms | None:
    """The terms of a formula's right side, for columns of these names; None if it cannot be taken apart so.

    >>> taken = terms("y = a*x + b + 2*x", ("x", "y"), ("a", "b"))
    >>> x = np.array([1.0, 3.0])
    >>> rows = np.empty((2, 2))
    >>> columns_of(taken, {"x": x}, {}, rows)
    array([2., 6.])
    >>> rows.tolist()
    [[1.0, 3.0], [1.0, 1.0]]
    """
    try:
        formula = read_formula(text)
        known = resolve(formula.source, formula.left, formula.right, available, (), formula.ready)
    except RequestError:
        return None
    if formula.ready is not None and formula.ready.kernel is not None:
        return None
    moved, seen = set(parameters), dict[int, _Form]()
    for node in postorder(formula.right, into_constants=False):
        form = _form(node, moved, seen)
        if form is None:
            return None
        seen[id(node)] = form
    whole = seen[id(formula.right)]
    factors = tuple(postorder(whole.by.get(name, _NONE), into_constants=False) for name in parameters)
    rest = () if whole.rest is None else postorder(whole.rest, into_constants=False)
    return Terms(factors, rest, dict(known.right), tuple(name for name in known.parameters if name not in moved))


def columns_of(
    taken: Terms, columns: Mapping[str, np.ndarray], fixed: Mapping[str, float], rows: np.ndarray
) -> np.ndarray | float:
    """Write the columns of the design into `rows` (p, n), and return the rest, (n,) or one number.

    Args:   columns: (n,) each, by the names of the data; fixed: values of the parameters that are `taken.fixed`.
    """
    values: dict[str, np.ndarray | float] = {name: columns[column] for name, column in taken.reads.items()}
    values.update((name, fixed[name]) for name in taken.fixed)
    for place, nodes in enumerate(taken.factors):
        rows[place] = _value(nodes, values)
    return _value(taken.rest, values) if taken.rest else 0.0


def _value(nodes: Sequence[Node], values: Mapping[str, np.ndarray | float]) -> np.ndarray | float:
    """The value of a tree; of a plain column or number without any arithmetic."""
    if len(nodes) == 1:
        node = nodes[0]
        return values[node.name] if isinstance(node, Name) else float(constant(node) or 0.0)
    return evaluate(nodes, values)


def _form(node: Node, moved: set[str], seen: Mapping[int, _Form]) -> _Form | None:
    """A node as a sum of parameters times what does not hold any; None where it is no such sum."""
    if isinstance(node, Name) and node.name in moved and not node.quoted:
        return _Form({node.name: _ONE}, None)
    if not isinstance(node, Apply) or node.constant is not None:
        return _Form({}, node)
    below = [seen[id(each)] for each in node.args]
    if not any(form.by for form in below):
        return _Form({}, node)
    op, first = node.op, below[0]
    if op in ("positive", "negative"):
        return first if op == "positive" else _each(first, lambda factor: Apply("negative", (factor,)))
    if op in ("+", "-") and len(below) == 2:
        return _sum(op, first, below[1])
    if op == "*" and len(below) == 2:
        with_them, by = (first, node.args[1]) if first.by else (below[1], node.args[0])
        return None if first.by and below[1].by else _each(with_them, lambda factor: _times(factor, by))
    if op == "/" and len(below) == 2 and not below[1].by:
        return _each(first, lambda factor: Apply("/", (factor, node.args[1])))
    if op == "**" and constant(node.args[1]) == 1.0:
        return first
    if op == "where" and not first.by:
        condition, one, other = node.args[0], below[1], below[2]
        names = dict.fromkeys((*one.by, *other.by))

        def chosen(here: Node | None, there: Node | None) -> Node:
            return Apply("where", (condition, here or _NONE, there or _NONE))

        rest = None if one.rest is None and other.rest is None else chosen(one.rest, other.rest)
        return _Form({name: chosen(one.by.get(name), other.by.get(name)) for name in names}, rest)
    return None


def _each(form: _Form, change: Callable[[Node], Node]) -> _Form:
    rest = None if form.rest is None else change(form.rest)
    return _Form({name: change(factor) for name, factor in form.by.items()}, rest)


def _times(factor: Node, other: Node) -> Node:
    return other if factor is _ONE else Apply("*", (factor, other))


def _sum(op: str, first: _Form, second: _Form) -> _Form:
    if op == "-":
        second = _each(second, lambda factor: Apply("negative", (factor,)))
    by = dict(first.by)
    for name, factor in second.by.items():
        by[name] = Apply("+", (by[name], factor)) if name in by else factor
    if first.rest is None or second.rest is None:
        return _Form(by, first.rest if second.rest is None else second.rest)
    return _Form(by, Apply("+", (first.rest, second.rest)))

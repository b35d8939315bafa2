"""What a formula's tree says about the size of its parameters: their units, and the places where they stand.

Units, by dimensional analysis. Every column has a unit of its own, the target too. Terms of a sum share one unit; what
exp, sin or tanh takes is a pure number; an exponent is one. The parameters' units are what is left to make that true:
a linear system in exponents. In y = a*exp(-b*x) + c, b has the unit 1/x, a and c that of y.

Places, by what a term is for. A term in the argument of exp changes by about one over the data, or nobody would have
written it; x - c vanishes somewhere in the data; a denominator does not. This also sees through numbers that carry
units of their own, as in exp(-E/(8.314*T)), where dimensional analysis is blind.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from downslope.model.formula import Formula, read_formula
from downslope.model.tree import Apply, Name, Node, Number, constant, names, postorder

MOST_UNKNOWNS = 300
"""Beyond it no units are worked out: the system is solved densely."""
MOST_PLACES = 2_000

SAME_UNIT = frozenset({"negative", "positive", "abs", "relu", "floor"})
SUMS = frozenset({"+", "-", "minimum", "maximum"})
COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
WAVES = frozenset({"sin", "cos", "tan"})
LOGARITHMS = frozenset({"log", "log10", "log2"})
KINKS = frozenset({"abs", "relu", "sign", "floor"})


def units(formula: Formula, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """The unit of every name of the right side that is no column.

    Args:   columns: names of the columns as the formula writes them.
    Returns: name to (len(columns) + 1,) exponents of the columns' units, the target's last. What the formula leaves
             open is zero, or shared evenly; what it contradicts is ignored.

    >>> {name: unit.tolist() for name, unit in units(read_formula("y = a*exp(-b*x)"), ["x"]).items()}
    {'a': [0.0, 1.0], 'b': [-1.0, 0.0]}
    """
    found = _units(formula.source, tuple(columns))
    return {name: exponents.copy() for name, exponents in found.items()}


@lru_cache(maxsize=256)
def _units(source: str, columns: tuple[str, ...]) -> dict[str, np.ndarray]:
    right = read_formula(source).right
    unknown = [name.name for name in names(right) if name.name not in columns]
    system = _System(columns, unknown)
    root = system.walk(right)
    solved = system.solve(root)
    return {name: solved[k] for k, name in enumerate(unknown)}


_Unit = dict[int, float]  # unknown or (below zero) known unit to its exponent


class _System:
    """Linear equations for the units: what must hold, then what should, then what may be assumed."""

    def __init__(self, columns: tuple[str, ...], unknown: list[str]) -> None:
        self.width = len(columns) + 1
        self.place = {name: -1 - k for k, name in enumerate(columns)} | {name: k for k, name in enumerate(unknown)}
        self.size = len(unknown)
        self.of: dict[int, _Unit] = {}  # the units of what is raised to open powers, by node
        self.levels: tuple[list[_Unit], ...] = ([], [], [])  # each unit in a list is to be 1

    def fresh(self) -> _Unit:
        self.size += 1
        return {self.size - 1: 1.0}

    def walk(self, root: Node) -> _Unit:
        """The unit of the whole tree; the equations are noted on the way."""
        stack: list[_Unit] = []
        for node in postorder(root, into_constants=False):
            if isinstance(node, Name):
                stack.append({self.place[node.name]: 1.0})
            elif isinstance(node, Number) or node.constant is not None:
                stack.append({})
            else:
                first = len(stack) - len(node.args)
                args = stack[first:]
                del stack[first:]
                stack.append(self.apply(node, args))
        return stack[0]

    def apply(self, node: Apply, args: list[_Unit]) -> _Unit:
        op = node.op
        if op in SAME_UNIT:
            return args[0]
        if op in "*/":
            return _times(args[0], args[1], 1.0 if op == "*" else -1.0)
        if op == "sqrt":
            return _times({}, args[0], 0.5)
        if op == "**":
            return self.power(node, args)
        if op in SUMS or op in COMPARISONS:
            return self.sum(node.args, args) if op in SUMS else self.sum(node.args, args) and {}
        if op == "where":
            return self.sum(node.args[1:], args[1:])
        if op != "and":
            self.levels[1].append(args[0])
        return args[0] if op == "softplus" else {}

    def sum(self, nodes: Sequence[Node], args: list[_Unit]) -> _Unit:
        """Terms share a unit. A number takes the unit of its term, a pure number if nothing else is known."""
        for k, node in enumerate(nodes):
            value = constant(node)
            if value == 0.0:
                return args[1 - k]
            if value is not None:
                args[k] = self.fresh()
                self.levels[2].append(args[k])
        self.levels[0].append(_times(args[0], args[1], -1.0))
        first, second = (_open_powers(node) for node in nodes)
        for exponent in first.keys() & second.keys():  # K**n + x**n: K has the unit of x
            self.levels[0].append(_times(self.of[id(first[exponent])], self.of[id(second[exponent])], -1.0))
        return args[0] if len(args[0]) <= len(args[1]) else args[1]

    def power(self, node: Apply, args: list[_Unit]) -> _Unit:
        exponent = constant(node.args[1])
        if exponent is not None:
            return _times({}, args[0], exponent)
        self.levels[1].append(args[1])
        self.of[id(node.args[0])] = args[0]
        if constant(node.args[0]) is not None:
            return {}
        result = self.fresh()
        self.levels[2].extend((args[0], result))
        return result

    def solve(self, root: _Unit) -> np.ndarray:
        """(unknowns, columns + 1): each level is met as well as those before allow, the rest is as small as it can."""
        if self.size > MOST_UNKNOWNS:
            return np.zeros((self.size, self.width))
        self.levels[1].append(_times(root, {-self.width: 1.0}, -1.0))
        answer, free = np.zeros((self.size, self.width)), np.eye(self.size)
        for equations in self.levels:
            left, right = np.zeros((len(equations), self.size)), np.zeros((len(equations), self.width))
            for row, unit in enumerate(equations):
                for key, power in unit.items():
                    if key >= 0:
                        left[row, key] = power
                    else:
                        right[row, -1 - key] = -power
            if not equations or not free.size:
                continue
            turned = left @ free
            u, size, vt = np.linalg.svd(turned)
            rank = int(np.sum(size > 1e-9 * max(1.0, float(size.max(initial=0.0)))))
            step = vt[:rank].T @ ((u[:, :rank].T @ (right - left @ answer)) / size[:rank, None])
            answer, free = answer + free @ step, free @ vt[rank:].T
        answer -= free @ (free.T @ answer)
        return np.round(answer, 9) + 0.0


def _times(first: _Unit, second: _Unit, power: float) -> _Unit:
    found = dict(first)
    for key, exponent in second.items():
        found[key] = found.get(key, 0.0) + power * exponent
    return {key: exponent for key, exponent in found.items() if exponent}


def _open_powers(term: Node) -> dict[tuple[str, ...], Node]:
    """The factors of a term that are raised to something with a name in it: exponent, as names, to what is raised."""
    found = {}
    for factor, power in _factors(term):
        if isinstance(factor, Apply) and factor.op == "**" and power == 1.0 and constant(factor.args[0]) is None:
            found[tuple(name.name for name in names(factor.args[1]))] = factor.args[0]
    return found


Kind = Literal["factor", "wave", "exponent", "base", "zero", "clear"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one parameter stands.

    kind:   factor    `node`, a term whose change over the data is of order one, goes as parameter**power
            wave      the same inside sin, cos or tan: a frequency or a period
            exponent  the same for node * log(base)
            base      parameter**node
            zero      `node`, a sum, goes as a multiple of the parameter added to the rest; it vanishes in the data
            clear     the same, and it does not vanish in the data: a denominator, what log takes
    """

    name: str
    kind: Kind
    node: Node
    power: float = 1.0
    base: Node | None = None


def places(formula: Formula, columns: Collection[str]) -> tuple[Place, ...]:
    """The places of the parameters, at most one each of the kinds that scale and of those that shift.

    In an order in which each depends, besides on columns, on what comes before it where that is possible.

    >>> [(place.name, place.kind) for place in places(read_formula("y = a/(1 + exp(-k*(x - x0)))"), ["x"])]
    [('k', 'factor'), ('x0', 'zero')]
    """
    return _places(formula.source, frozenset(columns))


@lru_cache(maxsize=256)
def _places(source: str, columns: frozenset[str]) -> tuple[Place, ...]:
    nodes = postorder(read_formula(source).right, into_constants=False)
    if len(nodes) > 5 * MOST_PLACES:
        return ()
    found: dict[tuple[str, bool], Place] = {}
    for node in nodes:
        if isinstance(node, Apply) and node.constant is None:
            for argument, role, base in _arguments(node):
                for place in _inside(argument, role, base, columns):
                    found.setdefault((place.name, place.kind in ("zero", "clear")), place)
    return tuple(found.values())[:MOST_PLACES]


def _arguments(node: Apply) -> Iterator[tuple[Node, Kind, Node | None]]:
    """What stands inside something that is not linear, and as what."""
    op, args = node.op, node.args
    if op in WAVES:
        yield args[0], "wave", None
    elif op in LOGARITHMS or op == "sqrt":
        yield args[0], "clear", None
    elif op in KINKS:
        yield args[0], "zero", None
    elif op in COMPARISONS or op in ("minimum", "maximum"):
        yield Apply("-", args), "zero", None
    elif op == "/":
        yield args[1], "clear", None
    elif op == "**" and (exponent := constant(args[1])) is not None:
        yield args[0], "zero" if exponent > 0 and exponent.is_integer() else "clear", None
    elif op == "**":
        yield args[0], "clear", None
        yield args[1], "exponent", args[0]
    elif len(args) == 1 and op not in SAME_UNIT:
        yield args[0], "factor", None


def _inside(argument: Node, role: Kind, base: Node | None, columns: frozenset[str]) -> Iterator[Place]:
    """The places in one argument: factors of its terms, then what is added to them."""
    if isinstance(base, Name) and base.name not in columns:
        if any(name.name in columns for name in names(argument)):
            yield Place(base.name, "base", argument)
        return
    waiting: list[tuple[Node, Kind]] = [(argument, role)]
    while waiting:
        total, kind = waiting.pop()
        terms, shifts = _terms(total), []
        counted = len(terms) > 1 and any(constant(term) for term in terms)
        for term in terms:
            factors = [(factor, power) for factor, power in _factors(term) if constant(factor) is None]
            own = [(f.name, power) for f, power in factors if isinstance(f, Name) and f.name not in columns]
            if len(own) == len(factors) == 1 and own[0][1] == 1.0 and base is None:
                shifts += [own[0][0]] if len(terms) > 1 else []
                continue
            if kind in ("factor", "wave", "exponent") or counted:
                scales: Kind = kind if kind in ("wave", "exponent") else "factor"
                yield from (Place(name, scales, term, power, base) for name, power in own)
            for factor, power in factors:
                if isinstance(factor, Apply) and factor.op in "+-":
                    clear = power < 0 or (kind == "clear" and power % 2 != 0)
                    waiting.append((factor, "clear" if clear else "zero"))
        yield from (Place(name, "clear" if kind == "clear" else "zero", total) for name in shifts)


def _terms(node: Node) -> list[Node]:
    """What is added up; signs are left out."""
    found, waiting = [], [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Apply) and part.constant is None and part.op in ("+", "-", "negative", "positive"):
            waiting.extend(reversed(part.args))
        else:
            found.append(part)
    return found


def _factors(node: Node) -> list[tuple[Node, float]]:
    """What is multiplied, each with its power."""
    found, waiting = [], [(node, 1.0)]
    while waiting:
        part, power = waiting.pop()
        if not isinstance(part, Apply) or part.constant is not None:
            found.append((part, power))
        elif part.op in "*/":
            waiting.append((part.args[1], power if part.op == "*" else -power))
            waiting.append((part.args[0], power))
        elif part.op in ("negative", "positive"):
            waiting.append((part.args[0], power))
        elif part.op == "**" and (exponent := constant(part.args[1])) is not None:
            waiting.append((part.args[0], power * exponent))
        else:
            found.append((part, power))
    return found

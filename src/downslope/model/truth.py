"""Estimated beside true: made data knows its formula with numbers, the model has parameters in their places."""

from collections.abc import Iterator, Mapping, Sequence

from downslope.model.formula import Formula, read_formula
from downslope.model.tree import Apply, Name, Node, constant, names

MOST_TERMS = 60
MOST_TRIES = 20_000
Found = Mapping[str, float]
Pair = tuple[Node, Node, int]  # the model's part equals this sign times the truth's part


def match_truth(model_formula: str | Formula, truth_formula: str | Formula) -> dict[str, float] | None:
    """The true value of each parameter, if the truth has the model's shape with numbers for parameters.

    Terms and factors may stand in another order and carry another sign. A parameter that occurs twice must agree.

    Returns: parameter to number; None when the shapes differ: then nothing is claimed.

    >>> match_truth("y = w*x + b", "y = 0.1*x - 0.5")
    {'w': 0.1, 'b': -0.5}
    >>> match_truth("y = w*x", "y = 0.1*x**2") is None
    True
    """
    model = read_formula(model_formula) if isinstance(model_formula, str) else model_formula
    truth = read_formula(truth_formula) if isinstance(truth_formula, str) else truth_formula
    columns = frozenset(truth.names)
    wanted = [name.name for name in names(model.right) if name.name not in columns]
    matcher = _Matcher(columns)
    for found in matcher.all([(model.left, truth.left, 1), (model.right, truth.right, 1)], {}):
        return {name: found[name] for name in wanted}
    return None


class _Matcher:
    """Searches, with a bound on the number of tries, for values that make one tree the other."""

    def __init__(self, columns: frozenset[str]) -> None:
        self.columns = columns
        self.tries = 0

    def all(self, pairs: Sequence[Pair], found: Found) -> Iterator[Found]:
        """Every way to match all pairs at once."""
        if not pairs:
            yield found
            return
        for more in self.one(*pairs[0], found):
            yield from self.all(pairs[1:], more)

    def one(self, model: Node, truth: Node, sign: int, found: Found) -> Iterator[Found]:
        """Every way to match one part with another."""
        self.tries += 1
        if self.tries > MOST_TRIES:
            return
        number = constant(truth)
        if isinstance(model, Name) and model.name not in self.columns:
            if number is not None and found.get(model.name, sign * number) == sign * number:
                yield {**found, model.name: sign * number}
        elif isinstance(model, Name):
            if isinstance(truth, Name) and truth.name == model.name and sign == 1:
                yield found
        elif (known := constant(model)) is not None:
            if number == sign * known:
                yield found
        elif isinstance(model, Apply) and model.op == "negative":
            yield from self.one(model.args[0], truth, -sign, found)
        elif isinstance(model, Apply) and isinstance(truth, Apply):
            yield from self._operators(model, truth, sign, found)

    def _operators(self, model: Apply, truth: Apply, sign: int, found: Found) -> Iterator[Found]:
        if model.op in "+-" and truth.op in ("+", "-"):
            yield from self._in_any_order(_terms(model, 1), _terms(truth, sign), found)
        elif truth.op == "negative":
            yield from self.one(model, truth.args[0], -sign, found)
        elif model.op == truth.op == "*":
            left, right = _factors(model), _factors(truth)
            for place in range(len(left)) if sign < 0 else (0,):  # the sign goes to any one factor
                signed = [(node, sign if k == place else 1) for k, node in enumerate(left)]
                yield from self._in_any_order(signed, [(node, 1) for node in right], found)
        elif model.op == truth.op and len(model.args) == len(truth.args):
            pairs = list(zip(model.args, truth.args, strict=True))
            for place in range(len(pairs)) if sign < 0 and model.op == "/" else (0,) if sign > 0 else ():
                yield from self.all([(*pair, sign if k == place else 1) for k, pair in enumerate(pairs)], found)

    def _in_any_order(
        self, left: Sequence[tuple[Node, int]], right: Sequence[tuple[Node, int]], found: Found
    ) -> Iterator[Found]:
        if len(left) != len(right) or len(left) > MOST_TERMS:
            return
        if not left:
            yield found
            return
        model, sign = left[0]
        for place, (truth, other) in enumerate(right):
            for more in self.one(model, truth, sign * other, found):
                yield from self._in_any_order(left[1:], [*right[:place], *right[place + 1 :]], more)


def _terms(node: Node, sign: int) -> list[tuple[Node, int]]:
    """A sum's terms with their signs, left to right."""
    found: list[tuple[Node, int]] = []
    waiting = [(node, sign)]
    while waiting:
        part, plus = waiting.pop()
        if isinstance(part, Apply) and part.op in ("+", "-") and constant(part) is None:
            waiting.append((part.args[1], plus if part.op == "+" else -plus))
            waiting.append((part.args[0], plus))
        else:
            found.append((part, plus))
    return found


def _factors(node: Node) -> list[Node]:
    """A product's factors, left to right."""
    found: list[Node] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Apply) and part.op == "*" and constant(part) is None:
            waiting.extend((part.args[1], part.args[0]))
        else:
            found.append(part)
    return found

"""The equation: text to the two sides of a formula.

equation  = side "=" side
          | side "=" ready(side, option=number)     a ready model (see ready.py) is the whole right side
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from downslope.errors import FormulaError
from downslope.model.grammar import EXAMPLE, READY, on_one_line, parse, read_tree
from downslope.model.tokens import Token, tokenize
from downslope.model.tree import Node, names


@dataclass(frozen=True, eq=False)
class Call:
    """A ready model named in a formula: `polynomial(x, degree=3)`, with its first argument as text and as a tree."""

    name: str
    text: str
    tree: Node
    args: tuple[float, ...]
    options: Mapping[str, float]
    start: int
    end: int


def read_equation(text: str) -> tuple[Node, Node | Call, str, str]:
    """Both sides of a formula as trees, and as text.

    Raises: FormulaError at the first place that is not as the grammar says.

    >>> left, right, *_ = read_equation("log(y) = w*x")
    >>> left.op, right.op
    ('log', '*')
    """
    tokens = tokenize(text)
    if not tokens:
        raise FormulaError(text, f"the formula is empty; write for example {EXAMPLE}")
    equal = _split(text, tokens)
    left, right = tokens[:equal], tokens[equal + 1 :]
    if not right:
        raise FormulaError(text, f"nothing stands after =; write for example {EXAMPLE}", tokens[equal].start)
    ready = _read_ready(text, right)
    return read_tree(text, left), ready or read_tree(text, right), on_one_line(text, left), on_one_line(text, right)


@lru_cache(maxsize=64)
def read_expression(text: str) -> Node:
    """One side of a formula as a tree.

    >>> read_expression("2*x").op
    '*'
    """
    tokens = tokenize(text)
    if not tokens:
        raise FormulaError(text, "the expression is empty")
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "=" and depth == 0:
            raise FormulaError(text, "= is not part of an expression", token.start)
    return read_tree(text, tokens)


def _split(text: str, tokens: Sequence[Token]) -> int:
    """The place of the one = that joins the sides."""
    depth, found = 0, []
    for place, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text in ("=", "=="):
            found.append(place)
        if depth == 0 and token.text == "==":
            raise FormulaError(text, "the sides are joined by one =, not ==", token.start, token.end)
    if not found:
        raise FormulaError(
            text, f"there is no = between a column and its model; write for example {EXAMPLE}", 0, len(text)
        )
    if len(found) > 1:
        second = tokens[found[1]]
        raise FormulaError(text, "there are two =; a formula has one: column = model", second.start, second.end)
    return found[0]


def _read_ready(text: str, tokens: Sequence[Token]) -> Call | None:
    """The right side as a ready model, if it is one."""
    if len(tokens) < 3 or tokens[0].text not in READY or tokens[1].text != "(":
        return None
    body, places = parse(text, tokens)
    if not (isinstance(body, ast.Call) and isinstance(body.func, ast.Name)):
        return None  # line(x) + 1: refused where the name is met
    name, start = tokens[0].text, tokens[0].start
    if not body.args:
        raise FormulaError(text, f"{name} needs a column: {name}(x)", *places.of(body))
    values: list[float] = []
    options: dict[str, float] = {}
    for value in (*body.args[1:], *body.keywords):
        node = value.value if isinstance(value, ast.keyword) else value
        if not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
            raise FormulaError(text, f"after its column, {name} takes plain numbers only", *places.of(node))
        if isinstance(value, ast.keyword):
            options[str(value.arg)] = node.value  # type: ignore[assignment]
        else:
            values.append(node.value)  # type: ignore[arg-type]
    first, last = places.of(body.args[0])
    tree = read_tree(text, [token for token in tokens if first <= token.start < last])
    if not names(tree):
        raise FormulaError(text, f"{name} needs a column, or an expression of columns", first, last)
    argument = on_one_line(text, tokens)[first - start : last - start]
    return Call(name, argument, tree, tuple(values), options, start, tokens[-1].end)

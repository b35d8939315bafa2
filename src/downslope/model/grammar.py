"""The grammar of one side of a formula: Python's parser reads it, a short list of its nodes is let through.

    side      = sum of products of powers, unary signs, parentheses, numbers, names, pi
              | function "(" side, … ")"        see vocabulary
              | col("odd name")                 a column whose name is no name, or the name of a function
              | where(comparison, side, side)   comparisons stand nowhere else; 0 < x < 1 is one

Nothing is evaluated or run: an unknown kind of node is refused, not skipped.
"""

import ast
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from downslope.errors import FormulaError, nearest, shortened
from downslope.model.evaluate import apply
from downslope.model.lookalikes import shape
from downslope.model.tokens import Token
from downslope.model.tree import Apply, Name, Node, Number, constant
from downslope.model.vocabulary import CONSTANTS, FUNCTIONS, MEANT, SAME

MOST_NODES = 6_000
READY = frozenset({"line", "polynomial", "exponential", "logistic", "gaussian", "relu_sum"})
EXAMPLE = "y = w*x + b"

_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "negative", ast.UAdd: "positive"}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def read_tree(text: str, tokens: Sequence[Token]) -> Node:
    """The tree of some tokens of a text.

    Raises: FormulaError at the first place that is not as the grammar says.
    """
    return _Reader(text).read(tokens)


def parse(text: str, tokens: Sequence[Token]) -> tuple[ast.expr, "Places"]:
    """Python's own tree of some tokens of a text, and where its nodes stand. Nothing in it has been checked."""
    try:
        body = ast.parse(on_one_line(text, tokens), mode="eval").body
    except (RecursionError, MemoryError):
        raise FormulaError(text, "the formula is too long or nested too deeply to read", tokens[0].start) from None
    except (SyntaxError, ValueError) as error:
        place = min(tokens[0].start + (getattr(error, "offset", None) or 1) - 1, len(text) - 1)
        raise FormulaError(text, f"this cannot be read here; write for example {EXAMPLE}", place) from None
    return body, Places(text, tokens[0].start)


def on_one_line(text: str, tokens: Sequence[Token]) -> str:
    """The text between the first and the last of some tokens, every kind of space outside of quotes a plain one."""
    pieces = [tokens[0].text]
    for before, token in pairwise(tokens):
        pieces.append(" " * (token.start - before.end))
        pieces.append(token.text)
    return "".join(pieces)


class Places:
    """From Python's places (bytes of UTF-8) to characters of the whole text."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.start = text, start
        self.bytes = None if text.isascii() else text[start:].encode()

    def of(self, node: ast.AST) -> tuple[int, int]:
        first, last = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 1)
        if self.bytes is not None:
            first, last = len(self.bytes[:first].decode()), len(self.bytes[:last].decode())
        return self.start + first, self.start + last


class _Reader:
    """Turns Python's tree into ours, arguments first, without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = 0

    def read(self, tokens: Sequence[Token]) -> Node:
        body, self.places = parse(self.text, tokens)
        stack: list[Node] = []
        waiting: list[tuple[ast.expr, bool, bool]] = [
            (body, False, False)
        ]  # node, its arguments are done, it may compare
        while waiting:
            node, done, may_compare = waiting.pop()
            if done:
                self._build(node, stack)
                continue
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise self._error(
                    node, f"the formula has too many terms; at most {MOST_NODES:,} names, numbers and signs"
                )
            waiting.append((node, True, False))
            waiting.extend((child, False, compares) for child, compares in reversed(self._children(node, may_compare)))
        (tree,) = stack
        return tree

    def _error(self, node: ast.AST, problem: str) -> FormulaError:
        return FormulaError(self.text, problem, *self.places.of(node))

    def _children(self, node: ast.expr, may_compare: bool) -> list[tuple[ast.expr, bool]]:
        """What stands below a node, each with whether it may be a comparison; refuses all but the listed kinds."""
        match node:
            case ast.Constant(value) if type(value) in (int, float):
                return []
            case ast.Name():
                return []
            case ast.UnaryOp(op, operand) if type(op) in _UNARY:
                return [(operand, False)]
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                return [(left, False), (right, False)]
            case ast.Compare(left, ops, others) if all(type(op) in _COMPARE for op in ops):
                if not may_compare:
                    raise self._error(node, "a comparison can only be the first part of where(x > 0, a, b)")
                return [(left, False), *((other, False) for other in others)]
            case ast.Call(ast.Name("col")):
                self._check_column(node)
                return []
            case ast.Call(ast.Name(name)):
                self._check_call(node, name)
                return [(arg, name == "where" and place == 0) for place, arg in enumerate(node.args)]
            case ast.Call():
                raise self._error(node, "only a function can stand before a parenthesis; a product is written (a)*(b)")
        raise self._error(node, f"{type(node).__name__.lower()} is not part of a formula")

    def _check_column(self, node: ast.Call) -> None:
        match node.args:
            case [ast.Constant(str())] if not node.keywords:
                return
        raise self._error(node, 'col takes one name in quotes: col("odd name")')

    def _check_call(self, node: ast.Call, name: str) -> None:
        name = SAME.get(name, name)
        if name in READY:
            raise self._error(node, f"{name} is a ready model and can only be the whole right side: y = {name}(x)")
        if name not in FUNCTIONS:
            raise self._error(node.func, _unknown_function(name))
        wanted, given = FUNCTIONS[name].arguments, len(node.args)
        if node.keywords:
            raise self._error(node.keywords[0], f"{name} takes no named arguments")
        if given != wanted:
            raise self._error(node, f"{name} takes {wanted} argument{'s' * (wanted > 1)}, here {given}")
        if name == "where" and not isinstance(node.args[0], ast.Compare):
            raise self._error(node.args[0], "the first part of where must be a comparison, such as x > 0")

    def _build(self, node: ast.expr, stack: list[Node]) -> None:
        """Replace a node's arguments on the stack by the node."""
        start, end = self.places.of(node)
        match node:
            case ast.Constant(value):
                stack.append(Number(float(value), self.text[start:end], start, end))  # type: ignore[arg-type]
            case ast.Name(name):
                stack.append(self._name(node, name, start, end))
            case ast.Call(ast.Name("col"), [ast.Constant(str(name))]):
                stack.append(Name(name, True, start, end))
            case ast.UnaryOp(op):
                self._apply(_UNARY[type(op)], 1, stack, start, end)
            case ast.BinOp(_, op):
                self._apply(_BINARY[type(op)], 2, stack, start, end)
            case ast.Compare(_, ops):
                operands = stack[-len(ops) - 1 :]
                del stack[-len(ops) - 1 :]
                for place, (relation, pair) in enumerate(zip(ops, pairwise(operands), strict=True)):
                    stack.append(Apply(_COMPARE[type(relation)], pair, None, start, end))
                    if place:
                        self._apply("and", 2, stack, start, end)
            case ast.Call(ast.Name(name), args):
                self._apply(SAME.get(name, name), len(args), stack, start, end)

    def _apply(self, op: str, count: int, stack: list[Node], start: int, end: int) -> None:
        args = tuple(stack[-count:])
        del stack[-count:]
        stack.append(Apply(op, args, self._fold(op, args, start, end), start, end))

    def _fold(self, op: str, args: tuple[Node, ...], start: int, end: int) -> float | None:
        """The value of an operator on constants: refused when it is none."""
        known = [constant(arg) for arg in args]
        if any(value is None for value in known):
            if op == "/" and known[1] == 0.0:
                raise FormulaError(self.text, "this divides by zero", start, end)
            return None
        with np.errstate(all="ignore"):
            value = float(apply(op, [np.float64(value) for value in known]))
        if np.isfinite(value):
            return value
        problem = "this is too large for a number (1.8e308)" if np.isinf(value) else "this has no real value"
        if op in ("/", "**") and known[1 if op == "/" else 0] == 0.0:
            problem = "this divides by zero"
        raise FormulaError(self.text, problem, start, end)

    def _name(self, node: ast.AST, name: str, start: int, end: int) -> Node:
        if name in CONSTANTS:
            return Number(CONSTANTS[name], name, start, end)
        if SAME.get(name, name) in FUNCTIONS or name == "col" or name in READY:
            example = f"{name}(x)" if name != "col" else 'col("odd name")'
            problem = f"{name!r} is a function: write {example}; a column of that name is written col({name!r})"
            raise self._error(node, problem)
        if name in ("inf", "nan", "infinity", "NaN", "Inf"):
            raise self._error(node, f"{name} is no number that a formula can use")
        if name.startswith("__"):
            raise self._error(node, f"{name!r} cannot be a name; names begin with a letter or one _")
        return Name(name, False, start, end)


def _unknown_function(name: str) -> str:
    if name in MEANT:
        return f"there is no function {name!r}; write {MEANT[name]}"
    known = sorted(FUNCTIONS)
    alike = shape(name)
    if alike in FUNCTIONS:
        return f"there is no function {name!r}: its letters only look like those of {alike!r}"
    near = nearest(name, known)
    hint = f" Did you mean {near!r}?" if near else f" A product is written {name}*(…)." if len(name) <= 2 else ""
    return f"unknown function {name!r}.{hint} Known: {shortened(known, 40)}"

"""The value of a formula's tree: one walk for NumPy arrays and for JAX arrays or tracers."""

import operator
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np

from downslope.model.tree import Apply, Name, Node, Number, postorder
from downslope.model.vocabulary import FUNCTIONS

LARGEST_WHOLE_EXPONENT = 64  # beyond it, multiplying out is no longer the better way to a power


def _power(base: Any, exponent: Any) -> Any:
    if type(exponent) is float and exponent.is_integer() and abs(exponent) <= LARGEST_WHOLE_EXPONENT:
        return base ** int(exponent)  # multiplied out: exact, and differentiable at 0 where exp(2*log(x)) is not
    return base**exponent


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _power,
    "negative": operator.neg,
    "positive": operator.pos,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "and": operator.and_,
}


def evaluate(tree: Node | Sequence[Node], values: Mapping[str, Any]) -> Any:
    """The value of a tree (or of its nodes in `postorder`) when its names have these values.

    Args:   values: numbers, NumPy arrays, or JAX arrays and tracers. One of the last makes the whole computation JAX's.
    Returns: a number or an array, as broadcasting of the operands gives. Overflow gives inf and log of a negative
             number nan, without a warning: who judges a result looks at it.

    The arithmetic is that of the formula as written, in its order: nothing is rearranged.
    """
    nodes = postorder(tree, into_constants=False) if isinstance(tree, Number | Name | Apply) else tree
    jax = sys.modules.get("jax")
    if jax is not None and any(isinstance(value, jax.Array) for value in values.values()):
        return _walk(nodes, values, jax.numpy.asarray, in_jax=True)
    with np.errstate(all="ignore"):
        return _walk(nodes, values, _as_numpy, in_jax=False)


def _as_numpy(value: Any) -> Any:
    return value if isinstance(value, np.ndarray | np.generic) else np.float64(value)  # 1.0/0.0 of Python would raise


def _walk(nodes: Sequence[Node], values: Mapping[str, Any], convert: Callable[[Any], Any], in_jax: bool) -> Any:
    steps = operations(nodes, values, convert, in_jax)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def operations(
    nodes: Sequence[Node], values: Mapping[str, Any], convert: Callable[[Any], Any], in_jax: bool = False
) -> Generator[tuple[Apply, Sequence[Any], Any], None, Any]:
    """Each operation of a tree in `postorder`, with what it is given and gives; returns the value of the tree."""
    stack: list[Any] = []
    for node in nodes:
        if isinstance(node, Name):
            stack.append(convert(values[node.name]))
        elif isinstance(node, Number):
            stack.append(node.value)
        elif node.constant is not None:
            stack.append(node.constant)
        else:
            first = len(stack) - len(node.args)
            args = stack[first:]
            del stack[first:]
            stack.append(apply(node.op, args, in_jax))
            yield node, args, stack[-1]
    (answer,) = stack
    return answer


def apply(op: str, args: Sequence[Any], in_jax: bool = False) -> Any:
    """One operator or function on its arguments."""
    if op in OPERATORS:
        return OPERATORS[op](*args)
    function = FUNCTIONS[op]
    return function.in_jax(*args) if in_jax else function.in_numpy(*args)

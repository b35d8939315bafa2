"""What a formula is once it has been read: a tree of three kinds of node.

Every walk in this room goes through `postorder`, which needs no recursion: a sum of a thousand terms is a tree a
thousand deep.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number; `text` is how it was written."""

    value: float
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A column or a parameter. Quoted means written as col("…"), which can only be a column."""

    name: str
    quoted: bool = False
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Apply:
    """An operator ("+", "negative", "<", …) or a function ("exp", …) on its arguments.

    `constant` is the value when no name stands below; walks for values stop there.
    """

    op: str
    args: "tuple[Node, ...]"
    constant: float | None = None
    start: int = 0
    end: int = 0


Node = Number | Name | Apply


def constant(node: Node) -> float | None:
    """The value of a node that depends on no name, else None."""
    if isinstance(node, Number):
        return node.value
    return node.constant if isinstance(node, Apply) else None


def postorder(root: Node, into_constants: bool = True) -> tuple[Node, ...]:
    """Every node, arguments before what is applied to them, left to right.

    >>> [type(node).__name__ for node in postorder(Apply("+", (Name("x"), Number(1.0, "1"))))]
    ['Name', 'Number', 'Apply']
    """
    found: list[Node] = []
    waiting = [root]
    while waiting:  # the root, then right to left: read backwards, this is arguments first
        node = waiting.pop()
        found.append(node)
        if isinstance(node, Apply) and (into_constants or node.constant is None):
            waiting.extend(node.args)
    return tuple(reversed(found))


def names(root: Node) -> tuple[Name, ...]:
    """The names in a tree, each once, in order of first appearance.

    >>> names(Apply("*", (Name("w"), Apply("+", (Name("x"), Name("w"))))))[1].name
    'x'
    """
    found: dict[tuple[str, bool], Name] = {}
    for node in postorder(root):
        if isinstance(node, Name):
            found.setdefault((node.name, node.quoted), node)
    return tuple(found.values())

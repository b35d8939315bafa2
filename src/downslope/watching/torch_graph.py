"""The graph behind a loss of PyTorch: the tensors that it trains, and shapes that were spread over each other."""

from collections.abc import Iterator
from typing import Any

MOST_NODES = 100_000
RESIDUALS = ("SubBackward0", "RsubBackward0")
LOSSES = ("MseLossBackward0", "L1LossBackward0", "SmoothL1LossBackward0", "HuberLossBackward0")


def nodes(roots: tuple[Any, ...]) -> Iterator[Any]:
    """Each operation behind these tensors once, from the end to the start."""
    waiting = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen = set(waiting)
    while waiting and len(seen) < MOST_NODES:
        node = waiting.pop()
        yield node
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append(before)


def paths(roots: tuple[Any, ...]) -> dict[int, tuple[int, ...]]:
    """By id of each leaf of a single tensor, the turns that lead to it: shorter than to look at all the nodes."""
    found: dict[int, tuple[int, ...]] = {}
    if len(roots) != 1 or roots[0].grad_fn is None:
        return found
    waiting: list[tuple[Any, tuple[int, ...]]] = [(roots[0].grad_fn, ())]
    seen = {roots[0].grad_fn}
    while waiting and len(seen) < MOST_NODES:
        node, turns = waiting.pop(0)
        if hasattr(node, "variable"):
            found.setdefault(id(node.variable), turns)
        for turn, (before, _) in enumerate(node.next_functions):
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append((before, (*turns, turn)))
    return found


def at(root: Any, turns: tuple[int, ...]) -> Any:
    """The leaf at the end of a path, or None if the graph is another one by now."""
    node = root.grad_fn
    for turn in turns:
        if node is None:
            return None
        following = node.next_functions
        node = following[turn][0] if turn < len(following) else None
    return getattr(node, "variable", None)


def leaves(roots: tuple[Any, ...]) -> list[Any]:
    """The tensors in which backward leaves a gradient, in the order of the graph."""
    found = [node.variable for node in nodes(roots) if hasattr(node, "variable")]
    return found + [root for root in roots if root.grad_fn is None and root.requires_grad]


def is_compiled(roots: tuple[Any, ...]) -> bool:
    """Whether torch.compile made a part of it."""
    return any("Compiled" in type(node).__name__ for node in nodes(roots))


def spread(roots: tuple[Any, ...]) -> dict[str, Any] | None:
    """A residual in which n predictions met n targets and made n × n; None if there is none.

    That happens if one is (n, 1) and the other (n,), each of which is fine by itself.
    """
    for node in nodes(roots):
        kind = type(node).__name__
        if kind in RESIDUALS:
            shape = _shape(node)
        elif kind in LOSSES:
            shape = _shape(node.next_functions[0][0] or node.next_functions[1][0])
        else:
            continue
        given = [_shape(_unexpanded(before)) for before, _ in node.next_functions if before is not None]
        if shape is None or len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
            continue
        rows = shape[0]
        known = sorted(each for each in given if each is not None)
        # both known: of one rank they were meant so, such as all differences (n, 1) - (1, n)
        if known in ([(rows,)], [(rows, 1)], [(rows,), (rows, 1)]):
            prediction = known[0]
            other = known[1] if len(known) == 2 else (rows,) if prediction == (rows, 1) else (rows, 1)
            return {"rows": rows, "one": list(prediction), "other": list(other)}
    return None


def _unexpanded(node: Any) -> Any:
    """The losses of PyTorch spread shapes over each other before they look at them."""
    return node.next_functions[0][0] if type(node).__name__ == "ExpandBackward0" else node


def _shape(node: Any) -> tuple[int, ...] | None:
    """Of what a node made; this is told by a part of PyTorch that it does not promise to keep."""
    told = getattr(node, "_input_metadata", None)
    return tuple(told[0].shape) if told else None

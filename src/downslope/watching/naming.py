"""Names: what the user's own variables call the tensors that a loop trains."""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

DEEPEST = 40
"""Frames that are looked through, from the call outwards."""
FOREIGN = (
    "torch",
    "tensorflow",
    "keras",
    "jax",
    "optax",
    "downslope",
    "jaxtyping",
    "beartype",
    "contextlib",
    "functools",
)


def names_of(wanted: Sequence[object]) -> dict[int, str]:
    """Of objects that are looked for by identity: id -> name, in the order in which the callers' variables stand.

    Found are variables, entries of lists, tuples and dicts in variables, attributes of `self`, and the named
    parameters of modules.
    """
    found: dict[int, str] = {}
    missing = {id(each) for each in wanted}
    for frame in _callers():
        scopes: list[Mapping[str, Any]] = [frame.f_locals]
        if frame.f_locals is not frame.f_globals:
            scopes.append(frame.f_globals)
        for scope in scopes:
            for name, value in [*list(scope.items()), *_inside(scope)]:
                if id(value) in missing:
                    missing.discard(id(value))
                    found[id(value)] = name
            if not missing:
                return found
    return found


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    for _ in range(DEEPEST):
        if frame is None:
            return
        own = frame.f_code.co_name
        nameless = own.startswith("<") and own != "<module>"  # a comprehension, whose names are for the moment
        if not nameless and str(frame.f_globals.get("__name__", "")).partition(".")[0] not in FOREIGN:
            yield frame
        frame = frame.f_back


def _inside(scope: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in list(scope.items()):
        if name.startswith("__"):
            continue
        if isinstance(value, list | tuple) and len(value) <= 1000:
            yield from ((f"{name}[{place}]", each) for place, each in enumerate(value))
        elif isinstance(value, dict) and len(value) <= 1000:
            yield from ((f"{name}[{key!r}]", each) for key, each in list(value.items()))
        elif callable(getattr(type(value), "named_parameters", None)):
            yield from value.named_parameters()
        elif name == "self":
            yield from list(getattr(value, "__dict__", {}).items())


MOST_NAMED = 100_000
"""Numbers of which each has a name of its own."""
RULES = {"SGD": "gd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop", "Adagrad": "adagrad", "LBFGS": "lbfgs"}


def rule_of(kind: str, *, momentum: Any, nesterov: Any, weight_decay: Any) -> str:
    """What an optimiser of PyTorch or Keras is called here, by the name of its class and its settings.

    >>> rule_of("SGD", momentum=0.9, nesterov=False, weight_decay=0)
    'momentum'
    """
    rule = RULES.get(kind, kind.lower())
    if kind == "SGD" and momentum:
        rule = "nesterov" if nesterov else "momentum"
    return f"{rule} with weight decay" if weight_decay and rule != "adamw" else rule


def names_of_numbers(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """One name for each number of each tensor, all different; of very many their places."""
    size = sum(math.prod(shape) for shape in shapes)
    return elements(names, shapes) if size <= MOST_NAMED else tuple(map(str, range(size)))


def elements(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """One name for each number of each tensor, all different.

    >>> elements(("w", "b", "w"), ((2,), (), (1, 1)))
    ('w[0]', 'w[1]', 'b', 'w (2)')
    """
    flat: list[str] = []
    taken: dict[str, int] = {}
    for name, shape in zip(names, shapes, strict=True):
        taken[name] = taken.get(name, 0) + 1
        own = name if taken[name] == 1 else f"{name} ({taken[name]})"
        size = 1
        for length in shape:
            size *= length
        if size == 1:
            flat.append(own)
            continue
        for place in range(size):
            index, rest = [], place
            for length in reversed(shape):
                rest, at = divmod(rest, length)
                index.append(str(at))
            flat.append(f"{own}[{','.join(reversed(index))}]")
    return tuple(flat)

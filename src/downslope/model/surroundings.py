"""What a function's answer depends on besides its arguments: globals, closure, defaults, the object it is bound to.

A compiled program freezes them. They are part of the model's key, so that changing `K = 3` to `K = 4` in a notebook and
fitting the same function again compiles again, and fitting it unchanged does not.
"""

import types
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np

_PLAIN = (int, float, complex, str, bytes, bool, type(None), np.generic)
MOST_ITEMS = 100


@dataclass(frozen=True)
class Surroundings:
    """A function with all it depends on; equal when both are."""

    function: Any = field(compare=False)
    state: Hashable

    @classmethod
    def of(cls, function: Any) -> "Surroundings":
        """What there is now.

        >>> scale = 2.0
        >>> def model(x, w): return scale * w * x
        >>> before = Surroundings.of(model)
        >>> before == Surroundings.of(model)
        True
        """
        return cls(function, _state(function, set()))


class _Same:
    """A value known by being the very same object."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _state(value: Any, seen: set[int]) -> Hashable:
    """A hashable that changes when the value does; identity for what cannot be looked into."""
    if isinstance(value, _PLAIN):
        return type(value), repr(value)
    if isinstance(value, types.ModuleType | type) or id(value) in seen:
        return _Same(value)
    if isinstance(value, np.ndarray):
        content = None if value.dtype == object else blake2b(value.tobytes()).digest()
        return (_Same(value), content)
    seen.add(id(value))
    if isinstance(value, partial):
        return "partial", _state(value.func, seen), _state(value.args, seen), _state(value.keywords, seen)
    if isinstance(value, types.FunctionType):
        return _function(value, seen)
    if isinstance(value, types.MethodType):
        return "method", _state(value.__func__, seen), _state(value.__self__, seen)
    if isinstance(value, tuple | list) and len(value) <= MOST_ITEMS:
        return type(value), tuple(_state(item, seen) for item in value)
    if isinstance(value, dict) and len(value) <= MOST_ITEMS:
        return _mapping(value, seen)
    inside = getattr(value, "__dict__", None)
    if isinstance(inside, dict) and 0 < len(inside) <= MOST_ITEMS:
        return _Same(value), _mapping(inside, seen)
    return _Same(value)


def _mapping(values: Mapping[Any, Any], seen: set[int]) -> Hashable:
    return tuple((_state(key, seen), _state(value, seen)) for key, value in values.items())


def _function(function: types.FunctionType, seen: set[int]) -> Hashable:
    cells = [_content(cell) for cell in function.__closure__ or ()]
    used = [function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__]
    around = [*cells, *used, function.__defaults__, function.__kwdefaults__]
    return _Same(function), tuple(_state(value, seen) for value in around)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that is not filled yet
        return None


def _names(code: types.CodeType) -> tuple[str, ...]:
    """Names that a function, or a function inside it, may look up."""
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return tuple(dict.fromkeys([*code.co_names, *(name for piece in inner for name in _names(piece))]))

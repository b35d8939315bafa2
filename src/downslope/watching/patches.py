"""Patches: functions of a framework replaced for a while, and put back exactly as they were."""

import functools
from collections.abc import Callable
from typing import Any

MISSING = object()


class Patches:
    """What was replaced, in order, so that it can be put back in the opposite order.

    >>> class Framework:
    ...     def step(self):
    ...         return "a step"
    >>> patches = Patches()
    >>> patches.replace(Framework, "step", lambda original: lambda self: "seen: " + original(self))
    >>> Framework().step()
    'seen: a step'
    >>> patches.restore(), Framework().step()
    ((), 'a step')
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], str | None]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` in the place of a function of a module or class; nothing where there is none."""
        original = getattr(owner, name, None)
        if original is None:
            return
        before = vars(owner).get(name, MISSING)  # an inherited method is not the owner's, and is not given to it
        ours = functools.wraps(original)(make(original))
        setattr(owner, name, ours)

        def undo() -> str | None:
            if vars(owner).get(name) is not ours:
                return f"{getattr(owner, '__name__', owner)}.{name} was replaced by others meanwhile, and is left so"
            if before is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
            return None

        self._undo.append(undo)

    def later(self, call: Callable[[], object]) -> None:
        """Something else that puts things back."""

        def undo() -> None:
            call()

        self._undo.append(undo)

    def restore(self) -> tuple[str, ...]:
        """Put everything back, whatever happens; what could not be put back, in words."""
        told: list[str] = []
        while self._undo:
            try:
                said = self._undo.pop()()
            except Exception as problem:  # the others are put back all the same
                said = f"{type(problem).__name__}: {problem}"
            told += [said] if said else []
        return tuple(told)

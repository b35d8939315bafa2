"""A direction among parameters, in words."""

from collections.abc import Sequence

import numpy as np

MOST_NAMED = 3
PART = 0.1
"""Share of the largest component from which on another one is worth a name: a hundredth of its part in the whole."""


def in_words(direction: np.ndarray, names: Sequence[str]) -> str:
    """What moves along a direction (q,) of the parameters named, and with what share of its squared length.

    >>> in_words(np.array([0.6, -0.8]), ["w", "b"])
    'w falls while b rises (w 36 %, b 64 %)'
    >>> in_words(np.array([1.0, 1.0, 1e-3]), ["w", "b", "c"])
    'w and b rise together (w 50 %, b 50 %)'
    >>> in_words(np.array([1e-9, 1.0]), ["w", "b"])
    'b alone'
    """
    direction = np.asarray(direction, dtype=float)
    size = float(np.linalg.norm(direction))
    if not np.isfinite(size) or size == 0:
        return "no direction"
    parts = np.abs(direction) / size
    named = np.flatnonzero(parts >= PART * parts.max())
    if named.size == 1:
        return f"{names[int(named[0])]} alone"
    largest = named[np.argsort(-parts[named], kind="stable")]
    chosen = np.sort(largest[:MOST_NAMED])
    up = direction * np.sign(direction[largest[0]]) > 0
    rising, falling = ([names[int(place)] for place in chosen if up[place] == way] for way in (True, False))
    shares = ", ".join(f"{names[int(place)]} {100 * parts[place] ** 2:.0f} %" for place in chosen)
    more = f", and {_others(named.size - chosen.size)}" if named.size > chosen.size else ""
    if not falling:
        together = f"{_listed(rising)} rise together" if len(rising) > 1 else f"{rising[0]} rises"
        return f"{together} ({shares}{more})"
    first, second = (falling, rising) if not up[chosen[0]] else (rising, falling)
    verbs = ("fall", "rise") if not up[chosen[0]] else ("rise", "fall")
    return f"{_does(first, verbs[0])} while {_does(second, verbs[1])} ({shares}{more})"


def _others(count: int) -> str:
    return "1 other" if count == 1 else f"{count} others"


def _does(names: list[str], verb: str) -> str:
    return f"{_listed(names)} {verb}{'s' if len(names) == 1 else ''}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""Loading: JAX is imported while pages are open already, and nothing that looks at arrays may run beside that: what
asks "is this an array of JAX?" would find a package that is half there.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import downslope as ds
from downslope.laboratory.worker import EVERY, Superseded

# imports are of the whole process, and so is what guards them
_GATE, _LOADED = threading.Lock(), threading.Event()
_INLINE = threading.Event()
"""Whether programs of JAX run in the thread that asks for them."""
_ONE = threading.RLock()
FEW = 20_000
"""Rows up to which a program is done by one thread."""


def load_what_computes() -> None:
    """Import JAX and all that needs it, or wait until another thread has.

    Programs then run in the thread that asks for them. Otherwise they run in the threads that their own parts need,
    and on a machine of two cores two fits of many rows wait for each other for ever. Where JAX was there before, it may
    be too late to say so: then `alone` has them wait for each other.
    """
    if _LOADED.is_set():
        return
    with _GATE:
        if _LOADED.is_set():
            return
        was_there = "jax" in sys.modules
        _ = ds.fit, ds.scan, ds.Fit
        if not was_there:
            # JAX reads this once, at its first program, and from no variable of the environment
            sys.modules["jax"].config.update("jax_cpu_enable_async_dispatch", False)
            _INLINE.set()
        _LOADED.set()


@contextmanager
def alone(rows: int, given_up: Callable[[], bool]) -> Iterator[None]:
    """Compute over so many rows; no two of many rows at once where programs of JAX may wait for each other.

    Args:   given_up: whether nobody waits for it any more.
    Raises: Superseded if that is so before it can begin.

    >>> with alone(1_000_000, lambda: False):
    ...     "here"
    'here'
    """
    if rows <= FEW or _INLINE.is_set():
        yield
        return
    while not _ONE.acquire(timeout=EVERY):
        if given_up():
            raise Superseded
    try:
        yield
    finally:
        _ONE.release()


@contextmanager
def without_loading() -> Iterator[None]:
    """Run a piece of work that needs no JAX, while it is not being imported.

    >>> with without_loading():
    ...     ds.sample("line").rows
    100
    """
    if _LOADED.is_set():
        yield
        return
    with _GATE:
        yield

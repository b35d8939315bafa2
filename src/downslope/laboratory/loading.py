"""Loading: JAX is imported while pages are open already, and nothing that looks at arrays may run beside that: what
asks "is this an array of JAX?" would find a package that is half there.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import downslope as ds

# imports are of the whole process, and so is what guards them
_GATE, _LOADED = threading.Lock(), threading.Event()


def load_what_computes() -> None:
    """Import JAX and all that needs it, or wait until another thread has.

    Programs then run in the thread that asks for them. Otherwise they run in the threads that their own parts need,
    and on a machine of two cores two fits of many rows wait for each other for ever.
    """
    if _LOADED.is_set():
        return
    with _GATE:
        os.environ.setdefault("JAX_CPU_ENABLE_ASYNC_DISPATCH", "false")
        _ = ds.fit, ds.scan, ds.Fit
        _LOADED.set()


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

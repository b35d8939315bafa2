"""Ctrl-C while a descent runs: the first one asks it to stop after the block under way, the second one stops at
once.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_interrupted() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether to go on.

    A KeyboardInterrupt could strike between any two lines and lose what was learned, so it is held back and asked
    for. Outside the main thread, or where somebody else handles Ctrl-C, nothing is changed.
    """
    stopped = threading.Event()
    ordinary = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not ordinary:
        yield lambda: True
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, ordinary)

    signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: not stopped.is_set()
    finally:
        signal.signal(signal.SIGINT, ordinary)

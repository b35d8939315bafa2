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

    A KeyboardInterrupt could strike between any two lines and lose what was learned, so it is held back and asked for.
    That goes for SIGTERM too where it has been made to do what Ctrl-C does. Outside the main thread, or where somebody
    else handles the signals, nothing is changed.
    """
    stopped = threading.Event()
    ordinary = signal.default_int_handler
    in_main = threading.current_thread() is threading.main_thread()
    ours = [number for number in (signal.SIGINT, signal.SIGTERM) if in_main and signal.getsignal(number) is ordinary]

    def ask(number: int, frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(number, ordinary)

    for number in ours:
        signal.signal(number, ask)
    try:
        yield lambda: not stopped.is_set()
    finally:
        for number in ours:
            signal.signal(number, ordinary)

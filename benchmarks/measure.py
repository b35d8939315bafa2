"""How to time two things so that a machine which changes its speed does not decide between them."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A figure that was asked for, and what was measured."""

    what: str
    asked: str
    measured: str
    met: bool

    def __str__(self) -> str:
        return f"{'met   ' if self.met else 'MISSED'}  {self.what}: {self.measured}  (asked: {self.asked})"


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call, without the garbage collector, as timeit does it.

    Nothing is collected just before either: that empties caches of JAX, and the call would be no warm one.
    """
    gc.disable()
    started = time.perf_counter()
    call()
    taken = time.perf_counter() - started
    gc.enable()
    return taken


def paired(ours: Callable[[], object], theirs: Callable[[], object], pairs: int) -> tuple[float, float, float]:
    """(median of theirs/ours pair by pair, median seconds of ours, of theirs); each is called twice first, to
    warm up.
    """
    for call in (ours, theirs):
        call()
        call()
    times = [(seconds(ours), seconds(theirs)) for _ in range(pairs)]
    return median(b / a for a, b in times), median(a for a, _ in times), median(b for _, b in times)


def faster(what: str, asked: float, ours: Callable[[], object], theirs: Callable[[], object], pairs: int = 9) -> Figure:
    """Ours must be `asked` times faster."""
    ratio, mine, other = paired(ours, theirs, pairs)
    measured = f"{ratio:.0f}x ({1e3 * mine:.2f} ms against {1e3 * other:.0f} ms)"
    return Figure(what, f">= {asked:g}x", measured, ratio >= asked)

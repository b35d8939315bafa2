"""Progress: watchers of a descent. Watching is iterating: a watcher takes the blocks and hands them on unchanged.

>>> blocks = [History.of(("w",), step=[0, 1], loss=[4, 1], params=[[2], [1]]),
...           History.of(("w",), step=[1, 2], loss=[1, 0.25], params=[[1], [0.5]])]
>>> for block in status_lines(2)(blocks):
...     pass
step         0  loss            4  w            2
step         2  loss         0.25  w          0.5
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import IO

from downslope.errors import RequestError
from downslope.history import History
from downslope.pictures.scene import plain
from downslope.report.numbers import count, number

Watcher = Callable[[Iterable[History]], Iterator[History]]
MOST_PARAMETERS = 4
PATIENCE = 1.0
"""Seconds that a run may take before it shows a bar."""


def say(text: str, stream: IO[str], end: str = "\n") -> None:
    """Print a text; what the stream's encoding cannot hold is shown as an escape, and raises nothing."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write((text + end).encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def status_lines(every: int, stream: IO[str] | None = None, *, gradients: bool = False) -> Watcher:
    """A line for every so many steps, and one for the last: step, loss and the first few parameters.

    Args:   every: 20 prints steps 0, 20, 40, …; stream: where to, standard output if left out; gradients: print the
            slope along each parameter as well.
    Raises: RequestError if `every` is not a positive whole number.
    """
    if every < 1:
        raise RequestError(f"every is {every}; it must be a positive whole number of steps")
    out = stream or sys.stdout

    def watch(blocks: Iterable[History]) -> Iterator[History]:
        printed, last = -1, None
        for block in blocks:
            for row in range(len(block)):
                # the first row of a block is the last one of the block before
                if block.step[row] > printed and block.step[row] % every == 0:
                    say(_line(block, row, gradients), out)
                    printed = int(block.step[row])
            last = block
            yield block
        if last is not None and len(last) and last.step[-1] > printed:
            say(_line(last, len(last) - 1, gradients), out)

    return watch


def bar(total: int | None, stream: IO[str] | None = None) -> Watcher:
    """A bar that shows only if the run takes longer than a second and the stream is a terminal, and then goes away.

    Args:   total: steps that will be taken; None if nobody knows; stream: where to, standard error if left out.
    """
    out = stream or sys.stderr

    def watch(blocks: Iterable[History]) -> Iterator[History]:
        if not out.isatty():
            yield from blocks
            return
        began, advance = time.monotonic(), None
        with ExitStack() as shown:
            for block in blocks:
                if advance is None and time.monotonic() - began > PATIENCE:
                    advance = _open_bar(shown, total, out)
                if advance is not None and len(block):
                    advance(int(block.step[-1]), float(block.loss[-1]))
                yield block

    return watch


def _open_bar(shown: ExitStack, total: int | None, stream: IO[str]) -> Callable[[int, float], None]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    progress = shown.enter_context(Progress(*columns, console=Console(file=stream), transient=True))
    task = progress.add_task("", total=total)

    def advance(step: int, loss: float) -> None:
        of = f" of {count(total)}" if total is not None else ""
        progress.update(task, completed=step, description=f"step {count(step)}{of}  loss {number(loss)}")

    return advance


def _line(history: History, row: int, gradients: bool) -> str:
    parts = [f"step {history.step[row]:>9}", f"loss {number(history.loss[row]):>12}"]
    for place, name in enumerate(history.parameters[:MOST_PARAMETERS]):
        name = plain(name, 12)
        parts.append(f"{name} {number(history.params[row, place]):>12}")
        if gradients:
            parts.append(f"d/d{name} {number(history.gradient[row, place]):>12}")
    rest = len(history.parameters) - MOST_PARAMETERS
    return "  ".join([*parts, f"… {rest} more"] if rest > 0 else parts)

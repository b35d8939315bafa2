"""Recording: the blocks of a descent on their way to the history and to whoever watches. Part of the conductor."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from downslope.descent import Block
from downslope.errors import RequestError
from downslope.history import History, Recorder, Run
from downslope.posing import check_start
from downslope.problem import Problem
from downslope.report import bar, status_lines
from downslope.report.numbers import count
from downslope.strategy import Strategy

Progress = bool | int | Callable[[Iterator[History]], Iterable[History]]


class Recorded:
    """Records each block, then hands on its history, which is all that a watcher sees."""

    latest: Block | None = None
    changed = False
    """Whether the loss at the last step of an earlier run was not seen again to the last digit."""

    def __init__(self, blocks: Iterator[Block], recorder: Recorder, problem: Problem) -> None:
        self._blocks, self._recorder, self._problem = blocks, recorder, problem

    def __iter__(self) -> Iterator[History]:
        for block in self._blocks:
            if self.latest is None:
                check_start(self._problem, block.history)
                self.changed = _check_same(self._recorder, block.history)
            self._recorder.add(block.history)
            self.latest = block
            yield block.history

    def said(self, before: Run | None) -> tuple[str, ...]:
        """What is to be said of a run that finishes another one."""
        if before is None or before.unfinished is None:
            return ()
        said = f"cut short at step {count(before.steps)}, and gone on with from there"
        if self.changed:
            said += "; the loss there is not the same to the last digit as it was: another machine, or other packages"
        return (said,)

    def first(self) -> Block:
        """The first block, taken now."""
        next(iter(self))
        latest = self.latest
        if latest is None:
            raise RuntimeError("a descent gives at least one block")
        return latest


def _check_same(before: Recorder, block: History) -> bool:
    """A run that goes on must see what it saw last; a Python function given to `load` may be another one.

    Returns: whether it does so but for some digits.
    """
    last = before.history()
    if block.batch_size is not None or not len(last) or last.step[-1] != block.step[0]:
        return False  # of batches, the last row need not be of the batch that comes next
    same = np.isclose(last.loss[-1], block.loss[0], rtol=1e-6, atol=0, equal_nan=True)
    if not same:
        raise RequestError(
            f"this is not the model of the run: at its last point it had the loss {last.loss[-1]:.6g}, and now "
            f"{block.loss[0]:.6g}"
        )
    return not np.array_equal(last.loss[-1:], block.loss[:1], equal_nan=True)


def watched(blocks: Iterable[History], progress: Progress, strategy: Strategy) -> Iterable[History]:
    """The blocks, seen by whoever watches."""
    if callable(progress):
        return progress(iter(blocks)) or ()
    if not isinstance(progress, bool | int):
        raise RequestError(f"progress is {progress!r:.60}; give True, a number of steps, or a function of an iterator")
    if progress is True:
        return bar(strategy.steps)(iter(blocks))
    return status_lines(int(progress))(iter(blocks)) if progress else blocks

"""History: what a descent saw, as plain NumPy columns, one row per kept step."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

MOST_ROWS = 10_000
MOST_NUMBERS = 4_000_000
"""Rows times parameters that are kept: 32 MB for the path and as much for the gradients."""


@dataclass(frozen=True, eq=False)
class History:
    """Row k is the state after k steps: row 0 is the start, N steps make N + 1 rows.

    Columns, m rows and p parameters:
        step            (m,) int64; consecutive until more than 10,000 rows, then thinned evenly
        loss            (m,) the objective at this point, in the units of the loss
        gradient_norm   (m,) length of the gradient at this point
        rate            (m,) learning rate of the step taken from here; nan in the last row, where none was taken
        step_norm       (m,) length of that step
        landing         (m,) where the step that led here landed: the slope along it at its end over the slope at its
                        start. 1: no progress; 0: the floor of the valley; negative: across the valley; below -1:
                        higher than before. On a parabola of curvature c it is 1 - rate * c. nan in row 0
        params          (m, p) the parameters at this point
        gradient        (m, p) the gradient at this point

    With `batch_size`, loss and gradient of a row are those of the batch of that step, not of all the data.

    >>> History.of(("w",), step=[0, 1], loss=[4.0, 1.0], params=[[2.0], [1.0]]).best
    1
    """

    parameters: tuple[str, ...]
    step: np.ndarray
    loss: np.ndarray
    rate: np.ndarray
    gradient_norm: np.ndarray
    step_norm: np.ndarray
    landing: np.ndarray
    params: np.ndarray
    gradient: np.ndarray
    batch_size: int | None = None

    @classmethod
    def of(cls, parameters: tuple[str, ...], *, batch_size: int | None = None, **columns: Any) -> "History":
        """A History from the columns that are known; the others are nan."""
        step = np.asarray(columns.pop("step"), dtype=np.int64)
        known = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
        shapes = {"params": (step.size, len(parameters)), "gradient": (step.size, len(parameters))}
        for name in COLUMNS[1:]:
            known.setdefault(name, np.full(shapes.get(name, step.shape), np.nan))
        return cls(parameters, step, batch_size=batch_size, **known)

    @property
    def columns(self) -> Mapping[str, np.ndarray]:
        """The columns by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    def __len__(self) -> int:
        return len(self.step)

    @cached_property
    def best(self) -> int:
        """Row with the smallest finite loss at finite parameters; 0 if there is none."""
        usable = np.where(self.finite, self.loss, np.inf)
        return int(np.argmin(usable)) if len(self) else 0

    @cached_property
    def finite(self) -> np.ndarray:
        """(m,) whether loss and parameters of the row are finite numbers."""
        return np.isfinite(self.loss) & np.isfinite(self.params).all(axis=1)

    def path(self, parameter: str) -> np.ndarray:
        """(m,) the values that one parameter took.

        Raises: ValueError for a name that is no parameter.
        """
        return self.params[:, self.parameters.index(parameter)]

    def rows(self, chosen: np.ndarray | slice) -> "History":
        """Some of the rows."""
        kept: dict[str, Any] = {name: values[chosen] for name, values in self.columns.items()}
        return replace(self, **kept)


COLUMNS = tuple(entry.name for entry in fields(History) if entry.name not in ("parameters", "batch_size"))


def row_limit(parameters: int) -> int:
    """How many rows are kept for a model of so many parameters."""
    return max(100, min(MOST_ROWS, MOST_NUMBERS // max(1, parameters)))


def spacing(parameters: int, steps: int) -> int:
    """Of how many steps one is kept, besides the first, the last and the best, of a run of so many.

    >>> spacing(2, 5000), spacing(2, 30_000)
    (1, 4)
    """
    each = 1
    while -(-steps // each) > max(8, row_limit(parameters)) - 3:
        each *= 2
    return each


class Recorder:
    """Collects the blocks of a descent in bounded memory, evenly spaced in steps however many there are.

    Kept are the first row, the last, the best, and every row whose step is a multiple of the spacing, which doubles
    each time the rows become too many.

    >>> recorder = Recorder(("w",))
    >>> for start in range(0, 30_000, 1000):
    ...     step = np.arange(start, start + 1001)
    ...     recorder.add(History.of(("w",), step=step, loss=1.0 / (1 + step), params=step[:, None]))
    >>> history = recorder.history()
    >>> len(history) <= 10_000, int(history.step[0]), int(history.step[1]), int(history.step[-1])
    (True, 0, 4, 30000)
    """

    def __init__(self, parameters: tuple[str, ...], before: History | None = None) -> None:
        self._parameters = parameters
        self._most = max(8, row_limit(len(parameters)))
        self._spacing, self._rows = 1, 0
        self._kept: list[History] = []
        self._ends: dict[str, History] = {}
        self._only: History | None = None
        if before is not None:
            self.add(before)

    def add(self, block: History) -> None:
        """Take a block whose first row follows, or repeats with its step, the last row so far."""
        if len(block) > 3:  # go on at the spacing that it was thinned to
            apart = int(np.median(np.diff(block.step)))
            self._spacing = max(self._spacing, 1 << (max(1, apart).bit_length() - 1))
        self._ends.setdefault("first", block.rows(slice(0, 1)))
        if self._ends["first"].step[0] == block.step[0]:
            self._ends["first"] = block.rows(slice(0, 1))
        if "best" in self._ends and self._ends["best"].step[0] == block.step[0]:
            self._ends["best"] = block.rows(slice(0, 1))  # now with the step that was taken from it
        best = block.rows(slice(block.best, block.best + 1))
        if "best" not in self._ends or (best.finite[0] and not self._ends["best"].loss[0] <= best.loss[0]):
            self._ends["best"] = best
        self._ends["last"] = block.rows(slice(-1, None))
        self._only = block if not self._kept and len(block) <= self._most else None
        self._keep(block.rows(slice(0, -1)))
        while self._rows > self._most - 3:
            self._spacing *= 2
            spaced, self._kept, self._rows = self._kept, [], 0
            for history in spaced:
                self._keep(history)

    def __len__(self) -> int:
        return self._rows + len(self._ends)

    def _keep(self, history: History) -> None:
        if self._spacing > 1:
            history = history.rows(history.step % self._spacing == 0)
        self._kept.append(history)
        self._rows += len(history)

    def history(self) -> History:
        """All that was kept, in the order of steps."""
        if not self._kept:
            return History.of(self._parameters, step=[], loss=[])
        if self._only is not None:
            return self._only
        parts = [*self._kept, *self._ends.values()]
        joined: dict[str, Any] = {name: np.concatenate([part.columns[name] for part in parts]) for name in COLUMNS}
        everything = replace(parts[-1], **joined)
        # of a step seen twice, such as the best one, the first seen is the one that also has what came after it
        _, places = np.unique(everything.step, return_index=True)
        return everything.rows(places)

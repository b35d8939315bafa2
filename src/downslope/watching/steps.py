"""Steps: the points at which a loop computed its loss, as History wants them.

What the loop does not tell is deduced from what it did: the learning rate from the way each step went, and whether all
losses are of one function (all rows, nothing random) or each of another one (batches, dropout).
"""

from typing import Any

import numpy as np

from downslope.history import History, Recorder

MOST_PARAMETERS = 10_000
"""Of larger models only loss, length of the gradient and rate are kept."""
MOST_BUFFERED = 200_000
BROKEN = 0.15
"""Share of the steps that may break the rule below in a loop on one function: at most 0.03 of them did in seven kinds
of loops on all rows, and 0.7 and more in loops on batches of 1 to 16 rows."""
CLOSE = 1e-3
"""A step is along the gradient if no more than this share of it goes elsewhere, rounding apart."""


class Steps:
    """Rows are written in place, since a small model's whole step takes 0.1 ms: open a row, then fill it.

    Row k of the buffers: loss, params (p,), gradient (p,) of the loss at this point, norm of the gradient, and rate,
    nan if unknown. `used` holds, for rows where it is something else, what the loop had for its gradient there (p,).
    epsilon: the rounding of the parameters' type.

    >>> steps = Steps(("w",))
    >>> for w in (1.0, 0.8, 0.64):  # on w² at rate 0.1
    ...     row = steps.open()
    ...     steps.loss[row], steps.params[row], steps.gradient[row] = w * w, w, 2 * w
    >>> history = steps.history()
    >>> history.rate[0].round(9), history.landing[1].round(9), steps.along_the_gradient, steps.one_function
    (np.float64(0.1), np.float64(0.8), True, True)
    """

    def __init__(self, parameters: tuple[str, ...], epsilon: float = 2.0**-52) -> None:
        self.parameters, self.epsilon = parameters, epsilon
        self.size = max(8, min(1000, MOST_BUFFERED // max(1, len(parameters))))
        self.loss, self.rate, self.norm = (np.full(self.size, np.nan) for _ in range(3))
        self.params, self.gradient = (np.full((self.size, len(parameters)), np.nan) for _ in range(2))
        self.used: dict[int, np.ndarray] = {}
        self.row, self.before = -1, 0
        self._recorder = Recorder(parameters)
        self.gradient_from_steps = False
        """Whether each step is known to be the gradient times the rate, and the gradient is asked for."""
        self._landing = np.nan
        self._moves = self._along = self._judged = self._jumps = 0

    def __len__(self) -> int:
        """Rows so far."""
        return self.before + self.row + 1

    def open(self) -> int:
        """The place of a new row in the buffers."""
        if self.row + 1 == self.size:
            self._flush()
        self.row += 1
        self.rate[self.row] = np.nan
        return self.row

    def used_at(self, row: int) -> np.ndarray:
        """What the loop had for its gradient there."""
        return self.used.get(row, self.gradient[row])

    @property
    def along_the_gradient(self) -> bool:
        """Whether each step, but for a few, was the gradient times a rate: plain descent."""
        return self._moves > 0 and self._along >= 0.99 * self._moves

    @property
    def one_function(self) -> bool:
        """Whether the losses can be those of one function.

        The mean slope of a smooth function along a step lies between its slopes at both ends, as long as the slope
        only rises or only falls there. Batches break that, as they lift and lower the loss beside the step.
        """
        return self._jumps <= BROKEN * self._judged

    def history(self) -> History:
        """All rows so far."""
        if self.row >= 0:
            self._flush()
        history = self._recorder.history()
        if self.one_function:
            return history
        # where a step lands is told by two slopes of one function; these are of two
        columns: dict[str, Any] = dict(history.columns) | {"landing": np.full(len(history), np.nan)}
        return History(self.parameters, **columns)

    def _flush(self) -> None:
        """Hand the rows on; the last one stays, as the first of what follows."""
        count = self.row + 1
        with np.errstate(all="ignore"):
            block = self._block(count)
        self._recorder.add(block)
        self.before += count - 1
        for values in (self.loss, self.rate, self.params, self.gradient, self.norm):
            values[0] = values[count - 1]
        self.used = {0: self.used[count - 1]} if count - 1 in self.used else {}
        self._landing = float(block.landing[-1])
        self.row = 0

    def _block(self, count: int) -> History:
        """The first rows of the buffers, with what follows from them."""
        loss, params, gradient = (values[:count].copy() for values in (self.loss, self.params, self.gradient))
        rate, norm = self.rate[:count].copy(), self.norm[:count].copy()
        columns: dict[str, Any] = {"step": self.before + np.arange(count), "loss": loss, "rate": rate}
        columns |= {"params": params, "gradient": gradient, "gradient_norm": norm}
        if not self.parameters:
            rate[-1] = np.nan
            return History.of((), **columns)
        columns["gradient_norm"] = np.sqrt((gradient**2).sum(axis=1))
        move = np.diff(params, axis=0)
        length = np.sqrt((move**2).sum(axis=1))
        if self.gradient_from_steps:
            gradient[:-1] = -move / rate[:-1, None]
            columns["gradient_norm"][:-1] = length / rate[:-1]
        used = gradient.copy()
        for row, values in self.used.items():
            used[row] = values
        self._deduce(rate, move, length, params[:-1], used[:-1])
        start, end = (gradient[:-1] * move).sum(axis=1), (gradient[1:] * move).sum(axis=1)
        self._judge(loss, start, end)
        rate[-1] = np.nan
        return History.of(
            self.parameters,
            **columns,
            step_norm=np.append(length, np.nan),
            landing=np.append(self._landing, end / start),
        )

    def _deduce(
        self, rate: np.ndarray, move: np.ndarray, length: np.ndarray, params: np.ndarray, used: np.ndarray
    ) -> None:
        """Rates that the loop did not tell, from the steps, and how many steps were along the gradient."""
        squared = (used**2).sum(axis=1)
        seen = -(move * used).sum(axis=1) / squared
        told = np.where(np.isfinite(rate[:-1]), rate[:-1], seen)
        beside = np.sqrt(((move + told[:, None] * used) ** 2).sum(axis=1))
        rounding = 8 * self.epsilon * np.sqrt((params**2).sum(axis=1))
        # a step that is lost in rounding says nothing
        clear = np.isfinite(beside) & (length > 100 * rounding)
        along = clear & (beside <= CLOSE * length + rounding) & (told > 0)
        rate[:-1] = np.where(np.isfinite(rate[:-1]), rate[:-1], np.where(along, seen, np.nan))
        self._moves += int(clear.sum())
        self._along += int(along.sum())

    def _judge(self, loss: np.ndarray, start: np.ndarray, end: np.ndarray) -> None:
        """How often the loss changed by more than the slopes along the step allow."""
        change, low, high = np.diff(loss), np.minimum(start, end), np.maximum(start, end)
        slack = (high - low) + 16 * self.epsilon * (np.abs(loss[:-1]) + np.abs(loss[1:]))
        known = np.isfinite(change) & np.isfinite(slack)
        self._judged += int(known.sum())
        self._jumps += int((known & ((change < low - slack) | (change > high + slack))).sum())

"""The user's function called with plain numbers, no point twice."""

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

MOST_KEPT = 1 << 22
"""Numbers kept of earlier calls, or those of one Jacobian by differences if they are more."""

_tickets = count(1)
_open: WeakValueDictionary[int, "Evaluations"] = WeakValueDictionary()


class Evaluations:
    """f and jac on all of xdata.

    Where f cannot compute (a negative logarithm, a division by zero) it has no number; any other exception is kept in
    `raised`, for the call comes from inside compiled code, through which an exception does not travel whole.

    Attributes:
        ticket      a number by which compiled code, which can only carry numbers, finds them again: `of`
        whiten      (m, m), by which residuals are multiplied, or None
        rows        m, once it is known
    """

    __slots__ = (
        "__weakref__",
        "_function",
        "_seen",
        "_transposed",
        "_xdata",
        "calls",
        "jacobian",
        "raised",
        "rows",
        "ticket",
        "whiten",
    )

    def __init__(
        self, function: Callable[..., Any], jacobian: Callable[..., Any] | None, xdata: Any, transposed: bool = False
    ) -> None:
        self._function, self.jacobian, self._xdata, self._transposed = function, jacobian, xdata, transposed
        self._seen: OrderedDict[tuple[bool, bytes], np.ndarray] = OrderedDict()
        self.calls = 0
        self.raised: BaseException | None = None
        self.whiten: np.ndarray | None = None
        self.rows = 0
        self.ticket = next(_tickets)
        _open[self.ticket] = self

    @staticmethod
    def of(ticket: float) -> "Evaluations":
        """Those with this ticket."""
        return _open[int(ticket)]

    def values(self, params: np.ndarray) -> np.ndarray:
        """What f gives at these parameters (p,), as it gives it.

        >>> seen = Evaluations(lambda x, a: a * x, None, np.arange(3.0))
        >>> seen.values(np.array([2.0])), seen.values(np.array([2.0])), seen.calls
        (array([0., 2., 4.]), array([0., 2., 4.]), 1)
        """
        return self._remembered(params, slopes=False)

    def slopes(self, params: np.ndarray) -> np.ndarray:
        """What jac gives there, (m, p)."""
        return self._remembered(params, slopes=True)

    def tried(self, params: np.ndarray, *, slopes: bool = False) -> np.ndarray:
        """Values (m,) or slopes (m, p), whitened, from inside compiled code; nan where f has no number."""
        shape = (self.rows, params.size) if slopes else (self.rows,)
        try:
            with np.errstate(all="ignore"):  # points that are only tried
                full = np.broadcast_to(self._remembered(params, slopes=slopes), shape)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            full = np.full(shape, np.nan)
        except BaseException as error:
            self.raised = self.raised or error
            full = np.full(shape, np.nan)
        return full if self.whiten is None else self.whiten @ full

    def _remembered(self, params: np.ndarray, *, slopes: bool) -> np.ndarray:
        key = (slopes, params.tobytes())
        if key not in self._seen:
            self._seen[key] = self._slopes(params) if slopes else self._values(params)
            most = min(256, MOST_KEPT // max(self.rows, 1))
            if len(self._seen) > max(most, 2 * params.size + 4):
                self._seen.popitem(last=False)
        return self._seen[key]

    def _values(self, params: np.ndarray) -> np.ndarray:
        self.calls += 1
        return np.asarray(self._function(self._xdata, *params), dtype=float)

    def _slopes(self, params: np.ndarray) -> np.ndarray:
        if self.jacobian is None:
            raise TypeError("there is no jac")
        answer = np.asarray(self.jacobian(self._xdata, *params), dtype=float)
        return answer.T if self._transposed else answer

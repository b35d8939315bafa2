"""What curve_fit gives back, made from a Fit: SciPy's values, and a warning where the fit is not to be trusted."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import qr
from scipy.optimize import OptimizeWarning

import downslope as ds
from downslope.scipy_api.request import Request

UNKNOWN = "Covariance of the parameters could not be estimated"
STEP = float(np.finfo(float).eps ** (1 / 3))


@dataclass(frozen=True, eq=False)
class Outcome:
    """SciPy's answer. Shapes: popt (p,), pcov (p, p), residuals (m,)."""

    popt: np.ndarray
    pcov: np.ndarray
    residuals: np.ndarray
    message: str
    ier: int
    doubt: str
    request: Request
    calls: int

    def warn(self, stacklevel: int) -> None:
        """Say what is doubted, if anything is."""
        if self.doubt:
            warnings.warn(self.doubt, category=OptimizeWarning, stacklevel=stacklevel)

    def information(self) -> dict[str, Any]:
        """SciPy's infodict: nfev and fvec; for the method 'lm' also fjac, ipvt and qtf of the last Jacobian."""
        known: dict[str, Any] = {"nfev": self.calls, "fvec": self.residuals}
        if self.request.method == "lm":
            jacobian = self._jacobian()
            turn, triangle, order = qr(jacobian, mode="economic", pivoting=True)
            columns = np.zeros(jacobian.shape)
            columns[: triangle.shape[0]] = triangle
            known |= {"fjac": columns.T, "ipvt": order.astype(np.int32) + 1, "qtf": turn.T @ self.residuals}
        return known

    def _jacobian(self) -> np.ndarray:
        """Of the residuals at popt, (m, p): from jac, or by central differences."""
        request, rows = self.request, self.residuals.size
        nothing = request.residuals(np.zeros(rows))

        def weighed(values: np.ndarray) -> np.ndarray:
            return request.residuals(values) - nothing

        if request.seen.jacobian is not None:
            return np.column_stack([weighed(slope) for slope in request.seen.slopes(self.popt).T])
        columns = []
        for place, value in enumerate(self.popt):
            ends = np.stack([self.popt, self.popt])
            ends[:, place] += STEP * (abs(value) or 1.0) * np.array([1.0, -1.0])
            above, below = (weighed(request.seen.values(end)) for end in ends)
            columns.append((above - below) / (ends[0, place] - ends[1, place]))
        return np.column_stack(columns)


def found(request: Request, answer: ds.Fit, values: np.ndarray) -> Outcome:
    """SciPy's answer from a Fit and the values of f there.

    Raises: RuntimeError if nothing was found within the calls allowed, or no number; KeyboardInterrupt if the user
        interrupted the search.
    """
    stopped = answer.stopped
    if stopped == "interrupted":
        raise KeyboardInterrupt
    if stopped.startswith("all"):
        asked = request.most_calls
        why = "The maximum number of function evaluations is exceeded."
        if request.method == "lm" and asked is not None:
            why = f"Number of calls to function has reached maxfev = {asked}."
        raise RuntimeError(f"Optimal parameters not found: {why}")
    popt = np.array([answer.params[name] for name in request.names])
    if stopped == "not finite" or not np.isfinite(popt).all() or not np.isfinite(answer.loss):
        raise RuntimeError(f"Optimal parameters not found: {'; '.join(answer.reasons)}")
    pcov = np.broadcast_to(np.asarray(answer.covariance, dtype=float), (popt.size, popt.size)).copy()
    reasons = "; ".join(answer.reasons)
    doubt = ""
    if not np.isfinite(pcov).all():
        pcov = np.full(pcov.shape, np.inf)
        doubt = f"{UNKNOWN}: {reasons}" if answer.state == "untrusted" else UNKNOWN
    elif answer.state == "untrusted":
        doubt = f"downslope does not trust this fit: {reasons}"
    calls = request.seen.calls if request.seen.calls > 2 else int(answer.history.step[-1]) + 1
    return Outcome(popt, pcov, request.residuals(values), f"{answer.state}: {reasons}", 1, doubt, request, calls)

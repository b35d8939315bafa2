"""How far an answer can be trusted, as plain values: what the probes measured at the end of a fit.

The Hessian is measured in the *Gauss-Newton metric*: in coordinates u = R (params - answer), where RᵀR is the
Gauss-Newton curvature of the objective. There it is the unit matrix for a linear model, whatever the units of data
and parameters, and its smallest eigenvalue is positive exactly at a strict minimum.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Assumption = Literal["exact", "convex", "local"]
MOST_DIGITS = 15.9
"""What a double holds."""


@dataclass(frozen=True)
class Certificate:
    """How close to a minimum a fit stopped.

    gap         loss still to gain, at most: the Newton decrement and what rounding can hide
    distance    to the minimum, in standard errors of the parameter that is farthest away; nan where there are none
    digits      correct digits of each parameter, 0 to 15.9
    assumption  exact: least squares of a linear model; convex: no other minimum exists; local: others may exist
    lowest      smallest eigenvalue of the Hessian in the Gauss-Newton metric; no minimum where it is not positive
    tried       starts from which the minimum was looked for, `agreed` of which ended at this one
    second      loss of the second-best minimum that was met, None if there was no other
    """

    gap: float
    distance: float
    digits: tuple[float, ...]
    assumption: Assumption
    lowest: float
    tried: int = 1
    agreed: int = 1
    second: float | None = None

    @property
    def sure(self) -> int:
        """Correct digits that every parameter has, of those of which it is known."""
        return int(min((each for each in self.digits if np.isfinite(each)), default=0.0))


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Covariance of the parameters at the answer.

    covariance    (p, p); infinite for a parameter that the data do not determine, 0 for one that was fixed
    by_squares    whether it is that of least squares, and the noise has one size
    kind          how it was computed, in words: "JᵀJ, size of the noise from the residuals"
    freedom       rows that count, less the parameters fitted
    undetermined  what the data cannot tell, in words
    resting       parameter -> "lower" or "upper": on its bound, so that its error is one-sided
    """

    covariance: np.ndarray
    kind: str
    freedom: int
    undetermined: tuple[str, ...] = ()
    resting: Mapping[str, str] = field(default_factory=dict)
    by_squares: bool = False

    @property
    def errors(self) -> np.ndarray:
        """Standard errors, (p,)."""
        return np.sqrt(np.diagonal(self.covariance))

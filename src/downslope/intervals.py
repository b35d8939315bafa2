"""Intervals: between what limits the parameters lie, and how certain a prediction is, from the errors of an answer.

Three ways: from the covariance, which takes the loss for a parabola; from its profile, which follows it as it is; and
from fits of rows drawn anew. JAX is imported by those that compute.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from downslope.errors import RequestError, UnknownName
from downslope.history import Run, Uncertainty
from downslope.report.interval_table import interval_table

if TYPE_CHECKING:
    from downslope.problem import Problem
    from downslope.result import Fit

Method = Literal["covariance", "profile", "bootstrap"]
METHODS = ("covariance", "profile", "bootstrap")
APART = 0.2
"""Share of the covariance's half-width by which the profile's may differ before it is said."""
CENTRED = 1e-6
"""Distance from the minimum, in standard errors, up to which a profile starts from the answer itself."""


@dataclass(frozen=True, eq=False)
class Intervals(Mapping[str, tuple[float, float]]):
    """Parameter -> (low, high); infinite where the data set no limit, one number where it is fixed.

    level     the share of such intervals that hold the true value
    method    covariance, profile or bootstrap
    notes     what is to be known of single ones
    disagree  parameters whose profile is more than 20 % wider or narrower, on one side, than the covariance says
    """

    limits: Mapping[str, tuple[float, float]]
    level: float
    method: Method
    notes: tuple[str, ...] = ()
    disagree: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> tuple[float, float]:
        if name not in self.limits:
            raise KeyError(name)
        return self.limits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.limits)

    def __len__(self) -> int:
        return len(self.limits)

    def said(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        limits = {name: list(pair) for name, pair in self.limits.items()}
        return {
            "method": self.method,
            "level": self.level,
            "parameters": limits,
            "notes": list(self.notes),
            "disagree": list(self.disagree),
        }

    def __str__(self) -> str:
        return interval_table(self.limits, self.level, self.method, self.notes)

    def __repr__(self) -> str:
        return f"<Intervals by {self.method}, level {self.level:g}: {dict(self.limits)}>"


def intervals(fit: "Fit", level: float, method: str, repeats: int, seed: int) -> Intervals:
    """`Fit.intervals`."""
    check_level(level)
    if method not in METHODS:
        raise UnknownName("method", str(method), METHODS)
    if method == "bootstrap":
        from downslope.bootstrapping import bootstrap

        return bootstrap(fit, repeats, seed).intervals(level)
    known = errors_known(fit.run)
    plain = _by_covariance(fit.run, known, level)
    if method == "covariance":
        return plain
    from downslope.profiling import by_profile

    return by_profile(fit, posed(fit, "a profile"), known, plain)


def _by_covariance(run: Run, known: Uncertainty, level: float) -> Intervals:
    """The value ± quantile times error, inside its bounds."""
    reach = quantile(run, known, level) * known.errors
    ends = np.stack([run.params - reach, run.params + reach], axis=1)
    notes = list(known.undetermined)
    for place, name in enumerate(run.parameters):
        if name in run.plan.fixed:
            ends[place] = run.params[place]
        low, high = (np.nan if limit is None else limit for limit in run.plan.bounds.get(name, (None, None)))
        resting = known.resting.get(name)
        if resting is not None:
            ends[place, int(resting == "upper")] = run.params[place]
            notes.append(f"{name} rests on its {resting} bound: one-sided")
        for side, limit, beyond in (("lower", low, ends[place, 0] < low), ("upper", high, ends[place, 1] > high)):
            if beyond and side != resting:
                ends[place, int(side == "upper")] = limit
                notes.append(f"{name} is cut off at its {side} bound")
    if np.isnan(ends).any():
        notes.append("no row is left over to tell the size of the noise")
    return Intervals(by_name(run.parameters, ends), level, "covariance", tuple(notes))


def errors_known(run: Run) -> Uncertainty:
    """What is known of the errors.

    Raises: RequestError with the reason, if that is nothing.
    """
    if run.uncertainty is not None:
        return run.uncertainty
    raise RequestError(f"this answer has no errors: {_why_none(run)}")


def _why_none(run: Run) -> str:
    plan = run.plan
    if run.state == "certified":
        return "its residuals tell nothing of the noise"
    reason = run.reasons[0] if run.reasons else "it is not known to be a minimum"
    own = plan.optimizer != "auto" or plan.learning_rate is not None or plan.batch_size is not None
    limited = own or plan.steps is not None or plan.epochs is not None
    return f"{reason}. Without optimizer, rate and steps, fit goes to the minimum by itself" if limited else reason


def check_level(level: Any) -> None:
    """Refuse what is no level.

    Raises: RequestError.
    """
    if isinstance(level, bool) or not isinstance(level, int | float | np.number) or not 0 < level < 1:
        raise RequestError(f"level is {level!r:.40}; it must be between 0 and 1, such as 0.95")


def quantile(run: Run, known: Uncertainty, level: float) -> float:
    """Half the width of an interval in errors: of Student's t, or of the normal distribution where the size of the
    noise is known; nan if no row is left over.
    """
    from scipy.special import ndtri, stdtrit

    if run.plan.sigma_is == "absolute" and known.by_squares:
        return float(ndtri(0.5 + level / 2))
    return float(stdtrit(known.freedom, 0.5 + level / 2)) if known.freedom > 0 else float("nan")


def posed(fit: "Fit", what: str) -> "Problem":
    """The problem of a fit, or of a saved run from the data that it kept.

    Raises: RequestError if it kept none, or has a loss with kinks, which lanes do not solve.
    """
    loss = fit.run.plan.loss
    if isinstance(loss, str) and loss.startswith(("mae", "quantile")):
        raise RequestError(f"{what} needs a smooth loss, and {loss} has kinks; ask for method='covariance'")
    if fit.problem is not None:
        if fit.problem.everywhere is not None:
            raise RequestError(
                f"{what} needs all rows in memory, and only {fit.problem.target.size:,} of {fit.run.rows:,} are. With "
                "so many rows the covariance says the same: ask for method='covariance'"
            )
        return fit.problem
    if fit.run.columns is None:
        raise RequestError(
            f"{what} needs the data, and those of this run were too large to keep ({fit.run.source}). Fit them again, "
            "or ask for method='covariance'"
        )
    from downslope.arrays import double_precision
    from downslope.posing import pose_again

    with double_precision():
        return pose_again(fit.run, fit.spec, fit.plan)


def searching_for(problem: "Problem") -> Any:
    """The rule by which lanes find the minimum of a problem."""
    from downslope.descent.rules import searching

    loss = problem.objective.loss
    return searching("levenberg-marquardt" if loss.curved else "newton", loss.least_squares)


def by_name(parameters: tuple[str, ...], ends: np.ndarray) -> dict[str, tuple[float, float]]:
    return {name: (float(low), float(high)) for name, (low, high) in zip(parameters, ends, strict=True)}

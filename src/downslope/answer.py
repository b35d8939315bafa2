"""Answer: a Run as one asks for it. Opens and explains itself without JAX."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.diagnosis import Finding, examine
from downslope.history import Certificate, Curvature, Readings, Run, State
from downslope.plan import Plan
from downslope.shown_history import ShownHistory

if TYPE_CHECKING:
    from downslope.problem import Problem
    from downslope.repair import Repair


class Answer:
    """What a Run holds, by the names under which it is asked for; what has to be measured for it is measured then."""

    def __init__(self, run: Run, problem: "Problem | None" = None, model: Any = None) -> None:
        self.run = run
        self.problem = problem
        self._model = model
        self._findings: tuple[Finding, ...] | None = None
        self._told: tuple[Run, tuple[Finding, ...]] | None = None
        self._history: ShownHistory | None = None
        self.repaired: Repair | None = None

    @property
    def params(self) -> Mapping[str, float]:
        """Parameter -> value."""
        return self.run.values

    @property
    def errors(self) -> Mapping[str, float]:
        """Parameter -> standard error: infinite where the data do not determine it, 0 where it is fixed, nan where
        there is none. `run.uncertainty.kind` says how they were computed.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x + b", {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.1, 4.9, 7.0]})
        >>> {name: round(error, 4) for name, error in fit.errors.items()}
        {'w': 0.0424, 'b': 0.0794}
        """
        known = self.run.uncertainty
        errors = known.errors if known is not None else np.full(len(self.run.parameters), np.nan)
        named = dict(zip(self.run.parameters, map(float, errors), strict=True))
        return named | dict.fromkeys(self.plan.fixed, 0.0)

    @property
    def covariance(self) -> np.ndarray:
        """Of the parameters, (p, p), in their order; nan where there is none."""
        if self.run.uncertainty is None:
            return np.full((len(self.run.parameters),) * 2, np.nan)
        return self.run.uncertainty.covariance.copy()

    @property
    def correlation(self) -> np.ndarray:
        """Of the parameters, (p, p), -1 to 1; nan with a parameter that is fixed or undetermined."""
        covariance = self.covariance
        with np.errstate(all="ignore"):
            errors = np.sqrt(np.diagonal(covariance))
            errors = np.where(np.isfinite(errors) & (errors > 0), errors, np.nan)
            found = np.clip(covariance / np.outer(errors, errors), -1.0, 1.0)
        np.fill_diagonal(found, np.where(np.isnan(errors), np.nan, 1.0))
        return found

    @property
    def certificate(self) -> Certificate | None:
        """How far the answer is from the minimum; None where that could not be measured."""
        return self.run.certificate

    @property
    def loss(self) -> float:
        """The objective at `params`, over all rows."""
        return self.run.loss

    @property
    def state(self) -> State:
        """How far the answer can be trusted."""
        return self.run.state

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it has that state."""
        return self.run.reasons

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen, and why; what was done to the data."""
        return self.run.notes

    @property
    def stopped(self) -> str:
        """Why the descent ended."""
        return self.run.stopped

    @property
    def history(self) -> ShownHistory:
        """Every kept step; `plot()` draws the loss."""
        if self._history is None or self._history.step is not self.run.history.step:
            self._history = ShownHistory.showing(self.run.history)
        return self._history

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return self.run.plan

    @property
    def truth(self) -> Mapping[str, float] | None:
        """The parameters that made the data, where they are known."""
        return self.run.truth

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Symptoms of a descent that went wrong, the cause first; none if it is healthy.

        The first call measures what the steps alone do not show: see `readings`.
        """
        if self._findings is None:
            self._findings = examine(self.measured)
        return self._findings

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings as far as they are known without measuring anything."""
        if self._findings is not None:
            return self._findings
        if self._told is None or self._told[0] is not self.run:
            self._told = self.run, examine(self.run)
        return self._told[1]

    @property
    def readings(self) -> Readings:
        """What was measured of the run beside its steps: curvature on the way, the lowest loss known, the pace."""
        return self.measured.taken

    @property
    def curvature(self) -> Curvature | None:
        """Largest and smallest curvature of the objective at some steps of the way, and the steepest and the flattest
        direction at its end, in what the descent worked in. None for losses with kinks and many parameters.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x + b", {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.1, 4.9, 7.0]})
        >>> float(fit.curvature.highest[-1].round(3)), fit.curvature.spectrum.round(3)
        (8.405, array([0.595, 8.405]))
        """
        return self.readings.curvature

    @property
    def measured(self) -> Run:
        """The run with its readings, which are taken now if they can be and have not been; not of one that somebody
        stopped, who is waiting.
        """
        if self.run.readings is None and self.problem is not None and self.run.stopped != "interrupted":
            from downslope.measuring import take

            self.run = replace(self.run, readings=take(self.problem, self.run))
        return self.run

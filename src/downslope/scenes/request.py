"""What a picture is asked for."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from downslope.diagnosis import Finding
from downslope.errors import RequestError
from downslope.history import History, Run
from downslope.model import Model
from downslope.pictures.thinning import frames

if TYPE_CHECKING:
    from downslope.result import Fit

CURVE_POINTS = 200
QUICK_POINTS = 120


@dataclass(frozen=True, eq=False)
class Request:
    """A fit and what its picture shall be.

    asked   parameters by name, none if the picture is to choose
    frames  of a curve that moves, at most
    quick   for a redraw at each move of a slider: nothing is measured for it that is not known already, and what lies
            under the steps is computed at fewer points
    """

    fit: "Fit"
    asked: tuple[str, ...] = ()
    frames: int = 60
    quick: bool = False

    @property
    def run(self) -> Run:
        """The run as it is known already."""
        return self.fit.run

    @property
    def history(self) -> History:
        """Every kept step."""
        return self.fit.run.history

    @cached_property
    def measured(self) -> Run:
        """The run with all that can be measured of it, or, if it is to be quick, with what has been."""
        return self.fit.run if self.quick else self.fit.measured

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Its symptoms; if it is to be quick, those that are told from what is known."""
        return self.fit.told if self.quick else self.fit.findings

    @property
    def curve_points(self) -> int:
        """Points along a curve."""
        return QUICK_POINTS if self.quick else CURVE_POINTS

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """The data that the model reads, (n,) each.

        Raises: RequestError if they were not kept, or for a loop that was watched.
        """
        return {name: self.table[name] for name in self.model.columns}

    @cached_property
    def model(self) -> Model:
        """The model, bound to its columns."""
        return self.fit.model

    @cached_property
    def table(self) -> dict[str, np.ndarray]:
        """All columns of the data."""
        columns = self.fit.problem.table.columns if self.fit.problem is not None else self.run.columns
        if columns is None:
            raise RequestError("the data of this run were too large to keep; the picture needs them")
        return dict(columns)

    @cached_property
    def target(self) -> np.ndarray:
        """What is predicted, (n,)."""
        model = self.model
        return model.target(self.table) if model.target is not None else self.table[self.run.target]

    @cached_property
    def only_column(self) -> str | None:
        """The column of a model that reads one."""
        return self.model.columns[0] if len(self.model.columns) == 1 else None

    @cached_property
    def shown_rows(self) -> np.ndarray:
        """Rows of the history at which a moving curve is drawn: with the best, and those where known findings begin."""
        history = self.history
        good = np.flatnonzero(history.finite & (np.abs(history.params) < 1e300).all(axis=1))
        wanted = [history.best, *np.searchsorted(history.step, [finding.first_step for finding in self.fit.told])]
        return good[frames(good.size, self.frames, np.flatnonzero(np.isin(good, wanted)).tolist())]

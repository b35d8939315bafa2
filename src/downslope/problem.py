"""Problem: what is to be fitted to what, as all that follow need it. Made by `posing`."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from downslope.data import Table
from downslope.data.holding_out import HeldOut
from downslope.descent import Straight
from downslope.descent.factor import descended
from downslope.everywhere import Everywhere, Source
from downslope.factoring import condensed, holds
from downslope.model import Model, Restriction
from downslope.model.linear import Design, Rescaling, design
from downslope.model.linearity import can_be_read, linear_in
from downslope.objective import Objective, Rows, pack
from downslope.objective.rows import BLOCK
from downslope.objective.shards import Piece, Shards, SumsWork, in_memory
from downslope.probe import Looker, look, look_large, look_straight, losses_at

MANY_ROWS = 16_384
"""Rows beyond which a look at all of them is taken by chunks, on all cores."""
QUANTILES = 33
"""Constants among which the best is taken, where no formula gives it."""
ENOUGH = 5e-5
"""Standard errors by which the answer to so many rows may miss the minimum."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be fitted to what; `spec` is the model as it can be bound again, to other data.

    Rows of weight 0 and those held out are left out; `counted` are the places in the table of those that are not, None
    if all count.
    Shapes: target and weight (n,); spread one number or (n,); start (p,), of all parameters. `objective`,
    `inner_columns`, `lower` and `upper` (q,) are of what the descent works in: the free parameters, on scaled columns
    if `rescaling` is there.
    """

    model: Model
    spec: Any
    table: Table
    target_name: str
    target: np.ndarray
    objective: Objective
    inner_columns: Mapping[str, np.ndarray]
    weight: np.ndarray | None
    spread: np.ndarray | float
    start: np.ndarray
    restriction: Restriction
    lower: np.ndarray
    upper: np.ndarray
    rescaling: Rescaling | None
    truth: Mapping[str, float] | None
    notes: tuple[str, ...]
    absolute: bool = False
    """Whether the spread of the rows is their true standard deviation."""
    tied: bool = False
    """Whether some parameters follow others."""
    counted: np.ndarray | None = None
    held_out: HeldOut | None = None
    everywhere: Everywhere | None = None
    """All rows, where those that are here were drawn of them."""

    def from_start(self, start: np.ndarray) -> "Problem":
        """The same problem from another start (p,); what was found out about it is kept, as none of it depends on
        that.
        """
        other = copy(self)
        object.__setattr__(other, "start", start)
        return other

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the parameters that the descent moves."""
        return self.restriction.model.parameters

    @property
    def bounded(self) -> bool:
        """Whether a parameter has a bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    @property
    def constants(self) -> Mapping[str, np.ndarray]:
        """What the model of the free parameters reads beside the data, (1,) each."""
        return {name: np.array([value]) for name, value in self.restriction.constants.items()}

    @property
    def columns(self) -> Mapping[str, np.ndarray]:
        """The data that the model reads, (n,) each, in the user's columns."""
        return {name: self.of_counted(self.table[name]) for name in self.model.columns}

    @property
    def numbers(self) -> np.ndarray:
        """Of the rows that count, as the user counts the rows of the table: from 1, (n,)."""
        if self.everywhere is not None:
            return self.everywhere.numbers if self.counted is None else self.everywhere.numbers[self.counted]
        return 1 + (np.arange(self.target.size) if self.counted is None else self.counted)

    def of_counted(self, values: np.ndarray) -> np.ndarray:
        """Of a column of the table, the rows that count."""
        return values if self.counted is None else values[self.counted]

    @cached_property
    def rows(self) -> Rows:
        """All rows, in the columns that the descent works in, as its programs take them."""
        return pack(self.inner_columns, self.target, self.weight, self.spread, self.constants)

    def some_rows(self, count: int, seed: int) -> Rows:
        """So many rows, drawn without replacement, in the columns that the descent works in."""
        chosen = np.sort(np.random.default_rng(seed).choice(self.target.size, count, replace=False))
        columns = {name: values[chosen] for name, values in self.inner_columns.items()}
        weight = None if self.weight is None else self.weight[chosen]
        spread = self.spread[chosen] if isinstance(self.spread, np.ndarray) else self.spread
        return pack(columns, self.target[chosen], weight, spread, self.constants)

    @cached_property
    def users_rows(self) -> Rows:
        """The same with the user's own columns."""
        if self.rescaling is None:
            return self.rows
        return pack(self.columns, self.target, self.weight, self.spread, self.constants)

    @cached_property
    def linear(self) -> tuple[int, ...]:
        """Places, among the free parameters, of those that enter linearly together."""
        model = self.restriction.model
        found = linear_in(model, {**self.columns, **self.constants}, self.tied)
        if len(found) == len(model.parameters) and not self.read and not self.straight_on_all:
            return ()  # what a few trials took for linear is not so on all rows
        return found

    @property
    def read(self) -> bool:
        """Whether the formula itself tells what is linear."""
        return can_be_read(self.restriction.model, self.tied)

    @cached_property
    def design(self) -> Design | None:
        """The design of the free parameters, in the user's columns, held against the predictions of all rows where no
        formula tells that there is one. It is as large as the data: for few rows.
        """
        return design(self.restriction.model, {**self.columns, **self.constants}, linear=self.read)

    @property
    def straight_on_all(self) -> bool:
        """Whether a model of which no formula tells it has a design on all rows."""
        if self.everywhere is not None:
            return self.everywhere.triangle is not None
        return holds(self) if self.many else self.design is not None

    @cached_property
    def floor(self) -> float:
        """The loss of predictions that meet every row."""
        lowest = self.objective.loss.lowest
        return 0.0 if lowest is None else float(np.mean(self.weights * lowest(self.target)))

    @cached_property
    def level(self) -> float:
        """Loss of the best constant prediction, a size to measure losses by: among the mean and quantiles of the
        target, or, for log-odds, those of their mean. Of a target that is constant, what rounding leaves of it.
        """
        target, spread, loss = self.target / self.spread, self.spread, self.objective.loss
        mean = float(np.average(self.target, weights=self.weights))
        if loss.least_squares:  # by hand: nothing is to be compiled for it
            rounding = np.finfo(float).eps * float(np.mean(self.weights * target**2))
            return max(float(np.mean(self.weights * (target - mean / spread) ** 2)), rounding)
        constants = [mean, *np.quantile(self.target, np.linspace(0, 1, QUANTILES))]
        if loss.key == "logistic":
            share = float(np.clip(mean, 1e-9, 1 - 1e-9))
            constants = [float(np.log(share / (1 - share)))]
        with np.errstate(all="ignore"):
            rows = [loss.of(constant / spread + 0.0 * target, target) for constant in constants]
            losses = [float(np.mean(self.weights * row)) for row in rows]
        return min((each for each in losses if np.isfinite(each)), default=float("nan"))

    @property
    def convex(self) -> bool:
        """Whether there is one minimum only."""
        return len(self.linear) == len(self.free) and self.objective.loss.convex

    @cached_property
    def straight(self) -> Straight | None:
        """The same as a linear least-squares problem of the free parameters, in the user's columns; None if it is
        none. Of many rows it has as few as hold them all.
        """
        return self.factor if self.many else self.by_row

    @cached_property
    def by_row(self) -> Straight | None:
        """The same with a row for each of the data, however many they are."""
        if not self._least_squares:
            return None
        found = self.design
        if found is None:
            return None
        root = np.sqrt(self.weights) / self.spread
        return Straight(found.matrix * root[:, None], (self.target - found.offset) * root, self.total_weight)

    @cached_property
    def factor(self) -> Straight | None:
        """The same in as few rows as there are parameters and one more, where the data have many."""
        if not self.many or not self._least_squares:
            return None
        if self.everywhere is None:
            return condensed(self)
        triangle = self.everywhere.triangle
        return None if triangle is None else Straight(triangle[:, :-1], triangle[:, -1], self.total_weight)

    @property
    def _least_squares(self) -> bool:
        """Whether it is a linear least-squares problem, as far as the model tells."""
        return self.objective.loss.least_squares and len(self.linear) == len(self.free)

    @cached_property
    def factor_rows(self) -> tuple[Objective, Rows]:
        """The factor as a descent takes it, in the parameters that it works in."""
        if self.factor is None or self.inner_straight is None:
            raise ValueError("this problem has no factor")
        return descended(self.inner_straight)

    @property
    def inner_straight(self) -> Straight | None:
        """The linear least-squares problem in the parameters that the descent works in; None if it is none."""
        if self.straight is None or self.rescaling is None:
            return self.straight
        matrix, right, weight = self.straight
        return Straight(matrix @ self.rescaling.turn, right - matrix @ self.rescaling.shift, weight)

    @property
    def stepped(self) -> tuple[Objective, Rows]:
        """What a step over all rows sees of them, in what the descent works in: the factor where there is one, else the
        rows that are here.
        """
        return (self.objective, self.rows) if self.factor is None else self.factor_rows

    def losses(self, points: np.ndarray) -> np.ndarray:
        """The loss over all rows at points (m, q) of what the descent works in; for rows elsewhere a pass each."""
        if self.everywhere is None or self.factor is not None:
            return losses_at(self.stepped[0], points, self.stepped[1])
        free = points if self.rescaling is None else self.rescaling.back(points)
        sums = [self.shards.total(SumsWork(self.objective, self.constants, point)).mean() for point in free]
        return np.array([float(each.loss) for each in sums])

    @property
    def here(self) -> Piece:
        """The rows that are in memory, in the user's columns: all, or those that were drawn of them."""
        return Piece(self.columns, self.target, self.weight, self.spread)

    @property
    def shards(self) -> Shards:
        """All rows, in the user's columns, as they are looked at by chunks."""
        return in_memory(self.here) if self.everywhere is None else self.everywhere.shards

    @cached_property
    def look(self) -> Looker:
        """A careful look at any point of the free parameters, in the user's columns, by means that fit the problem."""
        if self.straight is not None:
            return look_straight.looker(self.straight)
        if self.many:
            mean = 1.0 if self.everywhere is None else self.everywhere.weight / self.everywhere.rows
            return look_large.looker(self.objective, self.shards, self.constants, self.some_rows(BLOCK, 0), mean)
        return partial(look, self.objective, rows=self.users_rows)

    @property
    def many(self) -> bool:
        """Whether there are so many rows that all of them are looked at as seldom as can be."""
        return self.size > MANY_ROWS

    @property
    def fingerprint(self) -> str:
        """Data of different fingerprints are different."""
        return self.table.fingerprint() if self.everywhere is None else self.everywhere.fingerprint

    def kept_columns(self, most: int) -> Mapping[str, np.ndarray] | None:
        """The data, if they are no more than so many numbers, and all here."""
        few = self.everywhere is None and self.table.rows * len(self.table.columns) <= most
        return self.table.columns if few else None

    @property
    def source(self) -> Table | Source:
        """The data, as they can be posed anew."""
        return self.table if self.everywhere is None else self.everywhere.stream

    @property
    def size(self) -> int:
        """How many rows count, here or elsewhere."""
        return self.target.size if self.everywhere is None else self.everywhere.rows

    @property
    def enough(self) -> float:
        """By what share of the residuals' length the answer may miss the minimum, to spare a look at all rows."""
        return ENOUGH / np.sqrt(self.size) if self.many else 0.0

    @property
    def weights(self) -> np.ndarray:
        """How much each row counts, (n,)."""
        return np.ones(self.target.size) if self.weight is None else self.weight

    @property
    def total_weight(self) -> float:
        """Of all rows."""
        if self.everywhere is not None:
            return self.everywhere.weight
        return float(self.target.size if self.weight is None else self.weight.sum())

    def inner(self, points: np.ndarray) -> np.ndarray:
        """Points (m, p) of the user's parameters as those (m, q) that the descent works with."""
        free = points[:, list(self.restriction.free)]
        return free if self.rescaling is None else np.array([self.rescaling.forward(point) for point in free])

    def outer(self, points: np.ndarray) -> np.ndarray:
        """The way back, (m, q) to (m, p)."""
        free = points if self.rescaling is None else self.rescaling.back(points)
        return free if self.model is self.restriction.model else self.restriction.full(free)

    def outer_slope(self, gradient: np.ndarray) -> np.ndarray:
        """Slopes (m, q) by what the descent works with, as slopes (m, p) by the user's parameters; 0 by fixed and tied
        ones.
        """
        free = gradient if self.rescaling is None else self.rescaling.gradient_back(gradient)
        if self.model is self.restriction.model:
            return free
        full = np.zeros((len(free), len(self.model.parameters)))
        full[:, list(self.restriction.free)] = free
        return full

"""Where the fits of many groups begin: the candidates of `starts`, drawn from the rows of each group at once.

The same numbers are drawn for all groups; what they mean, a size or a row, is looked up in each group's own data. So a
group has the same candidates whichever others are fitted beside it.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from downslope.model.evaluate import evaluate
from downslope.model.formula import Formula
from downslope.model.tree import names
from downslope.model.units import Place, places, units
from downslope.probe.starts import BY_PLACE, POSITIVE, SPREAD, TINY, even_points

MOST_TURNS = 512
"""Frequencies that are asked of each group."""


def propose_for_groups(
    formula: Formula | None,
    parameters: Sequence[str],
    columns: Mapping[str, np.ndarray],
    target: np.ndarray,
    lengths: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    count: int,
    seed: int,
) -> np.ndarray:
    """Candidates for the parameters that are not linear, (count, q, L); the first is 1 for all, inside the bounds.

    Args:   as for `propose`; columns and target: (n, L), rows beyond a group's length (L,) are copies of its first.

    >>> from downslope.model.formula import read_formula
    >>> x, far = np.linspace(0, 1, 50)[:, None] * np.array([1.0, 1e-6]), np.array([np.inf])
    >>> whole = np.array([50, 50])
    >>> found = propose_for_groups(
    ...     read_formula("y = a*exp(-b*x)"), ["b"], {"x": x}, np.exp(-3 * x), whole, -far, far, 100, 0
    ... )
    >>> found.shape, [bool(1 < np.median(found[:, 0, 0]) < 10), bool(1e6 < np.median(found[:, 0, 1]) < 1e7)]
    ((100, 1, 2), [True, True])
    """
    draw = _Draw(parameters, columns, target, lengths, count, seed)
    with np.errstate(all="ignore"):
        if formula is None:
            draw.blind()
        else:
            draw.by_unit(formula)
            draw.by_place(formula)
        found = draw.found
        found[0] = 1.0
        found[~np.isfinite(found)] = 1.0
        return _inside(found, lower, upper, draw.generator)


SHARP = 3.0
SPIKES = ((False, 1.0), (True, -1.0), (False, -1.0), (True, 1.0))
"""Ends of the data, and signs, of the sharpest candidates; their numbers are 1 to 4."""


class _Draw:
    """The random numbers, and the rows of each group that they are looked up in."""

    def __init__(
        self,
        parameters: Sequence[str],
        columns: Mapping[str, np.ndarray],
        target: np.ndarray,
        lengths: np.ndarray,
        count: int,
        seed: int,
    ) -> None:
        self.generator = np.random.default_rng(seed)
        self.parameters, self.count, self.lengths = tuple(parameters), count, lengths
        self.data, self.target = dict(columns), target
        self.even = even_points(count, 2 * len(self.parameters), self.generator)
        self.found = np.ones((count, len(self.parameters), target.shape[1]))
        self.columns: dict[str, str] = {}
        self.real = np.arange(len(target))[:, None] < lengths

    def uniform(self) -> np.ndarray:
        return self.generator.random((self.count, 1))

    def size(self, parameter: int) -> np.ndarray:
        """A factor around one, evenly spread over the candidates, with its sign, (count, 1)."""
        even = np.clip(self.even[:, 2 * parameter], 1e-6, 1 - 1e-6)
        sign = np.where(self.even[:, 2 * parameter + 1] < POSITIVE, 1.0, -1.0)
        return (sign * (even / (1 - even)) ** SPREAD)[:, None]

    def rows(self, several: int = 1) -> np.ndarray:
        """Numbers of rows, (several · count, L)."""
        return (self.generator.random((several * self.count, 1)) * self.lengths).astype(np.int64)

    def at(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Values (n, L) at rows (m, L) of each group, (m, L)."""
        return np.ravel(values)[rows * values.shape[1] + np.arange(values.shape[1])]

    def scale(self, values: np.ndarray) -> np.ndarray:
        """The size of a column: how far two rows are apart, or how far a row is from zero."""
        one, other = self.at(values, self.rows()), self.at(values, self.rows())
        found = np.abs(one - np.where(self.uniform() < 1 / 3, 0.0, other))
        usual = np.ptp(values, axis=0)
        usual = np.where(usual > 0, usual, np.abs(values).max(axis=0))
        return np.where(found > 0, found, np.where(usual > 0, usual, 1.0))

    def blind(self) -> None:
        """Powers of the units of all columns, and places in them."""
        known = [*self.data.values(), self.target]
        for k in range(len(self.parameters)):
            which = self.generator.integers(len(known), size=(self.count, 1))
            power = self.generator.integers(-1, 3, size=(self.count, 1))
            scales, somewhere = np.ones((2, self.count, self.target.shape[1]))
            rows = self.rows()
            for place, values in enumerate(known):
                scales = np.where(which == place, self.scale(values), scales)
                somewhere = np.where(which == place, self.at(values, rows), somewhere)
            self.found[:, k] = np.where(self.uniform() < 0.25, somewhere, self.size(k) * scales**power)

    def by_unit(self, formula: Formula) -> None:
        """Of the size that the unit suggests."""
        for each in names(formula.right):
            column = None if each.name in self.parameters else self._column(each.name)
            if column is not None:
                self.columns[each.name] = column
        known = units(formula, tuple(self.columns))
        series = [*(self.data[column] for column in self.columns.values()), self.target]
        for k, name in enumerate(self.parameters):
            self.found[:, k] = self.size(k)
            for values, power in zip(series, known.get(name, np.zeros(len(series))), strict=True):
                if power:
                    self.found[:, k] *= self.scale(values) ** power

    def _column(self, name: str) -> str | None:
        if name in self.data:
            return name
        return next((column for column in self.data if unicodedata.normalize("NFKC", column) == name), None)

    def by_place(self, formula: Formula) -> None:
        """Replace most of them by what the places of the parameters suggest."""
        at = {name: k for k, name in enumerate(self.parameters)}
        for place in places(formula, tuple(self.columns)):
            involved = {name.name for node in (place.node, place.base) if node is not None for name in names(node)}
            if place.name not in at or not involved <= at.keys() | self.columns.keys():
                continue
            k = at[place.name]
            value = RULES[place.kind](self, place, k)
            good = np.isfinite(value) & (np.abs(value) > TINY) & (np.abs(value) < 1 / TINY)
            self.found[:, k] = np.where(good & (self.uniform() < BY_PLACE), value, self.found[:, k])
            if place.kind in ("factor", "exponent"):
                self.sharpest(place, k)

    def at_rows(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {name: self.at(self.data[column], rows) for name, column in self.columns.items()}

    def values(self, place: Place, columns: Mapping[str, np.ndarray], own: float) -> np.ndarray:
        """A place's node on these values of the columns, with every candidate's parameters, and `own` for its own."""
        values = {name: self.found[:, k] for k, name in enumerate(self.parameters)} | dict(columns)
        values[place.name] = np.full((1, 1), own)
        answer = evaluate(place.node, values)
        if place.base is not None:
            answer = answer * np.log(np.abs(evaluate(place.base, values)))
        return np.broadcast_to(answer, np.broadcast_shapes(np.shape(answer), self.found[:, 0].shape))

    def factor(self, place: Place, k: int) -> np.ndarray:
        """Its term changes by about one between two rows."""
        one, other = (self.values(place, self.at_rows(self.rows()), 1.0) for _ in range(2))
        return self.size(k) * np.abs(one - other) ** (-1 / place.power)

    def sharpest(self, place: Place, k: int) -> None:
        """Some candidates whose term is over within the first two rows or the last two: among noisy rows such a spike
        may be the lowest of all, and a fit that is not it would be trusted wrongly.
        """
        column = next((self.columns[name.name] for name in names(place.node) if name.name in self.columns), None)
        if column is None or self.count < 4 * len(SPIKES):
            return
        order = np.argsort(np.where(self.real, self.data[column], np.inf), axis=0, kind="stable")
        last = self.lengths - 1
        for number, (from_end, sign) in enumerate(SPIKES, start=1):
            pair = (last, (last - 1).clip(min=0)) if from_end else (0 * last, np.minimum(1, last))
            rows = [np.take_along_axis(order, place_of[None], axis=0) for place_of in pair]
            one, other = (self.values(place, self.at_rows(row), 1.0)[number] for row in rows)
            value = sign * SHARP * np.abs(one - other) ** (-1 / place.power)
            self.found[number, k] = np.where(np.isfinite(value), value, self.found[number, k])

    def base(self, place: Place, k: int) -> np.ndarray:
        """parameter**node changes by a factor of about e between two rows."""
        return np.exp(self.factor(place, k))

    def zero(self, place: Place, k: int) -> np.ndarray:
        """The sum vanishes at a row, or between two rows; rows where something happens are preferred."""
        eventful, rows = self.uniform() < 0.5, self.rows()
        there = self._drawn(self.events(place))
        share = np.where(eventful, 0.0, self.uniform())
        near, far = self.at_rows(np.where(eventful, there, rows)), self.at_rows(self.rows())
        between = {name: value + share * (far[name] - value) for name, value in near.items()}
        rest = self.values(place, between, 0.0)
        return -rest / (self.values(place, between, 1.0) - rest)

    def _drawn(self, weight: np.ndarray) -> np.ndarray:
        """A place for each candidate, (count, L), drawn by weight (m, L); the first where there is none."""
        total = np.cumsum(np.where(np.isfinite(weight), weight, 0.0), axis=0)
        return np.stack([np.sum(total <= share * total[-1], axis=0) for share in self.uniform()]).clip(
            max=len(weight) - 1
        )

    def events(self, place: Place) -> np.ndarray:
        """How far each row's target is from the mean of its neighbours, squared: large at peaks, steps and bends."""
        column = next((self.columns[name.name] for name in names(place.node) if name.name in self.columns), None)
        if column is None:
            return np.zeros_like(self.target)
        order = np.argsort(np.where(self.real, self.data[column], np.inf), axis=0, kind="stable")
        target = np.where(self.real, np.take_along_axis(self.target, order, axis=0), 0.0)
        at = np.arange(len(target))[:, None]
        half = np.minimum(np.minimum(at, self.lengths - 1 - at), np.maximum(self.lengths // 8, 1)).clip(min=0)
        total = np.concatenate([np.zeros((1, target.shape[1])), np.cumsum(target, axis=0)])
        mean = (self.at(total, at + half + 1) - self.at(total, at - half)) / (2 * half + 1)
        away = np.empty_like(target)
        np.put_along_axis(away, order, np.where(at < self.lengths, (target - mean) ** 2, 0.0), axis=0)
        return away

    def clear(self, place: Place, k: int) -> np.ndarray:
        """The sum is closest to zero at one end of the data, and not zero there."""
        first = self.at_rows(self.rows())
        low = high = self.values(place, first, 0.0)
        slope = self.values(place, first, 1.0) - low
        for _ in range(15):
            rest = self.values(place, self.at_rows(self.rows()), 0.0)
            low, high = np.minimum(low, rest), np.maximum(high, rest)
        away = self.size(k)
        return np.where(away > 0, -low, -high) / slope + away * (high - low) / np.abs(slope)

    def wave(self, place: Place, k: int) -> np.ndarray:
        """A frequency of the data's spectrum, or any up to the highest that the spacing of the rows can tell."""
        slow = self.factor(place, k)
        own = {name.name for name in names(place.node)} - self.columns.keys() - {place.name}
        values = {name: self.data[column] for name, column in self.columns.items()}
        phase = evaluate(place.node, values | {name: np.float64(0.0) for name in own} | {place.name: np.float64(1.0)})
        if np.shape(phase) != self.target.shape or not np.isfinite(phase).all():
            return slow
        step, power = self._spectrum(phase)
        inner = power[1:-1]
        top = np.where((inner >= power[:-2]) & (inner >= power[2:]), inner**2, 0.0)
        angular = (self._drawn(top) + 1 + self.uniform() - 0.5) * step
        kind = self.uniform()
        angular = np.where(kind < 0.15, self.uniform() * (len(power) - 1) * step, angular)
        return np.where(kind > 0.85, slow, np.abs(angular) ** (1 / place.power))

    def _spectrum(self, phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The step of angular frequency (L,), and the amplitude at each multiple of it (m, L)."""
        lengths, real = self.lengths, self.real
        low, span = phase.min(axis=0), np.ptp(phase, axis=0)
        span = np.where(span > 0, span, 1.0)

        def centred(values: np.ndarray) -> np.ndarray:
            return np.where(real, values - np.sum(np.where(real, values, 0.0), axis=0) / lengths, 0.0)

        target, tilt = centred(self.target), centred((phase - low) / span)
        square = np.sum(tilt * tilt, axis=0)
        target = target - tilt * np.sum(tilt * target, axis=0) / np.where(square > 0, square, 1.0)
        step = np.pi * (lengths - 1).clip(min=1) / lengths / span
        turn = np.exp(1j * step * (phase - low))
        at, power = target.astype(complex), []
        for _ in range(max(3, min(len(phase), MOST_TURNS)) + 1):
            power.append(np.abs(at.sum(axis=0)))
            at = at * turn
        return step, np.stack(power)


RULES: dict[str, Callable[[_Draw, Place, int], np.ndarray]] = {
    "factor": _Draw.factor,
    "wave": _Draw.wave,
    "exponent": _Draw.factor,
    "base": _Draw.base,
    "zero": _Draw.zero,
    "clear": _Draw.clear,
}


def _inside(found: np.ndarray, lower: np.ndarray, upper: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Candidates outside of their bounds put inside: with the other sign, mirrored at a bound, or anywhere between."""
    if not (np.isfinite(lower).any() or np.isfinite(upper).any()):
        return found
    low, high = lower[:, None], upper[:, None]

    def out(points: np.ndarray) -> np.ndarray:
        return (points < low) | (points > high)

    found = np.where(out(found) & ~out(-found), -found, found)
    mirrored = np.where(found < low, 2 * low - found, 2 * high - found)
    found = np.where(out(found), mirrored, found)
    anywhere = low + generator.random((*found.shape[:2], 1)) * (high - low)
    found = np.where(out(found) & np.isfinite(anywhere), anywhere, found)
    return np.clip(found, low, high)

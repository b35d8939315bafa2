"""Where a fit begins when nobody said so: many candidates, of the size that the data and the formula suggest.

Nothing is optimised here. Whoever asks computes the loss of every candidate, with the linear parameters solved for,
refines the best (see `pick`) and keeps the lowest minimum.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from downslope.model.evaluate import evaluate
from downslope.model.formula import Formula
from downslope.model.tree import names
from downslope.model.units import Place, places, units

MOST_ROWS = 1024
"""More rows than these say no more about the size of a column."""
SPREAD = 0.5
"""Of sizes around the expected one: the scale of a logistic distribution of their logarithm. Half of them lie within a
factor of 1.7, 1 in 10 beyond 4.4, 2 in 1000 beyond 32; what is expected already spreads as the data do."""
POSITIVE = 0.75
"""Share of positive parameters: people write the sign that they expect."""
BY_PLACE = 0.7
"""Share of candidates that follow a parameter's place in the formula, where it has one; the rest its unit."""
MOST_WAVE_ROWS = 1 << 15
"""The same for a frequency; rows taken at random still tell it, only more faintly."""
PEAKS = 12
UNEVEN = 0.1
"""Spread of the gaps between rows, as a share of their mean, from which they are not evenly spaced."""
MOST_ASKED, MOST_UNEVEN, MOST_TURNS = 10, 512, 1_000_000
"""How far beyond half a cycle a row uneven rows are asked, how many of them, and how often in all."""
MOST_EVEN = 16
"""Dimensions up to which evenly spread points are better than random ones."""
TINY = 1e-300

Values = dict[str, np.ndarray]


def propose(
    formula: Formula | None,
    parameters: Sequence[str],
    columns: Mapping[str, np.ndarray],
    target: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    count: int,
    seed: int,
) -> np.ndarray:
    """Candidates for the parameters that are not linear, (count, q); the first is 1 for all, moved into the bounds.

    Args:   formula: None for a model that is a function: then nothing is known but the columns.
            parameters: q names. columns: (n,) each; what is no row-long column is ignored. target: (n,).
            lower, upper: (q,), infinite where there is no bound; every candidate lies within.
            seed: the same seed gives the same candidates.
    Returns: a set that follows the units: with a column times k, candidates of the unit of that column are times k.

    >>> from downslope.model.formula import read_formula
    >>> x, far = np.linspace(0, 1e-6, 50), np.array([np.inf])
    >>> found = propose(read_formula("y = a*exp(-b*x)"), ["b"], {"x": x}, np.exp(-3e6 * x), -far, far, 100, 0)
    >>> found.shape, bool(1e6 < np.median(found) < 1e7)
    ((100, 1), True)
    """
    draw = _Draw(parameters, columns, target, count, seed)
    with np.errstate(all="ignore"):
        if formula is None:
            found = draw.blind()
        else:
            found = draw.by_unit(formula)
            draw.by_place(formula, found)
        found[0] = 1.0
        found[~np.isfinite(found)] = 1.0
        return _inside(found, np.asarray(lower, float), np.asarray(upper, float), draw.generator)


def pick(candidates: np.ndarray, losses: np.ndarray, keep: int) -> np.ndarray:
    """Places of the candidates to refine: those of the lowest losses, best first.

    Keeping apart what lies close together was tried and found fewer minima: a good valley deserves several tries.

    Args:   candidates: (count, q). losses: (count,), nan or inf where the model gives no number.
    Returns: (at most keep,) indexes.
    """
    order = np.argsort(losses, kind="stable")
    return order[np.isfinite(losses[order])][:keep]


class _Draw:
    """The random numbers and the rows that one set of candidates is drawn from."""

    def __init__(
        self, parameters: Sequence[str], columns: Mapping[str, np.ndarray], target: np.ndarray, count: int, seed: int
    ) -> None:
        self.generator = np.random.default_rng(seed)
        self.parameters, self.count = tuple(parameters), count
        self.all = {
            name: np.asarray(values, float) for name, values in columns.items() if np.shape(values) == target.shape
        }
        self.target = np.asarray(target, float)
        self.few, self.few_target = self.some(MOST_ROWS)
        self.even = even_points(count, 2 * len(self.parameters), self.generator)

    def some(self, most: int) -> tuple[Values, np.ndarray]:
        """Columns and target at all rows, or at this many of them."""
        if self.target.size <= most:
            return self.all, self.target
        rows = np.sort(self.generator.integers(self.target.size, size=most))
        return {name: values[rows] for name, values in self.all.items()}, self.target[rows]

    def uniform(self) -> np.ndarray:
        return self.generator.random(self.count)

    def size(self, parameter: int) -> np.ndarray:
        """A factor around one, evenly spread over the candidates, with its sign."""
        even = np.clip(self.even[:, 2 * parameter], 1e-6, 1 - 1e-6)
        sign = np.where(self.even[:, 2 * parameter + 1] < POSITIVE, 1.0, -1.0)
        return sign * (even / (1 - even)) ** SPREAD

    def scale(self, values: np.ndarray) -> np.ndarray:
        """The size of a column: how far two rows are apart, or how far a row is from zero."""
        one, other = self.generator.integers(values.size, size=(2, self.count))
        from_zero = self.uniform() < 1 / 3
        found = np.abs(values[one] - np.where(from_zero, 0.0, values[other]))
        usual = float(np.ptp(values)) or float(np.abs(values).max()) or 1.0
        return np.where(found > 0, found, usual)

    def blind(self) -> np.ndarray:
        """Powers of the units of all columns, and places in them."""
        known = [*self.few.values(), self.few_target]
        found, each = np.empty((self.count, len(self.parameters))), np.arange(self.count)
        for k in range(len(self.parameters)):
            which = self.generator.integers(len(known), size=self.count)
            power = self.generator.integers(-1, 3, size=self.count)
            scales = np.stack([self.scale(values) for values in known])[which, each]
            rows = self.generator.integers(self.few_target.size, size=self.count)
            found[:, k] = np.where(self.uniform() < 0.25, np.stack(known)[which, rows], self.size(k) * scales**power)
        return found

    def by_unit(self, formula: Formula) -> np.ndarray:
        """Of the size that the unit suggests."""
        read = {name.name: self._column(name.name) for name in names(formula.right) if name.name not in self.parameters}
        self.columns = {name: column for name, column in read.items() if column is not None}
        known = units(formula, tuple(self.columns))
        found = np.empty((self.count, len(self.parameters)))
        series = [*(self.few[column] for column in self.columns.values()), self.few_target]
        for k, name in enumerate(self.parameters):
            found[:, k] = self.size(k)
            for values, power in zip(series, known.get(name, np.zeros(len(series))), strict=True):
                if power:
                    found[:, k] *= self.scale(values) ** power
        return found

    def _column(self, name: str) -> str | None:
        if name in self.few:
            return name
        return next((column for column in self.few if unicodedata.normalize("NFKC", column) == name), None)

    def by_place(self, formula: Formula, found: np.ndarray) -> None:
        """Replace most of them by what the places of the parameters suggest."""
        at = {name: k for k, name in enumerate(self.parameters)}
        for place in places(formula, tuple(self.columns)):
            involved = {name.name for node in (place.node, place.base) if node is not None for name in names(node)}
            if place.name not in at or not involved <= at.keys() | self.columns.keys():
                continue
            k = at[place.name]
            value = RULES[place.kind](self, place, k, found)
            good = np.isfinite(value) & (np.abs(value) > TINY) & (np.abs(value) < 1 / TINY)
            chosen = good & (self.uniform() < BY_PLACE)
            found[chosen, k] = value[chosen]

    def at_rows(self, rows: np.ndarray) -> Values:
        """Every column at one row, or between two, a candidate."""
        return {name: self.few[column][rows] for name, column in self.columns.items()}

    def values(self, place: Place, found: np.ndarray, columns: Values, own: float) -> np.ndarray:
        """A place's node on these values of the columns, with every candidate's parameters, and `own` for its own."""
        values = {name: found[:, k] for k, name in enumerate(self.parameters)} | columns
        values[place.name] = np.full(self.count, own)
        answer = evaluate(place.node, values)
        if place.base is not None:
            answer = answer * np.log(np.abs(evaluate(place.base, values)))
        return np.broadcast_to(answer, np.broadcast_shapes(np.shape(answer), (self.count,)))

    def pair(self) -> np.ndarray:
        return self.generator.integers(self.few_target.size, size=(2, self.count))

    def factor(self, place: Place, k: int, found: np.ndarray) -> np.ndarray:
        """Its term changes by about one between two rows."""
        values = self.values(place, found, self.at_rows(self.pair()), 1.0)
        if values.ndim == 1:
            return np.full(self.count, np.nan)
        return self.size(k) * np.abs(values[0] - values[1]) ** (-1 / place.power)

    def base(self, place: Place, k: int, found: np.ndarray) -> np.ndarray:
        """parameter**node changes by a factor of about e between two rows."""
        return np.exp(self.factor(place, k, found))

    def zero(self, place: Place, k: int, found: np.ndarray) -> np.ndarray:
        """The sum vanishes at a row, or between two rows; rows where something happens are preferred."""
        rows, eventful = self.pair(), self.uniform() < 0.5
        weight = np.cumsum(self.events(place))
        if weight[-1] > 0 and np.isfinite(weight[-1]):
            there = np.searchsorted(weight, self.uniform() * weight[-1], side="right")
            rows[0] = np.where(eventful, np.minimum(there, weight.size - 1), rows[0])
        share = np.where(eventful, 0.0, self.uniform())
        both = self.at_rows(rows)
        between = {name: value[0] + share * (value[1] - value[0]) for name, value in both.items()}
        rest = self.values(place, found, between, 0.0)
        return -rest / (self.values(place, found, between, 1.0) - rest)

    def events(self, place: Place) -> np.ndarray:
        """How far each row's target is from the mean of its neighbours, squared: large at peaks, steps and bends."""
        column = next((self.columns[name.name] for name in names(place.node) if name.name in self.columns), None)
        if column is None:
            return np.zeros(self.few_target.size)
        order = np.argsort(self.few[column], kind="stable")
        size = order.size
        at = np.arange(size)
        half = np.minimum(np.minimum(at, size - 1 - at), max(size // 8, 1))  # even to both sides: a slope is no event
        total = np.concatenate([[0.0], np.cumsum(self.few_target[order])])
        away = np.empty(size)
        away[order] = self.few_target[order] - (total[at + half + 1] - total[at - half]) / (2 * half + 1)
        return away**2

    def clear(self, place: Place, k: int, found: np.ndarray) -> np.ndarray:
        """The sum is closest to zero at one end of the data, and not zero there."""
        values = self.at_rows(self.generator.integers(self.few_target.size, size=(16, self.count)))
        rest = self.values(place, found, values, 0.0)
        if rest.ndim == 1:
            return np.full(self.count, np.nan)
        slope = self.values(place, found, values, 1.0)[0] - rest[0]
        low, high = rest.min(axis=0), rest.max(axis=0)
        away = self.size(k)
        return np.where(away > 0, -low, -high) / slope + away * (high - low) / np.abs(slope)

    def wave(self, place: Place, k: int, found: np.ndarray) -> np.ndarray:
        """A frequency of the data's spectrum, or any up to the highest that the spacing of the rows can tell."""
        slow = self.factor(place, k, found)
        own = {name.name for name in names(place.node)} - self.columns.keys() - {place.name}
        many, target = self.some(MOST_WAVE_ROWS)
        values = {name: many[column] for name, column in self.columns.items()}
        phase = evaluate(place.node, values | {name: np.float64(0.0) for name in own} | {place.name: np.float64(1.0)})
        peaks, strength, highest, width = spectrum(np.asarray(phase, float), target)
        if not peaks.size:
            return slow
        which = np.searchsorted(strength, self.uniform() * strength[-1], side="right").clip(max=peaks.size - 1)
        angular = peaks[which] + (self.uniform() - 0.5) * width / 2
        kind = self.uniform()
        angular = np.where(kind < 0.15, self.uniform() * highest, angular)
        return np.where(kind > 0.85, slow, np.abs(angular) ** (1 / place.power))


RULES: dict[str, Callable[[_Draw, Place, int, np.ndarray], np.ndarray]] = {
    "factor": _Draw.factor,
    "wave": _Draw.wave,
    "exponent": _Draw.factor,
    "base": _Draw.base,
    "zero": _Draw.zero,
    "clear": _Draw.clear,
}


def spectrum(phase: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Where a target swings most: the rows on an even grid, and one fast Fourier transform. Rows that are not evenly
    spaced tell of faster swings too, as those that lie close together do (Lomb 1976): they are asked one by one.

    Returns: angular frequencies, strongest first; their amplitudes summed up; the highest frequency that the rows can
             tell (half a cycle a row, if they are even); the width of a peak. Empty if there is no such thing.
    """
    none = np.empty(0), np.empty(0), 0.0, 0.0
    if phase.shape != target.shape or not np.isfinite(phase).all():
        return none
    low, span = float(phase.min()), float(np.ptp(phase))
    if not span > 0 or target.size < 4:
        return none
    bins = int(2 ** np.ceil(np.log2(2 * target.size)))
    place = np.minimum(((phase - low) / span * (bins - 1) + 0.5).astype(int), bins - 1)
    centred = target - target.mean()
    tilt = (phase - phase.mean()) / span
    centred = centred - tilt * float(tilt @ centred) / float(tilt @ tilt)
    step = np.pi * (bins - 1) / bins / span
    power = np.abs(np.fft.rfft(np.bincount(place, centred, bins), 2 * bins))
    reach = max(2, min(power.size - 1, target.size))  # half a cycle a row: bins of half a cycle over the span
    fastest = _fastest(phase) / step
    faster = int(min(fastest, MOST_ASKED * reach, MOST_TURNS / min(phase.size, MOST_UNEVEN)))
    if faster > reach:
        some, reach = slice(None, None, -(-phase.size // MOST_UNEVEN)), faster
        turns = np.exp(1j * step * np.arange(reach + 1)[:, None] * (phase[some] - low))
        power = np.abs(turns @ centred[some])
    power = power[: reach + 1]
    top = np.flatnonzero((power[1:-1] >= power[:-2]) & (power[1:-1] >= power[2:])) + 1
    top = top[np.argsort(-power[top])][:PEAKS]
    return top * step, np.cumsum(power[top]), reach * step, 2 * step


def _fastest(phase: np.ndarray) -> float:
    """The angular frequency of half a cycle between rows that lie closer together than nine in ten do; 0 if they are
    evenly spaced, where nothing faster can be told from a slower one.
    """
    gaps = np.diff(np.unique(phase))
    if gaps.size < 3 or np.std(gaps) <= UNEVEN * np.mean(gaps):
        return 0.0
    return float(np.pi / np.quantile(gaps, 0.1))


def even_points(count: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
    """(count, dimensions) points that fill the unit cube evenly: multiples of irrational numbers, modulo one.

    Source: M. Roberts, "The unreasonable effectiveness of quasirandom sequences" (2018), the sequence R_d.
    """
    if dimensions > MOST_EVEN:
        return generator.random((count, dimensions))
    root = 1.5
    for _ in range(60):
        root = (1 + root) ** (1 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1)
    return (generator.random(dimensions) + np.arange(count)[:, None] * steps) % 1.0


def _inside(found: np.ndarray, lower: np.ndarray, upper: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Candidates outside of their bounds put inside: with the other sign, mirrored at a bound, or anywhere between."""
    if not (np.isfinite(lower).any() or np.isfinite(upper).any()):
        return found

    def out(points: np.ndarray) -> np.ndarray:
        return (points < lower) | (points > upper)

    found = np.where(out(found) & ~out(-found), -found, found)
    mirrored = np.where(found < lower, 2 * lower - found, 2 * upper - found)
    found = np.where(out(found), mirrored, found)
    anywhere = lower + generator.random(found.shape) * (upper - lower)
    found = np.where(out(found) & np.isfinite(anywhere), anywhere, found)
    return np.clip(found, lower, upper)

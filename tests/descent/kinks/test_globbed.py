"""The minimum over rows that are elsewhere, against the same rows in memory, a linear program of all of them, and sums
by hand.
"""

import math
import pickle
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from downslope.descent.kinks import Kinked, Kinks, Scattered, descend_kinks, descend_scattered, globbed
from downslope.descent.kinks.globs import GlobWork, SmoothWork
from downslope.errors import RequestError
from downslope.objective.shards import Piece

DONE = "nothing left to gain"
CUT = 997


def as_rows(piece):
    return np.vstack([*piece.columns.values(), piece.target])


@dataclass
class Rows:
    """Rows (n, p) of a linear model, cut into pieces, of which `drawn` are here; what each pass brought is recorded."""

    matrix: np.ndarray
    target: np.ndarray
    level: float = 0.5
    weight: np.ndarray | None = None
    spread: Any = 1.0
    lower: Any = None
    upper: Any = None
    drawn: int = 400
    brought: list[Any] = field(default_factory=list)

    def kinked(self, some=slice(None)):
        matrix, params = self.matrix[some], self.matrix.shape[1]
        weight = np.ones(len(self.matrix)) if self.weight is None else self.weight
        return Kinked(
            lambda values: matrix @ values,
            lambda values: matrix,
            self.target[some],
            weight[some],
            self.spread[some] if isinstance(self.spread, np.ndarray) else self.spread,
            self.level,
            2.0 if self.level == 0.5 else 1.0,
            np.full(params, -np.inf) if self.lower is None else np.asarray(self.lower, float),
            np.full(params, np.inf) if self.upper is None else np.asarray(self.upper, float),
            True,
        )

    @property
    def counted(self):
        return np.arange(len(self.matrix)) if self.weight is None else np.flatnonzero(self.weight)

    @property
    def pieces(self):
        for first in range(0, self.counted.size, CUT):
            at = self.counted[first : first + CUT]
            yield Piece(
                {str(place): column[at] for place, column in enumerate(self.matrix.T)},
                self.target[at],
                None if self.weight is None else self.weight[at],
                self.spread[at] if isinstance(self.spread, np.ndarray) else self.spread,
                first,
            )

    def total(self, work):
        first, *others = (work(piece) for piece in self.pieces)
        for other in others:
            first = work.add(first, other)
        self.brought.append(first)
        return first

    @property
    def kinks(self):
        weight = float(len(self.matrix) if self.weight is None else self.weight.sum())
        return Kinks(as_rows, self.level, 2.0 if self.level == 0.5 else 1.0, weight)

    @property
    def scattered(self):
        some = np.sort(np.random.default_rng(7).choice(self.counted, min(self.drawn, self.counted.size), replace=False))
        weight = np.ones(len(self.matrix)) if self.weight is None else self.weight
        rows = self.matrix * np.sqrt(weight)[:, None] / np.reshape(self.spread, (-1, 1))
        triangle = np.linalg.qr(rows, mode="r")
        return Scattered(self.kinks, self.total, triangle, self.counted.size, self.kinked(some))

    def answer(self):
        *_, last = descend_scattered(self.scattered, np.zeros(self.matrix.shape[1]))
        return last.point

    def in_memory(self):
        *_, last = descend_kinks(self.kinked(), np.zeros(self.matrix.shape[1]), 50)
        return last

    def loss(self, params):
        residual = (self.target - self.matrix @ params) / self.spread
        weight = np.ones_like(residual) if self.weight is None else self.weight
        by_row = np.maximum(self.level * residual, (self.level - 1) * residual)
        return (2.0 if self.level == 0.5 else 1.0) * math.fsum(weight * by_row) / math.fsum(weight)

    def lowest(self):
        """The lowest loss, by HiGHS on all rows: residual = over - under."""
        rows, params = self.matrix.shape
        weight = np.ones(rows) if self.weight is None else self.weight
        cost = (2.0 if self.level == 0.5 else 1.0) * weight / weight.sum() / self.spread
        free = [(None, None)] * params
        if self.lower is not None and self.upper is not None:
            free = list(zip(self.lower, self.upper, strict=True))
        found = linprog(
            np.concatenate([np.zeros(params), self.level * cost, (1 - self.level) * cost]),
            A_eq=np.hstack([self.matrix, np.eye(rows), -np.eye(rows)]),
            b_eq=self.target,
            bounds=[*free, *[(0, None)] * (2 * rows)],
        )
        return found.fun


def plain(generator, rows, params):
    matrix = np.column_stack([np.ones(rows), generator.normal(size=(rows, params - 1))])
    return matrix, matrix @ generator.normal(size=params)


def made(kind, seed, rows=4000, params=3, level=0.5):
    """Rows of many kinds, as they come in files."""
    generator = np.random.default_rng(seed)
    matrix, line = plain(generator, rows, params)
    noise = generator.normal(size=rows)
    target = line + noise
    if kind == "sorted by x":
        order = np.argsort(matrix[:, -1])
        return Rows(matrix[order], target[order], level)
    if kind == "sorted by y":
        order = np.argsort(target)
        return Rows(matrix[order], target[order], level)
    if kind == "ties":
        return Rows(np.round(matrix), np.round(target), level)
    if kind == "mostly zero":
        return Rows(matrix, np.where(generator.random(rows) < 0.6, 0.0, np.abs(target)), level)
    if kind == "one side":
        upper = np.full(params, 0.01)
        upper[0] = target.min() - 30
        return Rows(matrix, target, level, lower=np.full(params, -1e3), upper=upper)
    if kind == "weights":
        return Rows(matrix, target, level, weight=generator.choice([0.0, 0.5, 1.0, 7.0], rows))
    if kind == "spreads":
        spread = np.exp(generator.normal(size=rows))
        return Rows(matrix, line + spread * noise, level, spread=spread)
    if kind == "far tails":
        return Rows(matrix, line + generator.standard_cauchy(rows), level)
    if kind == "a rare column":
        matrix[:, -1] = 0.0
        matrix[generator.choice(rows, 7, replace=False), -1] = 1.0
        return Rows(matrix, matrix @ generator.normal(size=params) + noise, level)
    if kind == "large offset":
        matrix[:, -1] += 1e6
        return Rows(matrix, 1e6 + target, level)
    return Rows(matrix, target, level)


KINDS = [
    "plain",
    "sorted by x",
    "sorted by y",
    "ties",
    "mostly zero",
    "one side",
    "weights",
    "spreads",
    "far tails",
    "a rare column",
    "large offset",
]


@pytest.mark.parametrize("level", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_answer_of_all_rows_in_memory(kind, level, monkeypatch):
    monkeypatch.setattr(globbed, "AIM", 600)
    rows = made(kind, 3, level=level)
    found, wanted = rows.answer(), rows.in_memory()
    assert found.end == DONE
    # a residual beside targets of 1e6 has lost as much as they are rounded
    assert found.loss == pytest.approx(wanted.loss, rel=1e-14, abs=2e-10 if kind == "large offset" else 1e-12)
    assert found.unique == wanted.unique
    if wanted.unique:
        size = np.maximum(np.abs(wanted.params), 1e-3)
        assert np.abs(found.params - wanted.params).max() <= 1e-10 * size.max()
    assert found.gap <= 5 * wanted.gap + 1e-12 * found.loss
    assert max(each.kept for each in rows.brought if hasattr(each, "kept")) < len(rows.matrix)


@pytest.mark.parametrize("kind", ["plain", "ties", "one side", "weights"])
def test_a_linear_program_of_all_rows_finds_no_lower_loss(kind, monkeypatch):
    monkeypatch.setattr(globbed, "AIM", 100)
    rows = made(kind, 5, rows=700, level=0.3)
    rows.drawn = 100
    point = rows.answer()
    assert point.loss == pytest.approx(rows.loss(point.params), rel=1e-14)
    assert point.loss == pytest.approx(rows.lowest(), rel=1e-9)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(KINDS),
    params=st.integers(2, 4),
    level=st.sampled_from([0.05, 0.5, 0.8]),
    aim=st.sampled_from([30, 200, 5000]),
)
def test_however_few_rows_may_be_kept_the_loss_is_the_lowest(seed, kind, params, level, aim):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(globbed, "AIM", aim)
        rows = made(kind, seed, 2000, params, level)
        rows.drawn = 200
        assert rows.answer().loss == pytest.approx(rows.in_memory().loss, rel=1e-11)


def test_a_band_that_is_too_narrow_is_found_out(monkeypatch):
    """Rows that changed sides are taken out of their globs until none is left in a wrong one."""
    monkeypatch.setattr(globbed, "KEEN", 0.05)
    monkeypatch.setattr(globbed, "LEAST", 0.0)
    rows = made("plain", 1, rows=20_000)
    point = rows.answer()
    counts = [each.kept for each in rows.brought]
    assert len(counts) > 2
    assert counts[1] > 0
    assert counts[-1] == 0
    assert point.loss == pytest.approx(rows.in_memory().loss, rel=1e-14)


def test_where_few_rows_can_be_kept_passes_with_rounded_kinks_come_first(monkeypatch):
    monkeypatch.setattr(globbed, "AIM", 100)
    rows = made("plain", 1, rows=20_000)
    point = rows.answer()
    assert isinstance(rows.brought[0], np.ndarray)
    assert sum(each.kept for each in rows.brought if hasattr(each, "kept")) < 2000
    assert point.loss == pytest.approx(rows.in_memory().loss, rel=1e-14)


def test_history_has_the_losses_and_slopes_of_all_rows():
    rows = made("weights", 2, level=0.3)
    met = list(descend_scattered(rows.scattered, np.array([0.5, 0.0, 2.0])))
    assert met[0].point.params.tolist() == [0.5, 0.0, 2.0]
    for each in met:
        assert each.point.loss == pytest.approx(rows.loss(each.point.params), rel=1e-13)
    assert all(later.point.loss < earlier.point.loss for earlier, later in pairwise(met))
    for place, step in enumerate(1e-6 * np.eye(3)):
        slope = (rows.loss(met[0].point.params + step) - rows.loss(met[0].point.params - step)) / 2e-6
        assert met[0].point.gradient[place] == pytest.approx(slope, abs=1e-3)
    assert np.abs(met[-1].point.gradient).max() < 1e-14


def test_globs_never_promise_too_little_and_are_exact_at_their_center():
    """What makes the proof one of all rows."""
    rows = made("spreads", 4, level=0.3)
    generator = np.random.default_rng(0)
    center = rows.in_memory().params + 0.01
    work = GlobWork(rows.kinks, center[None], center[None], np.eye(3), 0.1, 10**9)
    losses, _, globs = work.told(rows.total(work))
    reduced = globbed._Reduced.of(rows.brought[-1].near, globs)
    assert reduced.cost.size < 1000

    def loss(params):
        return reduced.lines(rows.scattered, params).loss(np.zeros(3))

    assert losses[0] == pytest.approx(rows.loss(center), rel=1e-14)
    assert loss(center) == pytest.approx(rows.loss(center), rel=1e-14)
    for scale in (0.01, 0.1, 1.0, 10.0):
        for _ in range(20):
            params = center + scale * generator.normal(size=3)
            assert loss(params) <= rows.loss(params) * (1 + 1e-13)


def test_sums_over_many_pieces_lose_no_digits():
    generator = np.random.default_rng(0)
    rows = Rows(1e8 + generator.normal(size=(50_000, 1)), generator.normal(size=50_000))
    work = GlobWork(rows.kinks, np.zeros((1, 1)), np.zeros((1, 1)), np.eye(1), 0.0, 10**9)
    _, _, (above, below) = work.told(rows.total(work))
    cost = 2.0 / 50_000
    for glob, some in ((above, rows.target > 0), (below, rows.target < 0)):
        assert glob.row[0] == pytest.approx(math.fsum(cost * rows.matrix[some, 0]), rel=3e-16)
        assert glob.cost == pytest.approx(cost * some.sum(), rel=3e-16)


def numbers(seen):
    return seen if isinstance(seen, np.ndarray) else np.concatenate([seen.total, *map(np.ravel, seen.near)])


@pytest.mark.parametrize("work", ["globs", "smooth"])
def test_works_travel_to_where_the_rows_are(work):
    rows, point = made("plain", 0), np.zeros(3)
    works = {
        "globs": GlobWork(rows.kinks, point[None], point[None], np.eye(3), 0.1, 10**9),
        "smooth": SmoothWork(rows.kinks, point, np.eye(3), 0.1),
    }
    sent = pickle.loads(pickle.dumps(works[work]))  # noqa: S301
    assert np.array_equal(numbers(rows.total(works[work])), numbers(rows.total(sent)))


def test_more_rows_on_their_kink_than_can_be_kept_are_refused(monkeypatch):
    monkeypatch.setattr(globbed, "AIM", 100)
    monkeypatch.setattr(globbed, "MOST", 6000)
    with pytest.raises(RequestError, match="too many lie exactly on one answer"):
        made("mostly zero", 0).answer()


def test_a_row_that_is_no_number_is_named_with_its_values():
    rows = made("plain", 0)
    rows.matrix[3210, 1] = np.inf
    with pytest.raises(RequestError, match=r"in row 3,211 \(0 = 1, 1 = inf"):
        rows.answer()


def test_nothing_but_one_column_of_zeros_stays_where_it_began():
    rows = Rows(np.zeros((3000, 1)), np.random.default_rng(0).normal(size=3000))
    point = rows.answer()
    assert point.params.tolist() == [0.0]
    assert point.loss == pytest.approx(np.abs(rows.target).mean(), rel=1e-14)
    assert not point.unique

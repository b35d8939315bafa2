"""On parabolas all is known exactly: each outcome's border, held against real runs on either side of it."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.descent import as_rule
from downslope.descent.rate_lanes import Lanes, Race, _compiled, race
from downslope.model import as_model
from downslope.objective import as_loss, build, pack
from downslope.probe.rate_theory import edge, fastest, floor, law, limit, steps_needed
from downslope.probe.rates import Goal, divisors, foretold, seen, sharpness

ROWS = 16
ANGLE = st.floats(0.0, 6.28)
STEEP = st.floats(-6.0, 6.0).map(lambda power: 10.0**power)
RATIO = st.floats(1.5, 40.0)
FAR = st.floats(0.2, 5.0)


class Parabola:
    """A plane through ROWS rows whose loss has these curvatures, along axes turned by an angle; the start lies `away`
    from its minimum along each.
    """

    def __init__(self, curvatures, angle, away, noise=0.1):
        generator = np.random.default_rng(1)
        basis, _ = np.linalg.qr(generator.standard_normal((ROWS, 3)))
        self.turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        self.values = np.array(curvatures, dtype=float)
        design = basis[:, :2] * np.sqrt(ROWS * self.values / 2) @ self.turn.T
        self.away = np.array(away, dtype=float)
        self.minimum = np.array([0.3, -0.2])
        self.start = self.minimum + self.turn @ self.away
        size = np.sqrt(np.sum(self.values * self.away**2))
        self.best = (noise * size) ** 2
        target = design @ self.minimum + basis[:, 2] * np.sqrt(ROWS) * noise * size
        self.level = float(np.var(target))
        self.objective = build(as_model("y = a*u + b*v", ["u", "v", "y"]), as_loss("mse"))
        self.rows = pack({"u": design[:, 0], "v": design[:, 1]}, target)

    def runs(self, rates, steps, rule="gd") -> Lanes:
        goal = Goal(self.best, self.level, steps)
        open_ends = np.full(2, -np.inf), np.full(2, np.inf)
        steepest = self.turn[:, int(np.argmax(self.values))]
        # Optax's rules mix float and int32
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            asked = Race(
                self.objective, as_rule(rule), self.rows, ROWS, self.start, open_ends, steepest, goal.arrived, steps
            )
            return race(asked, np.array(rates, dtype=float))

    def outcomes(self, rates, steps, rule="gd") -> tuple[list[str], list[str]]:
        """By real runs, and by theory."""
        lanes, goal, known = self.runs(rates, steps, rule), Goal(self.best, self.level, steps), law(rule)
        start = self.best + 0.5 * np.sum(self.values * self.away**2)
        rates = np.array(rates, dtype=float)
        needed = steps_needed(known, rates, self.values, self.away, goal.margin)
        told = foretold(known, rates, self.values, self.away, needed, steps)
        return list(seen(lanes, lanes.loss, start, goal, goal.best, "parabola")), list(told)


@pytest.mark.parametrize("rule", ["gd", "momentum(0.5)", "momentum", "nesterov(0.5)", "nesterov"])
@settings(max_examples=25)
@given(steep=STEEP, ratio=RATIO, angle=ANGLE, first=FAR, second=FAR)
def test_runs_diverge_from_the_limit_on_to_a_percent(rule, steep, ratio, angle, first, second):
    bowl = Parabola([steep / ratio, steep], angle, [first / np.sqrt(steep), second / np.sqrt(steep)])
    most = limit(law(rule), bowl.values)
    was, told = bowl.outcomes([0.99 * most, 1.01 * most], 3000, rule)
    assert (was[0] != "diverges", was[1]) == (True, "diverges")
    assert (told[0] != "diverges", told[1]) == (True, "diverges")


@settings(max_examples=25)
@given(steep=STEEP, ratio=RATIO, angle=ANGLE, first=FAR, second=FAR)
def test_runs_overshoot_from_one_over_the_steepest_curvature_on_to_a_percent(steep, ratio, angle, first, second):
    bowl = Parabola([steep / ratio, steep], angle, [first / np.sqrt(steep), second / np.sqrt(steep)])
    assert bowl.outcomes([0.99 / steep, 1.01 / steep], 3000) == (["learns", "overshoots"],) * 2


@settings(max_examples=25)
@given(steep=STEEP, far=FAR, steps=st.integers(300, 3000))
def test_runs_stall_below_the_rate_that_arrives_in_time_to_a_percent(steep, far, steps):
    bowl = Parabola([steep, steep], 0.0, [far / np.sqrt(steep), 0.0])
    margin = Goal(bowl.best, bowl.level, steps).margin
    # (1 - rate * curvature)^(2 steps) = margin / excess at the start
    border = (1 - (margin / (0.5 * far**2)) ** (1 / (2 * steps))) / steep
    assert bowl.outcomes([0.99 * border, 1.01 * border], steps) == (["stalls", "learns"],) * 2


@settings(max_examples=25)
@given(steep=STEEP, far=FAR, steps=st.integers(300, 3000))
def test_runs_bounce_above_the_rate_that_would_arrive_in_twice_the_time_to_a_percent(steep, far, steps):
    bowl = Parabola([steep, steep], 0.0, [far / np.sqrt(steep), 0.0])
    margin = Goal(bowl.best, bowl.level, steps).margin
    border = (1 + (margin / (0.5 * far**2)) ** (1 / (4 * steps))) / steep
    between = border + 0.5 * (2 / steep - border)
    was, told = bowl.outcomes([0.99 * border, between], steps)
    assert was == told == ["overshoots", "bounces"]


@pytest.mark.parametrize("rule", ["gd", "momentum(0.5)", "nesterov(0.5)"])
@settings(max_examples=15)
@given(steep=STEEP, ratio=st.floats(60.0, 300.0), angle=ANGLE)
def test_no_real_run_is_faster_than_that_of_the_fastest_rate(rule, steep, ratio, angle):
    bowl = Parabola([steep / ratio, steep], angle, [np.sqrt(ratio / steep), 1 / np.sqrt(steep)], noise=0.0)
    best = fastest(law(rule), bowl.values)
    rates = [0.97 * best, best, 1.03 * best]
    early, late = (np.array(bowl.runs(rates, steps, rule).end) for steps in (1000, 1600))
    shrinks = (late / early) ** (1 / (2 * (1600 - 75 * 200 / 150 / 2 - 1000 + 62)))
    late_enough = late > 1e-26 * early.max()
    if late_enough.all():
        assert shrinks[1] <= shrinks[[0, 2]].min() * (1 + 2e-3)


@settings(max_examples=15)
@given(steep=STEEP, ratio=RATIO, scale=STEEP)
def test_the_units_of_the_target_change_nothing(steep, ratio, scale):
    one = Parabola([steep / ratio, steep], 0.4, [1 / np.sqrt(steep), 1 / np.sqrt(steep)])
    other = Parabola([steep / ratio, steep], 0.4, [scale / np.sqrt(steep), scale / np.sqrt(steep)])
    other.rows = other.rows._replace(target=np.asarray(one.rows.target) * scale)
    other.start, other.minimum = one.start * scale, one.minimum * scale
    other.level = one.level * scale**2
    rates = np.geomspace(1e-3, 3, 40) / steep
    assert one.outcomes(rates, 400) == other.outcomes(rates, 400)


def test_other_rates_rows_and_steps_compile_nothing_new():
    bowl, other = Parabola([1.0, 2.0], 0.3, [1.0, 1.0]), Parabola([1.0, 5.0], 0.3, [1.0, 1.0])
    bowl.runs(np.geomspace(1e-3, 1, 32), 100)
    _, run = _compiled(bowl.objective, as_rule("gd"), 2, False, False)
    compiled = run._cache_size()
    bowl.runs(np.geomspace(1e-2, 1, 20), 333)
    other.runs(np.geomspace(1e-2, 1, 17), 50)
    assert run._cache_size() == compiled


def test_a_lane_at_a_rate_is_the_run_at_that_rate():
    bowl = Parabola([1.0, 3.0], 0.7, [1.0, 2.0])
    lanes = bowl.runs([0.1, 0.5, 5.0], 60, "momentum(0.8)")
    design = np.column_stack([np.asarray(bowl.rows.columns[name]).ravel() for name in "uv"])
    target = np.asarray(bowl.rows.target).ravel()
    for place, rate in enumerate([0.1, 0.5]):
        point, memory = bowl.start.copy(), np.zeros(2)
        for _ in range(60):
            memory = 0.8 * memory + 2 * design.T @ (design @ point - target) / ROWS
            point = point - rate * memory
        assert lanes.params[place] == pytest.approx(point, rel=1e-9)
        assert lanes.loss[place] == pytest.approx(np.mean((design @ point - target) ** 2), rel=1e-9)
    assert lanes.loss[2] > 1e10


@pytest.mark.parametrize("rule", ["adam", "rmsprop", "adam(b1=0.5)"])
def test_adaptive_rules_hover_at_their_edge(rule):
    bowl = Parabola([0.5, 2.0], 0.4, [3.0, 3.0])
    rates = np.geomspace(1e-5, 1.0, 24)
    lanes = bowl.runs(rates, 20_000, rule)
    matrix = bowl.turn @ np.diag(bowl.values) @ bowl.turn.T
    share = rates * sharpness(matrix, divisors(lanes.memory, rule)) / edge(rule)
    assert share[0] < 0.8 and share.max() < 1.3
    assert np.median(share[rates > 0.1]) == pytest.approx(1.0, abs=0.15)


def test_other_rules_divide_by_nothing():
    bowl = Parabola([0.5, 2.0], 0.4, [3.0, 3.0])
    assert divisors(bowl.runs([0.1], 10, "momentum").memory, "momentum") is None


def test_batches_that_are_all_rows_have_no_floor():
    assert floor(np.array([0.1]), np.array([1.0]), np.array([1.0]), 20, 20).tolist() == [0.0]

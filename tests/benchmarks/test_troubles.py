"""The suite of troubles itself: its loops, its derivatives, its minima and its rules, held against what is known."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import downslope as ds

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.troubles.drawing import begin, table
from benchmarks.troubles.figures import wilson
from benchmarks.troubles.lanes import Lane, lanes
from benchmarks.troubles.minimum import Minimum, lowest
from benchmarks.troubles.numpy_model import Loss, Model, gradient, hessian
from benchmarks.troubles.posed import pose
from benchmarks.troubles.programs import PROGRAMS
from benchmarks.troubles.recipes import RECIPES
from benchmarks.troubles.replay import replay
from benchmarks.troubles.truth import Seen, judge, overfits

NAMED = {program.name: program for program in PROGRAMS}


def test_programs_of_both_halves_and_recipes_that_name_them():
    assert len(NAMED) == len(PROGRAMS) >= 14
    halves = [sum(program.half == half for program in PROGRAMS) for half in ("seen", "unseen")]
    assert sum(halves) == len(PROGRAMS) and abs(halves[0] - halves[1]) <= 2
    for recipe in RECIPES:
        assert set(recipe.on) <= set(NAMED)
    for program in PROGRAMS:
        model = Model(program.formula, tuple(program.columns))
        assert set(program.start) == set(model.parameters), program.name
        for start in (start for some in program.wrong.values() for start in some):
            assert set(start) == set(model.parameters), program.name


def test_data_are_the_same_every_time():
    for program in PROGRAMS:
        once, again = table(program, 1), table(program, 1)
        assert all(np.array_equal(once[name], again[name]) for name in once), program.name


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_derivatives_against_differences(program):
    model, loss = Model(program.formula, tuple(program.columns)), Loss(program.loss)
    data = table(program, 0, scaled=bool(program.table))
    columns, target = {name: data[name] for name in program.columns}, data[program.target]
    at = begin(program, model, dict(program.start), 3, exact=False)
    size = 1e-6 * np.eye(at.size)
    up, down = (gradient(model, loss, at + sign * size, columns, target)[0] for sign in (1, -1))
    slope = gradient(model, loss, at, columns, target)[1]
    assert slope == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-4 * np.abs(slope).max())


@pytest.mark.parametrize(
    ("name", "rule"),
    [("line", "gd"), ("exponential", "momentum"), ("huber-line", "nesterov"), ("tanh-unit", "adam"), ("mae-line", "gd"),
     ("line-batches", "sgd"), ("logistic-regression", "gd")],
)  # fmt: skip
def test_replays_are_the_runs(name, rule):
    program, steps = NAMED[name], 60
    posed = pose(program, "", False, 0, None, 0.0)
    start = begin(program, posed.model, dict(program.start), 1, exact=False)
    settings = {"optimizer": rule, "learning_rate": 0.05, "steps": steps, "loss": program.loss}
    settings["start"] = dict(zip(posed.model.parameters, start.tolist(), strict=True))
    rows = None
    if program.batch:
        settings |= {"batch_size": program.batch, "seed": 3}
        drawn = ds.batches(program.rows, program.batch, seed=3)
        rows = np.array([next(drawn) for _ in range(steps)])
    fit = ds.fit(posed.model.formula, posed.drawn, **settings)
    columns = {key: values[None] for key, values in posed.columns.items()}
    rates = np.array([0.05])
    ran = replay(posed.model, posed.loss, columns, posed.target[None], start[None], rates, rule, steps, rows)
    ours = [posed.model.parameters.index(each) for each in fit.history.parameters]
    assert ran.path[0][:, ours] == pytest.approx(fit.history.params, rel=1e-9, abs=1e-12)


def test_the_lowest_loss_of_mae_is_the_median_and_of_a_line_is_least_squares():
    x, y = np.arange(7.0), np.array([3.0, -1.0, 2.0, 8.0, 5.0, 0.0, 9.0])
    constant = lowest(Model("y = c + 0*x", ("x",)), Loss("mae"), {"x": x}, y, np.zeros((1, 1)))
    assert constant.loss == pytest.approx(np.abs(y - np.median(y)).mean())
    line = lowest(Model("y = w*x + b", ("x",)), Loss("mse"), {"x": x}, y, np.zeros((1, 2)))
    assert line.params == pytest.approx(np.polyfit(x, y, 1))
    twice = lowest(Model("y = w*x + v*x + b", ("x",)), Loss("mse"), {"x": x}, y, np.zeros((1, 3)))
    assert twice.undetermined and not line.undetermined


def test_the_hessian_of_a_curve_against_its_formula():
    x, y = np.linspace(0, 2, 9), np.linspace(1, 3, 9)
    at = np.array([1.5, 0.4])
    found = hessian(Model("y = a*exp(b*x)", ("x",)), Loss("mse"), at, {"x": x}, y)
    curve, left = np.exp(0.4 * x), 1.5 * np.exp(0.4 * x) - y
    cross = 2 * np.mean(1.5 * x * curve**2 + left * x * curve)
    steep = 2 * np.mean((1.5 * x * curve) ** 2 + left * 1.5 * x**2 * curve)
    assert found == pytest.approx(np.array([[2 * np.mean(curve**2), cross], [cross, steep]]), rel=1e-7)


@pytest.mark.parametrize(
    ("rate_times_curvature", "symptom"),
    [(0.9, "healthy"), (0.99, "healthy"), (1.01, "overshooting"), (1.9, "overshooting"), (1.9995, "bouncing"),
     (2.01, "diverging"), (200.0, "diverging"), (1e-4, "crawling")],
)  # fmt: skip
def test_the_rules_on_a_parabola(rate_times_curvature, symptom):
    steps = 400
    with np.errstate(all="ignore"):
        error = 10.0 * (1 - rate_times_curvature) ** np.arange(801.0)
        seen = Seen(
            Minimum(np.zeros(1), 0.0, 1.0, np.array([2.0]), np.eye(1), np.empty((0, 1))),
            losses=error**2,
            landings=np.full(steps, 1 - rate_times_curvature),
            norms=np.abs(2 * error[: steps + 1]),
            path=error[: steps + 1, None],
            smooth=True,
            convex=True,
            ended=lambda: np.array([2.0]),
            nearby=lambda: (0.0, 2.0, 2.0),
            at_edge=True,
        )
        assert judge(seen).symptom == symptom


def test_a_nan_without_growth_is_no_divergence():
    losses = np.array([3.0, 2.0, np.nan, np.nan, np.nan])
    seen = Seen(
        Minimum(np.zeros(1), 0.0, 1.0, np.array([2.0]), np.eye(1), np.empty((0, 1))),
        losses,
        np.ones(2),
        np.ones(3),
        np.zeros((3, 1)),
        smooth=True,
        convex=False,
        ended=lambda: np.array([2.0]),
        nearby=lambda: (0.0, 2.0, 2.0),
    )
    assert judge(seen).symptom == "nonfinite"
    grown = replace(seen, losses=np.array([3.0, 1e200, np.inf, np.nan, np.nan]))
    assert judge(grown).symptom == "diverging"


def test_overfitting_is_the_risk_turning_and_the_rows_held_out_showing_it():
    rows = np.linspace(0.9, 1.1, 20)
    up = np.stack([2 * rows, rows, 3 * rows])
    assert overfits(np.array([2.0, 1.0, 1.5]), up, 1) is True
    assert overfits(np.array([2.0, 1.0, 1.01]), up, 1) is False
    assert overfits(np.array([2.0, 1.0, 1.1]), up, 1) is None


def test_rates_are_in_units_of_the_curvature():
    recipe = next(recipe for recipe in RECIPES if recipe.meant == "diverging" and not recipe.on)
    lane = next(lanes(NAMED["line"], recipe))
    assert isinstance(lane, Lane)
    x = lane.posed.columns["x"]
    steepest = np.linalg.eigvalsh(2 * np.array([[np.mean(x * x), x.mean()], [x.mean(), 1.0]]))[-1]
    assert lane.rate == pytest.approx(2.04 / steepest, rel=1e-5)


def test_wilson_against_a_table():
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)

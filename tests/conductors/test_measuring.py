"""The readings of real fits, held against plain NumPy."""

import numpy as np
import pytest

import downslope as ds
from downslope.arrays import double_precision
from downslope.diagnosis.arrival import tolerance
from downslope.history import Readings

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, 40)
Y = 2 * X + 1 + 0.1 * RNG.normal(size=40)
LINE = "y = w*x + b"
GD = {"optimizer": "gd", "learning_rate": 0.05, "steps": 100, "start": {"w": 0.0, "b": 0.0}}
DESIGN = np.column_stack([X, np.ones(40)])
HESSIAN = 2 * DESIGN.T @ DESIGN / 40
BEST = np.linalg.lstsq(DESIGN, Y, rcond=None)[0]


def loss(at):
    return float(np.mean((DESIGN @ at - Y) ** 2))


@pytest.fixture(scope="module")
def fit():
    return ds.fit(LINE, {"x": X, "y": Y}, **GD)


def test_nothing_is_measured_until_somebody_asks():
    fit = ds.fit(LINE, {"x": X, "y": Y}, **GD)
    assert fit.run.readings is None
    assert fit.findings is not None and isinstance(fit.run.readings, Readings)


def test_it_is_measured_once(fit):
    assert fit.readings is fit.readings and fit.measured.readings is fit.readings


def test_measuring_changes_nothing_else():
    fit = ds.fit(LINE, {"x": X, "y": Y}, **GD)
    before = (dict(fit.params), fit.loss, fit.state, fit.history.loss.tolist(), fit.notes)
    assert fit.readings is not None
    assert (dict(fit.params), fit.loss, fit.state, fit.history.loss.tolist(), fit.notes) == before


def test_curvature_is_that_of_the_objective(fit):
    seen, values = fit.readings.curvature, np.linalg.eigvalsh(HESSIAN)
    assert seen.names == ("w", "b") and seen.spectrum == pytest.approx(values, rel=1e-9)
    assert seen.highest == pytest.approx(np.full(seen.steps.size, values[-1])) and seen.steps[[0, -1]].tolist() == [
        0,
        100,
    ]
    assert HESSIAN @ seen.steepest == pytest.approx(values[-1] * seen.steepest)
    assert HESSIAN @ seen.flattest == pytest.approx(values[0] * seen.flattest)


def test_reference_is_the_least_squares_minimum(fit):
    known = fit.readings.reference
    assert known.loss == pytest.approx(loss(BEST), rel=1e-9) and known.params == pytest.approx(BEST, rel=1e-9)
    assert known.level == pytest.approx(np.var(Y))
    assert known.nearby == pytest.approx(loss(BEST), rel=1e-3), "as far as the certificate of the end says"


def test_pace_is_that_of_a_plain_loop(fit):
    pace, allowed = fit.readings.pace, tolerance(fit.readings.reference)

    def needed(rate):
        at = np.zeros(2)
        for step in range(10_000):
            if loss(at) <= loss(BEST) + allowed:
                return step
            at = at - rate * 2 * DESIGN.T @ (DESIGN @ at - Y) / 40
        return np.inf

    values = np.linalg.eigvalsh(HESSIAN)
    assert pace.as_it_was == needed(0.05) and pace.best_rate == pytest.approx(1 / values[-1])
    assert pace.at_best == needed(1 / values[-1]) and pace.condition == pytest.approx(values[-1] / values[0])


@pytest.mark.parametrize(("rule", "rate"), [("momentum(0.9)", 0.01), ("nesterov(0.5)", 0.05)])
def test_pace_of_rules_with_memory_is_foretold_to_a_few_steps(rule, rate):
    asked = GD | {"optimizer": rule, "learning_rate": rate}
    fit = ds.fit(LINE, {"x": X, "y": Y}, **(asked | {"steps": 5}))
    there = ds.fit(LINE, {"x": X, "y": Y}, **(asked | {"steps": 600})).history.loss
    known = fit.readings.reference
    above = np.flatnonzero(there > known.loss + tolerance(known))
    assert fit.readings.pace.as_it_was == pytest.approx(above[-1] + 1, rel=0.35)


def test_the_end_is_seen_as_a_parabola():
    """Of a model whose exponent is held by a wide margin, so that the parabola is nearly exact there."""
    data = {"x": X, "y": np.exp(0.5 * X)}
    there = ds.fit("y = exp(b*x)", data, **(GD | {"start": {"b": 0.501}, "steps": 0})).readings.at_end
    slope = np.mean(2 * (np.exp(0.501 * X) - np.exp(0.5 * X)) * X * np.exp(0.501 * X))
    assert there.lowest == there.highest == pytest.approx(np.mean(2 * X**2 * np.exp(X)), rel=1e-2)
    assert there.gain == pytest.approx(slope**2 / 2 / there.highest, rel=1e-9)


def test_a_convex_problem_has_no_plateau_to_look_for(fit):
    assert fit.readings.at_end is None


def test_scaled_descents_are_measured_in_what_they_work_in():
    data = {"x": 1000 * X, "y": Y}
    raw = ds.fit(LINE, data, **(GD | {"learning_rate": 1e-7}))
    scaled = ds.fit(LINE, data, **(GD | {"scale": "columns"}))
    assert raw.readings.pace.condition > 1e5 and scaled.readings.pace.condition < 20
    assert raw.readings.pace.scaled_condition == pytest.approx(scaled.readings.pace.condition, rel=1e-6)
    assert raw.readings.pace.scaled_rate == pytest.approx(scaled.readings.pace.best_rate, rel=1e-6)
    assert np.isnan(scaled.readings.pace.scaled), "they are scaled already"


def test_batches_are_measured_over_all_rows_with_their_noise_floor():
    asked = GD | {"optimizer": "sgd", "learning_rate": 0.2, "batch_size": 4, "steps": 3000}
    fit = ds.fit(LINE, {"x": X, "y": Y}, **asked)
    seen = fit.readings.overall
    rows = np.searchsorted(fit.history.step, seen.steps)
    assert seen.losses == pytest.approx([loss(at) for at in fit.history.params[rows]], rel=1e-9)
    excess = np.array([loss(at) for at in fit.history.params[500:]]) - loss(BEST)
    assert seen.floor == pytest.approx(excess.mean(), rel=0.2)


def test_outlying_rows_units_and_silence_are_looked_at():
    y = Y.copy()
    y[11] += 30
    fit = ds.fit("y = w*x + b + relu(0*c - 1)", {"x": X, "y": y})
    assert fit.readings.outlying.rows == (12,)
    assert fit.readings.silent == ("c",)
    assert fit.readings.units.rows == 40


def test_held_out_rows_are_followed():
    fit = ds.fit(LINE, {"x": X, "y": Y}, **GD, validation=0.25)
    seen = fit.readings.validation
    assert seen.rows == 10 and seen.losses.size == seen.steps.size and seen.losses[-1] < seen.losses[0]


def test_birth_of_what_is_no_number_is_found():
    x = np.linspace(0.5, 3, 40)
    fit = ds.fit(
        "y = log(a*x)", {"x": x, "y": np.log(0.2 * x)}, optimizer="gd", learning_rate=3.0, steps=9, start={"a": 3.0}
    )
    assert fit.readings.birth.operation == "log(a*x)" and fit.readings.birth.row == 1
    assert fit.readings.birth.given == pytest.approx(fit.history.params[1, 0] * 0.5)


def test_searches_have_a_curvature_but_no_pace_and_kinks_neither():
    seen = ds.fit(LINE, {"x": X, "y": Y}).readings
    assert seen.pace is None and seen.at_end is None
    assert seen.curvature.spectrum == pytest.approx(np.linalg.eigvalsh(HESSIAN), rel=1e-9)
    kinked = ds.fit(LINE, {"x": X, "y": Y}, loss="mae", **GD).readings
    assert kinked.reference is not None and kinked.curvature is None and kinked.pace is None and kinked.at_end is None


def test_fixed_and_tied_parameters_are_no_directions():
    fit = ds.fit(LINE, {"x": X, "y": Y}, **(GD | {"fixed": {"b": 1.0}, "start": {"w": 0.0}}))
    assert fit.readings.curvature.names == ("w",)
    assert fit.readings.curvature.spectrum == pytest.approx([2 * np.mean(X**2)])


def test_saved_readings_are_those_that_were_taken(fit, tmp_path):
    fit.save(tmp_path / "a.downslope")
    loaded = ds.load(tmp_path / "a.downslope")
    assert [found.message for found in loaded.findings] == [found.message for found in fit.findings]
    assert loaded.readings.pace == fit.readings.pace
    assert loaded.explain() == fit.explain()


def test_diverged_numbers_are_no_obstacle():
    fit = ds.fit(LINE, {"x": X, "y": Y}, **(GD | {"learning_rate": 1e6, "steps": 500}))
    assert [found.symptom for found in fit.findings] == ["diverging"]
    assert fit.readings.reference.loss == pytest.approx(loss(BEST), rel=1e-9)


def test_models_that_no_search_can_fit_are_measured_as_far_as_that_goes():
    def never(x, w, b):
        return w * x + b

    fit = ds.fit(never, {"x": X, "y": Y}, "y", **GD)
    assert fit.readings.reference.loss == pytest.approx(loss(BEST), rel=1e-9)
    assert fit.readings.units is None


@pytest.mark.parametrize("x", [[1.0], [3.0, 3.0, 3.0], [0.0, 0.0, 0.0]])
def test_constant_columns_and_single_rows_are_no_obstacle(x):
    y = [2.0, 2.1, 1.9][: len(x)]
    fit = ds.fit("y = w*x", {"x": x, "y": y}, optimizer="gd", learning_rate=0.01, steps=5)
    assert fit.readings.reference is not None and fit.explain() and fit.repair().reason


def test_a_trial_that_diverges_has_not_arrived():
    from downslope.measuring.way import _tried

    data = {"x": X, "y": 2 * np.exp(0.5 * X)}
    fit = ds.fit("y = a*exp(b*x)", data, **(GD | {"start": {"a": 1.0, "b": 0.0}}))
    with double_precision():
        assert _tried(fit.problem, fit.run, 1e6, 1e-3) == (1e6, np.inf)

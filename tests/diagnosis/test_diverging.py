import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import on_a_parabola
from runs import as_run

from downslope.diagnosis import examine
from downslope.diagnosis.diverging import diverging
from downslope.history import History

SEEDS = Path(__file__).parents[1] / "golden" / "seeds.json"


@pytest.fixture
def thermometer(descent):
    """Eleven readings in raw units: the second book example, which blows up at rate 0.01."""
    seeds = json.loads(SEEDS.read_text())["thermometer"]
    x, y = np.array(seeds["t_u"]), np.array(seeds["t_c"])

    def run(rate, steps):
        def residual(at):
            return at[0] * x + at[1] - y

        return descent(
            lambda at: 2 * np.array([np.mean(residual(at) * x), np.mean(residual(at))]),
            lambda at: float(np.mean(residual(at) ** 2)),
            [1.0, 0.0],
            rate,
            steps,
        )

    return run, 2 / max(seeds["unnormalised"]["hessian_eigenvalues"])


def test_raw_thermometer_names_the_largest_stable_rate(thermometer):
    run, limit = thermometer
    history = run(0.01, 5000)
    found = diverging(as_run(history))
    assert found.evidence["largest stable rate"] == pytest.approx(limit, rel=0.01) == pytest.approx(3.399e-4, rel=0.01)
    assert found.evidence["growth factor"] == pytest.approx(0.01 * 2 / limit - 1, rel=0.01)
    assert found.evidence["rate"] == 0.01
    assert (found.severity, found.first_step, found.evidence["last finite step"]) == ("fault", 1, history.step[-2])
    assert found.message == (
        "the loss was 1.76e3 at the start, 9.09e34 at step 9 and no longer a finite number at step "
        f"{history.step[-1]}; each step multiplied the error by 57.8; the largest stable rate here is 3.4e-4"
    )


def test_remedy_is_a_rate_that_works(thermometer):
    run, _ = thermometer
    rate = diverging(as_run(run(0.01, 50))).remedy["learning_rate"]
    assert diverging(as_run(run(rate, 500))) is None


def test_finite_so_far_is_found_too(thermometer):
    run, limit = thermometer
    assert diverging(as_run(run(0.01, 10))).evidence["largest stable rate"] == pytest.approx(limit, rel=0.01)
    assert diverging(as_run(run(0.01, 2))) is not None


@pytest.mark.parametrize(
    ("rate_times_curvature", "found"),
    [(0.5, False), (1.0, False), (1.9, False), (1.99, False), (2.01, True), (2.2, True), (50, True)],
)
def test_on_a_parabola_the_limit_is_two_over_the_curvature(parabola, rate_times_curvature, found):
    finding = diverging(as_run(parabola(rate_times_curvature)))
    assert (finding is not None) == found
    if found:
        assert finding.evidence["largest stable rate"] == pytest.approx(2 / 4.0)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    curve=st.floats(1e-6, 1e6), ratio=st.floats(2, 1e4), turn=st.floats(0, 3), share=st.floats(1e-3, 1),
    steps=st.integers(400, 800), at=st.floats(-3, 3),
)  # fmt: skip
def test_in_two_directions_the_border_is_two_over_the_largest_curvature(descent, curve, ratio, turn, share, steps, at):
    asked = {"curves": [curve / ratio, curve], "excess": [1.0, share], "turn": turn, "at": at}
    assert diverging(on_a_parabola(descent, 0.99 * 2 / curve, steps, **asked)) is None
    found = diverging(on_a_parabola(descent, 1.01 * 2 / curve, steps, **asked))
    assert found.evidence["largest stable rate"] == pytest.approx(2 / curve, rel=0.01)
    assert found.evidence["growth factor"] == pytest.approx(1.02, rel=0.01)


def test_healthy_descent_has_no_findings(thermometer):
    run, _ = thermometer
    assert examine(as_run(run(1e-4, 300))) == ()


def test_rise_at_the_beginning_is_forgiven(descent):
    # a steep wall on one side: the first steps go up it, later ones find the valley
    loss = [1.0, 5.0, 20.0, 3.0, 1.0, 0.5, 0.4, 0.3, 0.25, 0.2, 0.19, 0.18]
    history = History.of(
        ("w",), step=range(12), loss=loss, params=np.ones((12, 1)), landing=[np.nan, -2, -2, -0.4] + [0.5] * 8
    )
    assert diverging(as_run(history)) is None
    assert diverging(as_run(history, "adam")) is None


@pytest.mark.parametrize("optimizer", ["momentum(0.9)", "adam", "described"])
def test_limit_is_not_told_where_the_formula_does_not_hold(parabola, optimizer):
    found = diverging(as_run(parabola(3.0), optimizer))
    assert "largest stable rate" not in found.evidence and not found.remedy
    assert found.evidence["growth factor"] == pytest.approx(2.0)


def test_limit_is_not_told_for_batches(parabola):
    from dataclasses import replace

    found = diverging(as_run(replace(parabola(3.0), batch_size=5)))
    assert "largest stable rate" not in found.evidence


def test_walk_away_from_a_perfect_start_is_no_divergence():
    step = np.arange(100)
    history = History.of(("w",), step=step, loss=(1e-3 * step) ** 2 + 1e-12, params=step[:, None] * 1e-3)
    assert diverging(as_run(history, "adam")) is None


def test_number_lost_without_growth_is_another_symptom():
    # the logarithm of a negative number while the loss was falling
    history = History.of(("w",), step=range(4), loss=[3.0, 2.0, 1.0, np.nan], params=[[3.0], [2.0], [1.0], [-1.0]])
    assert diverging(as_run(history)) is None


def test_overflow_in_the_first_step_is_found():
    history = History.of(("w",), step=[0, 1], loss=[3.0, np.inf], params=[[3.0], [1e300]], rate=[1e300, np.nan])
    found = diverging(as_run(history))
    assert "no longer a finite number at step 1" in found.message


def test_noise_of_batches_is_no_divergence():
    for seed in range(200):
        loss = np.random.default_rng(seed).chisquare(1, 60)
        history = History.of(("w",), step=range(60), loss=loss, params=np.ones((60, 1)), batch_size=1)
        assert diverging(as_run(history, "sgd")) is None


@pytest.mark.parametrize("rows", [0, 1])
def test_nothing_is_said_of_no_steps(rows):
    history = History.of(("w",), step=range(rows), loss=[1.0] * rows, params=np.ones((rows, 1)))
    assert examine(as_run(history)) == ()

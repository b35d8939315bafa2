from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import ALLOWED, on_a_parabola
from runs import as_run

from downslope.diagnosis import examine
from downslope.diagnosis.bouncing import bouncing
from downslope.history import History, Overall, Readings, Reference
from downslope.plan import Plan

PLAIN = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def last_rate_in_time(curve: float, excess: float, allowed: float, steps: int) -> float:
    """The rate at which the excess after as many steps again, |1 - r·c|^(4N) of it, is just allowed."""
    return (1 + (allowed / excess) ** (1 / (4 * steps))) / curve


@PLAIN
@given(
    curve=st.floats(1e-6, 1e6), excess=st.floats(0.1, 1e4), steps=st.integers(40, 150), at=st.floats(-3, 3),
    floor=st.sampled_from([0.0, 1e-3]),
)  # fmt: skip
def test_border_is_the_rate_that_arrives_in_as_many_steps_again(descent, curve, excess, steps, at, floor):
    rate = last_rate_in_time(curve, excess, ALLOWED + 0.01 * floor, steps)
    asked = {"curves": [curve], "excess": [excess], "at": at, "floor": floor}
    assert bouncing(on_a_parabola(descent, 0.99 * rate, steps, **asked)) is None
    if 1.01 * rate * curve < 2:
        found = bouncing(on_a_parabola(descent, 1.01 * rate, steps, **asked))
        assert found is not None and (found.symptom, found.severity) == ("bouncing", "warning")
        assert found.evidence["share of steps across"] == 1


@PLAIN
@given(ratio=st.floats(1.0, 50), turn=st.floats(0, 3), steps=st.integers(40, 100))
def test_in_two_directions_the_steepest_decides(descent, ratio, turn, steps):
    rate = last_rate_in_time(4.0, 1.0, ALLOWED, steps)
    asked = {"curves": [4.0 / ratio, 4.0], "excess": [0.0, 1.0], "turn": turn}
    assert bouncing(on_a_parabola(descent, 0.99 * rate, steps, **asked)) is None
    if 1.01 * rate * 4 < 2:
        assert bouncing(on_a_parabola(descent, 1.01 * rate, steps, **asked)) is not None


def test_finding_tells_the_excess_and_the_rate_that_lands_on_the_floor(descent):
    (found,) = examine(on_a_parabola(descent, 1.999 / 4, 100))
    assert found.symptom == "bouncing" and found.remedy == {"learning_rate": 0.25}
    assert found.message == (
        "the loss is 0.819 above the lowest known, and after as many steps again it would still be 0.67 above: 100% of "
        "the last steps landed across the valley"
    )
    assert found.evidence["excess after as many steps again"] == pytest.approx(0.999**400, rel=0.01)
    assert examine(on_a_parabola(descent, found.remedy["learning_rate"], 100)) == ()


@PLAIN
@given(curve=st.floats(1e-6, 1e6))
def test_with_the_remedy_it_comes_to_rest(descent, curve):
    (found,) = examine(on_a_parabola(descent, 1.999 / curve, 100, curves=[curve]))
    again = on_a_parabola(descent, found.remedy["learning_rate"], 100, curves=[curve])
    assert [each.symptom for each in examine(again)] == []


def test_it_arrived_is_no_bounce(descent):
    assert bouncing(on_a_parabola(descent, 1.9 / 4, 200)) is None


@pytest.fixture
def zigzag():
    """|w - 1| by a constant rate of 0.3: the slope has one size, so the steps never get shorter."""

    def run(rate, steps=100):
        at = np.array([rate * 0.4 - 5 * rate + rate * step for step in range(6)])
        path = [float(at[0])]
        for _ in range(steps):
            path.append(path[-1] - rate * np.sign(path[-1]))
        w = np.array(path)[:, None]
        slope = np.sign(w)
        landing = np.append(np.nan, (slope[1:] * slope[:-1]).ravel())
        history = History.of(
            ("w",), step=range(steps + 1), loss=np.abs(w).ravel(), params=w, gradient=slope,
            gradient_norm=np.ones(steps + 1), landing=landing, rate=np.append(np.full(steps, rate), np.nan),
        )  # fmt: skip
        known = Reference(0.0, np.zeros(1), w[0], "lbfgs", nearby=0.0, level=1.0)
        return as_run(history, plan=Plan(loss="mae"), readings=Readings(reference=known))

    return run


def test_zigzag_of_a_kink_wants_a_rate_that_falls(zigzag):
    (found,) = examine(zigzag(0.3))
    assert found.symptom == "bouncing" and found.remedy == {"learning_rate": "cosine(0.3)"}
    assert found.evidence["excess"] == pytest.approx(0.12)


def test_small_enough_zigzag_has_arrived(zigzag):
    assert examine(zigzag(1e-6, 20)) == ()


def on_batches(rng, floor, *, reached, scale=0.01):
    """Losses over all rows of a run on batches: a fall, then a level about which they scatter."""
    steps = np.arange(0, 1000, 31)
    losses = reached + np.exp(-steps / 50) + scale * reached * rng.normal(size=steps.size)
    history = History.of(
        ("w",), step=range(1000), loss=losses.repeat(31)[:1000], params=rng.normal(size=(1000, 1)),
        rate=np.full(1000, 0.1), batch_size=8,
    )  # fmt: skip
    known = Reference(0.0, np.zeros(1), np.ones(1), "closed-form", nearby=0.0, level=1.0)
    run = as_run(history, "sgd", readings=Readings(reference=known, overall=Overall(steps, losses, floor)))
    return replace(run, loss=float(losses[-1]))


def test_noise_of_batches_is_told_with_its_floor():
    for seed in range(20):
        (found,) = examine(on_batches(np.random.default_rng(seed), 0.09, reached=0.1))
        assert found.symptom == "bouncing" and found.evidence["noise floor"] == 0.09
        assert "the noise of the batches alone keeps it 0.09 above" in found.message
        assert found.remedy == {"learning_rate": "cosine(0.1)"}


def test_batches_that_arrived_have_no_finding():
    for seed in range(20):
        assert examine(on_batches(np.random.default_rng(seed), 1e-8, reached=5e-7)) == ()

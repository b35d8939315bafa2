from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import on_a_parabola

import downslope as ds
from downslope.diagnosis import examine
from downslope.diagnosis.ravine import FAR_STEEPER
from downslope.diagnosis.unscaled_inputs import unscaled_inputs

X = np.linspace(-1, 1, 24)
LINE = "y = w*x + b"


def arrives(x: np.ndarray, y: np.ndarray, steps: int) -> bool:
    """Whether plain descent from 0 at the best rate, one over the largest curvature, is there in time: by a loop."""
    design = np.column_stack([x, np.ones_like(x)])
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    hessian = 2 * design.T @ design / y.size
    rate, at = 1 / np.linalg.eigvalsh(hessian)[-1], np.zeros(2)
    for _ in range(steps):
        at = at - rate * 2 * design.T @ (design @ at - y) / y.size
    lowest = np.mean((design @ best - y) ** 2)
    return bool(np.mean((design @ at - y) ** 2) <= 1.01 * lowest + 1e-6 * np.var(y))


def column(size: float, offset: float, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of one target, a column that is `size` times larger: its slope is so many times smaller."""
    rng = np.random.default_rng(seed)
    return size * (X + offset), 3 * X + 2 + noise * rng.normal(size=X.size)


@settings(max_examples=12)
@given(
    offset=st.floats(-0.3, 0.3), noise=st.sampled_from([0.0, 0.01]), seed=st.integers(0, 9),
    steps=st.sampled_from([200, 400]),
)  # fmt: skip
def test_border_is_the_size_at_which_the_best_rate_is_too_slow(offset, noise, seed, steps):
    low, high = 1.0, 1e3
    for _ in range(40):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if arrives(*column(middle, offset, noise, seed), steps) else (low, middle)
    for size, expected in ((low / 1.01, "crawling"), (high * 1.01, "unscaled-inputs")):
        x, y = column(size, offset, noise, seed)
        rate = 0.3 / np.linalg.eigvalsh(2 * np.array([[np.mean(x * x), x.mean()], [x.mean(), 1.0]]))[-1]
        asked = {"optimizer": "gd", "learning_rate": rate, "steps": steps, "start": {"w": 0.0, "b": 0.0}}
        fit = ds.fit(LINE, {"x": x, "y": y}, **asked)
        assert [found.symptom for found in fit.findings] == [expected]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.integers(30, 200), scaled=st.floats(1.5, 1000))
def test_scaled_columns_must_arrive_in_the_steps_taken(descent, steps, scaled):
    """Else it is a ravine, if one is left: the border is the condition number on scaled columns."""
    run = on_a_parabola(descent, 0.25, steps, curves=[4e-5, 4.0], excess=[1.0, 1.0], scaled=[1.0, scaled])
    (found,) = examine(run)
    otherwise = "ravine" if scaled >= FAR_STEEPER else "crawling"
    assert found.symptom == ("unscaled-inputs" if run.readings.pace.scaled <= steps else otherwise)


@pytest.fixture(scope="module")
def thermometer():
    data = ds.sample("thermometer")
    return ds.fit(
        "celsius = w*unknown + b", data, optimizer="gd", learning_rate=1e-4, steps=1000, start={"w": 1.0, "b": 0.0}
    )


def test_thermometer_in_raw_units_tells_both_condition_numbers(thermometer, seeds):
    (found,) = thermometer.findings
    raw = seeds["thermometer"]["unnormalised"]["hessian_eigenvalues"]
    assert found.symptom == "unscaled-inputs"
    assert found.evidence["condition number"] == pytest.approx(max(raw) / min(raw), rel=1e-6)
    assert found.evidence["steps at the best rate"] > 1000 >= found.evidence["steps on scaled columns"]
    assert found.message.startswith("on these columns one direction is 3.36e4 times as steep as another")


def test_with_the_remedy_it_arrives_in_the_steps_foretold(thermometer):
    (found,) = thermometer.findings
    assert found.remedy["scale"] == "columns"
    steps = int(found.evidence["steps on scaled columns"])
    asked = {"optimizer": "gd", "start": {"w": 1.0, "b": 0.0}, **found.remedy}
    again = ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), steps=int(1.02 * steps) + 1, **asked)
    assert again.findings == ()
    sooner = ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), steps=int(0.95 * steps), **asked)
    assert [each.symptom for each in sooner.findings] == ["crawling"]


def test_nothing_is_said_of_columns_that_are_scaled_already(thermometer):
    scaled = thermometer.plan.changed(scale="columns", learning_rate=0.001)
    fit = ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), **scaled.said())
    assert "unscaled-inputs" not in [found.symptom for found in fit.findings]
    assert np.isnan(fit.readings.pace.scaled)


def test_nothing_is_said_where_the_pace_is_unknown(descent):
    run = on_a_parabola(descent, 0.25, 50, curves=[4e-5, 4.0], excess=[1.0, 1.0], scaled=[1.0, 2.0])
    assert unscaled_inputs(run) is not None
    assert unscaled_inputs(replace(run, readings=replace(run.readings, pace=None))) is None


def test_timestamps_are_unscaled_inputs():
    seconds = 1.6e9 + np.linspace(0, 86400, 24)
    data = {"x": seconds, "y": 3 + 2 * np.linspace(0, 1, 24)}
    asked = {"optimizer": "gd", "learning_rate": 1e-19, "steps": 200, "start": {"w": 0.0, "b": 0.0}}
    fit = ds.fit(LINE, data, **asked)
    assert [found.symptom for found in fit.findings] == ["unscaled-inputs"]
    assert ds.fit(LINE, data, **(asked | fit.findings[0].remedy)).findings == ()

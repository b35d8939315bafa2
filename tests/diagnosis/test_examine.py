import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import ALLOWED, on_a_parabola, steps_to_arrive
from runs import as_run

import downslope as ds
from downslope.diagnosis import examine
from downslope.diagnosis.examine import BESIDE, CAUSES
from downslope.history import History, Outlying, Readings, Validation

CLOSED_LIST = {
    "diverging", "overshooting", "bouncing", "crawling", "ravine", "unscaled-inputs", "plateau", "dead-units",
    "undetermined", "ignored-parameter", "local-minimum", "outliers", "overfitting", "nonfinite",
}  # fmt: skip
OF_OTHER_LOOPS = {"summed-gradients", "untracked-parameter", "broadcast-loss"}
PLAIN = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


def names(run):
    return [found.symptom for found in examine(run)]


def test_every_symptom_of_the_closed_list_is_asked_once():
    asked = [symptom.__name__.replace("_", "-") for symptom in (*CAUSES, *BESIDE)]
    assert sorted(asked) == sorted(CLOSED_LIST | OF_OTHER_LOOPS)


@PLAIN
@given(
    curve=st.floats(1e-6, 1e6), excess=st.floats(1e-3, 1e6), product=st.floats(0.02, 0.99), more=st.floats(1, 3),
    at=st.floats(-10, 10), floor=st.floats(0, 10),
)  # fmt: skip
def test_healthy_descent_on_a_parabola_has_no_findings(descent, curve, excess, product, more, at, floor):
    needed = steps_to_arrive([curve], [excess], product / curve, ALLOWED + 0.01 * floor)
    steps = int(more * needed) + 1
    run = on_a_parabola(descent, product / curve, steps, curves=[curve], excess=[excess], at=at, floor=floor)
    assert examine(run) == ()


@PLAIN
@given(
    curve=st.floats(1e-6, 1e6), ratio=st.floats(1, 30), share=st.floats(0, 1e3), turn=st.floats(0, 3),
    product=st.floats(0.2, 0.99), more=st.floats(1, 3), at=st.floats(-10, 10),
)  # fmt: skip
def test_healthy_descent_in_two_directions_has_none(descent, curve, ratio, share, turn, product, more, at):
    curves, excess = [curve / ratio, curve], [1.0, share]
    steps = int(more * steps_to_arrive(curves, excess, product / curve, ALLOWED)) + 1
    run = on_a_parabola(descent, product / curve, steps, curves=curves, excess=excess, turn=turn, at=at)
    assert examine(run) == ()


@settings(max_examples=25)
@given(
    w=st.floats(-9, 9), b=st.floats(-9, 9), noise=st.floats(0, 1), seed=st.integers(0, 999),
    product=st.floats(0.2, 0.95),
)  # fmt: skip
def test_healthy_fits_of_lines_have_none(w, b, noise, seed, product):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, 40)
    data = {"x": x, "y": w * x + b + noise * rng.normal(size=40)}
    steepest = np.linalg.eigvalsh(2 * np.array([[np.mean(x * x), x.mean()], [x.mean(), 1.0]]))[-1]
    asked = {"optimizer": "gd", "learning_rate": product / steepest, "steps": 400, "start": {"w": 0.0, "b": 0.0}}
    assert ds.fit("y = w*x + b", data, **asked).findings == ()
    assert ds.fit("y = w*x + b", data).findings == ()


@PLAIN
@given(
    curve=st.floats(1e-3, 1e3), ratio=st.floats(1, 1e5), product=st.floats(1e-5, 2.2), steps=st.integers(0, 150),
    turn=st.floats(0, 3),
)  # fmt: skip
def test_a_run_that_did_not_arrive_is_explained_by_one_cause_at_most(descent, curve, ratio, product, steps, turn):
    run = on_a_parabola(descent, product / curve, steps, curves=[curve / ratio, curve], excess=[1.0, 1.0], turn=turn)
    found = names(run)
    causes = [name for name in found if name != "overshooting"]
    last = run.history.loss[-1]
    if steps and (not np.isfinite(last) or run.loss > 1.001 * ALLOWED):
        assert found and len(causes) <= 1
    assert set(found) <= CLOSED_LIST and len(set(found)) == len(found)


def test_every_finding_is_whole(descent):
    seen = set()
    for product in (1e-3, 0.3, 1.0, 1.5, 1.9999, 2.1):
        for curves in ([4.0, 4.0], [1e-4, 4.0]):
            for found in examine(on_a_parabola(descent, product / 4, 60, curves=curves, excess=[1.0, 1.0])):
                assert found.message and not found.message.endswith(".") and "\n" not in found.message
                assert not re.search(r"\bnan\b|None", found.message)
                assert all(isinstance(value, float) and np.isfinite(value) for value in found.evidence.values())
                assert found.severity == ("fault" if found.symptom == "diverging" else "warning")
                seen.add(found.symptom)
    assert seen >= {"diverging", "bouncing", "overshooting", "crawling", "ravine"}


def test_faults_come_first_then_the_cause_then_what_holds_beside(descent):
    outlying = Outlying((3,), (30.0,), 4.0, 0.9, 0.1, 0.1, 8.0)
    diverged = on_a_parabola(descent, 2.1 / 4, 100, floor=0.1, outlying=outlying)
    assert names(diverged) == ["diverging", "outliers"]
    slow = on_a_parabola(descent, 0.01 / 4, 100, floor=0.1, outlying=outlying, silent=("w",))
    assert names(slow)[0] == "crawling" and set(names(slow)[1:]) == {"ignored-parameter", "outliers"}


def test_what_holds_beside_is_told_of_a_run_that_arrived(descent):
    turned = Validation(np.array([0, 50, 100]), np.array([2.0, 1.0, 3.0]), 50, 0.01)
    assert names(on_a_parabola(descent, 0.9 / 4, 100, validation=turned)) == ["overfitting"]


@pytest.mark.parametrize("product", [0.001, 0.5, 0.999])
def test_without_readings_nothing_is_guessed(parabola, product):
    assert examine(as_run(parabola(product))) == ()
    assert examine(replace(as_run(parabola(product)), readings=Readings())) == ()


def test_loss_that_is_no_number_anywhere_is_one_finding(descent):
    history = History.of(("w",), step=range(3), loss=[np.nan] * 3, params=np.ones((3, 1)))
    assert names(as_run(history)) == ["nonfinite"]

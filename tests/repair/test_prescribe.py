from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parabolas import ALLOWED, on_a_parabola, steps_to_arrive
from runs import as_run

from downslope.diagnosis import Finding, examine
from downslope.diagnosis.examine import BESIDE, CAUSES
from downslope.history import History
from downslope.plan import Plan
from downslope.repair import IN_THE_DATA, Prescription, prescribe
from downslope.repair.prescribe import KINDS


def loop(rate: float, steps: int) -> History:
    """Plain descent on 2·w² from 1."""
    w = (1 - 4 * rate) ** np.arange(steps + 1.0)
    return History.of(
        ("w",), step=range(steps + 1), loss=2 * w**2, params=w[:, None], gradient=4 * w[:, None],
        gradient_norm=np.abs(4 * w), landing=np.append(np.nan, np.full(steps, 1 - 4 * rate)),
        rate=np.append(np.full(steps, rate), np.nan),
    )  # fmt: skip


def descent(_, __, ___, rate, steps):
    return loop(rate, steps)


def asked(rate: float, steps: int = 60, **more):
    run = on_a_parabola(descent, rate, steps, excess=[2.0])
    return replace(run, plan=Plan(optimizer="gd", learning_rate=rate, steps=steps, **more))


def changes(run, findings=None):
    return [dict(each.change) for each in prescribe(run, examine(run) if findings is None else findings)]


def finding(symptom: str, **remedy):
    return Finding(symptom, "warning", 0, {}, "", remedy)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(product=st.floats(0.05, 0.99), more=st.floats(1, 3))
def test_nothing_is_prescribed_for_a_healthy_run(product, more):
    steps = int(more * steps_to_arrive([4.0], [2.0], product / 4, ALLOWED)) + 1
    assert changes(asked(product / 4, steps)) == []


@pytest.mark.parametrize("symptom", IN_THE_DATA)
def test_nothing_is_prescribed_for_a_fault_in_the_data(symptom):
    assert prescribe(asked(0.1), [finding(symptom, fixed={"w": 1.0})]) == ()


def test_every_symptom_is_cured_somehow_or_lies_in_the_data():
    symptoms = {symptom.__name__.replace("_", "-") for symptom in (*CAUSES, *BESIDE)}
    of_other_loops = {"summed-gradients", "untracked-parameter", "broadcast-loss"}  # a line of code cures them, no plan
    assert set(KINDS) | set(IN_THE_DATA) == symptoms - of_other_loops and not set(KINDS) & set(IN_THE_DATA)


@pytest.mark.parametrize(
    ("rate", "first"),
    [
        (0.6, {"learning_rate": 0.25}),  # diverging: half of the limit
        (0.4, {"learning_rate": 0.25}),  # overshooting: the largest that does not
        (0.4999, {"learning_rate": 0.25}),  # bouncing: the rate that lands on the floor
        (0.001, {"learning_rate": 0.25}),  # crawling: the best
    ],
)
def test_the_smallest_change_comes_first(rate, first):
    tried = changes(asked(rate))
    assert tried[0] == first
    kinds = ["learning_rate", "scale", "start", "steps", "optimizer"]
    sizes = [max(kinds.index(name) for name in change if name in kinds) for change in tried]
    assert sizes == sorted(sizes)


def test_a_schedule_comes_after_a_number():
    rates = [change["learning_rate"] for change in changes(asked(0.4999)) if set(change) == {"learning_rate"}]
    numbers = [isinstance(rate, float) for rate in rates]
    assert numbers == sorted(numbers, reverse=True) and "cosine(0.5)" in rates


def test_no_change_is_tried_twice_and_none_changes_nothing():
    for rate in (0.6, 0.4, 0.4999, 0.001):
        run = asked(rate)
        tried = changes(run)
        assert all(tried.count(change) == 1 for change in tried)
        assert all(run.plan.changed(**change).said() != run.plan.said() for change in tried)


@pytest.mark.parametrize("symptom", KINDS)
def test_every_change_is_one_that_a_plan_takes(symptom):
    remedy = {"steps": 7} if symptom == "overfitting" else {"learning_rate": 0.1}
    for plan in ({}, {"bounds": {"w": (None, 5)}}, {"scale": "columns"}, {"tolerance": 1e-9}):
        run = asked(0.4999, **plan)
        for whole in prescribe(run, [finding(symptom, **remedy)]):
            assert isinstance(whole.applied(run.plan), Plan) and whole.symptom == symptom and whole.reason


def test_steps_given_as_epochs_are_one_budget():
    run = asked(0.1)
    run = replace(run, plan=Plan(optimizer="gd", learning_rate=0.1, epochs=60))
    found = prescribe(run, [finding("overfitting", steps=7)])
    assert found[0].applied(run.plan).said() == {"optimizer": "gd", "learning_rate": 0.1, "steps": 7}


def test_what_is_held_gets_no_start():
    run = asked(0.001)
    run = replace(run, plan=Plan(fixed={"w": 1.0}))
    for whole in prescribe(run, [finding("local-minimum")]):
        assert "w" not in whole.applied(run.plan).start


@pytest.mark.parametrize("plan", [{"loss": "huber(2)"}, {"sigma": 2.0, "sigma_is": "absolute"}, {"seed": 3}])
def test_what_was_asked_beside_the_training_is_never_changed(plan):
    for rate in (0.6, 0.4, 0.4999, 0.001):
        run = asked(rate, bounds={"w": (None, 3.0)}, validation=0.2, **plan)
        for whole in prescribe(run, examine(run)):
            after = whole.applied(run.plan)
            for kept in ("loss", "bounds", "fixed", "tied", "sigma", "sigma_is", "weights", "validation", "seed"):
                assert getattr(after, kept) == getattr(run.plan, kept)


def test_smaller_rates_only_against_growth():
    ladder = [change["learning_rate"] for change in changes(asked(0.6)) if set(change) == {"learning_rate"}]
    assert max(ladder) < 0.5, "the limit"


def test_a_search_has_no_rate_to_change():
    run = as_run(loop(0.1, 3), "lbfgs")
    assert prescribe(run, [finding("plateau")]) != ()


def test_prescription_is_applied_as_a_change():
    plan = Plan(optimizer="gd", learning_rate=0.1, steps=9)
    assert Prescription({"learning_rate": 0.2}, "crawling", "").applied(plan) == plan.changed(learning_rate=0.2)

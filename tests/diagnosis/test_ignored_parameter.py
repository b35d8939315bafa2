import pytest
from runs import as_run

from downslope.diagnosis.ignored_parameter import ignored_parameter
from downslope.history import History
from downslope.history.readings import Readings
from downslope.plan import Plan

HISTORY = History.of(("w", "b", "c"), step=[0, 9], loss=[5.0, 1.0], params=[[1.0, 2.0, 3.0], [4.0, 5.0, 3.0]])


def run(*silent, plan=None):
    return as_run(HISTORY, plan=plan, readings=Readings(silent=silent))


def test_it_is_named_and_the_remedy_holds_it_where_it_is():
    found = ignored_parameter(run("c"))
    assert (found.symptom, found.severity, found.first_step) == ("ignored-parameter", "warning", 0)
    assert found.message == (
        "the slope of every prediction by c is 0, at the start, at the end and wherever else it was looked at: no step "
        "moves it"
    )
    assert found.remedy == {"fixed": {"c": 3.0}}


def test_several_are_named_together():
    assert "by b and c is 0" in ignored_parameter(run("b", "c")).message
    assert ignored_parameter(run("b", "c")).remedy == {"fixed": {"b": 2.0, "c": 3.0}}


@pytest.mark.parametrize(
    "plan",
    [Plan(start={"c": 3.0, "w": 1.0}), Plan(bounds={"c": (0, 9), "b": (0, 9)}), Plan(fixed={"w": 1.0})],
    ids=["start", "bounds", "fixed"],
)
def test_the_remedy_is_a_plan_whatever_was_said_of_it_before(plan):
    changed = plan.changed(**ignored_parameter(run("c", plan=plan)).remedy)
    assert changed.fixed["c"] == 3.0 and "c" not in {**changed.start, **changed.bounds}
    assert {*changed.fixed, *changed.start, *changed.bounds} == {*plan.fixed, *plan.start, *plan.bounds, "c"}


def test_a_model_that_ignores_all_of_them_cannot_be_cured_by_holding_them():
    assert ignored_parameter(run("w", "b", "c")).remedy == {}


def test_without_any_there_is_no_finding():
    assert ignored_parameter(run()) is ignored_parameter(as_run(HISTORY)) is None

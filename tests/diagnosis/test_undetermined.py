from dataclasses import replace

import numpy as np
import pytest
from runs import as_run

from downslope.diagnosis.undetermined import undetermined
from downslope.history import History, Uncertainty
from downslope.history.readings import Readings, Reference
from downslope.plan import Plan
from downslope.probe.metric import metric
from downslope.probe.metric import undetermined as in_words

HISTORY = History.of(("a", "b", "c"), step=[0, 9], loss=[5.0, 1.0], params=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
REFERENCE = Reference(1.0, np.ones(3), np.ones(3), "auto", level=6.0)


def words(*columns):
    """As the probe says it of a design of these columns."""
    design = np.column_stack(columns)
    return in_words(metric(np.linalg.qr(design, mode="r"), design.shape[1], np.ones(design.shape[1], bool)), "abc")


U, V, ONE = np.random.default_rng(0).normal(size=20), np.random.default_rng(1).normal(size=20), np.ones(20)


def run(said=(), best=(), silent=(), reference=REFERENCE, plan=None, **more):
    known = Uncertainty(np.eye(3), "", 17, said) if said is not None else None
    reference = replace(reference, undetermined=best)
    return as_run(HISTORY, plan=plan, uncertainty=known, readings=Readings(silent=silent, reference=reference), **more)


def test_a_combination_is_said_and_one_of_it_can_be_fixed():
    found = undetermined(run(words(U, 2 * ONE, -ONE)))
    assert (found.symptom, found.severity, found.first_step) == ("undetermined", "warning", 0)
    assert found.message == "the data cannot tell b and c apart: only a combination of them is determined"
    assert found.remedy == {"fixed": {"c": 3.0}}
    assert found.evidence["combinations open"] == 1


def test_three_that_hang_together():
    found = undetermined(run(words(U, V, U + V)))
    assert "cannot tell a, b and c apart" in found.message and found.remedy == {"fixed": {"c": 3.0}}


def test_a_parameter_that_was_0_is_fixed_at_what_it_came_to():
    history = replace(HISTORY, params=np.array([[1.0, 2.0, 0.0], [4.0, 5.0, 6.0]]))
    assert undetermined(replace(run(words(U, ONE, ONE)), history=history)).remedy == {"fixed": {"c": 6.0}}


def test_what_is_ignored_everywhere_is_told_elsewhere():
    said = words(U, 0 * U, ONE)
    assert said == ("b has no effect on the prediction here",)
    assert undetermined(run(said, silent=("b",))) is None
    assert undetermined(run(said)).message == said[0]
    both = words(U, 0 * U, U)
    assert undetermined(run(both, silent=("b",))).message.startswith("the data cannot tell a and c apart")


def test_a_run_that_has_not_arrived_is_judged_at_the_lowest_loss_known():
    lower = replace(REFERENCE, loss=0.5)
    assert undetermined(run(words(U, 0 * U, ONE), reference=lower)) is None
    assert undetermined(run((), words(U, ONE, ONE), reference=lower)) is not None
    assert undetermined(run(None, words(U, ONE, ONE))) is not None


def test_the_remedy_is_a_plan_whatever_was_said_before():
    plan = Plan(start={"c": 3.0}, bounds={"c": (0, 9)})
    changed = plan.changed(**undetermined(run(words(U, ONE, ONE), plan=plan)).remedy)
    assert (changed.fixed, changed.start, changed.bounds) == ({"c": 3.0}, {}, {})


@pytest.mark.parametrize(("loss", "found"), [(0.0345, True), (0.0347, False), (0.3, False)])
def test_classes_that_can_be_told_apart_are_told_by_the_loss_of_one_error(loss, found):
    """20 rows: log(2)/20 = 0.03466."""
    seen = run(plan=Plan(loss="logistic"), columns={"y": np.resize([0.0, 1.0], 20)}, loss=loss, rows=20)
    finding = undetermined(seen)
    assert (finding is not None) == found
    if found:
        assert "the classes can be told apart without error" in finding.message and "grow for ever" in finding.message


def test_shares_are_no_classes():
    seen = run(plan=Plan(loss="logistic"), columns={"y": np.linspace(0, 1, 20)}, loss=1e-3, rows=20)
    assert undetermined(seen) is None


def test_nothing_is_said_where_nobody_looked():
    assert undetermined(as_run(HISTORY)) is undetermined(run()) is None

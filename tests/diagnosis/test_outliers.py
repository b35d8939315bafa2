import numpy as np
import pytest
from runs import as_run

from downslope.diagnosis.outliers import outliers
from downslope.history import History
from downslope.history.readings import Outlying, Readings, Reference
from downslope.plan import Plan

HISTORY = History.of(("w",), step=[0, 1], loss=[2.0, 1.0], params=[[0.0], [1.0]])


def run(rows=(7, 2), plan=None, loss=1.0, level=5.0):
    residuals = tuple(12.0 - k for k in range(len(rows)))
    seen = Outlying(rows, residuals, 4.1, 0.8, 0.3, noise=0.5, moved=2.0)
    reference = Reference(loss, np.ones(1), np.zeros(1), "auto", level=level)
    return as_run(HISTORY, plan=plan, readings=Readings(outlying=seen, reference=reference))


def test_the_rows_are_named_with_the_evidence():
    found = outliers(run())
    assert found.message == (
        "rows 2 and 7 carry 80 % of the loss: up to 12 standard deviations away from the fit to the other rows, where "
        "noise stays below 4.1"
    )
    assert (found.symptom, found.severity, found.first_step) == ("outliers", "warning", 0)
    assert found.evidence == {
        "rows": 2, "largest residual": 12.0, "limit": 4.1, "share of the loss": 0.8, "moves a parameter by": 2.0,
        "leverage": 0.3,
    }  # fmt: skip


def test_one_row_is_told_in_the_singular():
    assert outliers(run((4,))).message.startswith("row 4 carries 80 % of the loss: 12 standard deviations away from")


def test_of_many_rows_five_are_named():
    assert outliers(run(tuple(range(10, 20)))).message.startswith("rows 10, 11, 12, 13, 14 and 5 more carry")


def test_the_remedy_is_a_plan_with_a_loss_that_bends_at_the_noise():
    plan = Plan().changed(**outliers(run()).remedy)
    assert plan.loss == f"huber({1.345 * 0.5:.3g})"


@pytest.mark.parametrize("loss", ["mae", "huber(1)", "log-cosh", "logistic", "poisson", lambda f, y: (f - y) ** 2])
def test_other_losses_are_not_examined(loss):
    assert outliers(run(plan=Plan(loss=loss))) is None


def test_data_that_are_met_exactly_have_none():
    assert outliers(run(loss=1e-12, level=5.0)) is None


def test_nothing_is_said_without_a_reading():
    assert outliers(as_run(HISTORY)) is outliers(as_run(HISTORY, readings=Readings())) is None

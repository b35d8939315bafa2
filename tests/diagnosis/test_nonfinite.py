import numpy as np
import pytest
from runs import as_run

from downslope.diagnosis.diverging import diverging
from downslope.diagnosis.nonfinite import nonfinite
from downslope.history import History
from downslope.history.readings import Birth, Pace, Readings


def history(loss=(3.0, 2.0, 1.0, np.nan), params=(3.0, 2.0, 1.0, -1.0), **more):
    steps = len(loss)
    known = {"landing": [np.nan] + [0.5] * (steps - 1), "rate": [0.8] * (steps - 1) + [np.nan]} | more
    return History.of(("a",), step=range(steps), loss=loss, params=np.array(params, dtype=float)[:, None], **known)


def test_the_step_and_the_last_numbers_are_told():
    found = nonfinite(as_run(history(), stopped="not finite"))
    assert (found.symptom, found.severity, found.first_step) == ("nonfinite", "fault", 3)
    assert found.message == (
        "the loss ceased to be a number at step 3, without having grown before; the last numbers, at step 2, were a = 1"
    )
    assert found.evidence == {"last finite step": 2.0, "loss": 1.0, "rate": 0.8}


def test_the_operation_and_the_row_are_told_where_they_are_known():
    birth = Birth("log(a + x)", 7, -0.25, 3)
    found = nonfinite(as_run(history(), stopped="not finite", readings=Readings(birth=birth)))
    assert "the first to fail is log(a + x), in row 7, where it is given -0.25" in found.message
    assert found.evidence["row"] == 7 and found.evidence["given"] == -0.25


@pytest.mark.parametrize(
    ("landing", "best", "rate"),
    [(0.5, np.nan, 0.4), (-0.9, np.nan, 0.4), (-3.0, np.nan, 0.2), (0.5, 0.05, 0.05), (0.5, 3.0, 0.4)],
)
def test_the_remedy_is_a_rate_that_stays_on_this_side(landing, best, rate):
    seen = history(landing=[np.nan, 0.9, landing, np.nan])
    found = nonfinite(as_run(seen, readings=Readings(pace=Pace(1.0, 1.0, best, 1.0))))
    assert found.remedy == {"learning_rate": pytest.approx(rate)}


def test_a_descent_over_an_edge_is_cured_by_the_remedy(descent):
    """(log a)², whose valley lies at 1, from 4: at the rate 12 the step leads to a negative a."""

    def run(rate):
        with np.errstate(all="ignore"):
            return descent(lambda a: 2 * np.log(a) / a, lambda a: float(np.log(a[0]) ** 2), [4.0], rate, 400)

    known = Readings(pace=Pace(np.nan, 4.0, 0.5, 1.0))
    (rate,) = nonfinite(as_run(run(12.0), readings=known)).remedy.values()
    assert run(rate).loss[-1] < 1e-6
    rate = 12.0
    while (found := nonfinite(as_run(run(rate)))) is not None:  # with nothing known: half of it, again and again
        (smaller,) = found.remedy.values()
        assert smaller <= rate / 2
        rate = smaller
    assert rate >= 1.5 and run(rate).finite.all()


def test_growth_is_another_symptom(parabola):
    seen = as_run(parabola(50.0, 500))
    assert diverging(seen) is not None and nonfinite(seen) is None


def test_a_slope_that_is_no_number_is_found_where_the_loss_is_one():
    seen = history((3.0, 2.0), (1.0, 0.0), gradient=[[1.0], [np.nan]])
    found = nonfinite(as_run(seen, stopped="not finite"))
    assert found.message.startswith("the gradient ceased to be a number at step 1")
    assert found.evidence["last finite step"] == 1.0 and found.remedy == {}
    assert nonfinite(as_run(seen)) is None  # it was not kept, that is all


def test_numbers_that_were_none_from_the_first_step_are_found():
    found = nonfinite(as_run(history((np.nan,), (1.0,))))
    assert found.first_step == 0 and found.remedy == {} and "last finite step" not in found.evidence


def test_a_finite_run_has_no_finding(parabola):
    assert nonfinite(as_run(parabola(0.5))) is None
    assert nonfinite(as_run(History.of(("a",), step=[], loss=[], params=np.zeros((0, 1))))) is None

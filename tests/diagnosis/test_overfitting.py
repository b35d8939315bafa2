import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import as_run

from downslope.diagnosis.overfitting import needed, overfitting
from downslope.history import History
from downslope.history.readings import Readings, Validation
from downslope.plan import Plan


def run(losses, spread=0.01, rows=50):
    steps = 10 * np.arange(len(losses))
    history = History.of(("w",), step=steps, loss=np.linspace(2, 1, len(losses)), params=np.ones((len(losses), 1)))
    seen = Validation(steps, np.array(losses, dtype=float), rows, spread)
    return as_run(history, plan=Plan(steps=int(steps[-1])), readings=Readings(validation=seen))


def test_the_turn_is_named_and_the_remedy_stops_there():
    found = overfitting(run([4, 2, 1, 1.5, 2]))
    assert (found.symptom, found.severity, found.first_step) == ("overfitting", "warning", 20)
    assert found.message == (
        "the loss over the 50 rows held out was lowest at step 20, 1, and rose to 2 by the end: from there on the "
        "descent learned the noise of its rows"
    )
    assert Plan(steps=40).changed(**found.remedy).steps == 20
    assert found.evidence["lowest validation loss"] == 1 and found.evidence["rows held out"] == 50


@pytest.mark.parametrize(
    "seen",
    [
        run([4, 3, 2, 1]),  # still falling
        run([4, 1, 1.005], spread=1e-6),  # certain, but below 1 %
        run([4, 1, 2], spread=0.5),  # within the noise
        run([4, 1, 2], spread=np.nan),
        run([4, 1, 2], rows=3, spread=0.001),  # too few rows to know the noise
        as_run(History.of(("w",), step=[0], loss=[1.0], params=[[1.0]])),
    ],
    ids=["falling", "small", "noise", "unknown", "few", "none"],
)
def test_no_turn_that_is_certain_and_matters_is_no_finding(seen):
    assert overfitting(seen) is None


@given(rise=st.floats(0.02, 10), spread=st.floats(1e-3, 10), rows=st.integers(4, 10_000), units=st.floats(-12, 12))
def test_the_border_is_where_it_is_said_to_be_in_any_units(rise, spread, rows, units):
    size = 10.0**units
    found = overfitting(run(size * np.array([4.0, 1.0, 1.0 + rise]), size * spread, rows))
    border = rise / spread / needed(rows)
    if abs(border - 1) > 1e-6:
        assert (found is not None) == (border > 1)


def test_what_is_needed_is_students_t():
    from scipy.special import ndtr, stdtrit

    for rows in (4, 5, 8, 20, 100, 10_000):
        assert needed(rows) == pytest.approx(stdtrit(rows - 1, ndtr(2.326)), rel=0.025)


def test_a_start_that_is_best_already_cannot_be_stopped_earlier():
    assert overfitting(run([1, 2, 3])).remedy == {}


def test_healthy_descents_are_left_alone():
    """Least squares by plain descent to its end: the held-out loss turns up a little in most of them."""
    turned = found = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        x = generator.uniform(-1, 1, 40)
        design = np.vander(x, 3)
        y = design @ [1.0, -1.0, 0.5] + 0.3 * generator.normal(size=40)
        out, kept = np.split(generator.permutation(40), [10])
        curvature = 2 * design[kept].T @ design[kept] / 30
        rate, at, path = 1 / np.linalg.eigvalsh(curvature)[-1], np.zeros(3), []
        for _ in range(200):
            path.append(at)
            at = at - rate * 2 * design[kept].T @ (design[kept] @ at - y[kept]) / 30
        rows = (design[out] @ np.array(path).T - y[out][:, None]) ** 2
        losses = rows.mean(axis=0)
        spread = float(np.std(rows[:, -1] - rows[:, np.argmin(losses)], ddof=1) / np.sqrt(10))
        turned += losses[-1] > 1.01 * losses.min()
        found += overfitting(run(losses, spread, 10)) is not None
    assert turned > 100 and found <= 3

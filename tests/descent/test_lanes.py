"""Many searches side by side end where each of them would alone."""

import numpy as np
import pytest

from downslope.arrays import double_precision
from downslope.descent import searching
from downslope.descent.lanes import MOST_RECORDED, search
from downslope.descent.stops import GOING_ON, SETTLED
from downslope.model import as_model
from downslope.objective import as_loss, build, pack

X = np.linspace(0, 4, 25)
Y = 3 * np.exp(-0.8 * X) + 1 + 0.05 * np.sin(7 * X)
FORMULA = "y = a*exp(-b*x) + c"


def ends(starts, formula=FORMULA, y=Y, name="levenberg-marquardt", linear=(), steps=200, **more):
    with double_precision():
        objective = build(as_model(formula, ["x", "y"]), as_loss("mse"))
        open_end = np.full(starts.shape, np.inf)
        limits = {"lower": -open_end, "upper": open_end, **more}
        rows = pack({"x": X}, y)
        return search(objective, searching(name, True, linear), starts, rows, steps=steps, **limits)


def starts(count):
    return np.random.default_rng(0).uniform([1, 0.1, -1], [5, 2, 3], (count, 3))


@pytest.mark.parametrize("count", [1, 16, 17, 70])
def test_a_lane_ends_where_it_would_alone_however_many_there_are(count):
    begun = starts(count)
    together, alone = ends(begun), ends(begun[-1:])
    assert together.params.shape == (count, 3) and together.loss.shape == (count,)
    assert together.params[-1] == pytest.approx(alone.params[0], rel=1e-12)
    assert (together.end == SETTLED).all()
    assert np.ptp(together.loss) < 1e-12 * together.loss[0]


def test_more_lanes_than_the_widest_program_takes_are_run_in_turns():
    assert ends(starts(513)).params[-1] == pytest.approx(ends(starts(513)[-1:]).params[0], rel=1e-12)


def test_a_parameter_between_equal_bounds_stays_in_its_lane():
    begun = starts(4)
    begun[:, 1] = [0.3, 0.6, 0.9, 1.2]
    lower, upper = np.full((4, 3), -np.inf), np.full((4, 3), np.inf)
    lower[:, 1] = upper[:, 1] = begun[:, 1]
    found = ends(begun, lower=lower, upper=upper)
    assert found.params[:, 1].tolist() == [0.3, 0.6, 0.9, 1.2]
    for params in found.params:
        columns = np.column_stack([np.exp(-params[1] * X), np.ones(25)])
        assert params[[0, 2]] == pytest.approx(np.linalg.lstsq(columns, Y, rcond=None)[0], rel=1e-9)


def test_every_lane_may_weigh_the_rows_in_its_own_way():
    begun = np.tile([[1.0, 1.0]], (3, 1))
    weight = np.zeros((3, 1, 32))
    counts = np.random.default_rng(1).integers(0, 4, (3, 25))
    weight[:, 0, :25] = counts
    found = ends(begun, "y = w*x + b", weight=weight)
    for params, loss, count in zip(found.params, found.loss, counts, strict=True):
        slope, constant = np.polyfit(X, Y, 1, w=np.sqrt(count))
        assert params == pytest.approx([slope, constant], rel=1e-9)
        assert loss == pytest.approx(np.average((slope * X + constant - Y) ** 2, weights=count))


def test_what_is_recorded_is_what_was_evaluated():
    found = ends(starts(2), record=True)
    for lane in range(2):
        seen = found.seen[: found.steps[lane], lane]
        assert seen[:, 0].min() == found.loss[lane]
        assert seen[0, 1:4].tolist() == starts(2)[lane].tolist()
        for loss, *params in seen[:, :4]:
            a, b, c = params
            assert loss == pytest.approx(np.mean((a * np.exp(-b * X) + c - Y) ** 2), rel=1e-9)
    assert len(found.seen) <= MOST_RECORDED


def test_lanes_that_may_take_no_more_steps_say_that_they_were_going_on():
    found = ends(np.array([[9.0, 9.0, 9.0]]), steps=2)
    assert found.end.tolist() == [GOING_ON] and found.steps.tolist() == [2]


def test_a_lane_that_never_sees_a_number_has_an_infinite_loss_and_disturbs_no_other():
    found = ends(np.array([[-3.0], [4.5]]), "y = sqrt(0.9 - x + k)", np.sqrt(5.0 - X))
    assert np.isinf(found.loss[0]) and found.params[1, 0] == pytest.approx(4.1, rel=1e-6)


def test_a_lane_that_projects_needs_no_start_for_its_linear_parameters():
    found = ends(np.array([[1e9, 0.5, -1e9]]), name="variable-projection", linear=(0, 2))
    assert found.params[0] == pytest.approx(ends(starts(1)).params[0], rel=1e-8)


def test_no_lane_ever_leaves_its_bounds():
    lower, upper = np.tile([2.0, 0.1, 1.2], (16, 1)), np.tile([2.7, 0.7, 3.0], (16, 1))
    begun = np.clip(starts(16), lower, upper)
    found = ends(begun, lower=lower, upper=upper, record=True)
    points = np.concatenate([found.seen[: found.steps[lane], lane, 1:4] for lane in range(16)])
    assert (points >= lower[0]).all() and (points <= upper[0]).all()
    assert ((found.params == lower) | (found.params == upper)).any()

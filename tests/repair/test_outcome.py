from types import SimpleNamespace

import pytest

from downslope.plan import Plan
from downslope.repair import Repair, Trial
from downslope.repair.outcome import difference


def fitted(loss: float, text: str = "y = w*x", **plan):
    asked = Plan(**plan)
    run = SimpleNamespace(text=text, target="y", is_code=False, stopped="", plan=asked, chosen={})
    return SimpleNamespace(plan=asked, loss=loss, run=run)


@pytest.fixture
def repair():
    before = fitted(12.5, optimizer="gd", learning_rate=0.5, steps=100)
    after = fitted(0.25, optimizer="gd", learning_rate=0.1234567, steps=100, start={"w": 1.0})
    trial = Trial({"learning_rate": 0.1234567}, "a smaller rate", 0.25, 100, cured=True)
    return Repair(after, before, (trial,), "diverging, cured by a change of learning_rate to 0.123457")


def test_changes_are_a_diff_of_the_plan(repair):
    assert repair.changed
    assert repair.changes == {"learning_rate": (0.5, 0.1234567), "start": ({}, {"w": 1.0})}
    for name, (before, after) in repair.changes.items():
        assert getattr(repair.before.plan, name) == before and getattr(repair.fit.plan, name) == after


def test_python_is_what_to_write(repair):
    assert repair.python == (
        "ds.fit('y = w*x', data, optimizer='gd', learning_rate=0.1234567, steps=100, start={'w': 1.0})"
    )


def test_it_prints_the_reason_the_diff_and_the_line(repair):
    assert str(repair) == (
        "diverging, cured by a change of learning_rate to 0.123457\n"
        "  learning_rate: 0.5 -> 0.123457\n"
        "  start: none -> {w: 1}\n"
        "  loss: 12.5 -> 0.25\n"
        f"  {repair.python}"
    )


def test_what_was_left_alone_prints_the_reason_only():
    same = fitted(1.0)
    repair = Repair(same, same, (), "nothing is wrong with this training; it was left as it is")
    assert not repair.changed and repair.changes == {} and repair.listed == ()
    assert str(repair) == repair.reason


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({}, {}, set()),
        ({"steps": 5}, {"steps": None}, {"steps"}),
        ({"bounds": {"w": (0, None)}}, {"bounds": {"w": (0, None)}}, set()),
        ({"bounds": {"w": (0, None)}}, {"bounds": {"w": (0, 1)}}, {"bounds"}),
        ({"optimizer": "gd", "scale": "none"}, {"optimizer": "adam", "scale": "columns"}, {"optimizer", "scale"}),
    ],
)
def test_difference_names_what_differs(before, after, changed):
    assert set(difference(Plan(**before), Plan(**after))) == changed


def test_functions_and_arrays_are_compared_by_what_they_are():
    import numpy as np

    def loss(prediction, target):
        return abs(prediction - target)

    weights = np.ones(3)
    assert difference(Plan(loss=loss, weights=weights), Plan(loss=loss, weights=weights, steps=3)) == {
        "steps": (None, 3)
    }

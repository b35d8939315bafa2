from dataclasses import replace

import numpy as np
import pytest
from runs import as_run

from downslope.diagnosis.dead_units import dead_units
from downslope.history import History
from downslope.history.readings import Readings, Reference, Units
from downslope.plan import Plan

HISTORY = History.of(("a", "k"), step=[0, 50], loss=[5.0, 4.0], params=[[1.0, 9.0], [1.0, 9.0]])
REFERENCE = Reference(1.0, np.array([2.0, 0.5]), np.array([1.0, 0.25]), "auto", level=6.0)
OFF = Units((("relu(x - k)", 0, 0), ("relu(x + k)", 40, 40)), 40, (0, -1), 0)


def run(units=OFF, reference=REFERENCE, plan=None):
    return as_run(HISTORY, plan=plan, readings=Readings(units=units, reference=reference))


def test_the_unit_is_named_and_the_remedy_is_the_start_of_the_better_way():
    found = dead_units(run())
    assert (found.symptom, found.severity, found.first_step) == ("dead-units", "warning", 0)
    assert found.message == (
        "relu(x - k) is switched on by none of the 40 rows from the start, so no slope moves what is inside; a loss "
        "of 1 is known, and this one is 4"
    )
    assert Plan().changed(**found.remedy).start == {"a": 1.0, "k": 0.25}
    assert found.evidence["units off"] == 1 and found.evidence["units off at the lowest loss known"] == 0


def test_since_when_it_is_off_is_told():
    found = dead_units(run(replace(OFF, on=(("relu(x - k)", 12, 0), ("relu(x + k)", 40, 0)), since=(30, 20))))
    assert found.first_step == 20
    assert "relu(x - k) and relu(x + k) are switched on by none of the 40 rows since step 20" in found.message


@pytest.mark.parametrize(
    "seen",
    [
        run(replace(OFF, on=(("relu(x - k)", 0, 1), ("relu(x + k)", 40, 40)))),  # one row is enough
        run(reference=replace(REFERENCE, loss=3.97)),  # arrived all the same
        run(reference=None),  # nobody knows whether it matters
        run(replace(OFF, off_at_best=1)),  # the best fit known needs no more units
        run(units=None),
        as_run(HISTORY),
    ],
    ids=["on", "arrived", "unknown", "spare", "no units", "nothing"],
)
def test_units_that_do_not_matter_are_let_be(seen):
    assert dead_units(seen) is None


def test_what_is_fixed_gets_no_start():
    assert dead_units(run(plan=Plan(fixed={"a": 1.0}))).remedy["start"] == {"k": 0.25}

import json
from dataclasses import replace

import numpy as np

from downslope.plan import Plan
from downslope.report import as_json


def test_keys_are_stable(run, diverged):
    answer = json.loads(as_json(run, [diverged], files=["a.downslope"]))
    assert list(answer) == [
        "formula", "target", "parameters", "loss", "state", "reasons", "certificate", "uncertainty", "covariance",
        "notes", "stopped", "steps", "seconds", "rows", "source", "findings", "plan", "chosen", "files", "versions",
    ]  # fmt: skip
    assert answer["parameters"]["w"] == {"value": 5.367089798058013, "error": None, "start": 1.0}
    assert answer["plan"] == {"optimizer": "gd", "learning_rate": 0.01, "steps": 5000}
    assert answer["files"] == ["a.downslope"] and answer["steps"] == 5000
    assert answer["findings"][0]["remedy"] == {"learning_rate": 1.7e-4}


def test_numbers_that_are_not_finite_are_null(run, diverged):
    def refuse(word):
        raise AssertionError(word)

    odd = replace(run, loss=np.float64("nan"), params=np.array([np.inf, -np.inf]), truth={"w": np.nan})
    answer = json.loads(as_json(odd, [diverged]), parse_constant=refuse)
    assert answer["loss"] is None and answer["findings"][0]["evidence"]["loss"] is None
    assert answer["parameters"]["w"] == {"value": None, "error": None, "start": 1.0, "true_value": None}


def test_what_json_cannot_hold_is_described(run):
    odd = replace(run, plan=Plan(loss=len), chosen={"optimizer": len, "steps": np.int64(3)})
    answer = json.loads(as_json(odd))
    assert answer["plan"]["loss"] == {"described": "len"}
    assert answer["chosen"] == {"optimizer": {"described": "len"}, "steps": 3}


def test_errors_stand_beside_the_values_and_their_kind_once(trusted):
    answer = json.loads(as_json(trusted, intervals={"parameters": {"w": [-np.inf, 6.0]}}))
    assert {name: each["error"] for name, each in answer["parameters"].items()} == {"w": 0.355386, "b": 1.92723}
    assert answer["covariance"] == trusted.uncertainty.covariance.tolist()
    assert answer["uncertainty"] == {
        "kind": "JᵀJ, size of the noise from the residuals",
        "freedom": 9,
        "undetermined": [],
        "resting": {},
    }
    assert answer["certificate"]["digits"] == [13.0, 12.5] and answer["certificate"]["second"] is None
    assert answer["intervals"] == {"parameters": {"w": [None, 6.0]}}


def test_an_infinite_error_is_null_and_its_parameter_named(trusted):
    open_end = replace(trusted.uncertainty, covariance=np.diag([np.inf, 1.0]), undetermined=("w has no effect",))
    answer = json.loads(as_json(replace(trusted, uncertainty=open_end)))
    assert answer["parameters"]["w"]["error"] is None and answer["uncertainty"]["undetermined"] == ["w has no effect"]


def test_what_is_fixed_has_no_error(run):
    assert json.loads(as_json(replace(run, plan=Plan(fixed={"b": 1.0}))))["parameters"]["b"]["error"] == 0.0

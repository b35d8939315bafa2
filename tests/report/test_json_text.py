import json
from dataclasses import replace

import numpy as np

from downslope.plan import Plan
from downslope.report import as_json


def test_keys_are_stable(run, diverged):
    answer = json.loads(as_json(run, [diverged], files=["a.downslope"]))
    assert list(answer) == [
        "formula", "target", "parameters", "loss", "state", "reasons", "notes", "stopped", "steps", "seconds", "rows",
        "source", "findings", "plan", "chosen", "files", "versions",
    ]  # fmt: skip
    assert answer["parameters"]["w"] == {"value": 5.367089798058013, "start": 1.0}
    assert answer["plan"] == {"optimizer": "gd", "learning_rate": 0.01, "steps": 5000}
    assert answer["files"] == ["a.downslope"] and answer["steps"] == 5000
    assert answer["findings"][0]["remedy"] == {"learning_rate": 1.7e-4}


def test_numbers_that_are_not_finite_are_null(run, diverged):
    def refuse(word):
        raise AssertionError(word)

    odd = replace(run, loss=np.float64("nan"), params=np.array([np.inf, -np.inf]), truth={"w": np.nan})
    answer = json.loads(as_json(odd, [diverged]), parse_constant=refuse)
    assert answer["loss"] is None and answer["findings"][0]["evidence"]["loss"] is None
    assert answer["parameters"]["w"] == {"value": None, "start": 1.0, "true_value": None}


def test_what_json_cannot_hold_is_described(run):
    odd = replace(run, plan=Plan(loss=len), chosen={"optimizer": len, "steps": np.int64(3)})
    answer = json.loads(as_json(odd))
    assert answer["plan"]["loss"] == {"described": "len"}
    assert answer["chosen"] == {"optimizer": {"described": "len"}, "steps": 3}

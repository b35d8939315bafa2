"""Untracked parameters, judged from what a watcher wrote down."""

import json

import pytest
from runs import as_run

from downslope.diagnosis.untracked_parameter import untracked_parameter
from downslope.history import History, Readings


def judged(facts, source="tensorflow 2.21.0"):
    history = History.of(("w",), step=[0], loss=[1.0], params=[[0.0]])
    tensors = {"untracked-parameter": json.dumps(facts)} if facts is not None else {}
    return untracked_parameter(as_run(history, readings=Readings(tensors=tensors), source=source))


def test_a_healthy_run_has_none():
    assert judged(None) is None


@pytest.mark.parametrize(
    "source, wanted", [("tensorflow 2.21.0", "tf.Variable"), ("torch 2.13.0", "requires_grad=True")]
)
def test_a_constant_is_a_fault(source, wanted):
    finding = judged({"names": ["b"], "constants": ["b"], "first step": 1}, source)
    assert (finding.symptom, finding.severity, finding.first_step) == ("untracked-parameter", "fault", 1)
    assert wanted in finding.message


def test_what_could_be_reached_is_a_warning():
    finding = judged({"names": [f"w{k}" for k in range(7)], "constants": [], "first step": 1})
    assert finding.severity == "warning"
    assert "and 2 more" in finding.message


def test_a_loss_of_constants_alone():
    assert "nothing can be trained" in judged({"loss": True}).message

"""Broadcast losses, judged from what a watcher wrote down."""

import json

from runs import as_run

from downslope.diagnosis.broadcast_loss import broadcast_loss
from downslope.history import History, Readings


def judged(tensors):
    history = History.of(("w",), step=[0], loss=[1.0], params=[[0.0]])
    return broadcast_loss(as_run(history, readings=Readings(tensors=tensors)))


def test_a_healthy_run_has_none():
    assert judged({}) is None
    assert broadcast_loss(as_run(History.of(("w",), step=[], loss=[]))) is None


def test_the_shapes_are_shown():
    finding = judged({"broadcast-loss": json.dumps({"rows": 20, "one": [20, 1], "other": [20]})})
    assert (finding.symptom, finding.severity, finding.first_step) == ("broadcast-loss", "fault", 1)
    assert finding.evidence == {"rows": 20.0, "differences": 400.0}
    assert "(20, 1) and (20,)" in finding.message

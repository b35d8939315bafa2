"""Summed gradients, judged from what a watcher wrote down."""

import json

import numpy as np
import pytest
from runs import as_run

from downslope.diagnosis.summed_gradients import summed_gradients
from downslope.history import History, Readings

FACTS = {"first step": 2, "steps": 3, "stored": 2.0, "alone": 1.0, "before": 1.0, "left over": 0.0}


def judged(facts):
    history = History.of(("w",), step=np.arange(4), loss=[4.0, 3.0, 1.0, 0.5], params=np.zeros((4, 1)))
    tensors = {"summed-gradients": json.dumps(facts)} if facts is not None else {}
    return summed_gradients(as_run(history, readings=Readings(tensors=tensors)))


def test_a_healthy_run_has_none():
    assert judged(None) is None
    assert summed_gradients(as_run(History.of(("w",), step=[], loss=[]))) is None


def test_the_sum_is_shown_with_its_parts():
    finding = judged(FACTS)
    assert (finding.symptom, finding.severity, finding.first_step) == ("summed-gradients", "fault", 2)
    assert finding.evidence["length of the stored gradient"] == 2.0
    assert finding.evidence["steps along a sum"] == 3.0
    assert finding.remedy == {}


def test_the_corrected_losses_are_shown_where_they_are_known():
    losses = [4.0, 3.0, 1.0, 0.5]
    finding = judged(FACTS | {"losses": losses, "corrected": [4.0, 3.0, 2.0, 1.5], "recomputed sum": 2.0})
    assert finding.evidence["corrected loss at step 3"] == 1.5
    assert "each gradient alone gives 4, 3, 2, 1.5" in finding.message


@pytest.mark.parametrize("why", ["batches", "too large"])
def test_where_not_the_reason_is_said(why):
    assert why in judged(FACTS | {"why not": why}).message

"""Examine a run: ask for each symptom in turn."""

from collections.abc import Mapping
from typing import Any

from downslope.diagnosis.diverging import diverging
from downslope.diagnosis.finding import Finding
from downslope.history import History

SYMPTOMS = (diverging,)
"""Each takes (history, chosen) and returns a Finding or None. A new symptom is a module and a line here."""


def examine(history: History, chosen: Mapping[str, Any] | None = None) -> tuple[Finding, ...]:
    """All that is wrong with a descent, faults first; a healthy one has no findings.

    Args:   chosen: what ran, as a Run has it: `{"optimizer": "gd", "learning_rate": 0.01}`.

    >>> examine(History.of(("w",), step=[0, 1, 2], loss=[4.0, 1.0, 0.25], params=[[2.0], [1.0], [0.5]]))
    ()
    """
    found = [finding for symptom in SYMPTOMS if (finding := symptom(history, chosen or {})) is not None]
    return tuple(sorted(found, key=lambda finding: finding.severity != "fault"))

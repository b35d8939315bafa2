"""Examine a run: ask for each symptom in turn."""

from downslope.diagnosis.diverging import diverging
from downslope.diagnosis.finding import Finding
from downslope.history import Run

SYMPTOMS = (diverging,)
"""Each takes a Run and returns a Finding or None. A new symptom is a module and a line here."""


def examine(run: Run) -> tuple[Finding, ...]:
    """All that is wrong with a run, faults first; a healthy one has no findings.

    What the steps alone do not show is judged from the run's `readings`, as far as they were taken.
    """
    found = [finding for symptom in SYMPTOMS if (finding := symptom(run)) is not None]
    return tuple(sorted(found, key=lambda finding: finding.severity != "fault"))

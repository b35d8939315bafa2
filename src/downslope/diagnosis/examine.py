"""Examine a run: ask for each symptom in turn."""

from downslope.diagnosis.bouncing import bouncing
from downslope.diagnosis.broadcast_loss import broadcast_loss
from downslope.diagnosis.crawling import crawling
from downslope.diagnosis.dead_units import dead_units
from downslope.diagnosis.diverging import diverging
from downslope.diagnosis.finding import Finding
from downslope.diagnosis.ignored_parameter import ignored_parameter
from downslope.diagnosis.local_minimum import local_minimum
from downslope.diagnosis.nonfinite import nonfinite
from downslope.diagnosis.outliers import outliers
from downslope.diagnosis.overfitting import overfitting
from downslope.diagnosis.overshooting import overshooting
from downslope.diagnosis.plateau import plateau
from downslope.diagnosis.ravine import ravine
from downslope.diagnosis.summed_gradients import summed_gradients
from downslope.diagnosis.undetermined import undetermined
from downslope.diagnosis.unscaled_inputs import unscaled_inputs
from downslope.diagnosis.untracked_parameter import untracked_parameter
from downslope.history import Run

CAUSES = (
    summed_gradients,  # explains whatever follows from it
    diverging,
    nonfinite,
    overfitting,  # what has turned up need not go on to the floor
    dead_units,
    local_minimum,
    bouncing,
    plateau,
    unscaled_inputs,
    ravine,
    crawling,
)
"""Why a run did not arrive: the first that holds, each of them seen before what it would also look like."""
BESIDE = (broadcast_loss, untracked_parameter, overshooting, outliers, ignored_parameter, undetermined)
"""What may hold whether it arrived or not.

Each takes a Run and returns a Finding or None. A new symptom is a module and a line here."""


FAULTS = (diverging, nonfinite)
"""Those of the causes that take the answer away, and are told from the steps alone."""


def fault(run: Run) -> Finding | None:
    """Why the answer of a run cannot be used at all; None if it can."""
    return next((finding for symptom in FAULTS if (finding := symptom(run)) is not None), None)


def examine(run: Run) -> tuple[Finding, ...]:
    """All that is wrong with a run, faults first, then why it did not arrive; a healthy one has no findings.

    What the steps alone do not show is judged from the run's `readings`, as far as they were taken.
    """
    cause = next((finding for symptom in CAUSES if (finding := symptom(run)) is not None), None)
    beside = [finding for symptom in BESIDE if (finding := symptom(run)) is not None]
    found = [*([cause] if cause is not None else []), *beside]
    return tuple(sorted(found, key=lambda finding: finding.severity != "fault"))

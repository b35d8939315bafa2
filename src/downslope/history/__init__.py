"""What was seen: History (the steps), Run (all that is known after a fit) and its file. NumPy only."""

from downslope.history.history import History, Recorder
from downslope.history.readings import (
    Batches,
    Curvature,
    Outlying,
    Pace,
    Readings,
    Reference,
    Units,
    Validation,
)
from downslope.history.run import Run, State
from downslope.history.store import load, save
from downslope.history.trust import Certificate, Uncertainty

__all__ = [
    "Batches",
    "Certificate",
    "Curvature",
    "History",
    "Outlying",
    "Pace",
    "Readings",
    "Recorder",
    "Reference",
    "Run",
    "State",
    "Uncertainty",
    "Units",
    "Validation",
    "load",
    "save",
]

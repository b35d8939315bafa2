"""What was seen: History (the steps), Run (all that is known after a fit) and its file. NumPy only."""

from downslope.history.history import History, Recorder, spacing
from downslope.history.readings import (
    AtEnd,
    Birth,
    Curvature,
    Outlying,
    Overall,
    Pace,
    Readings,
    Reference,
    Units,
    Validation,
)
from downslope.history.run import Run, State, Unfinished
from downslope.history.store import load, save
from downslope.history.trust import Certificate, Uncertainty

__all__ = [
    "AtEnd",
    "Birth",
    "Certificate",
    "Curvature",
    "History",
    "Outlying",
    "Overall",
    "Pace",
    "Readings",
    "Recorder",
    "Reference",
    "Run",
    "State",
    "Uncertainty",
    "Unfinished",
    "Units",
    "Validation",
    "load",
    "save",
    "spacing",
]

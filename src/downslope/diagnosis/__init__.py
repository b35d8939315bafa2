"""What it means: one symptom a module, History in, Finding or None out. NumPy only."""

from downslope.diagnosis.examine import examine, fault
from downslope.diagnosis.finding import Finding, not_above

__all__ = ["Finding", "examine", "fault", "not_above"]

"""What it means: one symptom a module, History in, Finding or None out. NumPy only."""

from downslope.diagnosis.examine import examine
from downslope.diagnosis.finding import Finding

__all__ = ["Finding", "examine"]

"""What to change: findings in, changed Plans out, the smallest change first. NumPy only."""

from downslope.repair.again import as_command, as_python
from downslope.repair.outcome import Repair, Trial
from downslope.repair.prescribe import IN_THE_DATA, Prescription, prescribe

__all__ = ["IN_THE_DATA", "Prescription", "Repair", "Trial", "as_command", "as_python", "prescribe"]

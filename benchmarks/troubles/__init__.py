"""Troubles: programs × faults × severities × seeds, and as many healthy runs, each with a truth found apart from
downslope; what it finds in them, and what it repairs.
"""

from benchmarks.troubles.figures import detect, repair

PARTS = {"detect": detect, "repair": repair}

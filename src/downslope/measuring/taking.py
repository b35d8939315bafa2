"""Take the readings of a run: all that has to be measured before one can say what went wrong.

That is done when somebody asks, prints or saves the answer, not while training.
"""

from dataclasses import replace

import numpy as np

from downslope.arrays import double_precision
from downslope.history import Readings, Reference, Run
from downslope.measuring import rows, way
from downslope.measuring.reference import lower, reference
from downslope.problem import Problem
from downslope.strategy import FEW_PARAMETERS


def take(problem: Problem, run: Run, known: Reference | None = None) -> Readings:
    """Measure what the diagnosis asks for, as far as this problem lets it be measured.

    Args:   known: what has been found of the same problem already, to be sought no more. Then only what tells whether
            another run of it has arrived is measured.
    """
    with double_precision(), np.errstate(all="ignore"):
        again = known is not None
        known = lower(known, run) if known is not None else reference(problem, run)
        few = len(problem.free) <= FEW_PARAMETERS
        curved = few and problem.objective.loss.level is None
        stepped = curved and not run.chosen.get("searches", False)
        seen = Readings(
            reference=known,
            curvature=way.along(problem, run) if problem.objective.loss.level is None else None,
            at_end=way.at_end(problem, run) if stepped and not problem.convex else None,
            overall=way.overall(problem, run, known, few) if run.history.batch_size is not None else None,
            validation=rows.validated(problem, run, known),
        )
        if again:
            return seen
        return replace(
            seen,
            pace=way.pace(problem, run, known) if stepped and known is not None else None,
            outlying=rows.carrying(problem, known) if few else None,
            units=rows.units(problem, run, known),
            birth=rows.birth(problem, run),
            silent=rows.without_effect(problem, run, known) if few else (),
        )

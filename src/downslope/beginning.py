"""Where a search begins for a loss whose minimum sits on kinks, such as mae: at the least-squares answer.

From there the way is short, and its length is known: steps that change the predictions by a typical residual. Adam
from an arbitrary start, at a rate that knows no units, may still be far away when its steps end.
"""

from dataclasses import replace

import numpy as np

from downslope.descent import Descent, as_rates, as_rule, descend
from downslope.history import Recorder
from downslope.objective import as_loss, build
from downslope.problem import Problem
from downslope.strategy import SEARCH_STEPS


def from_least_squares(problem: Problem) -> Problem:
    """The problem with its start at the least-squares answer and its `reach` known; unchanged if there is none.

    `reach` is the shortest step along one parameter that changes the predictions by the root mean square of the
    residuals.
    """
    objective = build(problem.model, as_loss("mse"))
    recorder, curvature = Recorder(problem.model.parameters), None
    rule, inner = as_rule("levenberg-marquardt"), problem.inner(problem.start[None])[0]
    rows = problem.target.size
    search = Descent(
        objective, problem.rows, rows, problem.model.parameters, rule, as_rates(1.0, SEARCH_STEPS), inner, SEARCH_STEPS
    )
    for block in descend(search):
        recorder.add(block.history)
        curvature = block.curvature
    history = recorder.history()
    best, loss = history.params[history.best], history.loss[history.best]
    if curvature is None or not np.isfinite(loss) or not np.isfinite(best).all():
        return problem
    width = np.sqrt(np.diagonal(curvature) / 2)  # root mean square of the derivative of the prediction
    if not width.all():
        return problem
    start = best if problem.rescaling is None else problem.rescaling.back(best)
    note = "start: the least-squares answer, as nothing was said of how to get to the minimum"
    reach = max(float(np.sqrt(loss) / width.max()), np.finfo(float).tiny)
    return replace(problem, start=start, reach=reach, notes=(*problem.notes, note))

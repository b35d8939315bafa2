"""One group by itself, by the ordinary fit: for what does not run side by side, and for a closer look."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from downslope.data import Table
from downslope.errors import InputError
from downslope.fitting import train
from downslope.many.spec import Spec, bind
from downslope.plan import Plan
from downslope.posing import pose


class Answer(NamedTuple):
    """What came of one group: params and errors (p,)."""

    params: np.ndarray
    errors: np.ndarray
    loss: float
    state: str
    reason: str


def fit_singly(spec: Spec, plan: Plan, columns: Mapping[str, np.ndarray]) -> Answer:
    """Fit one group; what cannot be fitted is untrusted, with the reason."""
    try:
        problem = pose(spec.model, Table(columns, source="group"), spec.target, plan)
        fit = train(problem, plan)
    except InputError as error:
        nothing = np.full(len(bind(spec, plan).model.parameters), np.nan)
        return Answer(nothing, nothing, float("nan"), "untrusted", str(error))
    return Answer(
        np.array(list(fit.params.values())),
        np.array(list(fit.errors.values())),
        fit.loss,
        fit.state,
        "; ".join(fit.reasons),
    )

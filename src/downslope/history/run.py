"""Run: everything that is known after a fit, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from downslope.history.history import History
from downslope.history.readings import Readings
from downslope.history.trust import Certificate, Uncertainty
from downslope.plan import Plan

State = Literal["certified", "usable", "untrusted"]


@dataclass(frozen=True, eq=False)
class Unfinished:
    """What it takes to go on with a descent that was cut short as if it never had been.

    began       steps that earlier runs had taken before this one, which goes on from them
    steps       that were asked of this one
    first_norm  length of the gradient of which the tolerance is a share, where an earlier run has measured it
    start       (p,), of the problem: what was chosen by the curvature there is chosen again
    """

    began: int
    steps: int
    first_norm: float | None
    start: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """What was asked, what was seen and what came out: the value that is saved, pictured and reported.

    Shapes: params (p,), in the order of `parameters`; `columns` are the data, each (rows,), kept when small;
    `memory` is the packed state of the descent, from which it can go on.
    """

    plan: Plan
    text: str
    latex: str | None
    target: str
    parameters: tuple[str, ...]
    params: np.ndarray
    loss: float
    rows: int
    state: State
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    stopped: str
    history: History
    source: str
    fingerprint: str
    memory: np.ndarray
    is_code: bool = False
    """Whether the model is a Python function, which is not saved."""
    truth: Mapping[str, float] | None = None
    truth_text: str | None = None
    columns: Mapping[str, np.ndarray] | None = None
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Optimizer, learning rate and steps as they ran, where the plan left them open."""
    certificate: Certificate | None = None
    """How far the answer is from the minimum; None where that could not be measured."""
    uncertainty: Uncertainty | None = None
    """The covariance there; None where the answer is not near enough to a minimum to have one."""
    readings: Readings | None = None
    """What was measured beside the steps; None until somebody asks what went wrong."""
    unfinished: Unfinished | None = None
    """Of a run that was cut short, by Ctrl-C or in a checkpoint, what it takes to finish it."""

    @property
    def values(self) -> dict[str, float]:
        """Each parameter's value by name."""
        return dict(zip(self.parameters, map(float, self.params), strict=True))

    @property
    def taken(self) -> Readings:
        """What was measured beside the steps; nothing of it where nobody asked."""
        return self.readings or Readings()

    @property
    def rule(self) -> str:
        """Name of the step rule or solver that ran, without its options."""
        return str(self.chosen.get("optimizer", "")).partition("(")[0].strip()

    @property
    def plain(self) -> bool:
        """Whether each step was rate times the gradient over all rows, and nothing else."""
        return self.history.batch_size is None and self.rule in ("gd", "sgd")

    @property
    def adaptive(self) -> bool:
        """Whether its steps have one length, whatever the slope."""
        return self.rule in ("adam", "adamw", "rmsprop", "adagrad")

    @property
    def steps(self) -> int:
        """Steps taken."""
        return int(self.history.step[-1]) if len(self.history) else 0

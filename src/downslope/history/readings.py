"""Readings: what was measured of a run beside its steps, as plain values. Probes take them, the
diagnosis reads them.

All are optional: a run of another framework has none but those that can be read off its history.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Curvature:
    """Eigenvalues of the Hessian of the objective over all rows, in what the descent works in.

    Shapes: steps, highest, lowest (k,), at some steps of the way, the last one included; spectrum (q,) or fewer, at
    the last of them, ascending; steepest and flattest (q,) unit directions there; names of the q parameters.
    """

    names: tuple[str, ...]
    steps: np.ndarray
    highest: np.ndarray
    lowest: np.ndarray
    spectrum: np.ndarray
    steepest: np.ndarray
    flattest: np.ndarray


@dataclass(frozen=True, eq=False)
class Reference:
    """The lowest loss that is known of this model on these rows, by means of our own, whatever was asked.

    loss       over all rows that count
    params     (p,), where it was found, in the user's units
    start      (p,), from where the way led there
    optimizer  by which means
    certain    whether it is proven to be a minimum, at least of its surroundings
    agreed     so many of the starts `tried` led there
    nearby     loss of the minimum next to where the run ended; nan where none was found
    level      loss at the best constant prediction, the size by which a loss of 0 is measured
    undetermined  what the data cannot tell there, in words
    """

    loss: float
    params: np.ndarray
    start: np.ndarray
    optimizer: str
    certain: bool
    tried: int = 1
    agreed: int = 1
    nearby: float = float("nan")
    level: float = float("nan")
    undetermined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pace:
    """How many steps the spectrum foretells, from the start of the run until it has arrived; inf for never, nan for
    unknown. All for the rule that ran.

    as_it_was   at the rate that ran
    at_best     at the rate `best_rate`
    scaled      at the best rate on columns brought to about -1..1, which is `scaled_rate`
    condition, scaled_condition: largest by smallest curvature of what the data determine, as it was and on such columns
    """

    as_it_was: float
    at_best: float
    best_rate: float
    condition: float
    scaled: float = float("nan")
    scaled_rate: float = float("nan")
    scaled_condition: float = float("nan")


@dataclass(frozen=True)
class Batches:
    """What batches do to a descent.

    full        loss over all rows at the answer, and at the start
    floor       excess of the loss that the noise of batches keeps up at the rate that ran; nan where unknown
    """

    start: float
    full: float
    floor: float = float("nan")


@dataclass(frozen=True)
class Outlying:
    """Rows that carry the loss.

    rows       their numbers, counted from 1 as in the user's table
    residuals  studentised, each after those before it were left out
    limit      that a healthy row does not pass
    share      of the loss that they carry
    leverage   (0 to 1) of the most influential of them
    """

    rows: tuple[int, ...]
    residuals: tuple[float, ...]
    limit: float
    share: float
    leverage: float


@dataclass(frozen=True)
class Units:
    """ReLU units of a model: (text of the unit, rows that switch it on at the start, rows at the end)."""

    on: tuple[tuple[str, int, int], ...]
    rows: int


@dataclass(frozen=True, eq=False)
class Validation:
    """Loss over rows that were held out, at some steps: steps and losses (k,); `spread` is the standard error of the
    difference between its last and its lowest loss, `rows` the number of rows held out.
    """

    steps: np.ndarray
    losses: np.ndarray
    rows: int
    spread: float


@dataclass(frozen=True, eq=False)
class Readings:
    """All that was measured."""

    curvature: Curvature | None = None
    reference: Reference | None = None
    pace: Pace | None = None
    batches: Batches | None = None
    outlying: Outlying | None = None
    units: Units | None = None
    validation: Validation | None = None
    silent: tuple[str, ...] = ()
    """Parameters on which no prediction depends."""
    tensors: dict[str, str] = field(default_factory=dict)
    """Of another framework's loop: what was seen of its tensors that no History holds, by symptom."""

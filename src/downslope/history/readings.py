"""Readings: what was measured of a run beside its steps, as plain values. Probes take them, the
diagnosis reads them.

All are optional: a run of another framework has none but those that can be read off its history.
"""

import math
from dataclasses import dataclass, field

import numpy as np

SHARE = 0.01
"""Share of the lowest loss by which a run that has arrived may lie above it."""
LEVEL = 1e-6
"""The same as a share of the loss of the best constant, for data that can be met exactly: a residual of a thousandth of
the spread."""


def allowance(lowest: float, level: float, floor: float = 0.0) -> float:
    """Loss above the lowest known one up to which a run has arrived.

    Args:   level: loss of the best constant prediction, nan if unknown; floor: of predictions that meet every row, from
            which both are counted: a constant in the loss changes nothing.

    >>> round(allowance(2.0, 100.0), 9), allowance(0.0, float("nan")), round(allowance(3.0, 101.0, floor=1.0), 9)
    (0.0201, 0.0, 0.0201)
    """
    return SHARE * abs(lowest - floor) + (LEVEL * abs(level - floor) if math.isfinite(level) else 0.0)


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
    agreed     so many of the starts `tried` led there
    nearby     loss of the minimum next to where the run ended; nan where none was found
    level      loss at the best constant prediction, the size by which a loss of 0 is measured
    floor      loss of predictions that meet every row
    undetermined  what the data cannot tell there, in words
    """

    loss: float
    params: np.ndarray
    start: np.ndarray
    optimizer: str
    tried: int = 1
    agreed: int = 1
    nearby: float = float("nan")
    level: float = float("nan")
    floor: float = 0.0
    undetermined: tuple[str, ...] = ()


@dataclass(frozen=True)
class AtEnd:
    """The parabola that fits the objective where the run ended, in what the descent works in.

    gain    by how much the loss would fall to its floor; along directions that curve downwards, by as much as if they
            curved upwards
    lowest, highest  curvature
    """

    gain: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Pace:
    """How many steps it takes from the start of the run until it has arrived; inf for never, nan for unknown. All for
    the rule that ran.

    as_it_was   at the rate that ran, as the spectrum at the reference foretells
    at_best     at the rate `best_rate`, half of the largest stable one there; and
    scaled      at that on columns brought to about -1..1, `scaled_rate`: of a model that is linear in its parameters
                as the spectrum foretells, of any other as a trial of as many steps as the run took has shown (inf: it
                did not arrive in these)
    condition, scaled_condition: largest by smallest curvature of what the data determine, as it was and on such columns
    """

    as_it_was: float
    at_best: float
    best_rate: float
    condition: float
    scaled: float = float("nan")
    scaled_rate: float = float("nan")
    scaled_condition: float = float("nan")


@dataclass(frozen=True, eq=False)
class Overall:
    """Loss over all rows at some steps (k,) of a run whose steps saw batches.

    floor: excess of the loss that the noise of batches keeps up at the rate that ran; nan where unknown.
    """

    steps: np.ndarray
    losses: np.ndarray
    floor: float = float("nan")


@dataclass(frozen=True)
class Outlying:
    """Rows that carry the loss.

    rows       their numbers, counted from 1 as in the user's table
    residuals  studentised, each after those before it were left out
    limit      that a healthy row does not pass
    share      of the loss that they carry
    leverage   (0 to 1) of the most influential of them
    noise      standard deviation of the residuals of all other rows, after a fit to these alone
    moved      standard errors by which the parameter moves that moves most when they are left out
    """

    rows: tuple[int, ...]
    residuals: tuple[float, ...]
    limit: float
    share: float
    leverage: float
    noise: float = float("nan")
    moved: float = float("nan")


@dataclass(frozen=True)
class Units:
    """ReLU units of a model: (text of the unit, rows that switch it on at the start, rows at the end); `since`, one a
    unit: the first of the steps that were looked at from which on no row did, -1 if a row does at the end;
    `off_at_best` counts the units that no row switches on at the lowest loss known, -1 where that is unknown.
    """

    on: tuple[tuple[str, int, int], ...]
    rows: int
    since: tuple[int, ...] = ()
    off_at_best: int = -1


@dataclass(frozen=True)
class Birth:
    """Where a number that is not finite was born: the text of the operation, the row (counted from 1) and the value
    that the operation was given there; `slope`: the operation has a value there, but its slope is not a number.
    """

    operation: str
    row: int
    given: float
    step: int
    slope: bool = False


@dataclass(frozen=True, eq=False)
class Validation:
    """Loss over rows that were held out, at some steps: steps and losses (k,); `spread` is the standard error of the
    difference between its last and its lowest loss, `rows` the number of rows held out, `at_best` the same loss at the
    lowest loss known over the others.
    """

    steps: np.ndarray
    losses: np.ndarray
    rows: int
    spread: float
    at_best: float = float("nan")


@dataclass(frozen=True, eq=False)
class Readings:
    """All that was measured."""

    curvature: Curvature | None = None
    reference: Reference | None = None
    pace: Pace | None = None
    at_end: AtEnd | None = None
    overall: Overall | None = None
    outlying: Outlying | None = None
    units: Units | None = None
    validation: Validation | None = None
    birth: Birth | None = None
    silent: tuple[str, ...] = ()
    """Parameters on which no prediction depends."""
    tensors: dict[str, str] = field(default_factory=dict)
    """Of another framework's loop: what was seen of its tensors that no History holds, by symptom."""

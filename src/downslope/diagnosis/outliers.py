"""Outliers: few rows carry the loss. A fault of the data, not of the training: no rate cures it.

Which rows those are is measured by the probe `outlying`; only the squared loss, which they pull with the square of
their distance, is examined.
"""

import numpy as np

from downslope.diagnosis.finding import Finding, rough
from downslope.history import Run
from downslope.history.readings import LEVEL

NAMED = 5
"""Rows that are named in the message."""
HUBER = 1.345
"""Standard deviations of normal noise at which huber's loss keeps 95 % of the efficiency of squares (Huber 1981)."""


def outliers(run: Run) -> Finding | None:
    """Whether few rows carry the squared loss; None if not, or if the loss is another one.

    Evidence: "rows" (how many), "largest residual" (studentised, of a fit without them), "limit" (beyond which it is
            no noise), "share of the loss", "moves a parameter by" (standard errors), "leverage".
    """
    seen = run.taken.outlying
    if seen is None or not seen.rows or run.plan.loss != "mse":
        return None
    known = run.taken.reference
    if known is not None and known.loss <= LEVEL * known.level:
        return None  # every row is met: what stands out is rounding
    evidence = {
        "rows": len(seen.rows),
        "largest residual": max(map(abs, seen.residuals)),
        "limit": seen.limit,
        "share of the loss": seen.share,
        "moves a parameter by": seen.moved,
        "leverage": seen.leverage,
    }
    return Finding(
        symptom="outliers",
        severity="warning",
        first_step=0,
        evidence={name: float(value) for name, value in evidence.items() if np.isfinite(value)},
        message=(
            f"{_rows(seen.rows)} {'carries' if len(seen.rows) == 1 else 'carry'} {100 * seen.share:.0f} % of the loss: "
            f"{'' if len(seen.rows) == 1 else 'up to '}{rough(evidence['largest residual'])} standard deviations away "
            f"from the fit to the other rows, where noise stays below {rough(seen.limit)}"
        ),
        remedy={"loss": f"huber({HUBER * seen.noise:.3g})"} if np.isfinite(seen.noise) and seen.noise > 0 else {},
    )


def _rows(rows: tuple[int, ...]) -> str:
    """The first five by number, the rest counted.

    >>> _rows((7,)), _rows((7, 2)), _rows((1, 2, 3, 4, 5, 6, 7))
    ('row 7', 'rows 2 and 7', 'rows 1, 2, 3, 4, 5 and 2 more')
    """
    numbers = [str(row) for row in (sorted(rows) if len(rows) <= NAMED else rows[:NAMED])]
    if len(rows) > NAMED:
        return f"rows {', '.join(numbers)} and {len(rows) - NAMED} more"
    return f"row {numbers[0]}" if len(numbers) == 1 else f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"

"""Overfitting: the loss over the rows that were held out turned up, while the descent went on.

The turn is judged row by row: the difference between each row's loss at the end and at the lowest point has a mean and
a standard error. Both points are compared on the same rows, so the noise that they share cancels.
"""

import numpy as np

from downslope.diagnosis.finding import Finding, rough
from downslope.history import Run

ERRORS = 2.326
"""Standard errors by which the loss must have risen, of many rows: chance does it once in a hundred; for few see
`needed`.
"""
SHARE = 0.01
"""And by what share of the lowest loss: a rise that is certain may still not matter."""
FEWEST_ROWS = 4


def overfitting(run: Run) -> Finding | None:
    """Whether the validation loss turned up; None if not, or if no rows were held out.

    Evidence: "lowest validation loss", "validation loss at the end", "standard error" (of their difference), "rows held
            out".
    """
    seen = run.taken.validation
    if seen is None or seen.rows < FEWEST_ROWS or not np.isfinite(seen.spread):
        return None
    lowest = int(np.nanargmin(seen.losses))
    low, last = float(seen.losses[lowest]), float(seen.losses[-1])
    rise = last - low
    if lowest == len(seen.losses) - 1 or not rise > max(needed(seen.rows) * seen.spread, SHARE * abs(low)):
        return None
    step = int(seen.steps[lowest])
    return Finding(
        symptom="overfitting",
        severity="warning",
        first_step=step,
        evidence={
            "lowest validation loss": low,
            "validation loss at the end": last,
            "standard error": float(seen.spread),
            "rows held out": float(seen.rows),
        },
        message=(
            f"the loss over the {seen.rows:,} rows held out was lowest at step {step:,}, {rough(low)}, and rose to "
            f"{rough(last)} by the end: from there on the descent learned the noise of its rows"
        ),
        remedy={"steps": step} if step > 0 else {},
    )


def needed(rows: int) -> float:
    """Standard errors that so many rows must show for chance to do it once in a hundred.

    Student's t of f = rows - 1 degrees of freedom, from the normal z by the approximation of Wallace (1959),
    z = (8f + 1)/(8f + 3) · √(f·log(1 + t²/f)); at 4 rows it is 2 % too large, from 11 rows on 0.1 %.

    >>> [round(needed(rows), 2) for rows in (4, 11, 1000)]
    [4.65, 2.77, 2.33]
    """
    freedom = rows - 1
    ratio = (8 * freedom + 3) / (8 * freedom + 1)
    return float(np.sqrt(freedom * np.expm1((ERRORS * ratio) ** 2 / freedom)))

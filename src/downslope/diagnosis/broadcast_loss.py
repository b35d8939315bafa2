"""Broadcast loss: n predictions and n targets are compared each with all the others.

Shapes (n, 1) and (n,) are spread over each other to n × n differences. The loss is a number all the same, and its
minimum is the mean of the targets for every prediction.
"""

import json

from downslope.diagnosis.finding import Finding
from downslope.history import Run


def broadcast_loss(run: Run) -> Finding | None:
    """Whether the residuals of the loss were n × n instead of n; None if not.

    Evidence: "rows", and how many "differences" were made of them.
    """
    text = run.readings.tensors.get("broadcast-loss") if run.readings is not None else None
    if text is None:
        return None
    facts = json.loads(str(text))
    rows = int(facts["rows"])
    one, other = (
        f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})" for shape in (facts["one"], facts["other"])
    )
    return Finding(
        symptom="broadcast-loss",
        severity="fault",
        first_step=1,
        evidence={"rows": float(rows), "differences": float(rows * rows)},
        message=f"shapes {one} and {other} were spread over each other in the loss: {rows} predictions and {rows} "
        f"targets made {rows} × {rows} differences, each prediction against all the targets; bring both to one shape, "
        "such as prediction.squeeze(-1) or target.reshape(-1, 1)",
    )

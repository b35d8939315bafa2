"""JSON: the same answer for programs. Keys are stable; numbers that are not finite are null."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from downslope.diagnosis import Finding
from downslope.history import Run


def as_json(
    run: Run,
    findings: Sequence[Finding] = (),
    *,
    files: Sequence[str] = (),
    intervals: Mapping[str, Any] | None = None,
) -> str:
    """A run as one JSON object.

    Args:   files: what was written, to be named in it; intervals: as plain values, if they were asked for.
    Returns: an object with the keys formula, target, parameters, loss, state, reasons, certificate, uncertainty,
            covariance, notes, stopped, steps, seconds, rows, source, findings, plan, chosen, files, versions, and
            intervals if there are some. `parameters` holds an object by name with value, error and start, and
            true_value where the truth is known. An error is null where there is none, or where it is infinite; the
            names of what is undetermined stand in uncertainty.
    """
    start = run.history.params[0] if len(run.history) else [math.nan] * len(run.parameters)
    truth, known = run.truth or {}, run.uncertainty
    errors = known.errors if known is not None else [math.nan] * len(run.parameters)
    parameters = {
        name: {"value": value, "error": 0.0 if name in run.plan.fixed else error, "start": first}
        | ({"true_value": truth[name]} if name in truth else {})
        for (name, value), error, first in zip(run.values.items(), errors, start, strict=True)
    }
    answer = {
        "formula": run.text,
        "target": run.target,
        "parameters": parameters,
        "loss": run.loss,
        "state": run.state,
        "reasons": run.reasons,
        "certificate": None if run.certificate is None else vars(run.certificate),
        "uncertainty": None
        if known is None
        else {
            "kind": known.kind,
            "freedom": known.freedom,
            "undetermined": known.undetermined,
            "resting": known.resting,
        },
        "covariance": None if known is None else known.covariance.tolist(),
        "notes": run.notes,
        "stopped": run.stopped,
        "steps": run.steps,
        "seconds": run.seconds,
        "rows": run.rows,
        "source": run.source,
        "findings": [
            {
                "symptom": found.symptom,
                "severity": found.severity,
                "first_step": found.first_step,
                "evidence": found.evidence,
                "message": found.message,
                "remedy": found.remedy,
            }
            for found in findings
        ],
        "plan": run.plan.said(),
        "chosen": run.chosen,
        "files": files,
        "versions": run.versions,
    } | ({} if intervals is None else {"intervals": intervals})
    return plain_json(answer)


def plain_json(values: Mapping[str, Any], indent: int | None = 2) -> str:
    """Plain values and arrays as one JSON object; numbers that are not finite are null."""
    return json.dumps(plain_values(values), indent=indent, allow_nan=False, ensure_ascii=True)


def plain_values(value: Any) -> Any:
    """A value as JSON can hold it: arrays as lists, numbers that are not finite as None, what is no value by its name.

    >>> plain_values({"loss": math.inf, "at": np.arange(2)})
    {'loss': None, 'at': [0, 1]}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_values(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [plain_values(each) for each in value]
    return {"described": str(getattr(value, "__name__", type(value).__name__))}

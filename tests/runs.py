"""A Run around a History that a test made itself."""

from typing import Any

import numpy as np

from downslope.history import History, Run
from downslope.plan import Plan


def as_run(history: History, optimizer: str = "gd", plan: Plan | None = None, **known: Any) -> Run:
    """What a fit that took these steps would leave; `known` are other fields of Run."""
    end = slice(history.best, history.best + 1)
    loss = float(history.loss[end].sum())
    answer = {"params": history.params[end].sum(axis=0), "loss": loss}
    chosen = {"optimizer": optimizer, "searches": False, "batch_size": history.batch_size}
    fields: dict[str, Any] = {
        "text": "", "latex": None, "target": "y", "rows": 100, "state": "usable", "reasons": (), "notes": (),
        "stopped": f"all {len(history)} steps taken", "source": "a test", "fingerprint": "",
        "memory": np.zeros(0), "chosen": chosen,
    }  # fmt: skip
    return Run(plan=plan or Plan(), parameters=history.parameters, history=history, **(fields | answer | known))

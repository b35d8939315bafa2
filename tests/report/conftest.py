from dataclasses import replace

import numpy as np
import pytest

from downslope.diagnosis import Finding
from downslope.history import Certificate, History, Run, Uncertainty
from downslope.plan import Plan


@pytest.fixture
def run() -> Run:
    """The end of a healthy fit of the thermometer."""
    history = History.of(
        ("w", "b"),
        step=[0, 100, 5000],
        loss=[80.36434545454546, 22.1487126483236, 2.927646682820263],
        params=[[1.0, 0.0], [2.1, -4.5], [5.367089798058013, -17.30122252100717]],
    )
    return Run(
        plan=Plan(optimizer="gd", learning_rate=0.01, steps=5000),
        text="celsius = w*unknown + b",
        latex=None,
        target="celsius",
        parameters=("w", "b"),
        params=history.params[-1],
        loss=float(history.loss[-1]),
        rows=11,
        state="usable",
        reasons=(),
        notes=("1 row dropped (line 4): missing values",),
        stopped="all 5,000 steps taken",
        history=history,
        source="thermometer.csv",
        fingerprint="",
        memory=np.zeros(0),
        seconds=0.0123,
    )


@pytest.fixture
def trusted(run) -> Run:
    """The same with a certificate and errors."""
    covariance = np.array([[0.355386**2, 0.0], [0.0, 1.92723**2]])
    return replace(
        run,
        state="certified",
        reasons=("the least-squares minimum, the only one",),
        certificate=Certificate(1e-29, 1e-13, (13.0, 12.5), "exact", 1.0),
        uncertainty=Uncertainty(covariance, "JᵀJ, size of the noise from the residuals", 9),
    )


@pytest.fixture
def diverged() -> Finding:
    return Finding(
        "diverging", "fault", 1, {"growth factor": 57.8, "loss": np.inf}, "the loss was 1.76e3 at the start",
        {"learning_rate": 1.7e-4},
    )  # fmt: skip

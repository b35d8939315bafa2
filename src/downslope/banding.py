"""Banding: how certain the prediction of a fit is at new rows."""

from typing import TYPE_CHECKING

import numpy as np

from downslope.arrays import double_precision
from downslope.data import Table
from downslope.errors import RequestError, UnknownName
from downslope.history import Run, Uncertainty
from downslope.intervals import check_level, errors_known, quantile
from downslope.objective import as_loss, build
from downslope.probe.band import Band, band

if TYPE_CHECKING:
    from downslope.result import Fit

KINDS = ("confidence", "prediction")


def banded(fit: "Fit", table: Table, level: float, kind: str) -> Band:
    """`Fit.band`, for a table with the model's columns."""
    check_level(level)
    if kind not in KINDS:
        raise UnknownName("kind of band", str(kind), KINDS)
    run, known = fit.run, errors_known(fit.run)
    if known.undetermined:
        raise RequestError(f"there is no band: {known.undetermined[0]}")
    reach = quantile(run, known, level)
    if not np.isfinite(reach):
        raise RequestError("there is no band: no row was left over to tell the size of the noise")
    noise = _noise(run, known, table) if kind == "prediction" else 0.0
    model = fit.model
    with double_precision():
        columns = {name: table[name] for name in model.columns}
        return band(build(model, as_loss("mse")), run.params, columns, known.covariance, reach, noise)


def sigma_column(run: Run) -> str | None:
    """The column that a prediction band needs beside those of the model."""
    sigma = run.plan.sigma
    return sigma if isinstance(sigma, str) and _number(sigma) is None else None


def _noise(run: Run, known: Uncertainty, table: Table) -> np.ndarray | float:
    """Variance of new rows about the curve, (n,) or one for all."""
    if not known.by_squares:
        raise RequestError(
            "a prediction band needs the spread of single rows, which only the loss mse measures; ask for "
            "kind='confidence'"
        )
    if run.plan.weights is not None:
        raise RequestError(
            "the weights say how much the old rows count, not how noisy new ones are. Ask for kind='confidence', or "
            "fit with a column sigma = 1/sqrt(weight), sigma_is='relative'"
        )
    size = 1.0 if run.plan.sigma_is == "absolute" else run.loss * run.rows / known.freedom
    sigma, column = run.plan.sigma, sigma_column(run)
    if sigma is None:
        return size
    if column is not None:
        return size * table[column] ** 2
    single = _number(sigma)
    if single is None:
        raise RequestError(
            "sigma was an array, so it is not known for new rows. Ask for kind='confidence', or fit with sigma as the "
            "name of a column, which the new rows then have too"
        )
    return size * single**2


def _number(sigma: object) -> float | None:
    """A sigma that is one number for all rows."""
    try:
        return float(sigma) if np.ndim(sigma) == 0 else None  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None

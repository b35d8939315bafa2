"""downslope fits any differentiable model to data by gradient descent, and shows and explains what the training did.

>>> import downslope as ds
>>> fit = ds.fit("celsius = w*unknown + b", ds.sample("thermometer"))
>>> round(fit.params["w"], 4), fit.state
(0.5368, 'certified')
"""

from importlib import import_module as _import_module
from typing import Any as _Any

_HOMES = {
    "downslope.fitting": ("fit", "check_gradient"),
    "downslope.result": ("Fit", "load"),
    "downslope.making": ("make",),
    "downslope.many": ("Fits", "fit_many"),
    "downslope.scanning": ("Scan", "scan"),
    "downslope.plan": ("Plan",),
    "downslope.descent.disk_cache": ("compile_cache",),
    "downslope.history": ("History",),
    "downslope.whole_file": ("check_writable",),
    "downslope.diagnosis": ("Finding",),
    "downslope.data": ("Reading", "Stream", "Table", "batches", "read", "sample", "write_table"),
    "downslope.model": ("as_model", "exponential", "gaussian", "line", "logistic", "polynomial", "relu_sum"),
    "downslope.pictures.matplotlib_renderer": ("check_picture",),
    "downslope.watched": ("watch",),
    "downslope.laboratory": ("lab",),
    "downslope.report": ("status_lines",),
    "downslope.errors": (
        "DataError",
        "DownslopeError",
        "FormulaError",
        "InputError",
        "MissingExtra",
        "ModelError",
        "OutputError",
        "RequestError",
        "UnknownName",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> _Any:
    # resolved at first use, so that `import downslope` and `downslope --help` load nothing heavy
    if name not in _HOME:
        raise AttributeError(f"module 'downslope' has no attribute {name!r}")
    value = getattr(_import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

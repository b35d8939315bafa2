"""Plan: all that was asked of a fit, as one frozen record of plain values.

Its fields are the keywords of `downslope.fit`, the flags of the command line and the settings in a saved run: they are
written here once. A Plan holds what was *asked*; what was chosen where nothing was asked stands in the fit's notes.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from downslope.errors import RequestError, UnknownName

MOST_STEPS = 10**10


def _asked(default: Any, says: str, flag: Any = str) -> Any:
    """A field with its one-line help and the type that it has on the command line."""
    return field(default=default, metadata={"help": says, "flag": flag})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was asked of a fit.

    Raises: RequestError for a value that cannot be meant, whoever gives it (Python, command line, saved file).

    >>> Plan(optimizer="gd", learning_rate=0.1, steps=200).steps
    200
    >>> Plan(learning_rate=-1)
    Traceback (most recent call last):
        ...
    downslope.errors.RequestError: learning_rate is -1; it must be a positive number (or a decay such as 'cosine(0.1)')
    """

    loss: str | Callable[..., Any] = _asked("mse", "mse, mae, huber(1), log-cosh, quantile(0.5) or poisson")
    optimizer: Any = _asked(
        "auto", "auto, gd, momentum, nesterov, adam, adamw, rmsprop, adagrad, sgd or levenberg-marquardt"
    )
    learning_rate: float | str | Callable[..., Any] | None = _asked(
        None, "a number, or step, exponential, cosine or plateau with options: 'cosine(0.1)'"
    )
    steps: int | None = _asked(None, "how many steps to take, exactly; 0 evaluates the start", float)
    epochs: int | None = _asked(None, "the same in passes over the data", float)
    batch_size: int | None = _asked(None, "rows in each step, drawn without replacement; all, if left out", float)
    start: Mapping[str, float] = field(
        default_factory=dict, metadata={"help": "where a parameter starts: --start.w 0", "flag": dict[str, float]}
    )
    sigma: Any = _asked(None, "standard deviation of each target: a column or a number")
    weights: Any = _asked(None, "how much each row counts: a column")
    scale: str = _asked("none", "none, or columns: descend on columns brought to about -1..1, answer in your units")
    tolerance: float | None = _asked(None, "stop once the gradient has shrunk by this factor", float)
    seed: int = _asked(0, "seed of the order in which rows are drawn", float)

    def __post_init__(self) -> None:
        rate = self.learning_rate
        if isinstance(rate, str):
            rate = _number_or_text(rate)
            object.__setattr__(self, "learning_rate", rate)
        if _is_number(rate) and not 0 < float(rate) < math.inf:  # type: ignore[arg-type]
            raise RequestError(
                f"learning_rate is {rate}; it must be a positive number (or a decay such as 'cosine(0.1)')"
            )
        if rate is not None and not (_is_number(rate) or isinstance(rate, str) or callable(rate)):
            raise RequestError(f"learning_rate is {rate!r}; it must be a number, a name or a schedule")
        self._whole("steps", least=0)
        self._whole("epochs", least=0)
        self._whole("batch_size", least=1)
        self._whole("seed", least=0)
        if self.steps is not None and self.epochs is not None:
            raise RequestError(f"steps ({self.steps}) and epochs ({self.epochs}) are both given; give one")
        if self.sigma is not None and self.weights is not None:
            raise RequestError("sigma and weights are both given; give one (a weight is 1/sigma**2)")
        if self.scale not in ("none", "columns"):
            raise UnknownName("scale", str(self.scale), ("none", "columns"))
        if self.tolerance is not None and not (_is_number(self.tolerance) and 0 < self.tolerance < 1):
            raise RequestError(f"tolerance is {self.tolerance!r}; it must be a number between 0 and 1, such as 1e-8")
        object.__setattr__(self, "start", _start(self.start))

    def _whole(self, name: str, least: int) -> None:
        """Turn a field into an int, or say why it cannot be one."""
        value = getattr(self, name)
        if value is None:
            return
        whole = _is_number(value) and math.isfinite(value) and value == int(value)
        if not whole or not least <= value <= MOST_STEPS:
            kind = "a positive whole number" if least else "a whole number, 0 or more"
            limit = f" (at most {MOST_STEPS:.0e})" if whole and value > MOST_STEPS else ""
            shown = int(value) if whole else value
            raise RequestError(f"{name} is {shown!r}; it must be {kind}{limit}")
        object.__setattr__(self, name, int(value))

    def changed(self, **settings: Any) -> "Plan":
        """This plan with some fields replaced.

        >>> Plan(steps=200).changed(steps=10).steps
        10
        """
        check_names(settings)
        return replace(self, **settings)

    def said(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as plain values that JSON can hold.

        Arrays, functions and transformations are described, not kept: `{"described": "..."}`.
        """
        default = Plan()
        return {
            name: _plain(value)
            for name, value in asdict_shallow(self).items()
            if not _same(value, getattr(default, name))
        }


def asdict_shallow(plan: Plan) -> dict[str, Any]:
    """The fields by name, values as they are."""
    return {entry.name: getattr(plan, entry.name) for entry in fields(plan)}


def check_names(settings: Mapping[str, Any]) -> None:
    """Refuse a setting that no Plan has.

    Raises: UnknownName with the nearest one.
    """
    known = [entry.name for entry in fields(Plan)]
    for name in settings:
        if name not in known:
            raise UnknownName("setting", name, known)


def _is_number(value: Any) -> bool:
    if value is None or isinstance(value, bool | str | bytes):
        return False
    try:
        return float(value) == value or math.isnan(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _start(start: Any) -> dict[str, float]:
    if not isinstance(start, Mapping):
        raise RequestError(f"start is {start!r:.80}; give a mapping from parameter to number: start={{'w': 0.0}}")
    for name, value in start.items():
        if not _is_number(value) or not math.isfinite(value):
            raise RequestError(f"start of {name!r} is {value!r}; it must be a finite number")
    return {str(name): float(value) for name, value in start.items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a NumPy scalar
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return {"described": getattr(value, "__name__", type(value).__name__)}


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and isinstance(one, str | int | float | Mapping) and one == other)

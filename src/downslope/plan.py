"""Plan: all that was asked of a fit, as one frozen record of plain values.

Its fields are the keywords of `downslope.fit`, the flags of the command line and the settings in a saved run: they are
written here once. A Plan holds what was *asked*; what was chosen where nothing was asked stands in the fit's notes.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, fields, replace
from typing import Any

from downslope.errors import RequestError, UnknownName

MOST_STEPS = 10**10
BY_PARAMETER = ("start", "bounds", "fixed", "tied")
"""Settings that are mappings from a parameter's name."""

DEVICES = ("cpu", "gpu")

Limits = tuple[float | None, float | None]


def _asked(default: Any, says: str, flag: Any = str) -> Any:
    """A field with its one-line help and the type that it has on the command line."""
    factory: dict[str, Any] = {"default_factory": dict} if default == {} else {"default": default}
    return field(**factory, metadata={"help": says, "flag": flag})


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

    loss: str | Callable[..., Any] = _asked("mse", "mse, mae, huber(1), log-cosh, quantile(0.5), poisson or logistic")
    optimizer: Any = _asked(
        "auto",
        "auto, closed-form, levenberg-marquardt, variable-projection, newton, lbfgs, gd, momentum, nesterov, adam, "
        "adamw, rmsprop, adagrad or sgd",
    )
    learning_rate: float | str | Callable[..., Any] | None = _asked(
        None, "a number, or step, exponential, cosine or plateau with options: 'cosine(0.1)'"
    )
    steps: int | None = _asked(None, "how many steps to take, exactly; 0 evaluates the start", float)
    epochs: int | None = _asked(None, "the same in passes over the data", float)
    batch_size: int | None = _asked(None, "rows in each step, drawn without replacement; all, if left out", float)
    start: Mapping[str, float] = _asked({}, "where a parameter starts: --start.w 0", dict[str, float])
    bounds: Mapping[str, Limits] = _asked(
        {}, "between what a parameter stays: --bounds.b 0,10; or 0, or ,5", dict[str, Limits]
    )
    fixed: Mapping[str, float] = _asked({}, "a parameter that is held: --fixed.c 1", dict[str, float])
    tied: Mapping[str, str] = _asked({}, 'a parameter that follows others: --tied.b2 "2*b1"', dict[str, str])
    sigma: Any = _asked(None, "standard deviation of each target: a column or a number")
    sigma_is: str | None = _asked(
        None, "absolute: sigma are the true standard deviations; relative: only their ratios are known"
    )
    weights: Any = _asked(None, "how much each row counts: a column")
    scale: str = _asked("none", "none, or columns: descend on columns brought to about -1..1, answer in your units")
    tolerance: float | None = _asked(None, "stop once the gradient has shrunk by this factor", float)
    validation: float | None = _asked(
        None, "share of the rows to hold out, drawn by the seed: the loss over them is followed too", float
    )
    repair: bool = _asked(False, "if training goes wrong, try the smallest change that cures it, and keep it", bool)
    seed: int = _asked(0, "seed of all random choices", float)
    device: str | None = _asked(None, "cpu or gpu; what JAX takes by itself, if left out")

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
        self._check_sigma()
        if self.scale not in ("none", "columns"):
            raise UnknownName("scale", str(self.scale), ("none", "columns"))
        if self.device is not None and self.device not in DEVICES:
            if str(self.device).lower() in ("cuda", "rocm", "metal"):
                raise RequestError(f"device is {self.device!r}; say 'gpu', whoever made it")
            raise UnknownName("device", str(self.device), DEVICES)
        if self.tolerance is not None and not (_is_number(self.tolerance) and 0 < self.tolerance < 1):
            raise RequestError(f"tolerance is {self.tolerance!r}; it must be a number between 0 and 1, such as 1e-8")
        share = self.validation
        if share is not None and not (_is_number(share) and 0 < float(share) < 1):
            raise RequestError(f"validation is {share!r}; it must be the share of rows to hold out, such as 0.2")
        if not isinstance(self.repair, bool):
            raise RequestError(f"repair is {self.repair!r}; give True or False")
        for name, tidy in (("start", _number), ("bounds", _limits), ("fixed", _number), ("tied", _tie)):
            object.__setattr__(self, name, _tidied(name, getattr(self, name), tidy))
        self._check_apart()

    def _check_sigma(self) -> None:
        kinds = ("absolute", "relative")
        if self.sigma_is is not None and str(self.sigma_is) not in kinds:
            raise UnknownName("sigma_is", str(self.sigma_is), kinds)
        if self.sigma is not None and self.weights is not None:
            raise RequestError("sigma and weights are both given; give one (a weight is 1/sigma**2)")
        if self.sigma is not None and self.sigma_is is None:
            raise RequestError(
                "sigma is given, but not what it is. Say sigma_is='absolute' if sigma are the true standard deviations "
                "of the target, or sigma_is='relative' if only their ratios are known: then their size is estimated "
                "from the residuals"
            )
        if self.sigma is None and self.sigma_is is not None:
            raise RequestError(f"sigma_is={self.sigma_is!r} says what sigma is, but there is no sigma; give it too")

    def _check_apart(self) -> None:
        """Refuse what cannot hold of one parameter at once."""
        has = {"bounds": "has bounds", "start": "has a start", "fixed": "fixed"}
        for setting, others in (("fixed", ("bounds", "start")), ("tied", ("fixed", "bounds", "start"))):
            for name, other in ((name, other) for name in getattr(self, setting) for other in others):
                if name in getattr(self, other):
                    raise RequestError(f"{name!r} is {setting} and {has[other]}; leave one out")
        for name, start in self.start.items():
            low, high = map(_or, self.bounds.get(name, (None, None)), (-math.inf, math.inf))
            if not low <= start <= high:
                raise RequestError(f"start of {name!r} is {start:g}, outside its bounds, {low:g} to {high:g}")

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


def differing(before: Plan, after: Plan) -> list[str]:
    """Names of the fields in which two plans differ.

    >>> differing(Plan(learning_rate=0.1, steps=9), Plan(learning_rate=0.2, steps=9))
    ['learning_rate']
    """
    old, new = asdict_shallow(before), asdict_shallow(after)
    return [name for name in old if not _same(old[name], new[name])]


def check_names(settings: Mapping[str, Any]) -> None:
    """Refuse a setting that no Plan has.

    Raises: UnknownName with the nearest one.
    """
    known = [entry.name for entry in fields(Plan)]
    for name in settings:
        if name not in known:
            raise UnknownName("setting", name, known)


def named(plan: Plan) -> Iterator[tuple[str, str]]:
    """All that a plan says of a parameter by its name: (setting, name). Names inside of ties are not among them.

    >>> list(named(Plan(start={"a": 1}, bounds={"a": (0, None)}, tied={"b": "2*a"})))
    [('start', 'a'), ('bounds', 'a'), ('tied', 'b')]
    """
    return ((setting, name) for setting in BY_PARAMETER for name in getattr(plan, setting))


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


_EXAMPLES = {"start": "{'w': 0.0}", "bounds": "{'b': (0, None)}", "fixed": "{'c': 1.0}", "tied": "{'b2': '2*b1'}"}


def _tidied(setting: str, given: Any, tidy: Callable[[str, str, Any], Any]) -> dict[str, Any]:
    """A mapping from parameters as plain values."""
    if not isinstance(given, Mapping):
        raise RequestError(
            f"{setting} is {given!r:.80}; give a mapping from a parameter's name: {setting}={_EXAMPLES[setting]}"
        )
    return {str(name): tidy(setting, str(name), value) for name, value in given.items()}


def _number(setting: str, name: str, value: Any) -> float:
    if not _is_number(value) or not math.isfinite(value):
        what = "start of" if setting == "start" else "the fixed value of"
        raise RequestError(f"{what} {name!r} is {value!r:.80}; it must be a finite number")
    return float(value)


def _limits(_: str, name: str, given: Any) -> Limits:
    """A pair with None for an open end."""
    try:  # a text, a mapping and a set have no first and second number
        lower, upper = tuple(() if isinstance(given, str | bytes | Mapping | Set) else given)
    except (TypeError, ValueError):
        raise RequestError(
            f"bounds of {name!r} are {given!r:.80}; give a pair (lower, upper), with None for an open end: (0, None)"
        ) from None
    for side, value in (("lower", lower), ("upper", upper)):
        if value is not None and (not _is_number(value) or math.isnan(value)):
            raise RequestError(f"the {side} bound of {name!r} is {value!r:.80}; it must be a number, or None if open")
    low, high = float(_or(lower, -math.inf)), float(_or(upper, math.inf))
    if low == high and math.isfinite(low):
        raise RequestError(f"both bounds of {name!r} are {low:g}; to hold it there, say fixed={{{name!r}: {low!r}}}")
    if low >= high:
        raise RequestError(f"bounds of {name!r} are {low:g} and {high:g}; the lower one comes first, below the upper")
    return (low if low > -math.inf else None, high if high < math.inf else None)


def _tie(_: str, name: str, given: Any) -> str:
    if _is_number(given):
        raise RequestError(f"{name!r} is tied to a number; say fixed={{{name!r}: {float(given)!r}}}")
    if not isinstance(given, str) or not given.strip():
        raise RequestError(
            f"{name!r} is tied to {given!r:.80}; give a formula of other parameters: tied={_EXAMPLES['tied']}"
        )
    return str(given)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _plain(value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a NumPy scalar
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): list(each) if isinstance(each, tuple) else _plain(each) for key, each in value.items()}
    return {"described": getattr(value, "__name__", type(value).__name__)}


def _same(one: Any, other: Any) -> bool:
    plain = str | int | float | Mapping  # arrays have no one answer to ==
    return one is other or (isinstance(one, plain) and isinstance(other, plain) and one == other)

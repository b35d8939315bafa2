"""Settings: what a page asks, as flat texts and numbers by name, to data, formula and the keywords of a fit, and back.

The names are Plan's fields, which are also the flags of the command line; what is a mapping there has a name for each
parameter: `start.w`. Together they are the part of an address behind its #.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args, get_origin

import downslope as ds
from downslope.errors import RequestError, UnknownName
from downslope.laboratory.limits import Limits
from downslope.laboratory.refused import Refused
from downslope.laboratory.samples import call

Flat = Mapping[str, str | int | float]

DATA = ("data", "formula", "target", "truth", "n", "noise", "relative_noise", "seed_data")
LEFT_OUT = {
    "repair": "the lab repairs when its button is pressed",
    "epochs": "the lab counts in steps; give steps",
}
TOGETHER = ("sigma", "sigma_is")
MOST = 1000
"""Settings in one question."""

LOSSES = ("mse", "mae", "huber(1)", "log-cosh", "quantile(0.5)", "poisson", "logistic")
RULES = ("gd", "momentum(0.9)", "nesterov(0.9)", "adam", "adamw", "rmsprop", "adagrad", "sgd")
SEARCHES = (
    "auto", "closed-form", "linear-programming", "levenberg-marquardt", "variable-projection", "newton", "lbfgs",
)  # fmt: skip
"""Ways that set their own rate and end by themselves."""


@dataclass(frozen=True)
class Asked:
    """What a page asks: data by name, how they are made, a formula, and the keywords of `fit`."""

    data: str
    formula: str
    target: str | None = None
    made: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> tuple:
        """What decides the data; equal ones have equal tables."""
        return self.data, tuple(sorted(self.made.items()))

    @property
    def stepping(self) -> bool:
        """Whether a rule steps, so that a rate and a number of steps make sense."""
        return str(self.plan.get("optimizer", "auto")).partition("(")[0].strip() not in SEARCHES


def names() -> tuple[str, ...]:
    """All names that a setting can have, without those of parameters."""
    return (*DATA, *(entry.name for entry in fields(ds.Plan) if entry.name not in LEFT_OUT))


def read(flat: Flat, limits: Limits) -> Asked:
    """Check each setting and turn it into what it stands for. Data and formula must be among them.

    Raises: Refused, with the name of the setting.

    >>> read({"data": "line", "formula": "y = w*x", "learning_rate": "0.1", "start.w": 0}, Limits()).plan
    {'learning_rate': 0.1, 'start': {'w': 0.0}}
    """
    if not isinstance(flat, Mapping) or len(flat) > MOST:
        raise Refused(None, f"settings are {type(flat).__name__}; give at most {MOST} by name")
    made: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    kinds = {entry.name: entry.metadata["flag"] for entry in fields(ds.Plan)}
    for name, value in flat.items():
        _check_plain(name, value, limits)
        setting, dot, parameter = name.partition(".")
        if setting in LEFT_OUT:
            raise Refused(setting, f"{setting} is no setting here: {LEFT_OUT[setting]}")
        if setting in ("data", "formula", "target"):
            if not isinstance(value, str):
                raise Refused(setting, f"{setting} is {value!r}; it must be text")
        elif setting in DATA or setting == "draw":
            made[name] = value if setting in ("truth", "draw") else _number(setting, value)
        elif setting not in kinds:
            raise Refused(name, str(UnknownName("setting", name, names())))
        elif bool(dot) != (get_origin(kinds[setting]) is dict):
            example = f"{setting}.w" if not dot else setting
            raise Refused(setting, f"{name!r} is no setting; write {example}")
        elif dot:
            plan.setdefault(setting, {})[parameter] = _of_parameter(name, value, kinds[setting])
        else:
            plan[setting] = _number(setting, value) if kinds[setting] is float else value
    _check_plan(plan)
    if "learning_rate" in plan:
        plan["learning_rate"] = ds.Plan(learning_rate=plan["learning_rate"]).learning_rate  # a text may be a number
    if plan.get("steps", 0) > limits.steps:
        raise Refused("steps", f"steps is {plan['steps']:,.0f}; the lab takes at most {limits.steps:,}")
    if made.get("n", 0) > limits.rows:
        raise Refused("n", f"n is {made['n']:,.0f}; the lab takes at most {limits.rows:,} rows")
    target = str(flat["target"]) if flat.get("target") else None
    return Asked(str(flat["data"]), str(flat["formula"]), target, made, plan)


def flat(asked: Asked, plan: "ds.Plan | None" = None) -> dict[str, Any]:
    """The settings again, as a page and an address hold them; `plan` in the place of what was asked.

    >>> flat(Asked("line", "y = w*x", plan={"start": {"w": 0.0}, "bounds": {"w": (0.0, None)}}))
    {'data': 'line', 'formula': 'y = w*x', 'start.w': 0.0, 'bounds.w': '0.0,'}
    """
    said: dict[str, Any] = {"data": asked.data, "formula": asked.formula}
    if asked.target is not None:
        said["target"] = asked.target
    said |= asked.made
    for name, value in (asked.plan if plan is None else plan.said()).items():
        if isinstance(value, Mapping):
            said |= {f"{name}.{parameter}": _text(each) for parameter, each in value.items()}
        elif name not in LEFT_OUT and value is not None:
            said[name] = value
    return said


def filled_in(asked: Asked, fit: "ds.Fit") -> dict[str, Any]:
    """The settings with what a fit chose where a rule steps: its rate, its number of steps, where it began.

    What finds its own way is left to do so: a rate or steps put in there would be another request.
    """
    said = flat(asked)
    if not asked.stepping:
        return said
    chosen = fit.run.chosen
    known = {"loss": "mse", "scale": "none", "seed": 0}
    known |= {name: chosen[name] for name in ("learning_rate", "steps", "batch_size") if chosen.get(name) is not None}
    free = set(fit.params) - set(fit.plan.fixed) - set(fit.plan.tied)
    began = dict(zip(fit.history.parameters, map(float, fit.history.params[0]), strict=True))
    known |= {f"start.{name}": began[name] for name in began if name in free and math.isfinite(began[name])}
    return said | {name: value for name, value in known.items() if name not in said}


def python(asked: Asked, line: str) -> str:
    """The script that gives the same fit, from the line that gives it to whoever has the data.

    >>> print(python(Asked("line", "y = w*x + b"), "ds.fit('y = w*x + b', data, steps=5)"))
    import downslope as ds
    <BLANKLINE>
    data = ds.sample('line')
    fit = ds.fit('y = w*x + b', data, steps=5)
    print(fit)
    """
    return f"import downslope as ds\n\ndata = {_made_by(asked)}\nfit = {line}\nprint(fit)"


def check_names(asked: Mapping[str, Any]) -> None:
    """Refuse keywords that are no field of a plan, or none that the lab can take.

    Raises: UnknownName with the nearest one, Refused.
    """
    known = [entry.name for entry in fields(ds.Plan)]
    for name in asked:
        if name not in known:
            raise UnknownName("setting", name, known)
        if name in LEFT_OUT:
            raise Refused(name, f"{name} is no setting here: {LEFT_OUT[name]}")


def _made_by(asked: Asked) -> str:
    if asked.data.startswith("file:"):
        return 'ds.read("...")  # the file that was dropped on the lab'
    name, words, options = call(asked.data, asked.made)
    given = [*map(repr, words), *(f"{option}={value!r}" for option, value in options.items())]
    return f"ds.{name}({', '.join(given)})"


def _check_plain(name: Any, value: Any, limits: Limits) -> None:
    if not isinstance(name, str) or len(name) > limits.text:
        raise Refused(None, "the name of a setting is no text, or too long")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(name, f"{name} is {value!r:.80}; it must be a text or a number")
    if isinstance(value, str) and len(value) > limits.text:
        raise Refused(name, f"{name} has {len(value):,} letters; the lab takes at most {limits.text:,}")


def _number(name: str, value: str | int | float) -> int | float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise Refused(name.partition(".")[0], f"{name} is {value!r:.80}; it must be a number") from None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _of_parameter(name: str, value: Any, kind: Any) -> Any:
    """A number, a text, or a pair written `0,10`, with nothing for an open end."""
    of = get_args(kind)[1]
    if of is float:
        return float(_number(name, value))
    if of is str:
        return str(value)
    parts = [part.strip() for part in str(value).split(",")]
    if len(parts) != 2:
        raise Refused(name.partition(".")[0], f"{name} is {value!r:.80}; write the lower and the upper limit: 0,10")
    return tuple(float(_number(name, part)) if part else None for part in parts)


def _check_plan(plan: Mapping[str, Any]) -> None:
    """Have each setting checked by itself, so that an error has a name; then all of them together."""
    for name, value in plan.items():
        if name not in TOGETHER:
            _check({name: value}, name)
    _check(plan, None)


def _check(plan: Mapping[str, Any], name: str | None) -> None:
    try:
        ds.Plan(**plan)
    except RequestError as error:
        raise Refused(name, str(error)) from None


def _text(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ",".join("" if each is None else repr(each) for each in value)
    return value

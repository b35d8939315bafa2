"""Samples: the data to begin with, each with a formula and first settings under which it can be watched learning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import downslope as ds
from downslope.laboratory.refused import Refused

MADE = {"truth": "y = 2*x + 1", "n": 100, "noise": 0.5, "seed_data": 0}
"""What `data=made` begins with."""
DRAWN = "uniform(-2, 2)"
"""How a column is drawn when nothing is said."""
OF_NO_COLUMN = ("n", "noise", "relative_noise", "seed")
"""Options of what is made; all others draw a column."""


@dataclass(frozen=True)
class Sample:
    """Data by name, with a formula and settings; `made` are the numbers that the page may change."""

    name: str
    formula: str
    about: str
    settings: Mapping[str, Any]
    made: Mapping[str, Any] = field(default_factory=dict)
    truth: str | None = None
    draws: Mapping[str, str] = field(default_factory=dict)


SAMPLES = (
    Sample(
        "line",
        "y = w*x + b",
        "100 noisy rows of y = 0.1*x + 0.5: the first lesson of many courses",
        {"optimizer": "gd", "learning_rate": 0.2, "steps": 200, "start.w": 0.0, "start.b": -1.0},
        {"n": 100, "noise": 0.01, "seed_data": 0},
    ),
    Sample(
        "thermometer",
        "celsius = w*unknown + b",
        "Eleven readings in an unknown unit. The lesson: large numbers make a ravine, in which b crawls at every rate; "
        "'Scale the columns' cures it",
        {"optimizer": "gd", "learning_rate": 1e-4, "steps": 200, "start.w": 1.0, "start.b": 0.0},
    ),
    Sample(
        "quadratic",
        "y = a*x**2 + b*x + c",
        "20 rows of a parabola with noise: move its three numbers by hand, then let it descend",
        {"optimizer": "gd", "learning_rate": 0.05, "steps": 200, "start.a": 1.0, "start.b": 1.0, "start.c": 1.0},
    ),
    Sample(
        "plane",
        "y = w1*x1 + w2*x2 + b",
        "1,000 rows with two columns, for descent on batches of rows",
        {"optimizer": "sgd", "learning_rate": 0.2, "steps": 200, "batch_size": 32},
        {"n": 1000, "noise": 0.01, "seed_data": 0},
    ),
    Sample(
        "decay",
        "y = a*exp(-b*t) + c",
        "A decay down to a level, a model that bends in its parameters",
        {"optimizer": "gd", "learning_rate": 0.2, "steps": 500, "start.a": 1.0, "start.b": 1.0, "start.c": 0.0},
        {"n": 60, "noise": 0.05, "seed_data": 0},
        "y = 3*exp(-0.7*t) + 0.5",
        {"t": "linspace(0, 6)"},
    ),
    Sample(
        "hinges",
        "y = relu_sum(x, 4)",
        "A parabola, followed by four hinges that are added up",
        {"optimizer": "adam", "learning_rate": 0.05, "steps": 1000},
        {"n": 200, "noise": 0.0, "seed_data": 0},
        "y = x**2",
        {"x": "linspace(-2, 2)"},
    ),
)
BY_NAME = {sample.name: sample for sample in SAMPLES}


def first(data: str) -> dict[str, Any]:
    """The settings with which a sample, or `made` data, is first seen.

    >>> first("line")["learning_rate"]
    0.2
    """
    if data == "made":
        formula = "y = w*x + b"
        return {"data": data, "formula": formula, **MADE, "optimizer": "gd", "learning_rate": 0.1, "steps": 200}
    sample = _named(data)
    return {"data": data, "formula": sample.formula, **sample.made, **sample.settings}


def call(data: str, made: Mapping[str, Any]) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The public function that gives the data, "sample" or "make", its texts and its options.

    Args:   made: numbers by their names in the settings, and `draw.NAME`.
    Raises: Refused for an unknown sample, or numbers that it does not have.

    >>> call("line", {"n": 5, "seed_data": 2})
    ('sample', ('line',), {'n': 5, 'seed': 2})
    """
    sample = Sample("made", "", "", {}, MADE, str(made.get("truth", MADE["truth"]))) if data == "made" else _named(data)
    takes = {*sample.made, *(("relative_noise",) if sample.truth else ())}
    for name in made:
        if name not in takes and not (sample.truth and name.startswith("draw.")):
            raise Refused(name, f"{name} cannot be set for {data!r}: these data are fixed")
    options = {"seed" if name == "seed_data" else name: value for name, value in made.items() if name != "truth"}
    if sample.truth is None:
        return "sample", (sample.name,), options
    draws = {name.removeprefix("draw."): options.pop(name) for name in list(options) if name.startswith("draw.")}
    options = {"seed" if name == "seed_data" else name: value for name, value in sample.made.items()} | options
    options.pop("truth", None)
    columns = sample.draws or dict.fromkeys(_columns(sample.truth), DRAWN)
    return "make", (sample.truth,), {**options, **columns, **draws}


def numbers(data: str, made: Mapping[str, Any]) -> int:
    """How many numbers a table would hold, of one that is made.

    >>> numbers("made", {"truth": "y = a*b", "n": 1000}), numbers("thermometer", {})
    (3000, 0)
    """
    name, _, options = call(data, made)
    columns = 2 if name == "sample" else 1 + len([each for each in options if each not in OF_NO_COLUMN])
    return int(options.get("n", 0)) * columns


def names(data: str, made: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a table, without making more than two rows of it.

    >>> names("made", {"truth": "y = a*b", "n": 1000000})
    ('a', 'b', 'y')
    """
    few = {"n": 2} if data == "made" or "n" in _named(data).made else {}
    return table(data, {**made, **few}).available


def table(data: str, made: Mapping[str, Any]) -> "ds.Table":
    """The data of a sample, or those that are made.

    Raises: Refused, FormulaError with `field` "truth", or another RequestError.

    >>> table("made", {"truth": "y = 3*x", "n": 5}).rows
    5
    """
    name, words, options = call(data, made)
    try:
        return (ds.sample if name == "sample" else ds.make)(*words, **options)
    except ds.FormulaError as error:
        error.field = "truth"
        raise


def _named(data: str) -> Sample:
    if data not in BY_NAME:
        raise Refused("data", str(ds.UnknownName("sample", data, (*BY_NAME, "made"))))
    return BY_NAME[data]


def _columns(truth: str) -> tuple[str, ...]:
    """The names on the right side of a truth: all of them are columns."""
    left = truth.partition("=")[0].strip()
    try:
        return tuple(ds.as_model(truth, (left,)).parameters)
    except ds.FormulaError as error:
        error.field = "truth"
        raise
    except ds.RequestError as error:
        raise Refused("truth", str(error)) from None

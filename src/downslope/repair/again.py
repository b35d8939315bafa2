"""Again: what to write to have a run once more, in Python and on the command line."""

import shlex
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from downslope.history import Run

FILES = (".csv", ".tsv", ".txt", ".parquet", ".npz", ".gz", ".bz2", ".xz", ".zst", ".zip")
"""Endings of the files that the command line reads."""


BUDGET = ("steps", "epochs")


def as_python(run: Run) -> str:
    """The line of Python that gives the run, with `resume` for each time that it was gone on with; `data` stands for
    the data. Nothing for a loop that was watched.

    What cannot be written out, an array or a function, stands there by its name. What somebody stopped by hand can be
    had again only to its end, and the line says so.
    """
    if run.chosen.get("watched"):
        return ""
    model = f"{run.text.partition('(')[0]}, data, {run.target!r}" if run.is_code else f"{run.text!r}, data"
    legs = [*run.chosen.get("before", []), run.plan.said()]
    settings = "".join(f", {name}={_written(name, value)}" for name, value in legs[0].items())
    line = f"ds.fit({model}{settings})"
    for before, leg in pairwise(legs):
        told = {name: value for name, value in leg.items() if name in BUDGET or before.get(name) != value}
        more = (f"{name}={_written(name, value)}" for name, value in told.items() if name in (*BUDGET, "learning_rate"))
        line += f".resume({', '.join(more)})"
    return line + (f"  # stopped by hand after {run.steps} steps" if run.stopped == "interrupted" else "")


def as_command(run: Run) -> str:
    """The same for a shell; DATA stands for data that are in no file. Nothing where no command can say it: a Python
    function, an array, a loop that was watched, a run that was gone on with.
    """
    said = run.plan.said()
    no_formula = run.is_code or run.chosen.get("watched")
    if no_formula or run.chosen.get("before") or any(map(_described, said.values())):
        return ""
    source = run.source if run.source.isprintable() and run.source.lower().endswith(FILES) else "DATA"
    if source.startswith("-"):
        source = f"./{source}"
    words = ["downslope", "fit", source, run.text]
    return shlex.join([*words, *(word for name, value in said.items() for word in _flags(name, value))])


def _flags(setting: str, value: Any) -> Iterator[str]:
    """A setting as words of the command line.

    >>> list(_flags("learning_rate", 0.1)), list(_flags("bounds", {"b": [None, 5.0]}))
    (['--learning-rate=0.1'], ['--bounds.b=,5.0'])
    """
    flag = f"--{setting.replace('_', '-')}"
    if isinstance(value, Mapping):
        for name, each in value.items():
            limits = isinstance(each, list | tuple)
            text = ",".join("" if end is None else repr(end) for end in each) if limits else str(each)
            yield f"{flag}.{name}={text}"
    elif value is True:
        yield flag
    else:
        yield f"{flag}={value}"


def _written(setting: str, value: Any) -> str:
    """A setting as Python; what cannot be written out, an array or a function, by its name.

    >>> _written("steps", 200), _written("weights", {"described": "ndarray"}), _written("loss", {"described": "mine"})
    ('200', 'weights', 'mine')
    """
    if _described(value):
        name = str(value["described"])
        return name if name.isidentifier() and name not in ("ndarray", "list", "tuple") else setting
    return repr(value)


def _described(value: Any) -> bool:
    """Whether a plan could only say what a value is, not the value."""
    return isinstance(value, Mapping) and list(value) == ["described"]

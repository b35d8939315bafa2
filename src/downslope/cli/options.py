"""Flags, made from the fields of the Plan: they are written once, there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from cyclopts import Parameter

from downslope import Plan
from downslope.errors import RequestError

BY_TEXT = dict[str, str]


def _plan_flags() -> type:
    """A dataclass with a flag for each field of the Plan, none of them given."""
    flags = []
    for entry in fields(Plan):
        kind: Any = BY_TEXT if _is_pairs(entry) else entry.metadata["flag"]
        says = Parameter(
            help=entry.metadata["help"],
            show_default=False,
            negative=() if kind is bool else None,
            allow_leading_hyphen=kind == BY_TEXT,  # bounds may begin with a minus, and so may a tie
        )
        asked: Any = Annotated[kind | None, says]
        flags.append((entry.name, asked, field(default=None)))
    made = make_dataclass("PlanFlags", flags, kw_only=True)
    # cyclopts takes a class of the standard library, where make_dataclass puts it, for a plain value
    made.__module__ = __name__
    return made


def _is_pairs(entry: Any) -> bool:
    """Whether a setting holds a pair for each parameter, as bounds do."""
    kinds = get_args(entry.metadata["flag"])
    return len(kinds) == 2 and get_origin(kinds[1]) is tuple


PlanFlags: Any = Annotated[_plan_flags() | None, Parameter(name="*")]


def asked(flags: Any) -> Mapping[str, Any]:
    """The settings that were given.

    Raises: RequestError for a text that is not what the setting needs.
    """
    if flags is None:
        return {}
    given: dict[str, Any] = {}
    for entry in fields(Plan):
        value = getattr(flags, entry.name)
        if isinstance(value, dict):
            _check_no_flags(entry.name, value)
        if value is not None:
            given[entry.name] = _pairs(entry.name, value) if _is_pairs(entry) else value
    return given


def _check_no_flags(setting: str, values: Mapping[str, Any]) -> None:
    """A value that may begin with a minus swallows the next flag where it was left out itself."""
    for name, text in values.items():
        if isinstance(text, str) and text.startswith("--"):
            raise RequestError(f"--{setting}.{name} needs a value, and the next word is {text!r:.80}")


def _pairs(setting: str, texts: Mapping[str, str]) -> dict[str, tuple[float | None, ...]]:
    """Two numbers with a comma between, nothing for an open end.

    >>> _pairs("bounds", {"a": "0,10", "b": "0,", "c": ",5"})
    {'a': (0.0, 10.0), 'b': (0.0, None), 'c': (None, 5.0)}
    """
    read = {}
    for name, text in texts.items():
        parts = [part.strip() for part in text.split(",")]
        try:
            read[name] = tuple(float(part) if part else None for part in parts)
        except ValueError:
            parts = []
        if len(parts) != 2:
            raise RequestError(
                f"--{setting}.{name} is {text!r:.80}; write the lower and the upper number with a comma between, and "
                f"nothing for an open end: --{setting}.{name} 0,10 or 0, or ,5"
            )
    return read


@dataclass(kw_only=True)
class FileFlags:
    """How to read the data.

    Parameters
    ----------
    delimiter
        between columns; found from the first line if left out
    decimal
        the decimal mark: "." or ","
    no_header
        the first line is data; columns are called column1, column2, ...
    comment
        lines that begin with this are skipped
    encoding
        of the text: utf-8, latin-1, ...
    missing
        refuse a missing number, drop its row and say so, or skip every row that cannot be used
    """

    delimiter: str | None = None
    decimal: Literal[".", ","] = "."
    no_header: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    comment: str | None = None
    encoding: str = "utf-8"
    missing: Literal["refuse", "drop", "skip"] = "refuse"

    def reading(self) -> Any:
        """The same as the data room takes it."""
        from downslope import Reading

        return Reading(
            delimiter=self.delimiter,
            decimal=self.decimal,
            header=not self.no_header,
            comment=self.comment,
            encoding=self.encoding,
            missing=self.missing,
        )


Files: Any = Annotated[FileFlags | None, Parameter(name="*")]


@dataclass(kw_only=True)
class OutputFlags:
    """What to print and what to keep.

    Parameters
    ----------
    save
        where to keep the run; left out, a new file named after the data
    no_save
        keep nothing
    force
        replace files that exist
    plot
        draw the pictures into this file (png, pdf or svg)
    intervals
        between what limits the parameters lie: covariance, profile or bootstrap
    level
        with --intervals: the share of such intervals that hold the true value; 0.95 if left out
    json
        print the answer as JSON
    quiet
        print nothing but errors
    every
        print a line every so many steps
    verbose
        with --every: gradients too
    require
        end with exit code 1 unless the answer is at least this good
    """

    save: str | None = None
    no_save: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    plot: str | None = None
    intervals: Literal["covariance", "profile", "bootstrap"] | None = None
    level: Annotated[float | None, Parameter(show_default=False)] = None
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False
    every: int | None = None
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"), negative=(), show_default=False)] = False
    require: Literal["usable", "certified"] = "usable"

    def share(self) -> float:
        """The level of the intervals, checked before anything is computed.

        Raises: RequestError.
        """
        if self.level is not None and self.intervals is None:
            raise RequestError("--level goes with --intervals covariance, profile or bootstrap")
        return checked_level(self.level)


def checked_level(level: float | None) -> float:
    """The level that was asked for, or 0.95.

    Raises: RequestError if it is none.
    """
    if level is not None and not 0 < level < 1:
        raise RequestError(f"--level is {level:g}; it must be between 0 and 1, such as 0.95")
    return 0.95 if level is None else level


@dataclass(kw_only=True)
class CheckpointFlags:
    """How a run is written down as it goes on.

    Parameters
    ----------
    checkpoint
        a file that holds the run as it goes on; the same command goes on with it after a crash
    checkpoint_every
        seconds between; 30 if left out
    """

    checkpoint: str | None = None
    checkpoint_every: Annotated[float | None, Parameter(show_default=False)] = None

    def asked(self) -> dict[str, Any]:
        """The same as the keywords of `fit`."""
        return {"checkpoint": self.checkpoint, "checkpoint_every": self.checkpoint_every}


Checkpoint: Any = Annotated[CheckpointFlags | None, Parameter(name="*")]
Output: Any = Annotated[OutputFlags | None, Parameter(name="*")]

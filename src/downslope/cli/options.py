"""Flags, made from the fields of the Plan: they are written once, there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from downslope import Plan


def _plan_flags() -> type:
    """A dataclass with a flag for each field of the Plan, none of them given."""
    flags = []
    for entry in fields(Plan):
        kind: Any = entry.metadata["flag"]
        asked: Any = Annotated[kind | None, Parameter(help=entry.metadata["help"], show_default=False)]
        flags.append((entry.name, asked, field(default=None)))
    made = make_dataclass("PlanFlags", flags, kw_only=True)
    # cyclopts takes a class of the standard library, where make_dataclass puts it, for a plain value
    made.__module__ = __name__
    return made


PlanFlags: Any = Annotated[_plan_flags() | None, Parameter(name="*")]


def asked(flags: Any) -> Mapping[str, Any]:
    """The settings that were given."""
    if flags is None:
        return {}
    given = {entry.name: getattr(flags, entry.name) for entry in fields(flags)}
    return {name: value for name, value in given.items() if value is not None}


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
        refuse a missing number, or drop its row and say so
    """

    delimiter: str | None = None
    decimal: Literal[".", ","] = "."
    no_header: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    comment: str | None = None
    encoding: str = "utf-8"
    missing: Literal["refuse", "drop"] = "refuse"

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
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False
    every: int | None = None
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"), negative=(), show_default=False)] = False
    require: Literal["usable", "certified"] = "usable"


Output: Any = Annotated[OutputFlags | None, Parameter(name="*")]

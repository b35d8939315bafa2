"""`downslope many`: one fit for each group of a file."""

import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

import downslope as ds
from downslope.cli.options import FileFlags, Files, PlanFlags, asked
from downslope.cli.outcome import GOOD_ENOUGH, INTERRUPTED, STANDARD_INPUT, load_what_computes, spare


@dataclass(kw_only=True)
class ManyFlags:
    """What to print and what to keep.

    Parameters
    ----------
    out
        where to write the fits, one row a group (parquet or csv); left out, CSV in the terminal
    force
        replace a file that exists
    quiet
        print nothing but errors
    require
        end with exit code 1 unless every fit is at least this good; left out, unless any is usable
    """

    out: Annotated[str | None, Parameter(name=("--out", "-o"))] = None
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False
    require: Literal["usable", "certified"] | None = None


Output: Any = Annotated[ManyFlags | None, Parameter(name="*")]


def many(
    *words: Annotated[str, Parameter(show=False)],
    by: str,
    target: str | None = None,
    plan: PlanFlags = None,
    files: Files = None,
    output: Output = None,
) -> int:
    """Fit a formula to each group of a file by itself: downslope many DATA "y = a*exp(-b*x) + c" --by sensor

    One row of parameters, errors, state and reason for each group. A group that cannot be fitted is untrusted, and
    says why; the others are not touched by it.

    Parameters
    ----------
    by
        the column that tells the groups apart, or several with commas between
    target
        the column to predict, where the model does not say
    """
    if len(words) < 2:
        given = " ".join(map(repr, words)) or "nothing"
        raise ds.RequestError(
            f'many needs data and a formula, and got {given}. Write: downslope many DATA "y = w*x + b" --by COLUMN'
        )
    *paths, model = words
    output, settings = output or ManyFlags(), asked(plan)
    out = None if output.out == STANDARD_INPUT else output.out
    spare(out, paths)
    load_what_computes()
    paths = ["-" if path == STANDARD_INPUT else path for path in paths]
    fits = ds.fit_many(
        model,
        paths if len(paths) > 1 else paths[0],
        by=[name.strip() for name in by.split(",")],
        target=target,
        reading=(files or FileFlags()).reading(),
        save=out,
        force=output.force,
        progress=sys.stderr.isatty() and not output.quiet,
        **settings,
    )
    if out is None:
        fits.to_polars().write_csv(sys.stdout.buffer)
        sys.stdout.flush()
    if not output.quiet:
        said = "\n".join([*(f"note: {note}" for note in fits.notes), fits.summary()])
        print(said, file=sys.stdout if out is not None else sys.stderr)
        if out is not None:
            print(f"wrote {out}: {len(fits):,} rows")
    if fits.stopped:
        return INTERRUPTED
    if output.require is None:
        return 0 if len(fits) > fits.states["untrusted"] else 1
    return 0 if all(state in GOOD_ENOUGH[output.require] for state, count in fits.states.items() if count) else 1

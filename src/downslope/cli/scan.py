"""`downslope scan`: the learning-rate ruler in the terminal."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

import downslope as ds
from downslope.cli.options import FileFlags, Files, PlanFlags, asked
from downslope.cli.outcome import STANDARD_INPUT, load_what_computes, spare, terminal


@dataclass(kw_only=True)
class ScanFlags:
    """What to print and what to keep.

    Parameters
    ----------
    plot
        draw the picture into this file (png, pdf or svg)
    force
        replace a file that exists
    json
        print the answer as JSON
    quiet
        print nothing but errors
    """

    plot: str | None = None
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False


Output: Any = Annotated[ScanFlags | None, Parameter(name="*")]


def scan(
    *words: Annotated[str, Parameter(show=False)],
    target: str | None = None,
    rates: str | None = None,
    cluster: str | None = None,
    plan: PlanFlags = None,
    files: Files = None,
    output: Output = None,
) -> int:
    """Which learning rates stall, learn, overshoot, bounce or diverge: downslope scan DATA "y = w*x + b"

    --optimizer names the rule, gd if left out; --learning-rate gives a rate to be judged; --batch-size tells of the
    noise of batches; --steps, how long each rate is really run.

    Parameters
    ----------
    target
        the column to predict, where the model does not say
    rates
        the rates to try, with commas between; hundreds around the limit if left out
    cluster
        local, or the address of a Dask scheduler, whose workers read the data
    """
    if len(words) < 2:
        given = " ".join(map(repr, words)) or "nothing"
        raise ds.RequestError(
            f'scan needs data and a formula, and got {given}. Write: downslope scan DATA "y = w*x + b"'
        )
    *paths, model = words
    output = output or ScanFlags()
    settings = asked(plan)
    if output.plot is not None:
        spare(output.plot, paths)
        ds.check_picture(output.plot, force=output.force)
    tried = None if rates is None else _numbers(rates)
    load_what_computes()
    paths = ["-" if path == STANDARD_INPUT else path for path in paths]
    found = ds.scan(
        model,
        paths if len(paths) > 1 else paths[0],
        target,
        rates=tried,
        reading=(files or FileFlags()).reading(),
        cluster=cluster,
        **settings,
    )
    if output.plot is not None:
        found.plot(path=output.plot, force=output.force)
    if output.json:
        print(found.as_json())
    elif not output.quiet:
        width, color = terminal()
        print(found.summary(width=width))
        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        print(found.sketch(width=width - 2, height=14, color=color, unicode=unicode))
        print(f"wrote {output.plot}" if output.plot else "wrote no file (--plot PATH keeps the picture)")
    return 0


def _numbers(text: str) -> Sequence[float]:
    """Numbers with commas between.

    >>> _numbers("0.1, 0.01")
    [0.1, 0.01]
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ds.RequestError(
            f"--rates is {text!r:.80}; write numbers with commas between: --rates 0.001,0.01,0.1"
        ) from None

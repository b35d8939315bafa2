"""`downslope replay` and `downslope report`: a saved run as a file for a browser."""

import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import downslope as ds
from downslope.cli.outcome import exit_code, load_what_computes, spare

Out = Annotated[str | None, Parameter(name=("--out", "-o"))]
Force = Annotated[bool, Parameter(negative=(), show_default=False)]


def replay(run: str, *, out: Out = None, panels: str | None = None, force: Force = False) -> int:
    """A saved run as a file that plays it, picture by picture: downslope replay run.downslope -o run.html

    Parameters
    ----------
    run
        a file that fit, resume or a watched loop has saved
    out
        where to write: .html, which needs nothing outside of itself, or .gif; left out, a page named after the run
    panels
        which pictures, with spaces between: "fitted loss valley:w"
    force
        replace a file that exists
    """
    place = _place(run, out, "replay", force)
    answer = ds.load(run)
    load_what_computes()
    answer.replay(place, panels=None if panels is None else panels.split(), force=force)
    return _wrote(answer, place)


def report(run: str, *, out: Out = None, force: Force = False) -> int:
    """All that is known of a saved run as a page to be read, mailed and printed: downslope report run.downslope

    Parameters
    ----------
    run
        a file that fit, resume or a watched loop has saved
    out
        where to write (.html); left out, a page named after the run
    force
        replace a file that exists
    """
    place = _place(run, out, "report", force)
    answer = ds.load(run)
    load_what_computes()
    answer.report(place, force=force)
    return _wrote(answer, place)


def _place(run: str, out: str | None, kind: str, force: bool) -> Path:
    """Where to write, and that it can be written and is not what is read."""
    place = Path(out) if out is not None else Path(f"{re.sub(r'[.]downslope$', '', Path(run).name)}-{kind}.html")
    spare(place, [run])
    ds.check_writable(place, force=force)
    return place


def _wrote(answer: "ds.Fit", place: Path) -> int:
    print(f"wrote {place} ({place.stat().st_size / 1000:,.0f} kB)")
    return exit_code(answer)

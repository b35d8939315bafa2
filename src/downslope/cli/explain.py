"""`downslope explain`: the story of a saved run, and its repair."""

from typing import Annotated

from cyclopts import Parameter

import downslope as ds
from downslope.cli.options import OutputFlags
from downslope.cli.outcome import INTERRUPTED, exit_code, kept_as, load_what_computes, probe_writing, terminal


def explain(
    run: str,
    *,
    repair: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    save: str | None = None,
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> int:
    """What happened in a saved run, and what to change: downslope explain run.downslope --repair

    Parameters
    ----------
    run
        a file that fit, resume or a watched loop has saved
    repair
        try the smallest changes that may cure it, on the same budget, and save the fit that is better
    save
        with --repair: where to keep that; left out, a new file named after the run
    force
        replace a file that exists
    """
    if not repair and (save is not None or force):
        raise ds.RequestError("--save and --force go with --repair: without it, nothing is written")
    answer = ds.load(run)
    width, _ = terminal()
    if not repair:
        print(answer.explain(width=width), end="")
        return exit_code(answer)
    output = OutputFlags(save=save, force=force)
    place = kept_as(output, run)
    probe_writing(output, place, [run, answer.run.source])
    load_what_computes()
    answer.repaired = answer.repair()
    print(answer.explain(width=width), end="")
    better = answer.repaired.fit
    if answer.repaired.changed and place is not None:
        print(answer.repaired.python)
        better.save(place, force=force)
        print(f"wrote {place}")
    return INTERRUPTED if answer.repaired.interrupted else exit_code(better)

"""`downslope lab`: the page on which a descent is steered by hand."""

from typing import Annotated

from cyclopts import Parameter

import downslope as ds
from downslope.cli.options import Files, PlanFlags, asked


def lab(
    data: str | None = None,
    formula: str | None = None,
    *,
    port: Annotated[int, Parameter(show_default=False)] = 8765,
    host: Annotated[str, Parameter(show_default=False)] = "127.0.0.1",
    no_browser: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    plan: PlanFlags = None,
    files: Files = None,
) -> int:
    """Open the lab in the browser: downslope lab [DATA ["y = w*x + b"]]

    Rates, starts, rules and formulas are changed by hand, and the descent is seen at once. Ctrl-C ends it.

    Parameters
    ----------
    data
        a CSV, TSV, Parquet or npz file, or the name of a sample: line, thermometer, quadratic, plane, decay, hinges
    formula
        what to fit; a line is suggested if left out
    port
        where to serve, 8765 if left out; the next free one if it is taken
    host
        another address than 127.0.0.1 lets other machines in; whoever has the printed address may then use the lab
    no_browser
        print the address, and open no browser
    """
    table = data if data is None or files is None else ds.read(data, reading=files.reading())
    ds.lab(table, formula, port=port, host=host, browser=not no_browser, **asked(plan))
    return 0

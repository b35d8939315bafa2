"""Opening: the function `lab`, which opens the laboratory in a browser, or as a widget where a notebook runs."""

import os
import sys
from collections.abc import Mapping
from typing import Any

import downslope as ds
from downslope.errors import MissingExtra, RequestError
from downslope.laboratory import samples, settings
from downslope.laboratory.limits import Limits
from downslope.laboratory.uploads import Shelf, shown


def lab(
    data: Any = None,
    formula: str | None = None,
    *,
    port: int = 8765,
    browser: bool = True,
    host: str = "127.0.0.1",
    **asked: Any,
) -> Any:
    """Open the lab: a page on which rates, starts and formulas are changed by hand and the descent is seen at once.

    Args:
        data: as for `fit`, or the name of a sample; left out, the page begins with the sample "line".
        formula: as for `fit`; left out, a line is suggested.
        port: where to serve; the next free one if it is taken.
        browser: whether to open a browser.
        host: another address than that of this machine lets others in who have the printed address.
        asked: the fields of `Plan` to begin with: `learning_rate=0.1, start={"w": 0}`.
    Returns: nothing, after Ctrl-C; in a notebook at once, a widget that shows the page.
    Raises: RequestError, DataError before anything is served; OutputError if no port is free; MissingExtra.

    >>> lab("readings.csv")
    Traceback (most recent call last):
        ...
    downslope.errors.DataError: readings.csv does not exist.
    """
    limits = Limits()
    shelf = Shelf(limits)
    first = first_settings(data, formula, asked, shelf, limits)
    if in_a_notebook():
        from downslope.laboratory.widget import widget

        return widget(first, shelf, limits)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65536:
        raise RequestError(f"port is {port!r:.80}; it must be a whole number, 0 to 65535")
    try:
        from downslope.laboratory.serve import serve
    except ModuleNotFoundError as error:
        raise MissingExtra("the lab", error.name or "starlette", "lab") from None

    serve(first, shelf, limits, host=host, port=port, browser=browser, say=_say)
    return None


def first_settings(
    data: Any, formula: str | None, asked: Mapping[str, Any], shelf: Shelf, limits: Limits
) -> dict[str, Any]:
    """The settings to begin with; data that are no sample are read, and put on the shelf."""
    if formula is not None and not isinstance(formula, str):
        raise RequestError(
            "the lab takes formulas as text, such as 'y = w*x + b'; a Python function can be fitted by ds.fit, and "
            "seen by fit.replay or fit.view"
        )
    given = {} if formula is None else {"formula": formula}
    if data is None:
        begun = {"data": samples.SAMPLES[0].name}
    elif isinstance(data, str) and data in samples.BY_NAME and not os.path.exists(data):
        begun = {"data": data}
    else:
        table = ds.read(data)
        if not table.columns and table.problems:
            raise next(iter(table.problems.values()))
        name = shown(os.fspath(data)) if isinstance(data, str | os.PathLike) else table.source
        begun = {"data": shelf.put(table, name).key}
    if not asked:
        return begun | given
    settings.check_names(asked)
    plan = ds.Plan(**asked)
    said = settings.flat(settings.Asked(begun["data"], ""), plan)
    first = {name: value for name, value in said.items() if name != "formula"} | given
    settings.read({"formula": "", **first}, limits)
    return first


def in_a_notebook() -> bool:
    """Whether a cell of a notebook runs this: Jupyter's kernel, or marimo."""
    if "marimo" in sys.modules and sys.modules["marimo"].running_in_notebook():
        return True
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

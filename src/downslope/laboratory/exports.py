"""Exports: what a page can carry home: the replay, the report, the history as CSV, the saved run."""

import base64
import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import downslope as ds
from downslope.laboratory.refused import Refused


def export(what: str, fit: "ds.Fit") -> dict[str, Any]:
    """A file as a message: its name, its type and its bytes in base 64.

    Raises: Refused for something that there is not; OutputError, MissingExtra.
    """
    if what not in KINDS:
        raise Refused("what", str(ds.UnknownName("export", what, tuple(KINDS))))
    name, kind, content = KINDS[what]
    raw = content(fit, name)
    return {"kind": "file", "name": name, "type": kind, "base64": base64.b64encode(raw).decode("ascii")}


def _replay(fit: "ds.Fit", name: str) -> bytes:
    return _written(fit.replay, name)


def _report(fit: "ds.Fit", name: str) -> bytes:
    return _written(fit.report, name)


def _run(fit: "ds.Fit", name: str) -> bytes:
    return _written(fit.save, name)


def _history(fit: "ds.Fit", name: str) -> bytes:
    """One row for each kept step, in the names and the order of the CSV that a replay gives."""
    history = fit.history
    names = ("step", "loss", "rate", "gradient_norm", "step_norm", "landing")
    columns = [(name, history.columns[name]) for name in names]
    columns += [(each, history.params[:, place]) for place, each in enumerate(history.parameters)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_harmless(name) for name, _ in columns])
    writer.writerows(zip(*(column.tolist() for _, column in columns), strict=True))
    return text.getvalue().encode()


def _harmless(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _written(write: Callable[[str], None], name: str) -> bytes:
    """The bytes that a method writes to a file."""
    with tempfile.TemporaryDirectory(prefix="downslope-lab-") as folder:
        path = Path(folder) / name
        write(str(path))
        return path.read_bytes()


KINDS: dict[str, tuple[str, str, Callable[["ds.Fit", str], bytes]]] = {
    "replay": ("replay.html", "text/html", _replay),
    "report": ("report.html", "text/html", _report),
    "csv": ("history.csv", "text/csv", _history),
    "run": ("run.downslope", "application/octet-stream", _run),
}

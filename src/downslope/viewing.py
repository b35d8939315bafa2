"""Viewing: a fit as the one value that the replay, the report, the lab and the notebook draw."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.diagnosis import Finding
from downslope.errors import RequestError
from downslope.history import Run
from downslope.pictures import Scene, browser
from downslope.pictures.scene import plain
from downslope.repair import as_python
from downslope.report import mathml, parameters, replay_page, report_page, verdicts, words
from downslope.report.json_text import plain_values
from downslope.report.numbers import count, number
from downslope.scenes import scene, that_apply
from downslope.whole_file import AnyPath, check_writable, shown, write

if TYPE_CHECKING:
    from downslope.result import Fit

VERSION = 1
MOST_PANELS, MOST_IN_GIF, MOST_IN_REPORT = 6, 4, 10
PAGES, REPLAYS = (".html", ".htm"), (".html", ".htm", ".gif")
MOST_ROWS, MOST_NUMBERS = 2000, 20_000
"""Of the history that a view holds: rows, and rows times columns."""
MOST_PARAMETERS = 50
LONGEST = 600
FRAMES = 200
FIRST = ("fitted", "predicted", "loss", "path", "valley")
"""The pictures that are shown first, where they apply."""
SHOWN_BY = {"dead-units": "units", "outliers": "residuals"}
"""Symptom -> the picture in which it is seen."""


def view_of(
    fit: "Fit", panels: str | Sequence[str] | None = None, *, frames: int = FRAMES, quick: bool = False
) -> dict[str, Any]:
    """A fit as plain values, text and arrays in base64: all that a page needs to draw it, whatever became of the run.

    Args:   panels: names of pictures, as for `fit.plot`; left out, those that say something, at most six.
            frames: at so many steps, at most, a curve that moves is drawn.
            quick: for a redraw at each move of a slider: nothing is measured for it that is not known already.
    Raises: UnknownName, RequestError for a picture that was asked for and does not apply.

    >>> import downslope as ds
    >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.1]}, optimizer="gd", learning_rate=0.5, steps=50)
    >>> view = view_of(fit, ["loss"])
    >>> view["state"], view["parameters"][0]["name"], [panel["name"] for panel in view["panels"]], view["last"]
    ('untrusted', 'w', ['loss'], 50)
    """
    findings = fit.told if quick else fit.findings
    return _view(fit.run, findings, *drawn(fit, panels, frames, quick=quick))


def _view(
    run: Run, findings: Sequence[Finding], scenes: Mapping[str, Scene], left_out: Sequence[str]
) -> dict[str, Any]:
    kept = _rows(run, findings)
    view = {
        "kind": "view",
        "version": VERSION,
        "title": plain(run.text, LONGEST),
        "model": plain(run.text, LONGEST),
        "mathml": mathml(run.latex),
        "source": plain(run.source, LONGEST),
        "rows": run.rows,
        "parameters": parameters(run, MOST_PARAMETERS),
        "loss": {"name": plain(words.loss(run)), "value": run.loss, "text": number(run.loss)},
        "panels": [browser.values(picture, name) for name, picture in scenes.items()],
        "history": _history(run, kept),
        "last": run.steps,
        "notes": [*(plain(note, LONGEST) for note in run.notes), *left_out, *_cut(run, kept)],
        "python": as_python(run),
        **_judgement(run, findings),
    }
    return dict(plain_values(view))


def _judgement(run: Run, findings: Sequence[Finding]) -> dict[str, Any]:
    """The part of a view that changes when more is found out: state, reasons, findings and verdicts."""
    return {
        "state": run.state,
        "state_text": words.ADVICE[run.state],
        "reasons": [plain(reason, LONGEST) for reason in run.reasons],
        "verdicts": [vars(verdict) for verdict in verdicts(run, findings)],
        "findings": [
            {
                "symptom": found.symptom,
                "severity": found.severity,
                "first_step": found.first_step,
                "message": plain(found.message, LONGEST),
                "remedy": words.remedy(found) or None,
            }
            for found in findings
        ],
    }


def drawn(
    fit: "Fit",
    panels: str | Sequence[str] | None = None,
    frames: int = FRAMES,
    most: int = MOST_PANELS,
    *,
    quick: bool = False,
) -> tuple[dict[str, Scene], list[str]]:
    """The pictures by name, and what keeps others from being drawn, in sentences."""
    if panels is not None:
        names = [panels] if isinstance(panels, str) else list(panels)
        return {name: scene(fit, name, frames=frames, quick=quick) for name in names}, []
    every = that_apply(fit, quick=quick)
    findings = fit.told if quick else fit.findings
    first = dict.fromkeys([*FIRST, *(SHOWN_BY[found.symptom] for found in findings if found.symptom in SHOWN_BY)])
    names = [name for name in first if name in every] + [name for name in every if name not in first]
    scenes: dict[str, Scene] = {}
    left_out = list(_missing(fit))
    for name in names[:most]:
        try:
            scenes[name] = scene(fit, name, frames=frames, quick=quick)
        except RequestError as reason:
            left_out.append(f"the picture {name!r} is left out: {plain(reason, LONGEST)}")
    return scenes, left_out


def _missing(fit: "Fit") -> Iterator[str]:
    """What a saved run does not hold, and its pictures would need."""
    run = fit.run
    if run.chosen.get("watched") or fit.problem is not None:
        return
    if run.columns is None:
        yield "pictures that need the data are left out: the data were too large to keep"
    try:
        _ = fit.spec
    except RequestError as reason:
        yield f"pictures that need the model are left out: {plain(reason, LONGEST)}"


def write_replay(fit: "Fit", path: AnyPath, panels: str | Sequence[str] | None = None, *, force: bool = False) -> None:
    """Write a run as a file that plays it; `Fit.replay`."""
    kind = Path(path).suffix.lower()
    if kind not in REPLAYS:
        raise RequestError(f"a replay cannot be written as {shown(Path(path).name)}; end the name in .html or .gif")
    check_writable(path, force=force)
    if kind == ".gif":
        from downslope.pictures.animation import save_gif

        save_gif(list(drawn(fit, panels, most=MOST_IN_GIF)[0].values()), path, force=force)
    else:
        write(replay_page(view_of(fit, panels)).encode(), path, force=force)


def write_report(fit: "Fit", path: AnyPath, *, force: bool = False) -> None:
    """Write a run as a page to be read; `Fit.report`."""
    if Path(path).suffix.lower() not in PAGES:
        raise RequestError(f"a report cannot be written as {shown(Path(path).name)}; end the name in .html")
    check_writable(path, force=force)
    scenes, left_out = drawn(fit, most=MOST_IN_REPORT)
    view = _view(fit.run, fit.findings, scenes, left_out)
    write(report_page(fit.run, fit.findings, view, fit.repaired).encode(), path, force=force)


def _rows(run: Run, findings: Sequence[Finding]) -> np.ndarray:
    """Rows of the history that a view holds: thinned evenly, with the first, the last, the best and those at which
    something was found to begin.
    """
    history = run.history
    columns = 6 + min(len(run.parameters), MOST_PARAMETERS)
    most = max(2, min(MOST_ROWS, MOST_NUMBERS // columns) - len(findings) - 1)
    if len(history) <= most:
        return np.arange(len(history))
    begun = np.searchsorted(history.step, [found.first_step for found in findings])
    spaced = np.linspace(0, len(history) - 1, most).round().astype(int)
    return np.unique(np.concatenate([spaced, [history.best], np.clip(begun, 0, len(history) - 1).astype(int)]))


def _history(run: Run, kept: np.ndarray) -> dict[str, Any]:
    """The rows as columns, in full precision: they are what a page gives as CSV."""
    seen = run.history.rows(kept)
    names = ("step", "loss", "rate", "gradient_norm", "step_norm", "landing")
    columns: dict[str, Any] = {name: browser.array(seen.columns[name], exact=True) for name in names}
    columns["params"] = {
        plain(name, LONGEST): browser.array(seen.params[:, place], exact=True)
        for place, name in enumerate(run.parameters[:MOST_PARAMETERS])
    }
    return {"columns": columns, "kept": len(seen), "of": len(run.history)}


def _cut(run: Run, kept: np.ndarray) -> list[str]:
    """What of the run the view does not hold."""
    said = []
    if kept.size < len(run.history):
        said.append(
            f"{count(kept.size)} of {count(len(run.history))} rows of the history are in this page, evenly spaced"
        )
    if run.latex is not None and mathml(run.latex) is None:
        said.append("the formula is shown as text: it could not be set as mathematics")
    if len(run.parameters) > MOST_PARAMETERS:
        said.append(f"the first {MOST_PARAMETERS} of {count(len(run.parameters))} parameters are in this page")
    return said

"""Report page: all that is known of a run, in one file to be read, mailed and printed. Its words need no script."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from downslope.diagnosis import Finding
from downslope.history import Run
from downslope.repair import Repair, as_command, as_python
from downslope.repair.outcome import shown
from downslope.report import words
from downslope.report.markup import Markup, element, table
from downslope.report.mathml import mathml
from downslope.report.numbers import count, number
from downslope.report.page import page
from downslope.report.parameters import parameter_rows
from downslope.report.story import happened

MOST_PARAMETERS = 200
FINGERPRINT = 16
"""Letters of the fingerprint of the data that are printed."""


def report_page(run: Run, findings: Sequence[Finding], view: Mapping[str, Any], repair: Repair | None = None) -> str:
    """The page as text; view: as `viewing.view_of` makes it; repair: what came of one, if it was asked for."""
    parts = (
        _head(run),
        _section("Parameters", *_parameters(run)),
        _section("State", *_state(run)) if _state(run) else None,
        _section("Findings", *_findings(run, findings, repair)),
        _section("Pictures", *_pictures(view)) if view["panels"] else None,
        _section("What was asked, and what ran", *_asked(run)),
        _section("To have it again", *_again(run)),
        _section("Data and versions", *_origin(run, view)),
    )
    style = (files("downslope.report") / "report.css").read_text(encoding="utf-8")
    return page("report", f"{view['title']}: report", element("main", *parts, class_="report"), view, style)


def _section(title: str, *inside: Markup | None) -> Markup:
    return element("section", element("h2", title), *inside)


def _wide(inside: Markup, label: str, kind: str = "wide") -> Markup:
    """What may be wider than the page, and is moved sideways then, by keyboard too."""
    return element("div", inside, class_=kind, tabindex="0", role="group", aria_label=label)


def _head(run: Run) -> Markup:
    formula = mathml(run.latex)
    rows = "" if run.chosen.get("watched") else f", {count(run.rows)} row{'' if run.rows == 1 else 's'}"
    return element(
        "header",
        element("h1", run.text),
        element("p", f"{run.source}{rows}", class_="source"),
        _wide(Markup(formula), "formula", "formula") if formula else None,
        element("p", element("strong", words.state(run)), class_=f"state {run.state}"),
    )


def _parameters(run: Run) -> list[Markup]:
    heads, rows = parameter_rows(run, MOST_PARAMETERS)
    if not rows:
        return [element("p", "The parameters were not kept.")]
    watched = run.chosen.get("watched")
    said = [] if watched else ["In the units of the data, on whatever scale the descent worked."]
    if run.uncertainty is not None:
        said.append(f"Errors are standard errors: {words.errors(run)}.")
        said += [words.sentence(text) for text in run.uncertainty.undetermined]
    if len(run.parameters) > len(rows):
        said.append(f"The first {len(rows)} of {count(len(run.parameters))} parameters.")
    loss = f"Loss: {number(run.loss)}." if watched else f"Loss: {number(run.loss)} ({words.loss(run)})."
    return [_wide(table(heads, rows), "parameters"), element("p", " ".join([loss, *said]))]


def _state(run: Run) -> list[Markup]:
    parts = []
    if run.reasons:
        parts.append(element("ul", *(element("li", words.sentence(reason)) for reason in run.reasons)))
    if not run.chosen.get("watched"):
        said = (element("li", words.sentence(text)) for text in words.certificate(run))
        parts += [element("h3", "Certificate"), element("ul", *said)]
    return parts


def _findings(run: Run, findings: Sequence[Finding], repair: Repair | None) -> list[Markup]:
    parts = [_finding(run, found) for found in findings]
    if not parts:
        measured = run.readings is not None and not run.chosen.get("watched")
        nothing = (
            "Nothing is wrong with the training."
            if measured
            else "Nothing wrong is to be seen in the steps; no more was measured of this run."
        )
        parts = [element("p", nothing)]
    if repair is not None:
        parts += [element("h3", "Repair"), element("p", words.sentence(repair.reason))]
        parts += [element("ul", *(element("li", line) for line in repair.listed))] if repair.changed else []
    return parts


def _finding(run: Run, found: Finding) -> Markup:
    since = f", since step {count(found.first_step)}" if found.first_step else ""
    remedy = words.remedy(found)
    evidence = [(name, number(value)) for name, value in found.evidence.items()]
    line = remedy if run.chosen.get("watched") else f"fit.again({remedy})"
    return element(
        "article",
        element("h3", f"{found.symptom}{since}"),
        element("p", words.sentence(found.message)),
        element("p", "To change: ", element("code", line)) if remedy else None,
        _wide(table(("evidence", "value"), evidence), "evidence") if evidence else None,
        class_=found.severity,
    )


def _pictures(view: Mapping[str, Any]) -> list[Markup]:
    places = (element("div", data_panel=panel["name"]) for panel in view["panels"])
    without = element("p", "The pictures are drawn by a script; the words above and below need none.")
    return [element("div", *places, class_="panels"), element("noscript", without)]


def _asked(run: Run) -> list[Markup]:
    asked = run.plan.said()
    ran = {
        name: value for name, value in run.chosen.items() if value is not None and name not in ("searches", "watched")
    }
    rows = [
        (
            name.replace("_", " "),
            shown(asked[name]) if name in asked else "",
            shown(ran[name]) if name in ran and name not in asked else "",
        )
        for name in dict.fromkeys([*asked, *ran])
    ]
    parts = [_wide(table(("setting", "asked", "chosen"), rows), "settings")] if rows else []
    said = [f"Loss: {happened(run)}.", f"Did: {words.did(run)}.", f"Ended: {words.stopped(run)}."]
    parts += [element("p", sentence) for sentence in said]
    if run.notes:
        parts += [element("h3", "Notes"), element("ul", *(element("li", words.sentence(note)) for note in run.notes))]
    return parts


def _again(run: Run) -> list[Markup]:
    line, command = as_python(run), as_command(run)
    if not line:
        return [element("p", "This run was watched from outside: the loop itself is what gives it again.")]
    text = f"import downslope as ds\nfit = {line}"
    parts = [
        element("p", "In Python, where ", element("code", "data"), f" stands for the data ({run.source}):"),
        element("pre", element("code", *_lines(text))),
    ]
    if command:
        parts += [element("p", "On the command line:"), element("pre", element("code", *_lines(command)))]
    return parts


def _lines(text: str) -> list[Markup | str]:
    """Text with its line breaks, which a single text would show as signs."""
    parts: list[Markup | str] = []
    for line in text.split("\n"):
        parts += [Markup("\n"), line] if parts else [line]
    return parts


def _origin(run: Run, view: Mapping[str, Any]) -> list[Markup]:
    rows = [("data", run.source)]
    if run.fingerprint:
        rows.append(("fingerprint of the data", run.fingerprint[:FINGERPRINT]))
    if not run.chosen.get("watched"):
        rows.append(("rows", count(run.rows)))
    rows += [(name, version) for name, version in run.versions.items()]
    left_out = [note for note in view["notes"] if note not in run.notes]
    return [
        _wide(table(("", ""), rows), "data and versions"),
        *(element("p", words.sentence(note)) for note in left_out),
    ]

"""Table: a run and a history as small tables for a notebook, without scripts and with no colours of their own."""

import numpy as np

from downslope.diagnosis import Finding
from downslope.history import History, Run
from downslope.report import words
from downslope.report.markup import Markup, element, joined, table
from downslope.report.numbers import count, number
from downslope.report.parameters import parameter_rows

MOST_PARAMETERS = 10
MOST_ROWS = 9
CELLS = "text-align: left"


def run_table(run: Run, findings: tuple[Finding, ...] = ()) -> Markup:
    """Formula, parameters with errors, loss, state and what was found."""
    heads, rows = parameter_rows(run, MOST_PARAMETERS)
    if len(run.parameters) > len(rows):
        rows.append((f"… and {count(len(run.parameters) - len(rows))} more", "", "", "", ""))
    facts = [("loss", f"{number(run.loss)} ({words.loss(run)})"), ("state", words.state(run))]
    facts += [("", reason) for reason in run.reasons]
    facts += [("found" if not place else "", words.finding(found)) for place, found in enumerate(findings)]
    title = element("p", element("strong", run.text), f"   {run.source}")
    return element(
        "div", title, table(heads, rows, style=CELLS) if rows else None, _facts(facts), class_="downslope-fit"
    )


def history_table(history: History) -> Markup:
    """Some rows of a history, the first, the last and the best among them."""
    if not len(history):
        return element("div", element("p", "a history without steps"), class_="downslope-history")
    spaced = np.linspace(0, len(history) - 1, min(MOST_ROWS, len(history))).round().astype(int)
    chosen = np.unique([*spaced.tolist(), history.best]).tolist()
    names = history.parameters[:MOST_PARAMETERS]
    rows = [
        (
            count(int(history.step[row])),
            number(history.loss[row]),
            *(number(history.params[row, place]) for place in range(len(names))),
            "the lowest" if row == history.best else "",
        )
        for row in chosen
    ]
    said = f"{count(len(history))} rows, step {count(int(history.step[0]))} to {count(int(history.step[-1]))}"
    if len(names) < len(history.parameters):
        said += f"; {len(names)} of {count(len(history.parameters))} parameters"
    if len(chosen) < len(history):
        said += f"; {len(chosen)} rows are shown"
    shown = table(("step", "loss", *names, "note"), rows, style=CELLS)
    return element("div", shown, element("p", said), class_="downslope-history")


def _facts(facts: list[tuple[str, str]]) -> Markup:
    rows = (
        element("tr", element("th", name, scope="row") if name else element("td"), element("td", text, style=CELLS))
        for name, text in facts
    )
    return element("table", element("tbody", joined(*rows)))

"""Text: what came out of a fit, on one screen of a terminal."""

import math
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from downslope.diagnosis import Finding
from downslope.history import Run
from downslope.pictures.scene import plain
from downslope.report import words
from downslope.report.numbers import aligned, count, number, with_error

if TYPE_CHECKING:
    from rich.table import Table

MOST_PARAMETERS = 10
MOST_SENTENCES = 3
LONGEST_SENTENCE = 280
LONGEST_REMARK = 30
COLORS = {"certified": "green", "usable": "green", "untrusted": "red", "fault": "red", "warning": "yellow"}


def summary(run: Run, *, findings: Sequence[Finding] = (), width: int = 80, color: bool = False) -> str:
    """The answer, its state, and what was done to reach it.

    Args:   width: columns of the terminal; color: whether to put colour codes in.
    Returns: lines, each at most `width` wide and ending in a line break; names from outside are shown as text.
    """
    from rich.console import Console
    from rich.text import Text

    written = StringIO()
    console = Console(
        file=written, width=max(20, width), force_terminal=color, color_system="standard" if color else None,
        no_color=not color, legacy_windows=False, highlight=False, markup=False, emoji=False, force_jupyter=False,
    )  # fmt: skip
    title = Text(plain(run.text, 400), style="bold")
    rows = "" if run.chosen.get("watched") else f", {count(run.rows)} rows"
    title.append(f"   {plain(run.source)}{rows}", style="not bold dim")
    for part in (title, Text(), _parameters(run), Text(), _facts(run, findings)):
        console.print(part)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


def _parameters(run: Run) -> "Table":
    """A row for each parameter: value with its error, true value if it is known, start, what is special about it."""
    from rich.table import Table
    from rich.text import Text

    shown = run.parameters[:MOST_PARAMETERS]
    start = dict(zip(run.parameters, run.history.params[0], strict=True)) if len(run.history) else {}
    remarks = [plain(words.remark(run, name), LONGEST_REMARK) for name in shown]
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    # where room is short, remarks are cut before anything else
    table.add_column("parameter", overflow="fold", no_wrap=any(remarks))
    table.add_column("value" if run.uncertainty is None else "value ± error", no_wrap=True)
    cells = [_values(run, shown)]
    for head, values in {"true value": run.truth, "start": start}.items():
        if values:
            table.add_column(head, no_wrap=True)
            cells.append(aligned([number(values[name]) if name in values else "" for name in shown]))
    if any(remarks):
        table.add_column("", style="dim")
        cells.append(remarks)
    for place, name in enumerate(shown):
        row = (Text(column[place], no_wrap=True, overflow="ellipsis") for column in cells)
        table.add_row(Text(plain(name, 30), style="bold"), *row)
    if len(run.parameters) > len(shown):
        table.add_row(Text(f"… and {count(len(run.parameters) - len(shown))} more", style="dim"))
    return table


def _values(run: Run, shown: Sequence[str]) -> list[str]:
    """Values with their errors, points under points; a fixed one, or one without an error, alone."""
    errors = dict(zip(run.parameters, run.uncertainty.errors, strict=True)) if run.uncertainty is not None else {}
    known = [name in errors and name not in run.plan.fixed and not math.isnan(errors[name]) for name in shown]
    texts = [
        with_error(run.values[name], errors[name]) if has_one else number(run.values[name])
        for name, has_one in zip(shown, known, strict=True)
    ]
    pairs = [text.split(" ± ") for text in texts]
    left = aligned([pair[0] for pair in pairs])
    return [f"{value} ± {pair[1]}" if len(pair) > 1 else value for value, pair in zip(left, pairs, strict=True)]


def _facts(run: Run, findings: Sequence[Finding]) -> "Table":
    """Loss, state, what was done; each fact with its name in front."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")

    def add(name: str, texts: Iterable[str], style: str = "") -> None:
        for place, text in enumerate(texts):
            table.add_row("" if place else name, Text(text, style=style))

    told = [words.finding(found) for found in findings]
    add("loss", [f"{number(run.loss)}   ({plain(words.called(run.plan.loss))})"])
    add("state", [words.state(run)], style=COLORS[run.state])
    # a reason that repeats a finding would be read twice
    add("", _cut(reason for reason in run.reasons if not any(reason in text for text in told)))
    for found, text in zip(findings[:MOST_SENTENCES], _cut(told), strict=False):
        add("", [text], style=COLORS[found.severity])
    told_already = any(run.stopped in reason for reason in run.reasons)
    add("errors", _cut([words.errors(run)] if run.uncertainty is not None else []))
    add("did", _cut([words.did(run) if told_already else f"{words.did(run)}: {words.stopped(run)}"]))
    add("notes", _cut(run.notes))
    return table


def _cut(sentences: Iterable[str]) -> Iterator[str]:
    """Not more sentences than a screen takes, each printable; the rest is counted."""
    every = list(sentences)
    yield from (plain(sentence, LONGEST_SENTENCE) for sentence in every[:MOST_SENTENCES])
    if len(every) > MOST_SENTENCES:
        yield f"… and {len(every) - MOST_SENTENCES} more"

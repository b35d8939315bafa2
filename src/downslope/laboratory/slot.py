"""Slot: one of the two pictures that a page may hold beside each other: what is asked of it is fitted, drawn, judged.

asked ─► fit ─► view, at once ─► when the machine is idle: findings, which are measured, and the ruler of rates
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import downslope as ds
from downslope.errors import RequestError
from downslope.laboratory import settings
from downslope.laboratory.exports import export
from downslope.laboratory.refused import Refused
from downslope.laboratory.settings import Asked
from downslope.laboratory.worker import Superseded, Ticket
from downslope.laboratory.zones import key, zones

FRAMES = 60
"""Places of the fitted curve that a page gets, between which the player steps."""
MOST_RULERS = 32


@dataclass(frozen=True, eq=False)
class Shown:
    """The fit that a page sees, and the question that it answers."""

    seq: int
    asked: Asked
    table: "ds.Table"
    fit: "ds.Fit"


class Slot:
    """Answers the questions about one picture. Its methods run in the threads of a session, one at a time for each."""

    def __init__(self, name: str, send: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self.shown: Shown | None = None
        self._send = send
        self._rulers: dict[tuple, dict[str, Any]] = {}

    def answer(self, seq: int, asked: Asked, table: "ds.Table", ticket: Ticket) -> None:
        """Fit and send the view.

        Raises: Superseded, DownslopeError.
        """
        started = time.perf_counter()
        fit = self._fit(seq, asked, table, ticket)
        shown = Shown(seq, asked, table, fit)
        view = {**_drawn(fit), "python": settings.python(asked, fit.plan)}
        self.shown = shown
        self._say(
            "view",
            seq,
            view=view,
            settings=settings.filled_in(asked, fit),
            ms=round(1000 * (time.perf_counter() - started), 1),
            partial=fit.stopped == "interrupted",
        )

    def findings(self, shown: Shown, ticket: Ticket) -> None:
        """Measure what the steps alone do not show, and send what is found."""
        _ = shown.fit.findings
        if ticket.superseded or shown is not self.shown:
            raise Superseded
        view = shown.fit.values(panels=())
        wanted = ("findings", "verdicts", "state", "state_text", "reasons")
        self._say("findings", shown.seq, **{name: view[name] for name in wanted})

    def ruler(self, shown: Shown, ticket: Ticket) -> None:
        """Send the zones of the learning rate; known ones at once."""
        if not shown.asked.stepping:
            return
        known = key(shown.asked)
        if known not in self._rulers:
            try:
                found = zones(shown.asked, shown.table)
            except RequestError as reason:  # a rule or model without a ruler; the fit itself has been shown
                found = {"low": None, "high": None, "limit": None, "fastest": None, "zones": [], "words": str(reason)}
            self._rulers[known] = found
            if len(self._rulers) > MOST_RULERS:
                del self._rulers[next(iter(self._rulers))]
        if ticket.superseded:
            raise Superseded
        self._say("ruler", shown.seq, **self._rulers[known])

    def has_ruler(self, asked: Asked) -> bool:
        """Whether the zones for this data, model and rule are known already."""
        return key(asked) in self._rulers

    def repair(self, seq: int) -> None:
        """Find the smallest change that cures what was found, and send it: the page then asks anew.

        Raises: Refused if nothing was fitted yet.
        """
        shown = self._something()
        repaired = shown.fit.repair()
        plan = repaired.fit.plan
        after = settings.flat(shown.asked, plan)
        self._say(
            "repaired",
            seq,
            changes=[
                {"name": name, "before": _spoken(before), "after": _spoken(after)}
                for name, (before, after) in repaired.changes.items()
            ],
            reason=repaired.reason,
            settings=after,
            python=settings.python(shown.asked, plan),
        )

    def export(self, what: str) -> None:
        """Send a file to be kept.

        Raises: Refused if nothing was fitted yet, or there is no such file.
        """
        shown = self._something()
        self._send({"slot": self.name, **export(what, shown.fit, shown.asked)})

    def _fit(self, seq: int, asked: Asked, table: "ds.Table", ticket: Ticket) -> "ds.Fit":
        """The fit, from what is known of the same data and model where they stay the same."""

        def tell(block: "ds.History") -> None:
            self._say("progress", seq, step=int(block.step[-1]), of=steps, loss=_number(block.loss[-1]))

        steps = asked.plan.get("steps")
        progress = ticket.watching(tell)
        before = self.shown
        model = (asked.source, asked.formula, asked.target)
        if before is not None and (before.asked.source, before.asked.formula, before.asked.target) == model:
            default = ds.Plan()
            all_of_it = {entry.name: getattr(default, entry.name) for entry in fields(ds.Plan)} | dict(asked.plan)
            return before.fit.again(progress=progress, **all_of_it)
        return ds.fit(asked.formula, table, asked.target, progress=progress, **asked.plan)

    def _something(self) -> Shown:
        if self.shown is None:
            raise Refused(None, "nothing has been fitted yet")
        return self.shown

    def _say(self, kind: str, seq: int, **what: Any) -> None:
        self._send({"kind": kind, "slot": self.name, "seq": seq, **what})


def _drawn(fit: "ds.Fit") -> dict[str, Any]:
    """The view with the pictures of the lab: the fit, the loss by steps, the way through the valley; those that apply
    to this fit where one of them does not.
    """
    fitted = "fitted" if len(fit.model.columns) == 1 else "predicted"
    names = (fitted, "loss", "valley" if len(fit.params) == 1 else "path")
    try:
        return fit.values(panels=names, frames=FRAMES, quick=True)
    except RequestError:
        return fit.values(frames=FRAMES, quick=True)


def _number(value: Any) -> float | None:
    number = float(value)
    return number if abs(number) < float("inf") else None


def _spoken(value: Any) -> Any:
    """A value of a plan as a page can show it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_spoken(each)}" for name, each in value.items())
    return value if value is None or isinstance(value, str | int | float) else str(value)

"""Slot: one of the two pictures that a page may hold beside each other: what is asked of it is fitted, drawn, judged.

asked ─► fit ─► view, at once ─► when the machine is idle: findings, which are measured, and the ruler of rates

Where all rows are too slow for that, the view at once is of a sample of them; the fit of all rows follows, once nothing
more is asked. Files, repairs, findings and rulers are always of all rows.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import downslope as ds
from downslope.errors import RequestError
from downslope.laboratory import settings
from downslope.laboratory.exports import export
from downslope.laboratory.loading import alone
from downslope.laboratory.refused import Refused
from downslope.laboratory.sampling import MANY, Samples, preview, same_problem
from downslope.laboratory.settings import Asked
from downslope.laboratory.worker import Superseded, Ticket
from downslope.laboratory.zones import key, zones

FRAMES = 60
"""Places of the fitted curve that a page gets, between which the player steps."""
MOST_RULERS = 32
HEAVY = 200_000
"""Rows times parameters of a curve from which findings and rulers take so long that a slider would feel them."""


@dataclass(frozen=True, eq=False)
class Shown:
    """The fit that a page sees, and the question that it answers."""

    seq: int
    asked: Asked
    table: "ds.Table"
    fit: "ds.Fit"

    @property
    def is_heavy(self) -> bool:
        """Whether measuring more of it takes the machine from whoever moves a slider again."""
        problem = self.fit.problem
        bends = problem is None or problem.factor is None
        return bends and self.table.rows * len(self.fit.params) > HEAVY


class Slot:
    """Answers the questions about one picture.

    Its methods run in the threads of a session: one for questions, one for all of many rows, one for what is idle and
    one for orders.
    """

    def __init__(self, name: str, send: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self.shown: Shown | None = None
        """The last fit of all rows."""
        self.wanted: tuple[int, Asked, ds.Table] | None = None
        """The question whose sample the page sees; None where it sees all rows."""
        self._sampled: Shown | None = None
        self._samples = Samples()
        self._all_rows = threading.Lock()
        self._send = send
        self._rulers: dict[tuple, dict[str, Any]] = {}

    def preview(self, seq: int, asked: Asked, table: "ds.Table", ticket: Ticket) -> bool:
        """Where all rows are too slow to follow a slider: fit a sample of them and send its view; whether it was so.

        Raises: Superseded, DownslopeError.
        """
        if table.rows <= MANY or self._is_fast(asked):
            return False
        started = time.perf_counter()
        sample = self._samples.of(table, int(asked.plan.get("steps", 0)), int(asked.plan.get("seed", 0)))
        plan = dict(asked.plan)
        if plan.get("batch_size", 0) > sample.rows:
            plan["batch_size"] = sample.rows
        some = replace(asked, plan=plan)
        fit = self._fit(seq, some, sample, ticket, self._sampled)
        self._sampled = Shown(seq, some, sample, fit)
        view = preview(_drawn(fit), table.rows)
        if plan != asked.plan:  # all rows have room for the batches that were asked for
            view["python"] = view["python"].replace(
                f"batch_size={sample.rows}", f"batch_size={asked.plan['batch_size']}"
            )
        view["python"] = settings.python(asked, view["python"])
        self.wanted = seq, asked, table
        self._view(seq, view, settings.flat(asked), started, partial=True, follows=True)
        return True

    def answer(self, seq: int, asked: Asked, table: "ds.Table", ticket: Ticket) -> None:
        """Fit and send the view.

        Raises: Superseded, DownslopeError.
        """
        started = time.perf_counter()
        with alone(table.rows, lambda: ticket.superseded):
            fit = self._fit(seq, asked, table, ticket, self.shown)
            view = _drawn(fit)
        shown = Shown(seq, asked, table, fit)
        view["python"] = settings.python(asked, view["python"])
        if ticket.superseded:
            raise Superseded
        self.shown, self.wanted = shown, None
        partial = fit.stopped == "interrupted"
        self._view(seq, view, settings.filled_in(asked, fit), started, partial=partial, follows=False)

    def answer_whole(self, ticket: Ticket) -> None:
        """All rows, after their sample.

        Raises: Superseded, DownslopeError.
        """
        with self._all_rows:
            if self.wanted is not None:
                self.answer(*self.wanted, ticket)

    def _is_fast(self, asked: Asked) -> bool:
        """Whether a rule steps on the factor of the rows, which has as many rows as there are parameters."""
        whole = self.shown
        if whole is None or not asked.stepping or "batch_size" in asked.plan or _model(whole.asked) != _model(asked):
            return False
        if not same_problem(whole.asked.plan, asked.plan) or str(asked.plan.get("optimizer")).startswith("sgd"):
            return False
        problem = whole.fit.problem
        return whole.asked.stepping and problem is not None and problem.factor is not None

    def findings(self, shown: Shown, ticket: Ticket) -> None:
        """Measure what the steps alone do not show, and send what is found."""
        with alone(shown.table.rows, lambda: ticket.superseded):
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
                with alone(shown.table.rows, lambda: ticket.superseded):
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

    def repair(self, seq: int, ticket: Ticket) -> None:
        """Find the smallest change that cures what was found, and send it: the page then asks anew.

        Raises: Refused if nothing was fitted yet; Superseded.
        """
        shown = self._fitted()
        with alone(shown.table.rows, lambda: ticket.superseded):
            repaired = shown.fit.repair()
        if ticket.stopped:  # nobody wants its changes any more
            return
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
            python=settings.python(shown.asked, repaired.python),
        )

    def export(self, what: str, ticket: Ticket) -> None:
        """Send a file to be kept.

        Raises: Refused if nothing was fitted yet, or there is no such file; Superseded.
        """
        shown = self._fitted()
        with alone(shown.table.rows, lambda: ticket.superseded):
            file = export(what, shown.fit)
        if not ticket.stopped:
            self._send({"slot": self.name, **file})

    def done(self, what: str) -> None:
        """Say that something which the page waits for is over, well or not: "repair", "export" or "rows"."""
        self._send({"kind": "done", "slot": self.name, "what": what})

    def _fit(self, seq: int, asked: Asked, table: "ds.Table", ticket: Ticket, before: Shown | None) -> "ds.Fit":
        """The fit, from what is known of the same data and model where they stay the same."""

        def tell(block: "ds.History") -> None:
            self._say("progress", seq, step=int(block.step[-1]), of=steps, loss=_number(block.loss[-1]))

        steps = asked.plan.get("steps")
        progress = ticket.watching(tell)
        if before is not None and before.table is table and _model(before.asked) == _model(asked):
            default = ds.Plan()
            all_of_it = {entry.name: getattr(default, entry.name) for entry in fields(ds.Plan)} | dict(asked.plan)
            return before.fit.again(progress=progress, **all_of_it)
        return ds.fit(asked.formula, table, asked.target, progress=progress, **asked.plan)

    def _fitted(self) -> Shown:
        """The last fit of all rows.

        Raises: Refused if nothing was fitted yet.
        """
        if self.shown is None:
            raise Refused(None, "nothing has been fitted yet")
        return self.shown

    def _view(self, seq: int, view: dict[str, Any], flat: dict[str, Any], started: float, **more: bool) -> None:
        ms = round(1000 * (time.perf_counter() - started), 1)
        self._say("view", seq, view=view, settings=flat, ms=ms, **more)

    def _say(self, kind: str, seq: int, **what: Any) -> None:
        self._send({"kind": kind, "slot": self.name, "seq": seq, **what})


def _model(asked: Asked) -> tuple:
    return asked.source, asked.formula, asked.target


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

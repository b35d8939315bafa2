"""Session: what one open page and the lab say to each other, as plain messages. It knows no transport: a socket or a
notebook hands in what came, and carries away what is sent.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from downslope.errors import DownslopeError
from downslope.laboratory import samples, settings, zones
from downslope.laboratory.answering import SLOTS, Message, Send, answering, mapping_of, number_of, text_of
from downslope.laboratory.formulas import checked
from downslope.laboratory.limits import Limits
from downslope.laboratory.loading import load_what_computes, without_loading
from downslope.laboratory.refused import Refused
from downslope.laboratory.slot import Slot
from downslope.laboratory.stock import Stock, of_file
from downslope.laboratory.uploads import Shelf, Upload
from downslope.laboratory.worker import Ticket, Worker

QUIET = 0.4
"""Seconds without a question after which all of many rows are fitted, of which a sample has been shown."""
IDLE = 0.25
"""Seconds without a question after which findings are measured; twice that before rates are scanned."""
RESTING = 3.0
"""The same where these are so heavy that a slider which moves again would feel them."""
WHOLE = {name: f"all rows of {name}" for name in SLOTS}
ORDERS = {name: f"orders of {name}" for name in SLOTS}
COMPUTING = (*SLOTS, *WHOLE.values(), *ORDERS.values())
"""Threads that somebody waits for: what is idle waits for them."""


class Session:
    """One page. Each slot has a thread of its own that does its newest question only, and one more for all of many
    rows; what is measured in idle time, what takes long (repair, export, a dropped file) and what is checked while
    typing wait for none of them.

    Args:
        send: takes a message to the page; called from several threads.
        shelf: the tables of the lab; sessions may share one.
        first: the settings that an empty page begins with.

    >>> import threading
    >>> heard, came = [], threading.Event()
    >>> def send(message):
    ...     heard.append(message)
    ...     came.set()
    >>> session = Session(send)
    >>> session.receive({"kind": "check", "seq": 1, "formula": "y = w*x +", "data": "line"})
    >>> came.wait(20)
    True
    >>> session.close()
    True
    >>> heard[0]["error"]["message"]
    "something is missing after '+'"
    """

    def __init__(
        self, send: Send, *, shelf: Shelf | None = None, first: Message | None = None, limits: Limits | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._stock = Stock(shelf or Shelf(self._limits), first or {}, self._limits)
        self._to_page = send
        self._closed = False
        self._slots = {name: Slot(name, self._send) for name in SLOTS}
        self._workers = {name: Worker(name) for name in (*COMPUTING, "idle", "orders", "typing")}
        self._upload: Upload | None = None
        self._uploads: set[Upload] = set()
        """Those whose files are on the disk: one that comes, and those that wait to be read."""
        self._answers: Mapping[str, Callable[[Message, Sequence[Any]], None]] = {
            "hello": self._hello,
            "ask": self._ask,
            "check": self._check,
            "repair": self._repair,
            "stop": self._stop,
            "export": self._export,
            "upload": self._begin_upload,
            "chunk": self._go_on_with_upload,
        }

    def receive(self, message: Any, buffers: Sequence[Any] = ()) -> None:
        """Take a message of the page; answers come through `send`, errors too. Returns at once."""
        given = message if isinstance(message, Mapping) else {}
        kind = given.get("kind")
        with answering(self._send, given):
            if not isinstance(kind, str) or kind not in self._answers:
                raise Refused(None, f"{kind!r:.80} is no message that the lab knows")
            self._answers[kind](given, buffers)

    def close(self, seconds: float = 1.0) -> bool:
        """End all that runs for this page; whether it has ended after so many seconds."""
        self._closed = True
        for worker in self._workers.values():
            worker.close()
        for upload in list(self._uploads):
            upload.close()
        until = time.monotonic() + seconds
        for worker in self._workers.values():
            worker.join(max(0.0, until - time.monotonic()))
        return not self.alive

    @property
    def alive(self) -> bool:
        """Whether something still runs for this page."""
        return any(worker.alive for worker in self._workers.values())

    def _hello(self, message: Message, _: Sequence[Any]) -> None:
        asked = mapping_of(message, "settings")

        self._order("hello", message, lambda _: self._send(self._greeting(asked)))

    def _greeting(self, asked: Message) -> dict[str, Any]:
        try:
            complete, wrong = self._stock.completed(asked), None
        except DownslopeError as error:  # the page comes up all the same, and hears of it when it asks
            complete, wrong = dict(asked), str(error)
        limits = {name: getattr(self._limits, name) for name in ("upload_bytes", "rows", "steps")}
        return {
            "kind": "hello",
            "version": version("downslope"),
            "samples": self._stock.known(),
            "losses": settings.LOSSES,
            "optimizers": (*settings.RULES, *settings.SEARCHES),
            "searches": settings.SEARCHES,
            "ruler_free": zones.FREE,
            "limits": limits,
            "made": samples.MADE,
            "settings": complete,
            "file": self._stock.file(complete.get("data")),
            "wrong": wrong,
        }

    def _ask(self, message: Message, _: Sequence[Any]) -> None:
        slot, seq, flat = self._slot(message), number_of(message, "seq"), mapping_of(message, "settings")

        def job(ticket: Ticket) -> None:
            with answering(self._send, message):
                load_what_computes()
                asked = settings.read(self._stock.completed(flat), self._limits)
                table = self._stock.table(asked)
                if not asked.formula and table.problems:  # that is why none could be suggested
                    raise next(iter(table.problems.values()))
                if not slot.preview(seq, asked, table, ticket):
                    slot.answer(seq, asked, table, ticket)
            # after an error too: the last good picture stays, and what belongs to it is still to come
            if slot.wanted is None:
                self._follow(slot)
            else:
                self._workers[WHOLE[slot.name]].put("ask", lambda ticket: self._answer_whole(slot, ticket), QUIET)

        for what in ("findings", "ruler"):
            self._workers["idle"].drop((slot.name, what))
        self._workers[WHOLE[slot.name]].drop("ask")
        self._workers[slot.name].put("ask", job)

    def _answer_whole(self, slot: Slot, ticket: Ticket) -> None:
        wanted = slot.wanted
        if wanted is not None:
            with answering(self._send, {"slot": slot.name, "seq": wanted[0]}):
                slot.answer_whole(ticket)
                self._follow(slot)

    def _follow(self, slot: Slot) -> None:
        """After a view: findings and ruler, once nothing more is asked for a while; a known ruler at once."""
        shown = slot.shown
        if shown is None:
            return
        wait = RESTING if shown.is_heavy else IDLE
        self._idly((slot.name, "findings"), lambda ticket: slot.findings(shown, ticket), wait)
        known = slot.has_ruler(shown.asked)
        self._idly((slot.name, "ruler"), lambda ticket: slot.ruler(shown, ticket), 0.0 if known else IDLE + wait)

    def _idly(self, key: tuple, work: Callable[[Ticket], None], after: float) -> None:
        idle = self._workers["idle"]

        def job(ticket: Ticket) -> None:
            if ticket.superseded:
                return
            if any(self._workers[name].busy for name in COMPUTING):
                idle.put(key, job, IDLE)
                return
            with answering(self._send, {"slot": key[0]}):
                work(ticket)

        idle.put(key, job, after)

    def _check(self, message: Message, _: Sequence[Any]) -> None:
        seq, formula = number_of(message, "seq"), text_of(message, "formula")[: self._limits.text]
        truth = {"truth": message["truth"]} if "truth" in message else {}

        def job(ticket: Ticket) -> None:
            with answering(self._send, message), without_loading():
                data = str(message.get("data") or self._stock.completed({})["data"])
                self._send({"kind": "checked", "seq": seq, **checked(formula, self._stock.names(data, truth))})

        self._workers["typing"].put("check", job)

    def _repair(self, message: Message, _: Sequence[Any]) -> None:
        slot, seq = self._slot(message), number_of(message, "seq")
        self._order_of(slot, "repair", message, lambda ticket: slot.repair(seq, ticket))

    def _stop(self, message: Message, _: Sequence[Any]) -> None:
        slot = self._slot(message)
        if self._workers[WHOLE[slot.name]].forget("ask") and slot.wanted is not None:
            slot.done("rows")  # they had not begun: the page keeps the pictures of the sample
        for name in (slot.name, WHOLE[slot.name], ORDERS[slot.name]):
            self._workers[name].stop()

    def _export(self, message: Message, _: Sequence[Any]) -> None:
        slot, what = self._slot(message), text_of(message, "what")
        self._order_of(slot, "export", message, lambda ticket: slot.export(what, ticket), what)

    def _begin_upload(self, message: Message, buffers: Sequence[Any]) -> None:
        if self._upload is not None:
            self._forget(self._upload)
        self._upload = Upload(message.get("name", ""), message.get("size", -1), self._limits)
        self._uploads.add(self._upload)
        self._go_on_with_upload(message, buffers)

    def _go_on_with_upload(self, message: Message, buffers: Sequence[Any]) -> None:
        upload = self._upload
        if upload is None:
            return  # the rest of one that was refused
        try:
            for piece in buffers:
                upload.add(bytes(piece))
        except DownslopeError:
            self._forget(upload)
            raise
        if upload.complete:
            self._upload = None
            self._order(("upload", id(upload)), message, lambda _: self._read(upload))

    def _forget(self, upload: Upload) -> None:
        upload.close()
        self._uploads.discard(upload)
        if self._upload is upload:
            self._upload = None

    def _read(self, upload: Upload) -> None:
        try:
            table = upload.table()
        finally:
            self._forget(upload)
        if not table.columns and table.problems:
            raise next(iter(table.problems.values()))
        self._send({"kind": "data", **of_file(self._stock.shelf.put(table, upload.name))})

    def _order(self, key: Any, message: Message, work: Callable[[Ticket], None]) -> None:
        """What somebody has asked for and waits for; it is done, whatever else is asked meanwhile."""

        def job(ticket: Ticket) -> None:
            with answering(self._send, message), without_loading():
                work(ticket)

        self._workers["orders"].put(key, job)

    def _order_of(
        self, slot: Slot, what: str, message: Message, work: Callable[[Ticket], None], more: str = ""
    ) -> None:
        """An order about a picture: of all rows, so they are fitted first if the page sees a sample. It can be stopped,
        and the page is told when it is over.
        """

        def job(ticket: Ticket) -> None:
            try:
                with answering(self._send, message):
                    if slot.wanted is not None:
                        self._workers[WHOLE[slot.name]].forget("ask")
                        slot.answer_whole(ticket)
                        self._follow(slot)
                    if not ticket.stopped:
                        work(ticket)
            finally:
                if not ticket.superseded:
                    slot.done(what)

        self._workers[ORDERS[slot.name]].put((what, more), job)

    def _slot(self, message: Message) -> Slot:
        name = message.get("slot")
        if name not in SLOTS:
            raise Refused("slot", f"slot is {name!r:.80}; it must be 'a' or 'b'")
        return self._slots[str(name)]

    def _send(self, message: dict[str, Any]) -> None:
        if not self._closed:
            self._to_page(message)

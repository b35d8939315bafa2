"""Worker: a thread that does the newest job of each kind, and lets go of one that nobody waits for any more."""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, NamedTuple

EVERY = 0.1
"""Seconds between two messages about the progress of a long run."""


class Superseded(Exception):
    """A newer job of the same kind waits, or nobody is there any more: what runs is of no use."""


class Ticket:
    """What a job can ask while it runs."""

    def __init__(self) -> None:
        self._superseded, self._stopped = threading.Event(), threading.Event()

    @property
    def superseded(self) -> bool:
        """Whether a newer job of the same kind waits."""
        return self._superseded.is_set()

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked for what there is by now."""
        return self._stopped.is_set()

    def supersede(self) -> None:
        """Let the job end without a result."""
        self._superseded.set()

    def stop(self) -> None:
        """Let the job end with what it has learned."""
        self._stopped.set()

    def watching(self, tell: Callable[[Any], None]) -> Callable[[Iterator[Any]], Iterable[Any]]:
        """What `fit` takes as `progress`: it hands on the blocks of a descent, tells of the newest now and then, ends
        it when it shall stop, and raises Superseded when it is of no use.
        """

        def watched(blocks: Iterator[Any]) -> Iterator[Any]:
            told = time.monotonic()
            for block in blocks:
                if self.superseded:
                    raise Superseded
                if self._stopped.is_set():
                    return
                now = time.monotonic()
                if now - told >= EVERY:
                    told = now
                    tell(block)
                yield block

        return watched


Job = Callable[[Ticket], None]


class _Waiting(NamedTuple):
    due: float
    ticket: Ticket
    job: Job


class Worker:
    """One thread, made when it is first needed; of each key only the newest job is kept."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._change = threading.Condition()
        self._jobs: dict[Hashable, _Waiting] = {}
        self._running: tuple[Hashable, Ticket] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, key: Hashable, job: Job, after: float = 0.0) -> None:
        """Do a job, `after` seconds from now at the earliest; an older one of the same key is dropped, or let go."""
        with self._change:
            if self._closed:
                return
            if self._running is not None and self._running[0] == key:
                self._running[1].supersede()
            self._jobs[key] = _Waiting(time.monotonic() + after, Ticket(), job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"downslope lab: {self._name}", daemon=True)
                self._thread.start()
            self._change.notify()

    def forget(self, key: Hashable) -> bool:
        """Forget the job of a key that has not begun; whether there was one."""
        with self._change:
            return self._jobs.pop(key, None) is not None

    def drop(self, key: Hashable) -> None:
        """Forget the job of a key, and let go of it if it runs."""
        with self._change:
            self._jobs.pop(key, None)
            if self._running is not None and self._running[0] == key:
                self._running[1].supersede()

    def stop(self) -> None:
        """End what runs, and what waits as soon as it runs, with what it has learned."""
        with self._change:
            for waiting in self._jobs.values():
                waiting.ticket.stop()
            if self._running is not None:
                self._running[1].stop()

    @property
    def busy(self) -> bool:
        """Whether a job runs, or waits and is due."""
        with self._change:
            now = time.monotonic()
            return self._running is not None or any(each.due <= now for each in self._jobs.values())

    def close(self) -> None:
        """Drop all jobs, and let the thread end as soon as what runs can be let go."""
        with self._change:
            self._closed = True
            self._jobs.clear()
            if self._running is not None:
                self._running[1].supersede()
            self._change.notify()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    @property
    def alive(self) -> bool:
        """Whether the thread has not ended yet."""
        return self._thread is not None and self._thread.is_alive()

    def _next(self) -> tuple[Ticket, Job] | None:
        """The job that is due first, once it is due; None at the end."""
        with self._change:
            self._running = None
            while not self._closed:
                key = min(self._jobs, key=lambda each: self._jobs[each].due, default=None)
                wait = None if key is None else self._jobs[key].due - time.monotonic()
                if key is not None and wait is not None and wait <= 0:
                    _, ticket, job = self._jobs.pop(key)
                    self._running = key, ticket
                    return ticket, job
                self._change.wait(wait)
        return None

    def _run(self) -> None:
        while (found := self._next()) is not None:
            ticket, job = found
            try:
                job(ticket)
            except Superseded:
                continue
            except Exception:  # a job tells of its own errors; this is one of ours, and the thread goes on
                logging.getLogger(__name__).exception("a job of the lab failed")

"""Sessions whose messages are heard, and labs on a port of their own."""

import queue
import time

import pytest

import downslope as ds
from downslope.laboratory.session import Session

PATIENCE = 60.0


class Page:
    """What a page would do: it asks, and waits for an answer of a kind."""

    def __init__(self, **options):
        self.heard = []
        self._came = queue.Queue()
        self.session = Session(self._hear, **options)

    def _hear(self, message):
        self.heard.append(message)
        self._came.put(message)

    def say(self, kind, *buffers, **what):
        self.session.receive({"kind": kind, **what}, buffers)

    def wait(self, *kinds, seq=None, seconds=PATIENCE):
        """The next message of one of these kinds; an error that was not waited for fails the test."""
        until = time.monotonic() + seconds
        while True:
            message = self._came.get(timeout=max(0.01, until - time.monotonic()))
            if message["kind"] in kinds and (seq is None or message["seq"] == seq):
                return message
            assert message["kind"] != "error", message

    def ask(self, seq=1, slot="a", **settings):
        self.say("ask", slot=slot, seq=seq, settings={name.replace("__", "."): each for name, each in settings.items()})

    def view(self, seq=1, slot="a", **settings):
        self.ask(seq, slot, **settings)
        return self.wait("view", seq=seq)

    def refused(self, seq=1, slot="a", **settings):
        self.ask(seq, slot, **settings)
        return self.wait("error", seq=seq)

    def upload(self, name, content, size=None):
        self.say("upload", name=name, size=len(content) if size is None else size)
        for start in range(0, len(content), 1 << 20):
            self.say("chunk", content[start : start + (1 << 20)])


@pytest.fixture
def page():
    opened = Page()
    yield opened
    assert opened.session.close(PATIENCE), "nothing runs on for a page that has gone"


@pytest.fixture
def pages():
    opened = []

    def open_page(**options):
        opened.append(Page(**options))
        return opened[-1]

    yield open_page
    ended = [each.session.close(PATIENCE) for each in opened]
    assert all(ended)


@pytest.fixture
def thermometer():
    """Settings of the thermometer on which plain descent does well."""
    return {"data": "thermometer", "optimizer": "gd", "learning_rate": 1e-4, "steps": 200}


@pytest.fixture
def line_csv():
    table = ds.sample("line", n=20)
    return "x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(table["x"], table["y"], strict=True))

"""One thread, the newest job of each key, and letting go."""

import threading
import time

import pytest

from downslope.laboratory.worker import Superseded, Ticket, Worker


@pytest.fixture
def worker():
    made = Worker("test")
    yield made
    made.close()
    made.join(10)
    assert not made.alive


def test_of_each_key_only_the_newest_waits(worker):
    first, go, done = threading.Event(), threading.Event(), []
    worker.put("hold", lambda _: (first.set(), go.wait(10)))
    assert first.wait(10)
    for number in range(5):
        worker.put("a", lambda _, number=number: done.append(("a", number)))
        worker.put("b", lambda _, number=number: done.append(("b", number)))
    go.set()
    last = threading.Event()
    worker.put("last", lambda _: last.set())
    assert last.wait(10)
    assert sorted(done) == [("a", 4), ("b", 4)]


def test_a_running_job_hears_that_a_newer_one_waits(worker):
    began, told = threading.Event(), threading.Event()

    def job(ticket):
        began.set()
        while not ticket.superseded:
            time.sleep(0.001)
        told.set()
        raise Superseded

    worker.put("a", job)
    assert began.wait(10)
    worker.put("b", lambda _: None)
    assert not told.wait(0.05), "a job of another key does not disturb it"
    worker.put("a", lambda _: None)
    assert told.wait(10)


def test_a_job_can_wait_and_be_dropped(worker):
    done = []
    worker.put("later", lambda _: done.append("later"), after=0.05)
    worker.put("never", lambda _: done.append("never"), after=0.02)
    worker.drop("never")
    worker.put("now", lambda _: done.append("now"))
    until = time.monotonic() + 10
    while len(done) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert done == ["now", "later"]


def test_a_job_that_fails_does_not_take_the_thread_along(worker, caplog):
    went_on = threading.Event()
    worker.put("a", lambda _: 1 / 0)
    worker.put("b", lambda _: went_on.set())
    assert went_on.wait(10) and "a job of the lab failed" in caplog.text


def test_after_closing_nothing_is_done(worker):
    worker.close()
    worker.put("a", lambda _: pytest.fail("it ran"))
    assert not worker.alive and not worker.busy


def test_a_descent_is_told_of_stopped_and_let_go():
    told: list = []
    ticket = Ticket()
    ticket.stop()
    assert list(ticket.watching(told.append)(iter([1, 2]))) == [], "what was learned so far is kept"
    ticket.supersede()
    with pytest.raises(Superseded):
        list(ticket.watching(told.append)(iter([1])))


def test_progress_is_told_now_and_then_and_not_at_each_block():
    told: list = []

    def blocks():
        for number in range(100):
            time.sleep(0.003)
            yield number

    assert list(Ticket().watching(told.append)(blocks())) == list(range(100))
    assert 1 <= len(told) <= 8

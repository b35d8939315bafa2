"""The lab as a process: it says where it is, takes a free port, and ends cleanly."""

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from websockets.sync.client import connect

from downslope.errors import OutputError, RequestError, UnknownName
from downslope.laboratory import lab
from downslope.laboratory.serve import listen

# a process started in the background, as CI may be, has Ctrl-C ignored, and hands that on
HEARING = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from downslope.cli import run; run()"
)


@pytest.fixture
def start(tmp_path):
    processes = []

    def call(*words):
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", HEARING, "lab", "--no-browser", *words],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            )
        )
        return processes[-1]

    yield call
    for process in processes:
        process.kill()
        process.communicate()


def address(process):
    said = []
    while not (found := re.search(r"http://\S+", said[-1] if said else "")):
        said.append(process.stdout.readline())
        assert said[-1], "".join(said)
    return found[0], "".join(said)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_ends_without_a_word_of_python(start, how):
    process = start("--port", "0")
    where, _ = address(process)
    with urllib.request.urlopen(where, timeout=10) as answer:
        assert answer.status == 200
    process.send_signal(how)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and "closed" in said and "Traceback" not in said, said


def test_it_ends_in_the_middle_of_a_run(start):
    process = start("--port", "0")
    where, _ = address(process)
    origin, _, token = where.partition("/?token=")
    with connect(f"{origin.replace('http', 'ws')}/ws?token={token}", origin=origin, max_size=None) as line:
        settings = {"data": "thermometer", "optimizer": "adam", "learning_rate": 1e-6, "steps": 1_000_000}
        line.send(json.dumps({"kind": "ask", "slot": "a", "seq": 1, "settings": settings}))
        assert json.loads(line.recv(timeout=60))["kind"] == "progress"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and "Traceback" not in said, said


def test_a_port_that_is_taken_leads_to_the_next_one_and_that_is_said(start):
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    where, said = address(start("--port", str(port)))
    assert f":{port}/" not in where and f"port {port} is taken" in said
    taken.close()


def test_a_file_that_is_not_there_is_told_before_anything_is_served(start):
    process = start("missing.csv")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 3 and "missing.csv does not exist" in said and "http" not in said


def test_no_port_at_all_is_an_error(monkeypatch):
    monkeypatch.setattr("downslope.laboratory.serve.MOST_PORTS", 1)
    taken = socket.create_server(("127.0.0.1", 0))
    with pytest.raises(OutputError, match="are all taken"):
        listen("127.0.0.1", taken.getsockname()[1], print)
    taken.close()


def test_a_port_that_is_not_allowed_is_no_port_that_is_taken(monkeypatch):
    def bind(self, address):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(OutputError, match="cannot listen on port 80 of 127.0.0.1: Permission denied"):
        listen("127.0.0.1", 80, print)


def test_a_misspelt_setting_is_told_as_fit_tells_it():
    with pytest.raises(UnknownName, match="Did you mean 'learning_rate'"):
        lab("line", learningrate=0.1)
    with pytest.raises(RequestError, match="counts in steps"):
        lab("line", epochs=3)


def test_an_address_that_is_not_ours_is_an_error():
    with pytest.raises(OutputError, match="cannot listen on 203.0.113.7"):
        listen("203.0.113.7", 0, print)


@pytest.mark.parametrize("asked", [{"port": -1}, {"port": 70_000}, {"port": "x"}, {"formula": lambda x, w: w * x}])
def test_what_cannot_be_served_is_refused(asked):
    with pytest.raises(RequestError):
        lab(None, asked.pop("formula", None), **asked)


def test_an_address_for_others_is_warned_of(start):
    where, said = address(start("--port", "0", "--host", "0.0.0.0"))
    assert "warning: 0.0.0.0 can be reached from other machines" in said and where.startswith("http://0.0.0.0:")


def test_flags_of_the_plan_are_what_the_page_begins_with(start):
    where, _ = address(start("thermometer", "--port", "0", "--learning-rate", "0.001", "--start.w", "2"))
    origin, _, token = where.partition("/?token=")
    with connect(f"{origin.replace('http', 'ws')}/ws?token={token}", origin=origin, max_size=None) as line:
        line.send(json.dumps({"kind": "hello", "settings": {}}))
        hello = json.loads(line.recv(timeout=60))
    assert hello["kind"] == "hello", hello
    settings = hello["settings"]
    assert settings["data"] == "thermometer" and settings["learning_rate"] == 0.001 and settings["start.w"] == 2.0


def test_flags_of_a_file_say_how_it_is_read(start, tmp_path):
    (tmp_path / "german.csv").write_text("x;y\n1,5;2\n2,5;3\n3,5;5\n")
    where, _ = address(start("german.csv", "--decimal", ",", "--delimiter", ";", "--port", "0"))
    origin, _, token = where.partition("/?token=")
    with connect(f"{origin.replace('http', 'ws')}/ws?token={token}", origin=origin, max_size=None) as line:
        line.send(json.dumps({"kind": "hello", "settings": {}}))
        hello = json.loads(line.recv(timeout=60))
    assert hello["kind"] == "hello", hello
    assert hello["file"]["name"] == "german.csv" and hello["file"]["rows"] == 3
    assert hello["settings"]["formula"] == "y = w*x + b"

"""Ctrl-C, SIGTERM and a reader that leaves, each in a process of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest

ENDLESS = ["celsius = w*unknown + b", "--optimizer", "adam", "--learning-rate", "1e-4", "--steps", "10000000000"]
COMMAND = [sys.executable, "-m", "downslope", "fit"]
# a process started in the background, as CI may be, has Ctrl-C ignored, and hands that on
HEARING = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from downslope.cli import run; run()"
)


@pytest.fixture
def folder(tmp_path, thermometer_csv):
    (tmp_path / "t.csv").write_text(thermometer_csv)
    return tmp_path


def start(folder, *words):
    return subprocess.Popen(
        [sys.executable, "-c", HEARING, "fit", "t.csv", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_soon_prints_its_answer_and_keeps_it(folder, how):
    process = start(folder, *ENDLESS, "--every", "100000")
    assert process.stdout.readline().startswith("step"), "it descends"
    process.send_signal(how)
    sent = time.monotonic()
    said, _ = process.communicate(timeout=30)
    assert time.monotonic() - sent < 5
    assert process.returncode == 130
    assert "interrupted" in said and "untrusted" in said and "Traceback" not in said
    assert (folder / "t.downslope").exists(), "what was learned is kept"


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    line = " ".join([*COMMAND, "t.csv", "'celsius = w*unknown + b'", "--optimizer gd --learning-rate 1e-4 --no-save"])
    shell = f"{line} --steps 20000 --every 1 | head -n 2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[0].startswith("step")
    assert done.stdout.splitlines()[2] == "0"
    assert done.stderr == ""

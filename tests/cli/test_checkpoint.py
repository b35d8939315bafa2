"""--checkpoint: interrupted, gone on with by the same command, finished by resume, refused."""

import os
import signal
import subprocess
import sys

import pytest

import downslope as ds
from downslope.cli import main

MODEL = "celsius = w*unknown + b"
PLAN = ["--optimizer", "adam", "--learning-rate", "0.01", "--steps", "400000", "--batch-size", "5"]
HEARING = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from downslope.cli import run; run()"
)


@pytest.fixture
def folder(tmp_path, thermometer_csv, monkeypatch):
    (tmp_path / "t.csv").write_text(thermometer_csv)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_interrupted_run_is_in_its_checkpoint_and_the_same_command_finishes_it(folder, capsys):
    command = ["fit", "t.csv", MODEL, *PLAN, "--checkpoint", "run.ckpt", "--no-save"]
    process = subprocess.Popen(
        [sys.executable, "-c", HEARING, *command, "--every", "1000"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout.readline().startswith("step")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and "interrupted" in said
    held = ds.load("run.ckpt")
    assert 0 < held.run.steps < 400_000 and held.state == "untrusted"
    assert main(["resume", "run.ckpt", "--save", "resumed.downslope", "-q"]) == 0
    assert main(command) == 0
    assert f"cut short at step {held.run.steps:,}" in " ".join(capsys.readouterr().out.split())
    resumed, finished = ds.load("resumed.downslope").run, ds.load("run.ckpt").run
    assert resumed.params.tolist() == finished.params.tolist() and resumed.steps == finished.steps == 400_000
    assert main(command) == 0
    assert "finished: it was read, and nothing run again" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--checkpoint", "no/run.ckpt"], 4, "there is no folder no"),
        (["--checkpoint", "."], 4, "it is a folder"),
        (["--checkpoint", "t.csv"], 4, "is read by this command"),
        (["--checkpoint", "other.csv"], 3, "is not a saved run"),
        (["--checkpoint", "old.ckpt"], 2, "learning_rate was 0.5 and is 0.01"),
        (["--checkpoint", "a", "--save", "a"], 2, "give each its own file"),
        (["--checkpoint", "a", "--checkpoint-every", "-1"], 2, "seconds, 0 or more"),
        (["--checkpoint-every", "5"], 2, "name the file too"),
    ],
)
def test_what_cannot_be_is_refused_with_its_exit_code(folder, capsys, words, code, said):
    (folder / "other.csv").write_text("x\n1\n")
    command = ["fit", "t.csv", MODEL, "--optimizer", "adam", "--steps", "5"]
    assert main([*command, "--learning-rate", "0.5", "--checkpoint", "old.ckpt", "--no-save", "-q"]) in (0, 1)
    assert main([*command, "--learning-rate", "0.01", *words, "-q"]) == code
    assert said in capsys.readouterr().err
    assert (folder / "other.csv").read_text() == "x\n1\n"

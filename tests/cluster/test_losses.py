"""Workers and schedulers that are killed in mid-run."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from distributed import Client

import downslope as ds
from downslope.objective import crew, local_crew

DECAYS = "y = a*exp(-b*x) + c*exp(-d*x)"
PLAN = {"optimizer": "gd", "learning_rate": 0.1, "steps": 30, "start": {"a": 1, "b": 1, "c": 1, "d": 2}}

pytestmark = pytest.mark.slow


@pytest.fixture
def processes(tmp_path):
    """(address, process) of a scheduler that has two workers, all in processes of their own."""
    file = tmp_path / "scheduler.json"
    words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    words += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(file)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as scheduler:
        try:
            while not file.exists() or not file.read_text().strip():
                assert scheduler.poll() is None
                time.sleep(0.05)
            address = json.loads(file.read_text())["address"]
            with local_crew.started(address, 2, str(tmp_path)):
                yield address, scheduler
        finally:
            scheduler.kill()


def test_a_worker_and_then_the_scheduler_are_killed(processes, chunks, client, tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "CONNECT", 60.0)
    address, scheduler = processes
    whole = ds.fit(DECAYS, chunks, cluster=client, **PLAN)

    def strike(process, after):
        def watch(blocks):
            for block in blocks:
                if process and block.step[-1] >= after:
                    os.kill(process.pop(), signal.SIGKILL)
                yield block

        return watch

    with Client(address, set_as_default=False, timeout=60) as other:
        other.wait_for_workers(2, timeout=60)
        ours = list(other.run(os.getpid).values())
    found = ds.fit(DECAYS, chunks, cluster=address, progress=strike(ours[:1], 3), **PLAN)
    assert np.array_equal(found.history.loss, whole.history.loss)
    assert np.array_equal(found.run.params, whole.run.params)
    assert found.certificate == whole.certificate

    path = tmp_path / "run.ckpt"
    kept = {"checkpoint": path, "checkpoint_every": 0.0, **PLAN}
    with pytest.raises(
        ds.DataError, match="was lost .*run.ckpt holds step [0-9]+, and the same call goes on from there"
    ):
        ds.fit(DECAYS, chunks, cluster=address, progress=strike([scheduler.pid], 3), **kept)
    assert 0 < ds.load(path).run.steps < 30
    ended = ds.fit(DECAYS, chunks, cluster=client, **kept)
    assert np.array_equal(ended.history.loss, whole.history.loss)

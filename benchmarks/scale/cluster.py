"""Rows on a cluster: is the answer that of the same rows in memory, do two workers take half the time of one, does what
is killed cost nothing but time, and does the cost model foretell it?
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.measure import Figure
from downslope.objective.cost import Cost
from downslope.objective.local_crew import started

CLOSE = "y = a*exp(-b*x) + c*exp(-d*x)"
NEAR = {"a": 2.0, "b": 1.0, "c": 1.5, "d": 1.4}
HEAVY = "y = a*exp(-b*x) + c*exp(-d*x) + e*sin(f*x)*exp(-g*x) + h*cos(k*x)"
ROWS, STEPS, PAIRS = 2_000_000, 12, 5


def figures() -> Iterator[Figure | str]:
    """Each figure as it is measured."""
    with tempfile.TemporaryDirectory() as place:
        yield from same(Path(place))
        yield from killed(Path(place))
        yield from workers(Path(place))


def decays(rows: int) -> dict[str, np.ndarray]:
    """Rows of two close exponentials."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 6, rows)
    return {"x": x, "y": 2 * np.exp(-x) + 1.5 * np.exp(-1.4 * x) + 0.01 * generator.normal(size=rows)}


def chunks(folder: Path, table: dict[str, np.ndarray], count: int) -> str:
    """The rows in so many Parquet files, as a pattern."""
    import polars

    folder.mkdir()
    edges = np.linspace(0, table["x"].size, count + 1).astype(int)
    for number, (first, end) in enumerate(pairwise(edges)):
        rows = {name: values[first:end] for name, values in table.items()}
        polars.DataFrame(rows).write_parquet(folder / f"{number:03}.parquet")
    return str(folder / "*.parquet")


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """(address, process) of a scheduler of its own with so many workers of one core."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        words += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(file)]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as scheduler:
            try:
                while not file.exists() or not file.read_text().strip():
                    time.sleep(0.05)
                address = json.loads(file.read_text())["address"]
                with started(address, workers, folder):
                    pids(address, workers)
                    yield address, scheduler
            finally:
                scheduler.kill()


def pids(address: str, count: int) -> list[int]:
    """Numbers of the processes of so many workers, when they are up."""
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)
        return list(client.run(os.getpid).values())


def same(folder: Path) -> Iterator[Figure]:
    """In memory, streamed and on a cluster."""
    table = decays(200_000)
    pattern = chunks(folder / "close", table, 100)
    here = ds.fit(CLOSE, table, start=NEAR)
    others = {
        "streamed": ds.fit(CLOSE, ds.Stream(pattern), start=NEAR),
        "two workers": ds.fit(CLOSE, pattern, cluster="local", start=NEAR),
    }
    for name, found in others.items():
        params = max(abs(found.params[each] / value - 1) for each, value in here.params.items())
        errors = max(abs(found.errors[each] / value - 1) for each, value in here.errors.items())
        met = params <= 1e-10 and errors <= 1e-6 and found.state == here.state == "certified"
        yield Figure(
            f"two close exponentials, 200,000 rows in 100 chunks, {name}: parameters and errors against in memory",
            "1e-10, 1e-6",
            f"{params:.1e}, {errors:.1e}",
            met,
        )


def killed(folder: Path) -> Iterator[Figure]:
    """A worker and then the scheduler, by SIGKILL in mid-run."""
    pattern = chunks(folder / "killed", decays(200_000), 10)
    plan: dict[str, Any] = {"optimizer": "gd", "learning_rate": 0.1, "steps": 60, "start": {**NEAR, "a": 1.0}}

    def strike(victims: list[int]) -> Callable[[Iterable[Any]], Iterator[Any]]:
        def watch(blocks: Iterable[Any]) -> Iterator[Any]:
            for block in blocks:
                if victims and block.step[-1] >= 5:
                    os.kill(victims.pop(), signal.SIGKILL)
                yield block

        return watch

    with cluster(2) as (address, scheduler):
        whole = ds.fit(CLOSE, pattern, cluster=address, **plan)
        found = ds.fit(CLOSE, pattern, cluster=address, progress=strike(pids(address, 2)[:1]), **plan)
        equal = np.array_equal(whole.history.loss, found.history.loss) and whole.params == found.params
        yield Figure("a worker killed in mid-run: the same bits", "yes", "yes" if equal else "no", equal)
        path, said = folder / "run.ckpt", "nothing was raised"
        try:
            ds.fit(CLOSE, pattern, cluster=address, progress=strike([scheduler.pid]), checkpoint=path, **plan,
                   checkpoint_every=0.0)  # fmt: skip
        except ds.DataError as error:
            said = str(error)
        there = path.exists() and ds.load(path).run.steps > 0 and "run.ckpt holds step" in said
        yield Figure("the scheduler killed in mid-run", "an error that names the checkpoint", said, there)


def workers(folder: Path) -> Iterator[Figure | str]:
    """One, two and four workers, and what the cost model foretells of them."""
    table = decays(ROWS)
    pattern = chunks(folder / "heavy", table, 8)
    plan: dict[str, Any] = {"optimizer": "gd", "learning_rate": 1e-4, "steps": STEPS}
    times: dict[int, list[float]] = {1: [], 2: [], 4: []}
    cores = len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        addresses = {count: stack.enter_context(cluster(count))[0] for count in times}
        for address in addresses.values():  # compiled before it is timed
            ds.fit(HEAVY, pattern, cluster=address, **plan)
        numbers = {count: pids(address, count) for count, address in addresses.items()}
        spent: dict[int, list[float]] = {count: [] for count in times}
        for _ in range(PAIRS):
            for count, address in addresses.items():
                began, before = time.perf_counter(), [worked(pid) for pid in numbers[count]]
                ds.fit(HEAVY, pattern, cluster=address, **plan)
                times[count].append(time.perf_counter() - began)
                spent[count].append(max(worked(pid) - was for pid, was in zip(numbers[count], before, strict=True)))
        latency = {count: empty(address) for count, address in addresses.items()}
        compute, read = by_row(pattern, addresses[1])
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    ratio = median(one / two for one, two in zip(times[1], times[2], strict=True))
    seconds = " and ".join(f"{median(times[count]):.2f} s" for count in (1, 2))
    yield f"{cores} cores, load {load}"
    busy = median(one / two for one, two in zip(spent[1], spent[2], strict=True))
    yield f"by the processor time of the busiest worker, whatever else the machine does: {busy:.2f}x"
    yield Figure("two workers against one, compute-bound", ">= 1.6x", f"{ratio:.2f}x ({seconds})", ratio >= 1.6)
    each = max((latency[4] - latency[1]) / 3, 0.0)
    passes = (median(times[1]) - ROWS * read) / (ROWS * compute + latency[1])
    cost = Cost(ROWS, -(-ROWS // 65_536), passes, compute, read, latency[1], each)
    yield (
        f"a row: {1e9 * compute:.0f} ns in a pass, {1e9 * read:.0f} ns to read; a pass of nothing: "
        f"{1e3 * latency[1]:.1f} ms, {1e3 * each:.2f} ms more a worker; {passes:.1f} passes"
    )
    for count in times:
        told, measured = cost.seconds(count, cores), median(times[count])
        off = abs(told / measured - 1)
        yield Figure(
            f"the cost model with {count} worker{'s' if count > 1 else ''}",
            "within 30 %",
            f"{told:.2f} s told, {measured:.2f} s measured",
            off <= 0.3,
        )


def worked(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    import psutil

    return sum(psutil.Process(pid).cpu_times()[:2])


def empty(address: str) -> float:
    """Seconds of a task for each worker in which there is nothing to do."""
    from downslope.objective.crew import at_work

    with at_work(address) as crew:
        held = [crew.start(int, 1, on=worker) for worker in crew.workers()]
        crew.wait(held)
        spent = []
        for _ in range(50):
            began = time.perf_counter()
            crew.results(float, held)
            spent.append(time.perf_counter() - began)
    return median(spent)


def by_row(pattern: str, address: str) -> tuple[float, float]:
    """Seconds of a row in a pass, and to be read, on one worker: from passes alone, after one that compiles."""
    from downslope.arrays import double_precision
    from downslope.clustering import on_cluster
    from downslope.objective.shards import SumsWork
    from downslope.plan import Plan
    from downslope.posing import pose

    with double_precision(), on_cluster(address, pattern, None) as data:
        began = time.perf_counter()
        problem = pose(HEAVY, data, None, Plan())
        read = time.perf_counter() - began
        work = SumsWork(problem.objective, problem.constants, problem.start)
        problem.shards.total(work)
        spent = []
        for _ in range(5):
            began = time.perf_counter()
            problem.shards.total(work)
            spent.append(time.perf_counter() - began)
    return median(spent) / ROWS, read / ROWS

"""kill -9 of a run that writes checkpoints, at random moments: does every one end in the same bits?"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.measure import Figure

KILLS = 50
AT_ONCE = 2
MODEL = "y = a*exp(-b*x) + c"
PLANS: tuple[dict[str, Any], ...] = (
    {"optimizer": "adam", "learning_rate": "cosine(0.02)", "steps": 600_000},
    {"optimizer": "momentum(0.9)", "learning_rate": 0.001, "batch_size": 20, "steps": 250_000, "seed": 7},
)
CHILD = """
import sys
import downslope as ds
from benchmarks.scale import kills
from downslope import checkpointing

checkpointing.MOST_SHARE = 0.5  # it writes half of its time, so that half of the kills strike while it does

def heard(blocks):
    for place, block in enumerate(blocks):
        if not place:
            print("descends", flush=True)
        yield block

ds.compile_cache(sys.argv[2])
plan = kills.PLANS[int(sys.argv[3])]
ds.fit(kills.MODEL, kills.data(), progress=heard, checkpoint=sys.argv[1], checkpoint_every=0.0, **plan)
"""
"""A process that fits and is killed: the checkpoint, the folder of compiled programs, the number of the plan."""


def data() -> dict[str, np.ndarray]:
    """200 rows of a decay."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 4, 200)
    return {"x": x, "y": 2.5 * np.exp(-0.7 * x) + 0.3 + 0.01 * generator.normal(size=x.size)}


def killed(path: Path, cache: Path, plan: int, after: float) -> None:
    """Start a run in a process of its own, and kill it so many seconds after it has taken its first steps."""
    words = [sys.executable, "-c", CHILD, str(path), str(cache), str(plan)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdout.readline() != "descends\n":
            raise RuntimeError("the run to be killed did not begin")
        time.sleep(after)
        process.kill()


def same(one: ds.Fit, other: ds.Fit) -> bool:
    """Whether two fits have the same bits: answer, loss, all rows, packed state, state, reasons and certificate."""
    rows = all(
        np.array_equal(values, other.history.columns[name], equal_nan=True)
        for name, values in one.history.columns.items()
    )
    arrays = [(each.run.params, each.run.memory, each.covariance) for each in (one, other)]
    said = [(each.loss, each.state, each.reasons, each.stopped, each.certificate) for each in (one, other)]
    return (
        rows and said[0] == said[1] and all(np.array_equal(*pair, equal_nan=True) for pair in zip(*arrays, strict=True))
    )


def figures(kills: int = KILLS) -> Iterator[Figure | str]:
    """Kill, go on, compare."""
    table, random = data(), Random(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        wholes, spans = [], []
        for plan in PLANS:
            wholes.append(ds.fit(MODEL, table, **plan))
            began = time.perf_counter()
            ds.fit(MODEL, table, **plan)  # compiled already, as in the processes that are killed
            spans.append(time.perf_counter() - began)
        jobs = [(number, number % len(PLANS)) for number in range(kills)]
        cache = folder / "compiled"
        for plan in range(len(PLANS)):  # compiled once for all
            killed(folder / f"first-{plan}", cache, plan, 0.0)

        def strike(job: tuple[int, int]) -> None:
            number, plan = job
            killed(folder / f"{number}.ckpt", cache, plan, random.uniform(0, 1.2 * spans[plan]))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(strike, jobs))
        left = len(list(folder.glob(".downslope-*.tmp")))
        equal, none, done = 0, 0, 0
        for number, plan in jobs:
            path = folder / f"{number}.ckpt"
            none += not path.exists()
            done += path.exists() and ds.load(path).run.unfinished is None
            by_hand = path.exists() and number % 4 < 2 and ds.load(path).run.unfinished is not None
            ended = ds.load(path).resume() if by_hand else ds.fit(MODEL, table, checkpoint=path, **PLANS[plan])
            equal += same(ended, wholes[plan])
    yield f"{none} were killed before their first checkpoint, {done} after their end, {left} while they wrote one"
    yield Figure(f"of {kills} killed runs, resumed to the same bits", "all", str(equal), equal == kills)

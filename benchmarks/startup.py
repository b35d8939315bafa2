"""From a fresh process: the first fit ever, one with compiled programs on disk, and --help."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import Figure

FIT = [
    "fit",
    str(Path(__file__).parent.parent / "examples" / "thermometer.csv"),
    "celsius = w*unknown + b",
    "--no-save",
]
RUNS = 5


def figures() -> Iterator[Figure | str]:
    """Seconds of whole processes: there is nothing to take a ratio against, so the time of `import jax` is
    printed beside them.
    """
    with tempfile.TemporaryDirectory() as caches:
        _process(FIT, Path(caches) / "unused")  # the first run after an installation also compiles Python files
        first, cached, jax_alone = [], [], []
        for run in range(RUNS):
            cache = Path(caches) / str(run)
            first.append(_process(FIT, cache))
            cached.append(_process(FIT, cache))
            jax_alone.append(_python(["-c", "import jax"], cache))
        helps = [_process(["--help"], Path(caches)) for _ in range(RUNS)]
    yield f"        import jax alone: {median(jax_alone):.2f} s"
    for what, asked, times in (
        ("downslope fit on the thermometer, first ever", 1.5, first),
        ("the same with compiled programs on disk", 1.1, cached),
        ("downslope --help", 0.25, helps),
    ):
        measured = median(times)
        yield Figure(
            what, f"<= {asked:g} s", f"{measured:.2f} s ({min(times):.2f} to {max(times):.2f})", measured <= asked
        )


def _process(words: list[str], cache: Path) -> float:
    return _python(["-m", "downslope", *words], cache)


def _python(words: list[str], cache: Path) -> float:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - started

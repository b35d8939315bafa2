"""Rows in files: how much longer than polars takes to read them, in how much memory, and whether the answer is that of
the same rows in memory.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.measure import Figure, paired, seconds

MANY, FEW = 20_000_000, 2_000_000
LINE = "y = b0 + b1*x1 + b2*x2 + b3*x3 + b4*x4 + b5*x5"
CURVE = "y = a*exp(-b*x1) + c*x2 + d"
MOST_MEMORY = 700
"""Megabytes."""
AT_PEAK = """
import resource, sys
import downslope as ds
ds.fit(sys.argv[2], sys.argv[1], start={"a": 1, "b": 0.1} if "exp" in sys.argv[2] else {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def figures() -> Iterator[Figure | str]:
    """Each figure as it is measured."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for rows in (FEW, MANY):
            write(rows, folder / f"{rows}.parquet")
        yield from times(folder / f"{MANY}.parquet", "Parquet", 5)
        yield from memory(folder, "parquet")
        for rows in (FEW, MANY):
            yield as_text(folder, rows)
        yield from times(folder / f"{MANY}.csv", "CSV", 3)
        yield from memory(folder, "csv")
    yield from same()


def write(rows: int, path: Path) -> None:
    """A table of six columns, in pieces."""
    import polars
    from polars.io.plugins import register_io_source

    def pieces(*_: object) -> Iterator[polars.DataFrame]:
        generator = np.random.default_rng(0)
        for first in range(0, rows, 1_000_000):
            x = generator.uniform(0, 1, (5, min(1_000_000, rows - first)))
            y = 2 * np.exp(-1.5 * x[0]) + 3 * x[1] + 1 + generator.normal(0, 0.1, x.shape[1])
            yield polars.DataFrame({**{f"x{place + 1}": values for place, values in enumerate(x)}, "y": y})

    schema = dict.fromkeys(("x1", "x2", "x3", "x4", "x5", "y"), polars.Float64)
    register_io_source(pieces, schema=schema).sink_parquet(path)


def as_text(folder: Path, rows: int) -> str:
    """The same as CSV."""
    import polars

    polars.scan_parquet(folder / f"{rows}.parquet").sink_csv(folder / f"{rows}.csv")
    size = (folder / f"{rows}.csv").stat().st_size
    return f"{rows:,} rows of text: {size / 1e9:.2f} GB"


def read_by_polars(path: Path) -> None:
    """One pass over a file, as polars takes it."""
    import polars

    scanned = polars.scan_parquet(path) if path.suffix == ".parquet" else polars.scan_csv(path)
    for _ in scanned.collect_batches(maintain_order=True):
        pass


def times(path: Path, kind: str, pairs: int) -> Iterator[Figure | str]:
    """A linear fit with its errors, and a pass of a curved one, against reading alone."""
    import downslope as ds
    from downslope.arrays import double_precision

    def linear() -> None:
        assert ds.fit(LINE, ds.Stream(path)).state == "certified"

    ratio, theirs, ours = paired(lambda: read_by_polars(path), linear, pairs)
    what = f"{kind}, {MANY:,} x 6, linear fit with errors, against polars reading it"
    yield Figure(what, "<= 2x", f"{ratio:.2f}x ({ours:.2f} s against {theirs:.2f} s)", ratio <= 2)

    passes = 0
    fit = ds.fit(CURVE, ds.Stream(path))
    shards = fit.problem.everywhere.shards
    total = type(shards).total
    taken: list[float] = []

    def timed(self, work):  # type: ignore[no-untyped-def]
        nonlocal passes
        passes += 1
        found = []
        taken.append(seconds(lambda: found.append(total(self, work))))
        return found[0]

    type(shards).total = timed
    try:
        whole = seconds(lambda: ds.fit(CURVE, ds.Stream(path)))
    finally:
        type(shards).total = total
    point = fit.run.params
    with double_precision():
        look = fit.problem.look
        one = median(
            seconds(lambda move=move: look(point * (1 + move * 1e-9), None)) / seconds(lambda: read_by_polars(path))
            for move in range(1, pairs + 1)
        )
    yield Figure(f"{kind}, a pass of a curved fit, against polars reading", "<= 2x", f"{one:.2f}x", one <= 2)
    yield f"{kind}: the whole curved fit took {whole:.1f} s, {passes} passes of {median(taken):.2f} s and the first one"


def memory(folder: Path, suffix: str) -> Iterator[Figure]:
    """Peak memory of a process that fits, few rows and many."""
    for model, kind in ((LINE, "linear"), (CURVE, "curved")):
        few, many = (at_peak(folder / f"{rows}.{suffix}", model) for rows in (FEW, MANY))
        what = f"{suffix}, peak memory, {kind}: {FEW:,} rows {few} MB, {MANY:,} rows"
        yield Figure(what, f"<= {MOST_MEMORY} MB", f"{many} MB", many <= MOST_MEMORY)


def at_peak(path: Path, model: str) -> int:
    """Megabytes."""
    command = [sys.executable, "-c", AT_PEAK, str(path), model]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def same() -> Iterator[Figure]:
    """Two close exponentials, of which the data tell little apart: 200,000 rows, in 100 chunks."""
    import downslope as ds

    generator = np.random.default_rng(3)
    x = generator.uniform(0, 6, 200_000)
    data = {"x": x, "y": 2 * np.exp(-x) + 1.5 * np.exp(-1.4 * x) + generator.normal(0, 0.01, x.size)}
    model = "y = a1*exp(-b1*x) + a2*exp(-b2*x)"
    here = ds.fit(model, data)
    chunks = [{name: values[first : first + 2000] for name, values in data.items()} for first in range(0, x.size, 2000)]
    there = ds.fit(model, ds.Stream(chunks))
    for what, one, other, most in (
        ("parameters", here.params, there.params, 1e-10),
        ("errors", here.errors, there.errors, 1e-6),
    ):
        pairs = zip(sorted(one.values()), sorted(other.values()), strict=True)
        worst = max(abs(second / first - 1) for first, second in pairs)
        yield Figure(
            f"streamed against in memory, close exponentials, {what}", f"to {most:g}", f"{worst:.1e}", worst <= most
        )

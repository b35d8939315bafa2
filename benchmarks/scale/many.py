"""Many small fits: how many a second, against a loop over SciPy's curve_fit; how much memory; and are the states those
of single fits?
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
from scipy.optimize import curve_fit

import downslope as ds
from benchmarks.measure import Figure

MODEL = "y = a*exp(-b*x) + c"
GROUPS, ROWS = 100_000, 20
LOOPED = 500
COMPARED = 240
CHILD = """
import json, resource, sys
import numpy as np
import downslope as ds
from benchmarks.scale.many import MODEL, clean

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

ds.compile_cache(sys.argv[1])
ds.fit_many(MODEL, clean(5000), by="group")
table = clean(int(sys.argv[2]))
before = peak()
ds.fit_many(MODEL, table, by="group")
print(json.dumps({"data": sum(values.nbytes for values in table.values()), "more": peak() - before}))
"""


def clean(groups: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Decays with noise of a few hundredths."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 5, (groups, ROWS))
    a, b, c = (generator.uniform(low, high, (groups, 1)) for low, high in ((1, 3), (0.5, 2), (-1, 1)))
    y = a * np.exp(-b * x) + c + 0.05 * generator.normal(size=x.shape)
    return {"group": np.repeat(np.arange(groups), ROWS), "x": x.ravel(), "y": y.ravel()}


def mixed(groups: int, seed: int = 1) -> dict[str, np.ndarray]:
    """A tenth each: little noise to much, constant, noise alone, growth, a straight line, no noise at all."""
    generator = np.random.default_rng(seed)
    x = np.sort(generator.uniform(0, 5, (groups, ROWS)), axis=1)
    a, b, c = (generator.uniform(low, high, (groups, 1)) for low, high in ((1, 3), (0.3, 3), (-1, 1)))
    kind = (np.arange(groups) % 10)[:, None]
    noise = np.array([0.01, 0.05, 0.2, 0.5, 1.5, 0.0, 1.0, 0.05, 0.05, 0.0])[kind]
    shape = np.select(
        [kind == 5, kind == 6, kind == 7, kind == 8],
        [c + 0 * x, 0 * x, -a * np.exp(0.3 * x), a * x + c],
        a * np.exp(-b * x) + c,
    )
    y = shape + noise * generator.normal(size=x.shape)
    return {"group": np.repeat(np.arange(groups), ROWS), "x": x.ravel(), "y": y.ravel()}


def of(table: dict[str, np.ndarray], group: int) -> dict[str, np.ndarray]:
    """The rows of one group."""
    rows = slice(group * ROWS, (group + 1) * ROWS)
    return {"x": table["x"][rows], "y": table["y"][rows]}


def loop(table: dict[str, np.ndarray], groups: int) -> float:
    """Seconds a fit of SciPy's curve_fit takes, from a start of the right size."""

    def decay(x: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
        return a * np.exp(-b * x) + c

    began = time.perf_counter()
    for group in range(groups):
        rows = of(table, group)
        try:
            curve_fit(decay, rows["x"], rows["y"], p0=[1.0, 1.0, 0.0])
        except RuntimeError:
            continue
    return (time.perf_counter() - began) / groups


def speed() -> Iterator[Figure | str]:
    """Fits a second, errors included; the median of three paired ratios."""
    table, rates, ratios = clean(GROUPS), [], []
    ds.fit_many(MODEL, clean(10_000), by="group")  # compiled
    for _ in range(3):
        single = loop(table, LOOPED)
        began = time.perf_counter()
        fits = ds.fit_many(MODEL, table, by="group")
        taken = time.perf_counter() - began
        rates.append(GROUPS / taken)
        ratios.append(single * GROUPS / taken)
    rate, ratio = float(np.median(rates)), float(np.median(ratios))
    yield Figure(f"{GROUPS:,} groups of {ROWS} rows: fits a second", ">= 60,000", f"{rate:,.0f}", rate >= 60_000)
    yield Figure("as fast as a loop over curve_fit", ">= 30 ×", f"{ratio:.0f} ×", ratio >= 30)
    share = fits.states["certified"] / GROUPS
    yield f"{share:.2%} of them certified"


def agreement() -> Iterator[Figure | str]:
    """States and answers of groups of mixed quality against single fits."""
    table = mixed(COMPARED)
    fits = ds.fit_many(MODEL, table, by="group")
    other, trusted, worst = 0, 0, 0.0
    for group in range(COMPARED):
        single, mine = ds.fit(MODEL, of(table, group)), fits[group]
        other += mine.state != single.state
        trusted += mine.state == "certified" and single.state == "untrusted"
        exact = group % 10 == 9  # its errors are rounding and nothing else
        if mine.state == single.state == "certified" and not exact:
            away = [abs(mine.params[name] - single.params[name]) / single.errors[name] for name in mine.params]
            same = abs(mine.loss / single.loss - 1) < 1e-6
            worst = max(worst, *away) if same else worst
            other += not same
    yield Figure(f"of {COMPARED} groups, another state or minimum than ds.fit", "at most 1 %", str(other), other <= 2)
    yield Figure("certified, where ds.fit trusts nothing", "0", str(trusted), trusted == 0)
    yield Figure("largest difference, in standard errors", "<= 1e-6", f"{worst:.1e}", worst <= 1e-6)


def memory(groups: int) -> Iterator[Figure | str]:
    """Peak memory beyond what the table itself takes, in a process of its own."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as cache:
        words = [sys.executable, "-c", CHILD, cache, str(groups)]
        said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    ratio = 1 + said["more"] / said["data"]
    yield Figure(f"peak memory of {groups:,} groups", "<= 4 × the data", f"{ratio:.1f} ×", ratio <= 4)


def figures() -> Iterator[Figure | str]:
    """Speed, agreement, memory, and how the cost grows."""
    yield from speed()
    yield from agreement()
    yield from memory(GROUPS)
    for groups in (1_000, 10_000, 100_000):
        table = clean(groups)
        ds.fit_many(MODEL, table, by="group")
        began = time.perf_counter()
        ds.fit_many(MODEL, table, by="group")
        taken = time.perf_counter() - began
        yield f"{groups:>9,} groups: {taken:.2f} s, {taken / groups * 1e6:.0f} microseconds a fit"

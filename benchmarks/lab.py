"""The lab: from the command to the first page, and from a slider's new value to the view that a page can draw.

The lab runs as a process of its own, and is asked over its socket as a page asks it: one question at a time, each with
a rate or a start that it has not seen. The drawing itself is measured in a browser.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.measure import Figure

STARTS, ASKS = 5, 100
FIRST_PAGE, MEDIAN, WORST, MANY = 1.0, 0.040, 0.100, 0.150
"""Seconds that were asked for: of the command; of a slider on samples; of a slider on a million rows."""
ROWS = 1_000_000
SLIDERS: Mapping[str, Mapping[str, Any]] = {
    "line": {"learning_rate": (0.05, 0.9)},
    "thermometer": {"learning_rate": (1e-5, 1e-3)},
    "quadratic": {"start.a": (-3.0, 3.0)},
    "plane": {"learning_rate": (0.01, 0.3)},
    "decay": {"learning_rate": (0.05, 0.4)},
    "hinges": {"learning_rate": (0.005, 0.1)},
}
HEARING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from downslope.cli import run; run()"
)


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    yield _first_page()
    with _lab() as (_, ask):
        for data, slider in SLIDERS.items():
            yield from _slider(ask, data, {"data": data}, slider, WORST)
        yield from _slider(
            ask, "by hand: quadratic", {"data": "quadratic", "steps": 0}, {"start.b": (-5.0, 5.0)}, WORST
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.npz"
        generator = np.random.default_rng(0)
        x = generator.uniform(size=ROWS)
        np.savez(path, x=x, y=2 * x + 1 + generator.normal(0, 0.1, ROWS))
        key = f"file:{ds.read(str(path)).fingerprint()[:12]}"
        with _lab(str(path), "y = w*x + b") as (_, ask):
            for rule in ("gd", "momentum(0.9)", "adam"):
                settings = {"data": key, "formula": "y = w*x + b", "optimizer": rule, "steps": 200}
                yield from _slider(ask, f"{ROWS:,} rows, {rule}", settings, {"learning_rate": (0.05, 0.5)}, MANY)
            settings = {"data": key, "formula": "y = a*exp(-b*x) + c", "optimizer": "gd", "steps": 200}
            what = f"{ROWS:,} rows of a curve, from a sample"
            yield from _slider(ask, what, settings, {"learning_rate": (0.05, 0.3)}, MANY)


def _first_page() -> Figure:
    times = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with _lab() as (address, _):
            urllib.request.urlopen(address).read()
            times.append(time.perf_counter() - started)
    what = "from the command to the first page"
    return Figure(
        what, f"<= {FIRST_PAGE:g} s", f"{median(times):.2f} s, at most {max(times):.2f}", max(times) <= FIRST_PAGE
    )


def _slider(
    ask: Any, what: str, settings: Mapping[str, Any], slider: Mapping[str, Any], most: float
) -> Iterator[Figure | str]:
    """Warm questions, each with another value of one setting."""
    (name, (low, high)), times, sizes = next(iter(slider.items())), [], []
    places = np.linspace(low, high, ASKS + 3) if low < 0 else np.geomspace(low, high, ASKS + 3)
    for place in np.random.default_rng(0).permutation(places).tolist():
        started = time.perf_counter()
        sizes.append(ask({**settings, name: place}))
        times.append(time.perf_counter() - started)
    times = times[3:]  # the first compile
    measured = (
        f"median {1e3 * median(times):.0f} ms, worst of {ASKS} {1e3 * max(times):.0f} ms, {max(sizes) / 1e3:.0f} kB"
    )
    told = f"{what}: {name} to view"
    asked = (
        f"worst <= {1e3 * most:g} ms" if most == MANY else f"median <= {1e3 * MEDIAN:g} ms, worst <= {1e3 * most:g} ms"
    )
    yield Figure(told, asked, measured, max(times) <= most and (most == MANY or median(times) <= MEDIAN))


@contextmanager
def _lab(*words: str) -> Iterator[tuple[str, Any]]:
    """A lab in a process of its own: its address, and a function that asks it, and gives the bytes of the view."""
    with tempfile.TemporaryDirectory() as caches, ExitStack() as lines:
        process = subprocess.Popen(
            [sys.executable, "-c", HEARING, "lab", *words, "--no-browser", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": caches},
        )
        try:
            address = _address(process)
            line: list[Any] = []
            numbers = count(1)

            def ask(settings: Mapping[str, Any]) -> int:
                if not line:
                    line.append(lines.enter_context(_line(address)))
                    line[0].send(json.dumps({"kind": "hello"}))  # as a page does; then heavy imports begin
                seq = next(numbers)
                line[0].send(json.dumps({"kind": "ask", "slot": "a", "seq": seq, "settings": settings}))
                while True:  # all rows of an earlier question may still come
                    said = json.loads(text := line[0].recv(timeout=120))
                    if said["kind"] == "error":
                        raise RuntimeError(text)
                    if said["kind"] == "view" and said["seq"] == seq:
                        return len(text)

            yield address, ask
        finally:
            lines.close()
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _address(process: subprocess.Popen[str]) -> str:
    """The address that a lab prints."""
    for said in process.stdout or ():
        if found := re.search(r"http://\S+", said):
            return found[0]
    raise RuntimeError("the lab has not come up")


def _line(address: str) -> Any:
    from websockets.sync.client import connect

    origin, _, token = address.partition("/?token=")
    return connect(f"{origin.replace('http', 'ws')}/ws?token={token}", origin=origin, max_size=None)

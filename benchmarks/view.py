"""What is seen: the file of a replay, how fast it loads and follows a hand, and the lab from a slider to its picture.

Chromium is looked for as in the tests; without it, or without Playwright, only the sizes are measured. The times are of
the browser's own clock: of a load, from the navigation to the drawn page; of a slider, from its event until the picture
was drawn with the answer of a real lab. Beside each time stands the load of the machine when it was taken: a browser
that shares its cores with others waits for them. Judged are the worst step of the scrubber and the worst move of a
slider on samples; of loads, first pages and a million rows the median, with the worst beside it.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.lab import FIRST_PAGE, MANY, MEDIAN, ROWS, STARTS, WORST
from benchmarks.lab import _lab as running
from benchmarks.measure import Figure

REPLAY_BYTES, LARGE_BYTES, LARGE_ROWS = 500_000, 1_000_000, 100_000
LOAD, SCRUB, LOADS, STEPS, MOVES, REDRAWS = 0.5, 0.010, 7, 200, 100, 100
PANELS = ("fitted", "loss", "path")
SLIDERS: Mapping[str, tuple[str, float, float]] = {
    "line": ("learning_rate", 0.2, 0.6),
    "thermometer": ("learning_rate", 0.2, 0.6),
    "quadratic": ("learning_rate", 0.2, 0.6),
    "plane": ("learning_rate", 0.3, 0.7),
    "decay": ("learning_rate", 0.3, 0.6),
    "hinges": ("learning_rate", 0.3, 0.6),
}
"""For each sample the slider that is moved, and from where to where along it."""
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SCRUBBED = """(steps) => {
  const range = document.querySelector(".ds-scrub"), took = []
  for (let step = 1; step <= steps; step++) {
    range.value = step % steps
    const begun = performance.now()
    range.dispatchEvent(new Event("input"))
    took.push(performance.now() - begun)
  }
  return took
}"""
REDRAWN = """([views, times]) => {
  const took = []
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    downslope.page.mounted.show(views[i % views.length])
    const drawn = performance.now()
    document.querySelector(".ds-panels").getBoundingClientRect()
    took.push([drawn - begun, performance.now() - begun])
  }
  return took
}"""
READY = """() => new Promise((done) => {
  const told = () => document.documentElement.dataset.ready && done(performance.now())
  told()
  new MutationObserver(told).observe(document.documentElement, { attributes: true })
})"""
WATCHED = """() => {
  window.drawn = []  // when the pictures changed
  new MutationObserver(() => drawn.push(performance.now())).observe(document.querySelector(".ds-panels"),
    { subtree: true, childList: true, attributes: true })
}"""
MOVED = """async ([name, from, to, moves]) => {
  const track = document.querySelector(`[data-slider="${name}"]`), took = []
  const wait = (time) => new Promise((done) => setTimeout(done, time))
  for (let i = 0; i < moves; i++) {
    const place = from + ((to - from) * ((i * 37) % moves)) / moves  // here and there: each is another descent
    drawn.length = 0
    const begun = performance.now()
    track.value = Math.round(track.max * place)
    track.dispatchEvent(new Event("input", { bubbles: true }))
    while (!drawn.length && performance.now() - begun < 5000) await wait(1)
    took.push((drawn[0] ?? Infinity) - begun)
    await wait(30)
  }
  return took
}"""


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    yield f"        {os.cpu_count()} cores"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_things:
        replay, large = Path(folder) / "replay.html", Path(folder) / "large.html"
        fit = ds.fit("y = w*x + b", ds.sample("line"), optimizer="gd", learning_rate=0.1, steps=STEPS)
        fit.replay(replay, panels=PANELS)
        yield _size(f"replay of {STEPS} steps with three panels", replay, REPLAY_BYTES)
        generator = np.random.default_rng(0)
        x = generator.uniform(size=LARGE_ROWS)
        data = {"x": x, "y": 2 * x + 1 + generator.normal(0, 0.1, LARGE_ROWS)}
        ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.5, steps=STEPS).replay(large)
        yield _size(f"replay of {LARGE_ROWS:,} rows", large, LARGE_BYTES)
        browser = _browser(open_things)
        if browser is None:
            yield "        no Chromium with Playwright: nothing that is seen is timed"
            return
        yield from _mailed(browser, replay)
        yield _redrawn(browser, replay, fit)
        yield from _first_page(browser)
        with running() as (address, _):
            page = _entered(browser, address)
            for data_name, slider in SLIDERS.items():
                page.locator("[data-slot=a] [data-setting=data]").select_option(data_name)
                yield _moved(page, data_name, slider, WORST)
            page.context.close()
        yield from _million(browser, Path(folder))


def _load() -> str:
    return f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def _redrawn(browser: Any, path: Path, fit: "ds.Fit") -> Figure:
    """Other fits in the place of one, as at each move of a slider: the script alone, and the page laid out anew."""
    views = [
        fit.again(learning_rate=rate).values(quick=True) for rate in np.linspace(0.05, 0.4, REDRAWS // 10).tolist()
    ]
    page = browser.new_context().new_page()
    page.goto(path.as_uri())
    script, laid_out = (median(took) for took in zip(*page.evaluate(REDRAWN, [views, REDRAWS]), strict=True))
    page.context.close()
    told = f"median of {REDRAWS} {script:.1f} ms of script, {laid_out:.1f} ms with the page laid out{_load()}"
    return Figure("another fit in the same pictures", "told only", told, True)


def _size(what: str, path: Path, most: int) -> Figure:
    size = path.stat().st_size
    return Figure(f"{what}: its file", f"<= {most / 1e3:g} kB", f"{size / 1e3:.0f} kB", size <= most)


def _browser(open_things: ExitStack) -> Any:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if path is None:
        return None
    playwright = open_things.enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=path, args=QUIET)
    open_things.callback(browser.close)
    return browser


def _mailed(browser: Any, path: Path) -> Iterator[Figure]:
    """Loads with the network off, what is asked for meanwhile, and a hand on the scrubber."""
    times, asked = [], set()
    for _ in range(LOADS):
        page = browser.new_context(offline=True).new_page()
        page.on("request", lambda request: asked.add(request.url))
        page.goto(path.as_uri(), wait_until="commit")
        times.append(page.evaluate(READY) / 1e3)
        first, again = page.evaluate(SCRUBBED, STEPS), page.evaluate(SCRUBBED, STEPS)
        page.context.close()
    told = f"median {1e3 * median(times):.0f} ms, worst of {LOADS} {1e3 * max(times):.0f} ms{_load()}"
    yield Figure("replay: loads", f"median <= {LOAD:g} s", told, median(times) <= LOAD)
    for which, took in (("the first time", first), ("again", again)):
        told = f"median {median(took):.2f} ms, worst of {STEPS} {max(took):.1f} ms{_load()}"
        met = max(took) <= 1e3 * SCRUB
        yield Figure(f"replay: one step of the scrubber, {which}", f"<= {1e3 * SCRUB:g} ms of script", told, met)
    outside = sorted(asked - {path.as_uri()})
    yield Figure("replay: requests outside its file", "0", str(len(outside)), not outside)


def _first_page(browser: Any) -> Iterator[Figure]:
    """From the command until the page stands in the browser, and until its first picture does."""
    pages, pictures = [], []
    for _ in range(STARTS):
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        started = time.perf_counter()
        with running() as (address, _):
            page.goto(address)
            page.wait_for_selector("h1")
            pages.append(time.perf_counter() - started)
            page.wait_for_selector(".ds-panel svg")
            pictures.append(time.perf_counter() - started)
            context.close()
    for what, times, asked in (("the first page", pages, FIRST_PAGE), ("the first picture", pictures, None)):
        told = f"median {median(times):.2f} s, worst of {STARTS} {max(times):.2f} s{_load()}"
        met = asked is None or median(times) <= asked
        bound = "told only" if asked is None else f"median <= {asked:g} s"
        yield Figure(f"from the command to {what}", bound, told, met)


def _entered(browser: Any, address: str) -> Any:
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector(".ds-panel svg")
    return page


def _moved(page: Any, what: str, slider: tuple[str, float, float], most: float) -> Figure:
    """Warm moves of a slider; the first three, which compile, are not counted."""
    page.wait_for_timeout(4000)  # the first descent, its findings and its ruler
    page.evaluate(WATCHED)
    page.evaluate(MOVED, [*slider, 3])
    page.wait_for_timeout(500)
    took = [each / 1e3 for each in page.evaluate(MOVED, [*slider, MOVES])]
    told = f"median {1e3 * median(took):.0f} ms, worst of {MOVES} {1e3 * max(took):.0f} ms{_load()}"
    if most == MANY:
        return Figure(f"{what}: slider to picture", f"median <= {1e3 * most:g} ms", told, median(took) <= most)
    asked = f"median <= {1e3 * MEDIAN:g} ms, worst <= {1e3 * most:g} ms"
    return Figure(f"{what}: slider to picture", asked, told, median(took) <= MEDIAN and max(took) <= most)


def _million(browser: Any, folder: Path) -> Iterator[Figure]:
    """A million rows of one's own, with a line and with a curve."""
    path, generator = folder / "million.npz", np.random.default_rng(0)
    x = generator.uniform(size=ROWS)
    np.savez(path, x=x, y=2 * x + 1 + generator.normal(0, 0.1, ROWS))
    for formula in ("y = w*x + b", "y = a*exp(-b*x)"):
        rate = ("--learning-rate", "0.1", "--optimizer", "gd", "--steps", "200")
        with running(str(path), formula, *rate) as (address, _):
            page = _entered(browser, address)
            yield _moved(page, f"{ROWS:,} rows, {formula}", ("learning_rate", 0.3, 0.6), MANY)
            page.context.close()

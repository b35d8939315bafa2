"""axe-core has nothing to complain of in anything that is shown: replay, report and lab, of good runs and bad."""

from pathlib import Path

import chromium
import jax
import jax.numpy as jnp
import pytest
from fake_lab import act, control, open_blocks, put
from real_lab import STILL, enter, shows

import downslope as ds

ROOT = Path(__file__).parents[2]
AXE = ROOT / "view" / "node_modules" / "axe-core" / "axe.min.js"
COMPLAINTS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 150)).join(" | ")}`)"""
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (1200, 380)]
THERMOMETER = ROOT / "examples" / "thermometer.csv"

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="needs axe-core (npm ci in view/)")


def fitted() -> ds.Fit:
    return ds.fit("y = w*x + b", ds.sample("line"))


def diverged() -> ds.Fit:
    return ds.fit("celsius = w*unknown + b", THERMOMETER, optimizer="gd", learning_rate=4e-4, steps=200)


def found() -> ds.Fit:
    return ds.fit("celsius = w*unknown + b", THERMOMETER, optimizer="gd", learning_rate=1e-4, steps=200)


def watched():
    weights = jnp.array([1.0, 2.0])
    with ds.watch() as run:
        slope = jax.value_and_grad(lambda weights: (weights**2).sum())
        for _ in range(50):
            _, gradient = slope(weights)
            weights = weights - 0.1 * gradient
    return run


@pytest.mark.parametrize(
    ("made", "looks"),
    [(fitted, LOOKS), (diverged, LOOKS), (found, LOOKS[::3]), (watched, LOOKS[::3])],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_pages_that_are_mailed(browser, tmp_path, made, looks):
    fit = made()
    fit.replay(tmp_path / "replay.html")
    fit.report(tmp_path / "report.html")
    for theme, width in looks:
        with chromium.opened(browser, width=width, color_scheme=theme, bypass_csp=True, **STILL) as page:
            for kind in ("replay", "report"):
                page.goto((tmp_path / f"{kind}.html").as_uri())
                page.wait_for_selector("html[data-ready]")
                page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
                assert page.evaluate(COMPLAINTS) == [], (kind, theme, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (kind, width)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_lab(browser, lab, theme, width):
    with chromium.opened(browser, width=width, color_scheme=theme, bypass_csp=True, **STILL) as page:
        enter(page, lab.address)
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        open_blocks(page)
        control(page, "data").select_option("thermometer")
        shows(page, ".ds-title", "celsius against unknown")
        put(page, "learning_rate", "0.0004")
        shows(page, ".lab-findings", "diverging")
        page.wait_for_selector(".lab-zone")
        assert page.evaluate(COMPLAINTS) == []
        act(page, "repair")
        shows(page, ".lab-repaired", "Repaired")
        shows(page, ".ds-badge", "certified")
        page.wait_for_timeout(300)
        assert page.evaluate(COMPLAINTS) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

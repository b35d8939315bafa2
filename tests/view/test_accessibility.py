"""axe-core finds nothing to complain of, in either theme and at any width."""

from pathlib import Path

import chromium
import pytest

from downslope.pictures.browser import values

AXE = Path(__file__).parents[2] / "view" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 150)).join(" | ")}`)"""


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core (npm ci in view/)")
@pytest.mark.parametrize("width", [1200, 380])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["replay", "report"])
def test_axe_has_no_complaint(browser, view, still, written, kind, theme, width):
    body = '<main><h1>A report</h1><div data-panel="loss"></div><div data-panel="rates"></div></main>'
    panels = [*view["panels"], *(values(scene, name) for name, scene in still.items())]
    with chromium.opened(browser, width=width, color_scheme=theme, bypass_csp=True) as page:
        page.goto(written({**view, "panels": panels}, kind=kind, **({"body": body} if kind == "report" else {})))
        page.wait_for_selector("html[data-ready]")
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        assert page.evaluate(RUN) == []

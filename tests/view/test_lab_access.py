"""The lab's page for everybody: by keyboard, read aloud, on a narrow screen, in light and dark, and in time."""

from pathlib import Path

import chromium
import pytest
from chromium import until
from fake_lab import act, control, last_ask, open_blocks, open_lab, put, slide, slider

AXE = Path(__file__).parents[2] / "view" / "node_modules" / "axe-core" / "axe.min.js"
COMPLAINTS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 150)).join(" | ")}`)"""
STILL = {"reduced_motion": "reduce"}


@pytest.fixture
def lab(browser):
    """The lab, open on its first screen; nothing moves by itself."""
    with chromium.opened(browser, **STILL) as page:
        open_lab(page)
        yield page


def test_every_control_is_reached_and_worked_by_keyboard(lab):
    open_blocks(lab)
    wanted = set(
        lab.evaluate(
            """[...document.querySelectorAll("input, select, button, summary")]
            .filter((each) => each.checkVisibility() && !each.disabled && each.tabIndex >= 0)
            .map((each, i) => (each.dataset.walk = String(i)))"""
        )
    )
    lab.evaluate("document.body.focus()")
    seen, unseen_focus = set(), []
    for _ in range(2 * len(wanted) + 20):
        lab.keyboard.press("Tab")
        walk, outline = lab.evaluate(
            "[document.activeElement.dataset?.walk ?? '', getComputedStyle(document.activeElement).outlineStyle]"
        )
        seen.add(walk)
        if walk and outline == "none":
            unseen_focus.append(walk)
    assert wanted <= seen
    assert unseen_focus == []


def test_keys(lab):
    lab.keyboard.press("s")
    until(lab, "lab.asks().at(-1).settings.steps === 201")
    lab.keyboard.press("b")
    lab.wait_for_selector("[data-slot=b] .ds-panel svg")
    lab.keyboard.press("?")
    assert lab.locator("dialog[open] h2").first.text_content() == "Help"
    lab.keyboard.press("r")  # a key under a dialog does nothing
    lab.keyboard.press("Escape")
    assert lab.locator("dialog[open]").count() == 0
    open_blocks(lab)
    control(lab, "formula").click()
    lab.keyboard.press("End")
    lab.keyboard.type("rsh?")
    assert last_ask(lab)["steps"] == 201
    assert control(lab, "formula").input_value().endswith("rsh?")


def test_arrows_move_a_slider_by_a_little(lab):
    slider(lab, "learning_rate").focus()
    lab.keyboard.press("ArrowRight")
    assert control(lab, "learning_rate").input_value() == "0.105"
    lab.keyboard.press("PageDown")
    assert control(lab, "learning_rate").input_value() == "0.07"


def test_what_is_said_aloud_waits_until_the_slider_rests(lab):
    lab.wait_for_timeout(900)
    lab.evaluate(
        """window.said = []
        const live = document.querySelector(".lab > .lab-unseen")
        new MutationObserver(() => said.push(1)).observe(live, { childList: true, subtree: true })"""
    )
    slide(lab, 40)
    lab.wait_for_timeout(300)
    assert lab.evaluate("said.length") <= 1


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core (npm ci in view/)")
@pytest.mark.parametrize("width", [1200, 380])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_has_no_complaint(browser, theme, width):
    with chromium.opened(browser, width=width, color_scheme=theme, bypass_csp=True, **STILL) as page:
        open_lab(page)
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        assert page.evaluate(COMPLAINTS) == []
        put(page, "learning_rate", "3")
        page.locator("[data-act=repair]").click()
        page.wait_for_selector(".lab-repaired:not([hidden])")
        act(page, "hand")
        page.locator("[data-act=compare]").click()
        page.wait_for_selector("[data-slot=b] .ds-panel svg")
        put(page, "learning_rate", "3", "b")
        open_blocks(page)
        control(page, "formula", "b").fill("y = ?")
        until(page, "!document.querySelector('[data-slot=b] .lab-fault').hidden")
        page.wait_for_timeout(200)
        assert page.evaluate(COMPLAINTS) == []
        page.locator("[data-act=help]").click()
        assert page.evaluate(COMPLAINTS) == []


@pytest.mark.parametrize("width", [380, 760, 1200])
def test_nothing_is_wider_than_the_screen(browser, width):
    with chromium.opened(browser, width=width, **STILL) as page:
        open_lab(page)
        open_blocks(page)
        put(page, "learning_rate", "3")
        act(page, "repair")
        page.wait_for_selector(".lab-repaired:not([hidden])")
        edges = [page.locator(each).first.bounding_box() for each in (".lab-controls", ".lab-block", ".lab-stage")]
        assert edges[1]["width"] <= edges[0]["width"]
        assert edges[0]["x"] + edges[0]["width"] <= edges[2]["x"] or edges[0]["y"] + edges[0]["height"] <= edges[2]["y"]
        page.locator("[data-act=compare]").click()
        page.wait_for_selector("[data-slot=b] .ds-panel svg")
        assert page.evaluate("document.documentElement.scrollWidth") <= width

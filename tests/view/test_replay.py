import csv
import io
import struct
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from chromium import until


@pytest.fixture
def replay(page, view, written):
    page.goto(written(view))
    page.wait_for_selector("html[data-ready]")
    return page


def sentence(page) -> str:
    return page.inner_text(".ds-verdict")


def outlines(page) -> list[str]:
    return page.eval_on_selector_all(".ds-plot > g path[d]", "paths => paths.map(path => path.getAttribute('d'))")


def test_it_asks_for_nothing_but_itself(replay):
    assert replay.asked == [replay.url] and len(outlines(replay)) > 20


def test_the_file_can_be_mailed(replay):
    size = Path(unquote(urlparse(replay.url).path)).stat().st_size
    assert size <= 500 * 1024


def test_everything_follows_the_step(replay):
    assert "Step 200 of 200" in sentence(replay) and "at the floor" in sentence(replay)
    end = outlines(replay)
    replay.evaluate("downslope.page.player.go(50)")
    assert sentence(replay).split() == (
        [
            "!",
            "Step",
            "50",
            "of",
            "200,",
            "loss",
            "0.004756:",
            "each",
            "step",
            "lands",
            "across",
            "the",
            "valley;",
            "the",
            "loss",
            "still",
            "falls.",
        ]
    )
    moved = outlines(replay)
    assert sum(one != other for one, other in zip(end, moved, strict=True)) >= 6
    assert replay.locator("tbody tr:nth-child(2) td").first.inner_text() == "0.21807"
    assert "At step 50" in replay.get_attribute("[data-panel=loss] .ds-plot", "aria-label")
    replay.evaluate("downslope.page.player.go(200)")
    assert outlines(replay) == end
    until(replay, "document.querySelector('.ds-aloud').textContent.includes('Step 200 of 200')")


def test_points_stand_where_they_are(replay):
    """The minimum at (0, 0) of the path's picture, by the numbers on the axes."""
    place = """name => {
      const box = node => { const r = node.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
      const plot = document.querySelector("[data-panel=path] .ds-plot");
      const text = (label) => [...plot.querySelectorAll(`[aria-label="${label}"] text`)];
      const x = text("x-axis tick label").find(node => node.textContent === "0.0");
      const y = text("y-axis tick label").find(node => node.textContent === "0.0");
      const cross = [...plot.querySelectorAll(".ds-point")].find(node => node.style.stroke.includes("minimum"));
      return [box(x)[0] - box(cross)[0], box(y)[1] - box(cross)[1]];
    }"""
    assert replay.evaluate(place) == pytest.approx([0, 0], abs=1.5)


def test_the_keyboard_does_all(replay):
    def press(*keys: str) -> int:
        for key in keys:
            replay.keyboard.press(key)
        return replay.evaluate("downslope.page.mounted.step")

    assert press("Home") == 0
    assert press("ArrowRight", "ArrowRight", "ArrowLeft") == 1
    assert press("Shift+ArrowRight") == 11
    assert press("End") == 200
    assert press("ArrowRight") == 200
    press("Home", "Space")
    until(replay, "downslope.page.mounted.step > 3")
    assert replay.evaluate("downslope.page.player.playing")
    press("Space")
    assert not replay.evaluate("downslope.page.player.playing")
    press("-")
    assert replay.eval_on_selector(".ds-player select", "select => select.value") == "16"
    replay.focus(".ds-scrub")
    assert press("Home", "ArrowUp") == 1


def test_it_plays_to_the_end_and_begins_anew(replay):
    replay.select_option(".ds-player select", "16")
    replay.click("text=Play")
    until(replay, "downslope.page.mounted.step > 0 && downslope.page.mounted.step < 200")
    replay.evaluate("downslope.page.player.go(198)")
    assert replay.inner_text(".ds-play") == "Pause"
    until(replay, "!downslope.page.player.playing")


def test_nothing_moves_by_itself(replay):
    assert not replay.evaluate("downslope.page.player.playing")


def test_where_the_descent_stands_is_its_end_at_the_last_step_only(replay, view, written):
    legend = "[data-panel=path] .ds-legend li:last-child"
    panels = [{**each, "marks": [*each["marks"]]} for each in view["panels"]]
    for mark in panels[1]["marks"]:
        if mark["role"] == "end":
            mark["name"] = "end"
    replay.goto(written({**view, "panels": panels}))
    assert replay.inner_text(legend) == "end"
    replay.keyboard.press("ArrowLeft")
    assert replay.inner_text(legend) == "now"
    replay.keyboard.press("End")
    assert replay.inner_text(legend) == "end"


def test_names_from_files_are_text(replay):
    assert replay.locator("tbody th").first.inner_text() == "<img src=x onerror=alert(1)>"
    assert replay.locator("img").count() == 0 and "onerror" in replay.inner_text(".ds-source")


def test_steps_as_csv(replay, view):
    with replay.expect_download() as download:
        replay.click("text=Save the steps as CSV")
    text = download.value.path().read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert text.startswith("step,loss,\"'=cmd(),<img") and rows[0][3] == "b" and len(rows) == 202
    assert [float(row[3]) for row in rows[1:]] == (0.97 ** np.arange(201)).tolist()


def test_thinned_steps_are_said_to_be_some_of_all(page, view, written):
    history = {**view["history"], "kept": 201, "of": 123456}
    page.goto(written({**view, "history": history}))
    assert page.inner_text(".ds-downloads") == "Save the steps as CSV (201 of 123,456 rows)"


def test_a_picture_that_cannot_be_saved_is_told(replay):
    replay.evaluate("void (HTMLCanvasElement.prototype.toBlob = (done) => done(null))")
    replay.click("[data-panel=path] .ds-save")
    until(replay, "document.querySelector('[data-panel=path] [role=alert]').textContent !== ''")
    assert replay.inner_text("[data-panel=path] [role=alert]") == "Not saved: the picture is too large to save."


def test_a_picture_as_png(replay):
    with replay.expect_download() as download:
        replay.click("[data-panel=path] .ds-save")
    held = download.value.path().read_bytes()
    width, height = struct.unpack(">II", held[16:24])
    assert download.value.suggested_filename == "path.png" and held.startswith(b"\x89PNG")
    assert width >= 2 * 300 and height >= 2 * 230 and len(held) > 10_000


def test_a_finding_leads_to_its_step(replay):
    replay.click("text=from step 40")
    assert "Step 40 of 200" in sentence(replay)


def test_another_view_keeps_the_pictures_that_it_can(replay, view):
    held = replay.evaluate_handle("document.querySelector('[data-panel=loss] .ds-plot')")
    replay.evaluate("view => downslope.page.mounted.show(view)", {**view, "panels": view["panels"][1:], "title": "new"})
    assert replay.inner_text("h1") == "new" and replay.locator(".ds-plot").count() == 2
    assert replay.evaluate("held => held.isConnected", held)


def test_on_paper_everything_stands_at_the_end(replay):
    replay.evaluate("downslope.page.player.go(3)")
    replay.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "Step 200 of 200" in sentence(replay)
    replay.emulate_media(media="print")
    assert not replay.is_visible(".ds-player") and replay.is_visible("[data-panel=loss] .ds-plot")
    replay.evaluate("dispatchEvent(new Event('afterprint'))")
    assert "Step 3 of 200" in sentence(replay)


def test_a_report_has_its_pictures_filled_in(page, view, written):
    body = '<main><h1>A report</h1><div data-panel="loss"></div><div data-panel="none">no picture</div></main>'
    page.goto(written(view, kind="report", body=body))
    page.wait_for_selector("html[data-ready]")
    assert page.locator(".ds-plot").count() == 1 and page.locator(".ds-player").count() == 0
    assert page.inner_text("[data-panel=none]") == "no picture"


@pytest.mark.parametrize(
    "mathml", [None, "<math", "<math xmlns='http://www.w3.org/1998/Math/MathML'><script>1</script></math>"]
)
def test_a_formula_that_is_no_mathematics_is_shown_as_text(page, view, written, mathml):
    page.goto(written({**view, "mathml": mathml}))
    assert page.inner_text(".ds-formula code") == "y = w*x + b"
    assert ("shown as text" in page.inner_text(".ds-formula")) == (mathml is not None)


def test_a_run_without_steps_or_pictures(page, view, written):
    empty = {**view, "panels": [], "history": None, "last": 0, "verdicts": [], "findings": [], "parameters": []}
    page.goto(written(empty))
    page.wait_for_selector("html[data-ready]")
    assert sentence(page).split() == ["·", "Step", "0", "of", "0."] and page.is_disabled(".ds-play")

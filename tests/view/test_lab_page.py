"""The lab's page: formula, ruler, steps, by hand, side by side, repair. The page itself plays the lab (fake_lab.py)."""

import math

import chromium
import pytest
from chromium import until
from fake_lab import act, address, control, drawn_line, last_ask, open_lab, put, settled, slider

STILL = {"reduced_motion": "reduce"}


@pytest.fixture
def lab(browser):
    """The lab, open on its first screen; nothing moves by itself."""
    with chromium.opened(browser, **STILL) as page:
        open_lab(page)
        yield page


def test_the_first_screen_descends_by_itself(browser):
    with chromium.opened(browser) as page:
        open_lab(page)
        until(page, "document.querySelector('.ds-play').textContent === 'Pause'")
        first = page.locator(".ds-verdict").text_content()
        page.wait_for_timeout(300)
        assert page.locator(".ds-verdict").text_content() != first
        assert last_ask(page)["data"] == "line"
        assert "drop a CSV of your own" in page.locator(".lab-invitation").text_content()


def test_a_reader_who_asked_for_less_motion_sees_the_last_step(lab):
    assert lab.locator(".ds-verdict").text_content().startswith("·Step 200 of 200")


def test_the_caret_stands_under_what_is_wrong(lab):
    box = control(lab, "formula")
    box.fill("y = w*x ? b")
    until(lab, "!document.querySelector('.lab-fault').hidden")
    caret = lab.locator(".lab-caret").first
    assert caret.text_content() == " " * 8 + "^"
    assert box.get_attribute("aria-invalid") == "true"
    described = box.get_attribute("aria-describedby").split()
    assert any("? is no operator" in lab.locator(f"#{each}").text_content() for each in described)
    # the caret's left edge is that of the ninth letter of the box, to half a letter
    place = """() => {
      const range = document.createRange(), pre = document.querySelector(".lab-caret").firstChild
      range.setStart(pre, 8); range.setEnd(pre, 9)
      const box = document.querySelector("[data-setting=formula]"), style = getComputedStyle(box)
      const canvas = document.createElement("canvas").getContext("2d")
      canvas.font = style.font
      const left = box.getBoundingClientRect().left + parseFloat(style.borderLeftWidth) + parseFloat(style.paddingLeft)
      return [range.getBoundingClientRect().left, left + canvas.measureText(box.value.slice(0, 8)).width]
    }"""
    at, wanted = lab.evaluate(place)
    assert at == pytest.approx(wanted, abs=4)
    box.fill("y = w*x + 2*b")
    until(lab, "document.querySelector('.lab-fault').hidden")
    assert box.get_attribute("aria-invalid") is None


def test_a_formula_is_fitted_on_enter_only(lab):
    asks = lab.evaluate("lab.asks().length")
    control(lab, "formula").fill("y = 2*w*x + b")
    lab.wait_for_timeout(250)
    assert lab.evaluate("lab.asks().length") == asks
    control(lab, "formula").press("Enter")
    until(lab, f"lab.asks().length === {asks + 1}")
    assert last_ask(lab)["formula"] == "y = 2*w*x + b"


def test_starts_of_lost_parameters_leave_with_them(lab):
    put(lab, "formula", "y = w*x")
    until(lab, "lab.asks().at(-1).settings.formula === 'y = w*x'")
    assert "start.b" not in lab.evaluate("lab.asks().find(({ settings }) => settings.formula === 'y = w*x').settings")


def test_a_refused_formula_keeps_the_last_good_picture(lab):
    before = drawn_line(lab)
    put(lab, "formula", "y = w*x ?")
    until(lab, "!document.querySelector('.lab-failure').hidden")
    assert drawn_line(lab) == before
    assert "last settings that worked" in lab.locator(".lab-failure").text_content()


@pytest.mark.parametrize("rate", [0.0005, 0.1, 0.8, 1.35, 5.0])
def test_the_thumb_stands_above_its_zone(lab, rate):
    until(lab, "document.querySelectorAll('.lab-zones > .lab-zone').length === 5")
    put(lab, "learning_rate", str(rate))
    box = slider(lab, "learning_rate").bounding_box()
    ruler = lab.locator(".lab-zones").first.bounding_box()
    thumb = 20
    share = lab.evaluate("document.querySelector('[data-slider=learning_rate]').value / 10000")
    centre = box["x"] + thumb / 2 + share * (box["width"] - thumb)
    wanted = ruler["x"] + ruler["width"] * math.log(rate / 1e-4) / math.log(10 / 1e-4)
    assert centre == pytest.approx(wanted, abs=0.5)
    under = """([x, y]) => document.elementFromPoint(x, y).closest(".lab-zone").dataset.outcome"""
    outcome = {0.0005: "stalls", 0.1: "learns", 0.8: "overshoots", 1.35: "bounces", 5.0: "diverges"}[rate]
    assert lab.evaluate(under, [wanted + (rate == 0.8), ruler["y"] + 3]) == outcome
    if rate != 0.8:  # the edge of two zones
        assert lab.locator(".lab-rate-words").first.text_content().endswith(outcome)
        assert outcome in slider(lab, "learning_rate").get_attribute("aria-valuetext")


def test_a_rate_beyond_the_ruler_is_named_all_the_same(lab):
    until(lab, "document.querySelectorAll('.lab-zones > .lab-zone').length === 5")
    put(lab, "learning_rate", "50")
    assert lab.locator(".lab-rate-words").first.text_content() == "at 50: diverges"


def test_limit_and_fastest_are_marked_apart(lab):
    until(lab, "document.querySelectorAll('.lab-marks .lab-mark').length === 2")
    boxes = [lab.locator(f".lab-mark[data-mark={name}] > span").first.bounding_box() for name in ("fastest", "limit")]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 3
    assert [box["x"] > 0 for box in boxes] == [True, True]


def test_a_ruler_of_other_settings_is_not_believed(lab):
    until(lab, "document.querySelectorAll('.lab-zones > .lab-zone').length === 5")
    lab.evaluate("lab.hold = true")
    control(lab, "loss").select_option("mae")
    assert "lab-old" in lab.locator(".lab-ruler").first.get_attribute("class")
    assert lab.locator(".lab-rate-words").first.text_content() == ""
    lab.evaluate("lab.hold = false; lab.release()")
    until(lab, "!document.querySelector('.lab-ruler').classList.contains('lab-old')")


def test_by_hand(lab):
    act(lab, "hand")
    until(lab, "lab.asks().at(-1).settings.steps === 0")
    assert address(lab)["by_hand"] == "1"
    assert address(lab)["steps"] == "200"
    put(lab, "start.w", "0.1")
    put(lab, "start.b", "0.5")
    until(lab, "Number(document.querySelector('.lab-loss').textContent.replace('−', '-')) < 0.001")
    best = lab.locator(".lab-best").first.text_content()
    put(lab, "start.b", "0.9")
    until(lab, "Number(document.querySelector('.lab-loss').textContent) > 0.1")
    assert lab.locator(".lab-best").first.text_content() == best
    assert "w = 0.1, b = 0.5" in best
    assert lab.locator("[data-act=descend]").first.text_content() == "Descend from here"
    act(lab, "descend")
    until(lab, "lab.asks().at(-1).settings.steps === 200")
    assert last_ask(lab)["start.b"] == 0.9
    assert "by_hand" not in address(lab)


def test_step_continue_reset_and_descend(lab):
    for name, steps in [("step", 201), ("more", 401), ("reset", 0), ("step", 1), ("reset", 0), ("descend", 1)]:
        act(lab, name)
        until(lab, f"lab.asks().at(-1).settings.steps === {steps}")


def test_more_steps_of_a_rate_that_is_spread_over_them_are_another_descent(lab):
    more = lab.locator("[data-act=more]").first
    assert more.text_content() == "Continue 200 more"
    lab.evaluate("lab.hold = true")
    put(lab, "learning_rate", "cosine(0.1)")
    until(lab, "document.querySelector('[data-act=more]').textContent === 'Anew with 200 more'")
    assert "spread over all the steps" in more.get_attribute("title")


def test_the_batch_size_has_a_slider_up_to_all_rows(lab):
    put(lab, "batch_size", "20")
    until(lab, "lab.asks().at(-1).settings.batch_size === 20")
    slider(lab, "batch_size").press("ArrowRight")
    until(lab, "lab.asks().at(-1).settings.batch_size === 21")
    for _ in range(3):
        slider(lab, "batch_size").press("PageUp")
    slider(lab, "batch_size").press("PageUp")
    until(lab, "lab.asks().at(-1).settings.batch_size === 100")


def test_compare_two_settings(lab):
    lab.locator("[data-act=compare]").click()
    lab.wait_for_selector("[data-slot=b] .ds-panel svg")
    assert "Both are set the same" in lab.locator("[data-slot=b] .lab-differs-words").text_content()
    put(lab, "learning_rate", "0.7", "b")
    until(lab, "lab.asks('b').at(-1).settings.learning_rate === 0.7")
    assert last_ask(lab)["learning_rate"] == 0.1
    assert "learning rate" in lab.locator("[data-slot=a] .lab-differs-words").text_content()
    settled(lab, "b.learning_rate", "0.7")
    marked = lab.evaluate(
        "[...document.querySelectorAll('[data-slot=b] .lab-differs')].map(({ dataset }) => dataset.field)"
    )
    assert marked == ["learning_rate"]
    lab.locator("[data-act=compare]").click()
    assert not any(name.startswith("b.") for name in address(lab))
    lab.go_back()
    lab.wait_for_selector("[data-slot=b] .ds-panel svg")
    assert control(lab, "learning_rate", "b").input_value() == "0.7"


def test_repair_shows_what_it_changed_and_can_be_undone(lab):
    put(lab, "learning_rate", "3")
    lab.locator("[data-act=repair]").click()
    lab.wait_for_selector(".lab-repaired:not([hidden])")
    assert lab.locator(".lab-changes").text_content() == "learning_rate: 3 → 0.5"
    assert "fit.again(learning_rate=0.5)" in lab.locator(".lab-python-line").text_content()
    until(lab, "lab.asks().at(-1).settings.learning_rate === 0.5")
    until(lab, "document.querySelector('[data-act=repair]').closest('section').hidden")
    lab.locator("[data-act=undo]").click()
    until(lab, "lab.asks().at(-1).settings.learning_rate === 3")
    assert lab.locator(".lab-repaired").is_hidden()
    assert control(lab, "learning_rate").input_value() == "3"


def test_rules_without_a_rate_take_none(lab):
    control(lab, "optimizer").select_option("auto")
    until(lab, "lab.asks().at(-1).settings.optimizer === 'auto'")
    asked = lab.evaluate("lab.asks().find(({ settings }) => settings.optimizer === 'auto').settings")
    assert "learning_rate" not in asked
    assert slider(lab, "learning_rate").is_disabled()
    control(lab, "optimizer").select_option("momentum")
    until(lab, "lab.asks().at(-1).settings.optimizer === 'momentum(0.9)'")
    assert last_ask(lab)["learning_rate"] == 0.1
    put(lab, "momentum", "0.5")
    until(lab, "lab.asks().at(-1).settings.optimizer === 'momentum(0.5)'")


def test_exports(lab):
    lab.locator(".lab-menu > summary").click()
    with lab.expect_download() as download:
        lab.locator("[data-export=csv]").click()
    assert download.value.suggested_filename == "run.csv"
    lab.locator(".lab-menu > summary").click()
    lab.locator("[data-export=python]").click()
    assert "fit = ds.fit(" in lab.locator("dialog[open] pre").text_content()

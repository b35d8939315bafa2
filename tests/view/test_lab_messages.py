"""What the lab's page asks and keeps: settings in the address, only the newest of a slide, files, a lost connection."""

from pathlib import Path
from urllib.parse import urlsplit

import chromium
import pytest
from chromium import until
from fake_lab import act, address, control, drawn_line, drop, last_ask, open_cell, open_lab, put, settled, slide, slider
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NASTY = "<img src=x onerror=alert(1)>"
STILL = {"reduced_motion": "reduce"}
IDLE = "!document.querySelector('.lab-busy:not([hidden])')"


@pytest.fixture
def lab(browser):
    """The lab, open on its first screen; nothing moves by itself."""
    with chromium.opened(browser, **STILL) as page:
        open_lab(page)
        yield page


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False).map(repr)
names = st.sampled_from(
    ["data", "formula", "loss", "optimizer", "learning_rate", "steps", "seed", "start.w", "start.größe"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=st.dictionaries(names, texts | numbers, min_size=1), b=st.none() | st.dictionaries(names, texts, min_size=1))
def test_settings_survive_the_address(modules, a, b):
    """Whatever the settings, the link that holds them gives them back."""
    slots = {"a": a, "b": b}
    assert modules.evaluate("(slots) => settings.fromFragment('#' + settings.fragment(slots))", slots) == slots


@pytest.fixture(scope="module")
def modules(browser):
    """The page's settings module alone, as `settings`."""
    source = Path(__file__).parents[2] / "view" / "src" / "lab" / "settings.js"
    names = ("learn", "fragment", "fromFragment", "differences", "asked", "filledIn", "rulerKey")
    with chromium.opened(browser) as page:
        text = source.read_text(encoding="utf-8").replace("export ", "")
        page.add_script_tag(content=f"window.settings = (() => {{ {text}; return {{ {', '.join(names)} }} }})()")
        yield page


def test_what_by_hand_asks_is_no_descent(modules):
    modules.evaluate("settings.learn({ searches: ['auto'] })")
    asked = modules.evaluate("settings.asked({ by_hand: '1', steps: '200', optimizer: 'auto', 'start.w': '0.5' })")
    assert asked == {"steps": 0, "optimizer": "gd", "start.w": 0.5}


def test_the_link_opens_the_same_picture(browser, lab):
    put(lab, "learning_rate", "0.7")
    settled(lab, "learning_rate", "0.7")
    until(lab, IDLE)
    with chromium.opened(browser, **STILL) as other:
        open_lab(other, urlsplit(lab.url).fragment)
        assert drawn_line(other) == drawn_line(lab)
        assert control(other, "learning_rate").input_value() == "0.7"


def test_back_undoes_a_choice(lab):
    control(lab, "loss").select_option("mae")
    settled(lab, "loss", "mae")
    lab.go_back()
    until(lab, "document.querySelector(\"[data-setting='loss']\").value === 'mse'")
    until(lab, "lab.asks().at(-1).settings.loss === 'mse'")


def test_sliding_leaves_one_entry_in_the_history(lab):
    before = lab.evaluate("history.length")
    slider(lab, "learning_rate").focus()
    for _ in range(20):
        lab.keyboard.press("ArrowRight")
    lab.wait_for_timeout(500)
    assert lab.evaluate("history.length") == before
    assert float(address(lab)["learning_rate"]) == pytest.approx(0.1 * 1.05**20, rel=0.02)


def test_only_the_newest_of_a_slide_is_asked_for(lab):
    lab.evaluate("lab.hold = true; lab.heard.length = 0")
    slide(lab, 50)
    assert lab.evaluate("lab.asks().length") == 1  # the first; no second while it has no answer
    newest = float(control(lab, "learning_rate").input_value())
    lab.evaluate("lab.hold = false; lab.release()")
    until(lab, "lab.asks().length === 2")
    assert last_ask(lab)["learning_rate"] == newest
    lab.wait_for_timeout(400)
    assert lab.evaluate("lab.asks().length") == 2


def test_a_slow_answer_does_not_hold_up_the_newest(lab):
    lab.evaluate("lab.hold = true; lab.heard.length = 0")
    slide(lab, 5)
    until(lab, "lab.asks().length === 2", 2)
    late = lab.evaluate("lab.asks()[0].settings.learning_rate")
    lab.evaluate("lab.held.reverse(); lab.release()")  # the old answer comes last, and is not drawn
    until(lab, IDLE)
    lab.wait_for_timeout(100)
    assert float(control(lab, "learning_rate").input_value()) != late
    assert lab.locator("[data-slot=a] .lab-failure").is_hidden()


def test_a_dead_server_costs_no_settings(lab):
    first = drawn_line(lab)
    put(lab, "learning_rate", "0.33")
    for _ in range(500):  # until the answer is drawn
        if (before := drawn_line(lab)) != first:
            break
        lab.wait_for_timeout(20)
    lab.evaluate("lab.refuse = true; lab.cut()")
    lab.wait_for_selector(".lab-banner:not([hidden])")
    assert "Your settings and pictures stay" in lab.locator(".lab-banner").text_content()
    assert drawn_line(lab) == before
    put(lab, "learning_rate", "0.44")  # set while nobody listens
    tries = lab.evaluate("lab.sockets.length")
    lab.locator(".lab-banner button").click()
    until(lab, f"lab.sockets.length > {tries}")
    lab.evaluate("lab.refuse = false")
    until(lab, "document.querySelector('.lab-banner').hidden")
    until(lab, "lab.asks().at(-1).settings.learning_rate === 0.44")
    assert lab.evaluate("lab.heard.filter(({ kind }) => kind === 'hello').at(-1).settings.learning_rate") == 0.44
    until(lab, IDLE)
    assert drawn_line(lab) != before


def test_it_reconnects_by_itself(lab):
    lab.evaluate("lab.cut()")
    until(lab, "lab.sockets.length === 2 && lab.sockets[1].readyState === 1", 5)
    until(lab, "document.querySelector('.lab-banner').hidden")


def test_names_from_a_file_stay_text(browser):
    with chromium.opened(browser, **STILL) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a name was run: {dialog.message}"))
        open_lab(page, before=f"lab.column = {NASTY!r}")
        assert NASTY in page.locator("[data-panel=fitted]").first.text_content()
        page.evaluate(
            """(nasty) => {
              const columns = [nasty, "y"]
              lab.say({ kind: "data", data: "file:abc", name: nasty, rows: 3, columns, notes: [nasty], formula: null })
              const { seq } = lab.asks().at(-1)
              const finding = { symptom: nasty, severity: nasty, first_step: 1, message: nasty, remedy: nasty }
              const verdicts = [{ step: 0, tone: nasty, text: nasty }]
              const said = { state: nasty, state_text: nasty, reasons: [nasty], verdicts }
              lab.say({ kind: "findings", slot: "a", seq, findings: [finding], ...said })
              lab.say({ kind: "error", slot: "a", seq, message: nasty, field: "formula", start: 0, end: 1 })
            }""",
            NASTY,
        )
        page.wait_for_timeout(200)
        assert page.locator("img").count() == 0
        assert page.locator("option", has_text=NASTY).count() == 1


def test_a_dropped_file_is_sent_in_pieces(lab):
    drop(lab, "mine.csv", "x,y\n" + "1,2\n" * 600_000)
    until(lab, "lab.heard.filter(({ kind }) => kind === 'bytes').length === 3")
    sizes = lab.evaluate("lab.heard.filter(({ kind }) => kind === 'bytes').map(({ size }) => size)")
    assert sizes == [1 << 20, 1 << 20, 2_400_004 - (2 << 20)]
    assert lab.evaluate("lab.heard.find(({ kind }) => kind === 'upload')") == {
        "kind": "upload", "name": "mine.csv", "size": 2_400_004,
    }  # fmt: skip
    lab.evaluate(
        "lab.say({ kind: 'data', data: 'file:123', name: 'mine.csv', rows: 600000, columns: ['x'], formula: 'y = w' })"
    )
    until(lab, "lab.asks().at(-1).settings.data === 'file:123'")
    assert control(lab, "data").input_value() == "file:123"
    assert "600,000 rows: x" in lab.locator(".lab-source .lab-about").text_content()


def test_a_bad_row_is_named(lab):
    before = drawn_line(lab)
    drop(lab, "bad.csv", "x,y\n1,2\n3,oops\n")
    until(lab, "lab.heard.some(({ kind }) => kind === 'bytes')")
    lab.evaluate(
        "lab.say({ kind: 'error', slot: null, field: 'data', message: \"bad.csv: line 3, column 'y' holds 'oops'\" })"
    )
    until(lab, "document.querySelector('.lab-source .lab-error').textContent.includes('line 3')")
    assert drawn_line(lab) == before
    assert address(lab)["data"] == "line"


def test_a_file_too_large_is_not_even_sent(lab):
    drop(lab, "huge.csv", "1,2\n" * 800_000)
    until(lab, "document.querySelector('.lab-source .lab-error').textContent.includes('takes up to 3.0 MB')")
    assert not lab.evaluate("lab.heard.some(({ kind }) => kind === 'upload')")


def test_a_link_to_a_file_that_is_gone_asks_for_it(browser):
    with chromium.opened(browser, **STILL) as page:
        open_lab(page, "data=file:gone&formula=y+%3D+w*x", before="lab.gone.add('file:gone')", drawn=False)
        until(page, "document.querySelector('.lab-source .lab-error').textContent.includes('Drop the file')")
        drop(page, "mine.csv", "x,y\n1,2\n")
        until(page, "lab.heard.some(({ kind }) => kind === 'bytes')")
        page.evaluate(
            "lab.say({ kind: 'data', data: 'file:here', name: 'mine.csv', rows: 1, columns: ['x'], formula: 'y = w' })"
        )
        page.wait_for_selector(".ds-panel svg")


def test_a_long_descent_can_be_watched_and_stopped(lab):
    lab.evaluate("lab.hold = true")
    put(lab, "steps", "5000")
    until(lab, "!document.querySelector('.lab-busy').hidden")
    lab.evaluate(
        "lab.say({ kind: 'progress', slot: 'a', seq: lab.asks().at(-1).seq, step: 1200, of: 5000, loss: 0.25 })"
    )
    assert lab.locator(".lab-busy").first.text_content().startswith("step 1,200 of 5,000, loss 0.25")
    act(lab, "stop")
    until(lab, "lab.heard.some(({ kind, slot }) => kind === 'stop' && slot === 'a')")
    lab.evaluate("lab.hold = false; lab.release()")
    until(lab, IDLE)


def test_after_a_sample_all_rows_can_be_watched_and_stopped(lab):
    """The view of a sample is no answer to Stop, and no end of the work."""
    lab.evaluate("void (lab.answers.ask = ({ slot, seq, settings }) => [{ kind: 'view', slot, seq, ms: 1, settings, "
                 "view: lab.view(settings), partial: true, follows: true }])")  # fmt: skip
    put(lab, "learning_rate", "0.3")
    until(lab, "!document.querySelector('.lab-busy').hidden")
    assert lab.locator(".lab-busy").first.text_content().startswith("all rows follow")
    seq = lab.evaluate("lab.asks().at(-1).seq")
    lab.evaluate(f"lab.say({{ kind: 'progress', slot: 'a', seq: {seq}, step: 1200, of: 5000, loss: 0.25 }})")
    until(lab, "document.querySelector('.lab-busy').textContent.startsWith('step 1,200 of 5,000')")
    lab.wait_for_timeout(800)  # what is said aloud waits until nothing happens
    assert "Stopped" not in lab.locator(".lab-unseen[role=status]").first.text_content()
    act(lab, "stop")
    until(lab, "lab.heard.at(-1).kind === 'stop'")
    lab.evaluate("lab.say({ kind: 'done', slot: 'a', what: 'rows' })")
    until(lab, IDLE)
    until(lab, "[...document.querySelectorAll('.lab-unseen')].some((each) => each.textContent.includes('sample'))")


def test_a_fault_in_all_rows_ends_the_waiting(lab):
    lab.evaluate("void (lab.answers.ask = ({ slot, seq, settings }) => [{ kind: 'view', slot, seq, ms: 1, settings, "
                 "view: lab.view(settings), partial: true, follows: true }])")  # fmt: skip
    put(lab, "learning_rate", "0.3")
    until(lab, "!document.querySelector('.lab-busy').hidden")
    lab.evaluate("lab.say({ kind: 'error', slot: 'a', seq: lab.asks().at(-1).seq, field: null, message: 'no memory' })")
    until(lab, IDLE)


@pytest.mark.parametrize(("what", "says"), [("repair", "repairing"), ("export", "writing")])
def test_the_page_shows_that_it_works_on_an_order(lab, what, says):
    put(lab, "learning_rate", "3")
    until(lab, "!document.querySelector('[data-act=repair]').hidden")
    until(lab, IDLE)
    lab.evaluate("void (lab.answers.repair = lab.answers.export = () => [])")
    if what == "repair":
        act(lab, "repair")
    else:
        lab.locator(".lab-menu > summary").click()
        lab.locator("[data-export=csv]").click()
    until(lab, f"document.querySelector('.lab-busy:not([hidden])')?.textContent.startsWith('{says}')")
    lab.evaluate(f"lab.say({{ kind: 'done', slot: 'a', what: '{what}' }})")
    until(lab, IDLE)


def test_an_answer_leaves_what_is_being_typed(lab):
    lab.evaluate("lab.hold = true")
    put(lab, "learning_rate", "0.7")
    control(lab, "learning_rate").fill("0.31")  # typed, not yet taken
    lab.evaluate("lab.hold = false; lab.release()")
    until(lab, IDLE)
    lab.evaluate("lab.answers.ask({ slot: 'a', seq: 99, settings: { learning_rate: 0.9 } }).forEach(lab.say)")
    lab.wait_for_timeout(200)
    assert control(lab, "learning_rate").input_value() == "0.31"


def test_by_hand_the_best_is_never_that_of_a_sample(lab):
    act(lab, "hand")
    put(lab, "start.b", "0.9")
    until(lab, "document.querySelector('.lab-best').textContent.includes('b = 0.9')")
    best = lab.locator(".lab-best").first.text_content()
    lab.evaluate("const { ask } = lab.answers; void (lab.answers.ask = (message) => ask(message).map((each) => "
                 "each.kind === 'view' ? { ...each, partial: true, follows: true } : each))")  # fmt: skip
    put(lab, "start.b", "0.5")
    until(lab, "lab.asks().at(-1).settings['start.b'] === 0.5")
    until(lab, "!document.querySelector('.lab-busy').hidden")
    assert lab.locator(".lab-best").first.text_content() == best


def test_the_token_leaves_the_address(browser):
    with chromium.opened(browser, **STILL) as page:
        open_lab(page, query="?token=secret")
        assert "secret" not in page.url
        assert page.evaluate("lab.sockets[0].address") == "ws://lab.test/ws?token=secret"


def test_the_same_lab_in_a_notebook(browser):
    with chromium.opened(browser, **STILL) as page:
        open_cell(page)
        put(page, "learning_rate", "0.7")
        until(page, "lab.asks().at(-1).settings.learning_rate === 0.7")
        assert urlsplit(page.url).fragment == ""  # the address is the notebook's
        drop(page, "mine.csv", "x,y\n1,2\n", "#cell h1")
        until(page, "lab.heard.some(({ kind, buffers }) => kind === 'chunk' && buffers === 1)")
        page.evaluate("end()")
        assert page.locator("#cell > *").count() == 0

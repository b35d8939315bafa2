"""The lab's page on its own server: it outlives the server, its address can be shared, and its rules hold."""

import os
import re
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import chromium
import pytest
from chromium import until
from fake_lab import address, control, drawn_line, put, settled, slider

pytest.importorskip("uvicorn", reason="needs the extra lab")
STILL = {"reduced_motion": "reduce"}
DRAWN = ".ds-panel svg"


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def start(tmp_path, port):
    """Starts the lab on a port: the process, and the address that it prints."""
    started = []

    def begin():
        command = "from downslope.cli import run; run()"
        process = subprocess.Popen(
            [sys.executable, "-c", command, "lab", "--no-browser", "--port", str(port)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        )  # fmt: skip
        started.append(process)
        said = "".join(iter(process.stdout.readline, "Ctrl-C ends it\n"))
        return process, re.search(r"http://\S+", said)[0]

    yield begin
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        process.stdout.close()


def opened(browser, **options):
    return chromium.opened(browser, **STILL, **options)


def test_the_page_goes_on_when_the_server_is_killed_and_started_anew(browser, start):
    process, there = start()
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(there)
    page.wait_for_selector(DRAWN)
    put(page, "learning_rate", "0.4")
    settled(page, "learning_rate", "0.4")
    before = address(page)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    until(page, "!document.querySelector('.lab-banner').hidden")
    assert "Your settings and pictures stay" in page.locator(".lab-banner").text_content()
    assert page.locator(DRAWN).count() >= 2
    assert start()[1] == there
    until(page, "document.querySelector('.lab-banner').hidden", 30)
    assert address(page) == before and control(page, "learning_rate").input_value() == "0.4"
    page.evaluate("window.before = document.querySelector('[data-panel=loss] path[d*=L]').getAttribute('d')")
    slider(page, "learning_rate").press("PageDown")
    until(page, "document.querySelector('[data-panel=loss] path[d*=L]').getAttribute('d') !== window.before", 30)
    assert float(control(page, "learning_rate").input_value()) < 0.4
    context.close()


def test_an_address_is_shared_without_its_key(browser, start):
    _, there = start()
    with opened(browser) as page:
        page.goto(there)
        assert "token" not in page.evaluate("location.href"), "gone before anything else happens"
        page.wait_for_selector(DRAWN)
        put(page, "learning_rate", "0.25")
        settled(page, "learning_rate", "0.25")
        shared = page.url
        assert "token" not in shared
        page.reload()
        page.wait_for_selector(DRAWN)
        drawn = drawn_line(page)
        assert control(page, "learning_rate").input_value() == "0.25"
        other = page.context.new_page()
        other.goto(shared)
        other.wait_for_selector(DRAWN)
        assert drawn_line(other) == drawn
        # from a page of another site, as a link in a message
        other.route("http://elsewhere.test/", lambda route: route.fulfill(
            body=f'<a href="{shared.replace("&", "&amp;")}">see</a>', content_type="text/html"))  # fmt: skip
        other.goto("http://elsewhere.test/")
        other.locator("a").click()
        other.wait_for_selector(DRAWN)
        assert control(other, "learning_rate").input_value() == "0.25"
    stranger = browser.new_context().new_page()
    stranger.goto(shared)
    assert "Open the address" in stranger.locator("main").text_content() and urlsplit(shared).path == "/"
    stranger.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_rules_of_the_page_hold_without_inline_styles(browser, start, theme):
    """A breach is an error in the console, which fails the test."""
    _, there = start()
    with opened(browser, color_scheme=theme, accept_downloads=True) as page:
        page.goto(there)
        page.wait_for_selector(DRAWN)
        page.wait_for_selector(".lab-zone, [data-outcome]", state="attached")
        put(page, "learning_rate", "3")
        page.locator("[data-act=repair]").click()
        page.wait_for_selector(".lab-repaired:not([hidden])")
        with page.expect_download() as taken:
            page.locator(".ds-save").first.click()
        with open(taken.value.path(), "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"
        colours = page.evaluate(
            f"[...document.querySelectorAll('{DRAWN} path')].map((p) => getComputedStyle(p).stroke)"
        )
        assert len(set(colours)) >= 3, "the styles of the marks are applied"

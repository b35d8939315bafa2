"""Chromium for the tests that look at pages: the one of the system, without a network of its own."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PATH = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def launched() -> Iterator:
    """A browser of Playwright; the tests are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    if PATH is None:
        pytest.skip("needs Chromium (Debian: apt install chromium), or its path in $CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=QUIET)
        yield browser
        browser.close()


def until(page, expression: str, seconds: float = 10) -> None:
    """Wait until an expression is true in the page; Playwright's own way needs a page that allows eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not within {seconds} s: {expression}"
        time.sleep(0.02)


@contextmanager
def opened(browser, *, width: int = 1200, height: int = 900, **options) -> Iterator:
    """A page of its own; an error in it, such as a breach of its rules, fails the test that opened it.

    `page.asked` lists what it asked for. options: of Playwright's new_context, such as color_scheme="dark".
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    errors: list[str] = []
    page.asked = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    context.close()
    assert errors == []

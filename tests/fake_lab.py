"""A lab without a server: a script for the page that stands in the place of its WebSocket and answers as the lab does.

It descends on a line by itself, so that the page has something true to show; all that it was sent is kept in
`lab.heard`; a test may delay its answers (`lab.hold`), end the connection (`lab.cut()`) or say anything (`lab.say`).
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlparse, urlsplit

from chromium import until

ASSETS = Path(__file__).parents[1] / "src" / "downslope" / "pictures" / "assets"
ADDRESS = "http://lab.test/"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://lab.test"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>downslope lab</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="view.css"><link rel="stylesheet" href="lab.css">
<script type="module" src="lab.js"></script></head><body><main data-kind="lab"></main></body></html>"""

FAKE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def open_lab(page: Any, fragment: str = "", *, before: str = "", query: str = "", drawn: bool = True) -> None:
    """Open the lab in a page of Playwright, with its script and styles but no server; `before` runs first. drawn: wait
    for the first picture.
    """
    page.add_init_script(f"{FAKE}\n{before}")
    page.route("**/*", _serve)
    page.goto(f"{ADDRESS}{query}{'#' + fragment if fragment else ''}")
    if drawn:
        page.wait_for_selector(".ds-panel svg", timeout=10_000)


def open_cell(page: Any) -> None:
    """Show the lab as a notebook does: rendered into a cell, with a model in the place of the socket."""
    page.add_init_script(FAKE)
    page.route("**/*", _serve)
    page.goto(f"{ADDRESS}empty")
    page.evaluate(
        """async () => {
          const { default: widget } = await import("/lab.js")
          let hear = null
          const model = {
            get: () => "lab", on: (_, listener) => (hear = listener), off: () => (hear = null),
            send: (message, _, buffers) => {
              lab.heard.push({ ...message, buffers: buffers?.length ?? 0 })
              const answers = (lab.answers[message.kind] ?? (() => []))(message)
              setTimeout(() => answers.forEach((each) => hear?.(each, [])), 0)
            },
          }
          window.end = widget.render({ model, el: document.getElementById("cell") })
        }"""
    )
    page.wait_for_selector(".ds-panel svg", timeout=10_000)


def _serve(route: Any) -> None:
    path = urlparse(route.request.url).path
    kinds = {".js": "text/javascript", ".css": "text/css"}
    if path == "/empty":
        route.fulfill(body='<!doctype html><html lang="en"><div id="cell"></div></html>', content_type="text/html")
    elif path == "/":
        route.fulfill(body=PAGE, content_type="text/html", headers={"Content-Security-Policy": POLICY})
    elif (ASSETS / path[1:]).is_file():
        file = ASSETS / path[1:]
        route.fulfill(
            body=file.read_text(), content_type=kinds[file.suffix], headers={"X-Content-Type-Options": "nosniff"}
        )
    else:
        route.fulfill(status=204)


def control(page, name: str, slot: str = "a"):
    """The box of a setting."""
    return page.locator(f"[data-slot={slot}] [data-setting='{name}']")


def slider(page, name: str, slot: str = "a"):
    """The slider of a setting."""
    return page.locator(f"[data-slot={slot}] [data-slider='{name}']")


def act(page, name: str, slot: str = "a"):
    """Press a button of a slot."""
    page.locator(f"[data-slot={slot}] [data-act='{name}']").click()


def put(page, name: str, text: str, slot: str = "a") -> None:
    """Type a value and apply it."""
    control(page, name, slot).fill(text)
    control(page, name, slot).press("Enter")


def open_blocks(page) -> None:
    """Open what is folded."""
    page.evaluate("document.querySelectorAll('.lab-controls details').forEach((each) => (each.open = true))")


def last_ask(page, slot: str = "a") -> dict:
    """The settings that were asked for last."""
    return page.evaluate(f"lab.asks('{slot}').at(-1).settings")


def address(page) -> dict:
    """The settings in the address."""
    return dict(parse_qsl(urlsplit(page.url).fragment))


def settled(page, name: str, value: str) -> None:
    """Wait until the address holds a value."""
    until(page, f"new URLSearchParams(location.hash.slice(1)).get('{name}') === {json.dumps(value)}")


def drawn_line(page, slot: str = "a") -> str:
    """What is drawn of the fitted line and of the loss."""
    return page.evaluate(
        """(slot) => [...document.querySelectorAll(`[data-slot=${slot}] .ds-panel svg path`)]
          .map((path) => path.getAttribute("d")).join()""",
        slot,
    )


def slide(page, values: int) -> None:
    """Move the slider of the rate, event after event."""
    page.evaluate(
        """(values) => {
          const track = document.querySelector("[data-slider=learning_rate]")
          for (let i = 0; i < values; i++) {
            track.value = 3000 + i * 20
            track.dispatchEvent(new Event("input", { bubbles: true }))
          }
        }""",
        values,
    )


def drop(page, name: str, text: str, on: str = "h1") -> None:
    """Drop a file on the page."""
    page.evaluate(
        """([name, text, on]) => {
          const data = new DataTransfer()
          data.items.add(new File([text], name, { type: "text/csv" }))
          for (const kind of ["dragenter", "dragover", "drop"]) {
            const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data })
            document.querySelector(on).dispatchEvent(event)
          }
        }""",
        [name, text, on],
    )

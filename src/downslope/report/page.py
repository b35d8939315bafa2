"""Page: one file of HTML that holds all it needs and asks for nothing outside of it."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from downslope.pictures import browser
from downslope.report.json_text import plain_json
from downslope.report.markup import Markup, element


def page(kind: str, title: str, main: Markup, view: Mapping[str, Any], style: str = "") -> str:
    """A page that works with the network off; its program draws the view.

    What the page may do stands in its content security policy: run the one script that has this hash, show pictures
    that it made itself, and no more: no request, no form, no frame.

    Args:   kind: "replay" or "report"; title: of the window; main: what stands in the page; view: the value that the
            program draws; style: of the page's own words.
    """
    program = browser.bundle("replay")
    allowed = f"'sha256-{b64encode(sha256(program.encode()).digest()).decode()}'"
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content="downslope"),
        element("title", title),
        element("style", Markup(browser.style() + style)),
    )
    body = element(
        "body",
        main,
        element("script", embedded(view), type="application/json", id="view"),
        element("script", Markup(program)),
        data_kind=kind,
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def embedded(values: Mapping[str, Any]) -> Markup:
    """Values as JSON that can stand in a script element: nothing in it can end the element or begin another.

    >>> embedded({"name": "</script><b>&\\u2028"})
    '{"name": "\\\\u003c/script\\\\u003e\\\\u003cb\\\\u003e\\\\u0026\\\\u2028"}'
    """
    text = plain_json(values, indent=None)  # in ASCII, so U+2028 is escaped already
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)

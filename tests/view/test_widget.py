"""A fit in a notebook's cell: the widget's program with a model in the place of the notebook."""

import chromium
import pytest
from chromium import until

from downslope.notebook import IN_A_NOTEBOOK
from downslope.pictures.browser import bundle, style

RENDER = """async (view) => {
  const { default: widget } = await import("/lab.js")
  const heard = {}
  const state = { kind: "view", view }
  const [on, off] = [(name, listener) => (heard[name] = listener), (name) => delete heard[name]]
  const model = { get: (name) => state[name], on, off }
  window.end = widget.render({ model, el: document.getElementById("cell") })
  window.change = (changed) => { state.view = changed; heard["change:view"]() }
  window.heard = heard
}"""
SEEN = {"light": ("rgb(246, 246, 243)", "rgb(29, 33, 38)"), "dark": ("rgb(18, 20, 23)", "rgb(232, 234, 237)")}


def rendered(page, view: dict, host: str = "") -> None:
    """Show a view in a cell; host: what the notebook says of its theme, as attributes of its body."""
    text = f'<!doctype html><html lang="en"><style>{style()}{IN_A_NOTEBOOK}</style><body {host}><div id="cell"></div>'
    page.route("**/*", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.route("**/lab.js", lambda route: route.fulfill(body=bundle("lab"), content_type="text/javascript"))
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.goto("http://notebook.test/")
    page.evaluate(RENDER, view)
    page.wait_for_selector(".ds-panel svg")


def colours(page) -> tuple[str, str]:
    """Of the paper and of the ink."""
    style_of = "getComputedStyle(document.querySelector('.ds-view'))"
    return tuple(page.evaluate(f"[{style_of}.backgroundColor, {style_of}.color]"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_plays_and_follows_its_model(browser, view, theme):
    with chromium.opened(browser, color_scheme=theme) as page:
        rendered(page, view)
        assert colours(page) == SEEN[theme]
        assert page.locator(".ds-panel svg.ds-plot").count() == 3
        page.locator(".ds-scrub").focus()
        page.keyboard.press("Home")
        assert "Step 0 of 200" in page.inner_text(".ds-verdict")
        page.get_by_role("button", name="Play").click()
        until(page, "!document.querySelector('.ds-verdict').innerText.includes('Step 0 of')")
        page.evaluate("(view) => change(view)", {**view, "panels": view["panels"][:1], "title": "another"})
        assert page.locator(".ds-panel svg.ds-plot").count() == 1 and page.inner_text("h1") == "another"
        page.evaluate("end()")
        assert page.inner_html("#cell") == "" and page.evaluate("Object.keys(heard).length") == 0


@pytest.mark.parametrize(
    ("theme", "host"),
    [
        ("dark", 'data-jp-theme-light="false"'),
        ("light", 'data-jp-theme-light="true"'),
        ("dark", 'class="dark"'),
        ("light", 'class="light"'),
    ],
)
def test_it_is_as_dark_as_its_notebook(browser, view, theme, host):
    other = {"light": "dark", "dark": "light"}[theme]
    with chromium.opened(browser, color_scheme=other) as page:
        rendered(page, view, host)
        assert colours(page) == SEEN[theme]

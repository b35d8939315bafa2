import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.report.markup import element
from downslope.report.page import embedded, page


class Page(HTMLParser):
    """What a browser reads: tags, the policy, and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.policy, self.inside = [], [], "", ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "meta" and dict(attrs).get("http-equiv"):
            self.policy = dict(attrs)["content"]
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def made():
    return page(
        "replay", "a < b", element("main", id="app"), {"name": "</script><script>alert(1)</script>", "at": float("nan")}
    )


def test_only_its_own_script_may_run(made):
    seen = Page(made)
    values, program = seen.scripts
    hashed = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}';" in seen.policy
    assert seen.policy.startswith("default-src 'none';") and "connect-src" not in seen.policy
    assert json.loads(values) == {"name": "</script><script>alert(1)</script>", "at": None}


def test_it_asks_for_nothing_outside_of_it(made):
    seen = Page(made)
    for tag, attributes in seen.tags:
        assert tag not in {"link", "iframe", "img", "base", "form", "object", "embed"}
        assert not {"src", "href", "onclick", "onerror", "style"} & set(attributes)
    assert not re.findall(r"url\(\s*['\"]?(?!data:)", "".join(re.findall(r"<style>(.*?)</style>", made, re.DOTALL)))


def test_it_says_its_language_title_and_kind(made):
    assert made.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>a &lt; b</title>" in made and ("body", {"data-kind": "replay"}) in Page(made).tags


@given(
    st.recursive(
        st.text(max_size=20), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)
    )
)
def test_what_is_embedded_comes_back_and_ends_no_script(value):
    text = embedded({"value": value})
    assert not set("<>&\u2028\u2029") & set(text) and text.isascii()
    assert json.loads(text) == {"value": value}

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from downslope.report.markup import Markup, element, joined, table


class Reader(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_text_is_only_text(inside, attribute):
    seen = Reader(element("p", inside, element("b", inside), title=attribute))
    assert [tag for tag, _ in seen.tags] == ["p", "b"]
    shown = "".join(seen.texts)
    assert shown.isprintable()
    if inside.isprintable():
        assert shown == inside * 2
    if attribute.isprintable():
        assert seen.tags[0][1] == {"title": attribute}
    element("p", inside).encode()  # also where it holds half of a pair


def test_markup_stays_markup():
    assert joined("<", Markup("<br>"), None) == "&lt;<br>"
    assert element("div", class_="wide", data_step="1", id=None) == '<div class="wide" data-step="1"></div>'
    assert element("meta", name="a", http_equiv="b") == '<meta name="a" http-equiv="b">'


def test_a_column_without_cells_is_left_out():
    made = table(("name", "value", "note"), [("w", "1", ""), ("b", "2", "")])
    assert "note" not in made and made.count("<td>") == 2 and made.count('scope="row"') == 2
    assert "<thead>" not in table(("", ""), [("a", "b")])

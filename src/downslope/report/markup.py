"""Markup: HTML in which a text can only be text. Names come from users' files."""

from collections.abc import Sequence
from html import escape

from downslope.pictures.scene import plain

LONGEST = 20_000
"""Letters of one text; what is longer is cut and ends in an ellipsis."""
ALONE = {"meta", "link", "br", "hr"}


class Markup(str):
    """HTML that is put in as it is; any other text is escaped."""

    __slots__ = ()


def element(name: str, /, *inside: str | None, **attributes: str | None) -> Markup:
    """An element; texts inside of it and in its attributes are escaped, None is left out.

    Attributes that are words of Python end in an underscore, and an underscore stands for a hyphen.

    >>> element("p", "a < b & ", element("b", "c"), class_="wide", data_step="1")
    '<p class="wide" data-step="1">a &lt; b &amp; <b>c</b></p>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(plain(value, LONGEST))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in ALONE:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{joined(*inside)}</{name}>")


def joined(*parts: str | None) -> Markup:
    """Markup one after the other, texts escaped; control characters are shown."""
    texts = (part if isinstance(part, Markup) else escape(plain(part, LONGEST)) for part in parts if part is not None)
    return Markup("".join(texts))


def table(heads: Sequence[str], rows: Sequence[tuple[str, ...]], **attributes: str | None) -> Markup:
    """A table whose first column names its rows; a column without a cell in it is left out, and so is
    the head where nothing stands in it.

    >>> table(("name", "value", "note"), [("w", "2", "")])
    '<table><thead><tr><th scope="col">name</th><th scope="col">value</th></tr></thead><tbody><tr><th ...
    """
    shown = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    head = element("thead", element("tr", *(element("th", heads[place], scope="col") for place in shown)))
    body = (
        element(
            "tr",
            *(element("th", row[place], scope="row") if place == 0 else element("td", row[place]) for place in shown),
        )
        for row in rows
    )
    return element("table", head if any(heads) else None, element("tbody", *body), **attributes)

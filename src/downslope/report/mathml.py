"""MathML: a formula's LaTeX as markup that every browser sets, and nothing in it but mathematics."""

import re
from functools import lru_cache
from xml.etree import ElementTree

ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
    "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
}  # fmt: skip
ATTRIBUTES = {
    "display", "form", "stretchy", "fence", "separator", "movablelimits", "mathvariant", "displaystyle",
    "scriptlevel", "lspace", "rspace", "width", "columnalign", "linethickness",
}  # fmt: skip
FACTORS = {"mi", "mn", "mtext", "msub", "msup", "msubsup"}
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
LONGEST = 4000
"""Letters of LaTeX beyond which a formula is not read as a formula any more."""
WORD = re.compile(r"\\(text|mathrm)\{((?:\\text[a-z]+\{\}|\\[&%$#_{}]|[^\\{}])*)\}")
MEANT = {r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^"}


@lru_cache(maxsize=64)
def mathml(latex: str | None) -> str | None:
    r"""The MathML element of a formula; None where there is no LaTeX or it cannot be set: then it is shown as text.

    Only elements and attributes of MathML Core that say how a formula looks are let through. Names and other words are
    set aside before the LaTeX is converted, and put in as text afterwards.

    >>> print(mathml("y = w x"))
    <math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mi>y</mi><mo>=</mo><mi>w</mi><mi>x</mi>...
    >>> mathml(r"\mathrm{speed}").endswith("<mi>speed</mi></mrow></math>"), mathml(None)
    (True, None)
    >>> "&lt;img" in mathml(r"\text{<img src=x onerror=alert(1)>}")
    True
    """
    if latex is None or len(latex) > LONGEST:
        return None
    from latex2mathml.converter import convert

    words = [("mi" if kind == "mathrm" else "mtext", _spoken(word)) for kind, word in WORD.findall(latex)]
    places = iter(range(len(words)))
    plain = WORD.sub(lambda _: rf"\text{{{next(places)}}}", latex)
    try:
        made = ElementTree.fromstring(convert(plain, display="block"))
    except Exception:  # of the many that a converter of somebody else raises, none is worth a report
        return None
    if any(_name(element) not in ELEMENTS for element in made.iter()):
        return None
    return ElementTree.tostring(_checked(made, words), encoding="unicode", short_empty_elements=False)


def _spoken(word: str) -> str:
    """A word of LaTeX as plain text; spaces at its ends are kept."""
    for written, meant in MEANT.items():
        word = word.replace(written, meant)
    word = re.sub(r"\\([&%$#_{}])", r"\1", word)
    inside = word.strip(" ")
    return word.replace(inside, "\0").replace(" ", "\xa0").replace("\0", inside) if inside else word


def _checked(element: ElementTree.Element, words: list[tuple[str, str]]) -> ElementTree.Element:
    """A copy that holds nothing but known attributes, with the words that were set aside."""
    name, place = _name(element), element.text or ""
    if name == "mtext" and place.isdecimal() and int(place) < len(words):
        kind, text = words[int(place)]
        word = ElementTree.Element(kind)
        word.text = text
        return word
    kept = {key: value for key, value in element.attrib.items() if key in ATTRIBUTES}
    copy = ElementTree.Element(name, ({"xmlns": NAMESPACE} if name == "math" else {}) | kept)
    copy.text = element.text
    for child in (_checked(child, words) for child in element):
        if len(copy) and _side_by_side(copy[-1], child):
            ElementTree.SubElement(copy, "mspace", width="0.2em")
        copy.append(child)
    return copy


def _name(element: ElementTree.Element) -> str:
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def _side_by_side(one: ElementTree.Element, other: ElementTree.Element) -> bool:
    """Whether two factors would run together, because one of them is a word."""
    return {one.tag, other.tag} <= FACTORS and any(len(each.text or "") > 1 for each in (one, other))

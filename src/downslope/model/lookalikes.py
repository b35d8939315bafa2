"""Letters that look like others: two names that a reader cannot tell apart must not be two names.

Python reads names in normal form (NFKC), so that full-width and bold letters equal the plain ones; what is left are
other alphabets' letters with the same shape (Cyrillic а, Greek ο). The table is the part of Unicode's confusables
(UTS 39) that Greek and Cyrillic share with Latin letters.
"""

import unicodedata
from collections.abc import Iterable

from downslope.errors import FormulaError

_CYRILLIC = "аеорсухіѕјһԁԛԝАВЕЗКМНОРСТХУІЅЈ", "aeopcyxisjhdqwABE3KMHOPCTXYISJ"
_GREEK = "οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX"  # not ν and ρ: ν_max and ρ_water are written in earnest
_SHAPE = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])


def check_spelling(text: str, name: str, start: int) -> None:
    """Refuse a name with characters that no name has, or with letters of two alphabets that look alike.

    Raises: FormulaError pointing at the character.

    >>> check_spelling("y = Δx", "Δx", 4)
    >>> check_spelling("y = mах", "mах", 4)
    Traceback (most recent call last):
        ...
    downslope.errors.FormulaError: 'а' (cyrillic small letter a) looks like 'a', and this name has both alphabets
      y = mах
           ^
    """
    if name.isascii():
        return
    if not name.isidentifier():
        place = next((k for k, letter in enumerate(name) if not ("a" + letter).isidentifier()), 0)
        hint = "; a power is written x**2" if unicodedata.category(name[place]) == "No" else ""
        raise FormulaError(text, f"{name[place]!r} cannot be part of a name{hint}", start + place)
    normal = unicodedata.normalize("NFKC", name)
    if any("a" <= letter.casefold() <= "z" for letter in normal if letter.isascii()):
        for place, letter in enumerate(name):
            if (shape := letter.translate(_SHAPE)) != letter:
                which = unicodedata.name(letter, "another letter").lower()
                problem = f"{letter!r} ({which}) looks like {shape!r}, and this name has both alphabets"
                raise FormulaError(text, problem, start + place)


def shape(name: str) -> str:
    """What a name looks like.

    >>> shape("х") == shape("x")
    True
    """
    return unicodedata.normalize("NFKC", name).translate(_SHAPE)


def twin(name: str, others: Iterable[str]) -> str | None:
    """Another name that looks the same, if there is one."""
    if name.isascii():
        return next((other for other in others if not other.isascii() and other != name and shape(other) == name), None)
    wanted = shape(name)
    return next((other for other in others if other != name and shape(other) == wanted), None)

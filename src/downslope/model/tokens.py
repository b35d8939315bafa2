"""The words of a formula's text, refused one by one where they cannot belong to a formula.

Python's own parser reads what is left (`grammar`). Refusing here has three reasons: the message can name the very
characters and the fix; size and nesting are bounded before anything recursive runs; an attack is refused by its name.
"""

import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from downslope.errors import FormulaError
from downslope.model.lookalikes import check_spelling

LONGEST_TEXT = 20_000
MOST_TOKENS = 6_000
DEEPEST_NESTING = 60
LONGEST_SIGN_RUN = 8

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)
    |(?P<string>"(?:[^"\\\r\n\0\ud800-\udfff]|\\[\\"'nrt])*"|'(?:[^'\\\r\n\0\ud800-\udfff]|\\[\\"'nrt])*')
    |(?P<name>[^\W0-9]\w*)
    |(?P<mark>\*\*|//|==|<=|>=|!=|:=|->|<>|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_ALLOWED = frozenset(("+", "-", "*", "/", "**", "(", ")", ",", "<", "<=", ">", ">=", "==", "!=", "="))
_REFUSED = {
    "^": "power is written **",
    "%": "there is no remainder in formulas; a - b*floor(a/b) is one",
    "//": "there is no // in formulas; write floor(a/b)",
    "=": "one = is enough: the left side is the data, the right side the model",
    "~": "the sides are joined by =, with every parameter written out: y = w*x + b",
    "<>": "not equal is written !=",
    "->": "an arrow is not part of a formula",
    ":=": "an assignment (:=) is not part of a formula",
    ":": "a colon (a slice, a lambda or an annotation) is not part of a formula",
    ".": "an attribute ('.name') is not part of a formula",
    "[": "square brackets (a subscript, a list or a comprehension) are not part of a formula; group with ( )",
    "{": "braces (a dictionary or a set) are not part of a formula; group with ( )",
    ";": "a second statement (;) is not part of a formula",
    "#": "a comment (#) is not part of a formula",
    "@": "@ is not part of a formula; multiply with *",
    "&": "& is not part of a formula; a range is written where(0 < x < 1, …)",
    "|": "| is not part of a formula; the absolute value is abs(x)",
    "!": "! is not part of a formula",
    "\\": "a backslash is not part of a formula",
    "·": "multiply with *",
    "×": "multiply with *",
    "⋅": "multiply with *",
    "∗": "multiply with *",
    "÷": "divide with /",
    "−": "this is a typographic minus; write -",
    "–": "this is a dash; write -",
    "—": "this is a dash; write -",
    "√": "a root is written sqrt(x)",
    "’": "a prime is not part of a name",
    '"': 'this quotation mark is never closed; in col("odd name") a backslash is written twice',
    "'": "this quotation mark is never closed, and a prime is not part of a name",
}
_REFUSED.update({"]": _REFUSED["["], "}": _REFUSED["{"], "&&": _REFUSED["&"], "||": _REFUSED["|"]})
_WORDS = {
    "lambda": "a lambda",
    "for": "a comprehension",
    "if": "if … else",
    "else": "if … else",
    "and": "'and'",
    "or": "'or'",
    "not": "'not'",
    "await": "await",
    "yield": "yield",
    "import": "an import",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `kind` is number, name, string or mark."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> tuple[Token, ...]:
    """The tokens of a formula, every one of them allowed, brackets matched, operands and operators alternating.

    Line ends and tabs count as spaces.

    Raises: FormulaError at the first place that cannot be part of a formula.

    >>> [token.text for token in tokenize("y = 2*x")]
    ['y', '=', '2', '*', 'x']
    >>> tokenize("y = 2x")
    Traceback (most recent call last):
        ...
    downslope.errors.FormulaError: an operator is missing between '2' and 'x'; a product is written 2*x
      y = 2x
          ^^
    """
    if len(text) > LONGEST_TEXT:
        raise FormulaError(
            text[:80], f"a formula of {len(text):,} characters is too long; at most {LONGEST_TEXT:,}", 0, 1
        )
    found: list[Token] = []
    open_at: list[int] = []
    for match in _TOKEN.finditer(text):  # the last alternative is any one character: nothing is skipped
        token = Token(str(match.lastgroup), match.group(), match.start(), match.end())
        if token.kind == "space":
            continue
        _check_alone(text, token, found)
        if token.text == "(":
            open_at.append(token.start)
            if len(open_at) > DEEPEST_NESTING:
                raise FormulaError(text, f"parentheses are nested too deeply; at most {DEEPEST_NESTING}", token.start)
        elif token.text == ")":
            if not open_at:
                raise FormulaError(text, "this closing parenthesis was never opened", token.start)
            open_at.pop()
        _check_after(text, token, found, len(open_at))
        found.append(token)
        if len(found) > MOST_TOKENS:
            raise FormulaError(
                text, f"the formula has too many terms; at most {MOST_TOKENS:,} words and signs", token.start
            )
    if open_at:
        raise FormulaError(text, "this parenthesis is never closed", open_at[-1])
    if found and _wants_operand(found[-1]) and found[-1].text != "=":
        raise FormulaError(text, f"something is missing after {found[-1].text!r}", found[-1].start, found[-1].end)
    return tuple(found)


def _check_alone(text: str, token: Token, before: Sequence[Token]) -> None:
    """Refuse what cannot be in a formula wherever it stands."""
    start, end = token.start, token.end
    if token.kind == "mark":
        if token.text not in _ALLOWED:
            raise FormulaError(text, _refusal(token.text), start, end)
    elif token.kind == "number":
        _check_number(text, token)
    elif token.kind == "string":
        if before and before[-1].kind == "name" and before[-1].end == start:
            raise FormulaError(
                text, "a string with a prefix (an f-string) is not part of a formula", before[-1].start, end
            )
        around = [word.text for word in before[-2:]]
        if around != ["col", "("] and around[1:] == ["("] and before[-2].kind == "name":
            problem = f'{around[0]} with a text is not part of a formula; only col("odd name") takes one'
            raise FormulaError(text, problem, before[-2].start, end)
        if around != ["col", "("]:
            raise FormulaError(
                text, 'a string is not part of a formula; an odd column name is written col("odd name")', start, end
            )
    else:
        check_spelling(text, token.text, start)
        name = unicodedata.normalize("NFKC", token.text)
        if keyword.iskeyword(name):
            what = _WORDS.get(name)
            if what is None:
                column = f"a column of that name is written col({name!r}), a parameter may be called {name}_"
                raise FormulaError(text, f"{name!r} is a word of Python and cannot be a name; {column}", start, end)
            raise FormulaError(
                text, f"{what} is not part of a formula; a choice is written where(x > 0, a, b)", start, end
            )


def _check_number(text: str, token: Token) -> None:
    try:
        value = float(token.text)
    except ValueError:
        raise FormulaError(text, f"{token.text[:40]!r} is not a number", token.start, token.end) from None
    if value == float("inf"):
        raise FormulaError(text, "this number is too large; the largest is about 1.8e308", token.start, token.end)
    if len(token.text) > 400:
        raise FormulaError(text, "this number has too many digits; 17 are all that count", token.start, token.end)
    following = text[token.end : token.end + 1]
    if following in ("j", "J") and not text[token.end + 1 : token.end + 2].isalnum():
        raise FormulaError(text, "a complex number is not part of a formula", token.start, token.end + 1)


def _check_after(text: str, token: Token, before: Sequence[Token], depth: int) -> None:
    """Refuse what cannot follow the tokens before it: operands and operators alternate."""
    last = before[-1] if before else None
    problem = _not_after(token, last) if _opens(token) else _not_a_sign_after(token, last, depth)
    if problem is not None:
        raise FormulaError(text, problem, last.start if last is not None and _opens(token) else token.start, token.end)
    run = before[-LONGEST_SIGN_RUN:]
    if token.text in ("+", "-") and len(run) == LONGEST_SIGN_RUN and all(word.text in ("+", "-") for word in run):
        raise FormulaError(text, "too many signs in a row", token.start, token.end)


def _not_after(token: Token, last: Token | None) -> str | None:
    """What is wrong with an operand in this place."""
    if last is None or _wants_operand(last) or (last.kind == "name" and token.text == "("):
        return None  # a name and a parenthesis: a call; whether it may be called is the grammar's question
    left, right = last.text[-20:], token.text[:20]
    return f"an operator is missing between {left!r} and {right!r}; a product is written {left}*{right}"


def _not_a_sign_after(token: Token, last: Token | None, depth: int) -> str | None:
    """What is wrong with an operator, a comma or a closing parenthesis in this place."""
    if last is None or _wants_operand(last):
        if last is None and token.text == "=":
            return "nothing stands before =; write the column to predict, such as y = w*x + b"
        if last is not None and last.text in "(," and token.text in ("*", "**"):
            return "a starred argument is not part of a formula"
        if last is not None and last.text == token.text == "=":
            return _REFUSED["="]
        if last is not None and last.text == "(" and token.text == ")":
            return "nothing stands between these parentheses"
        if token.text not in "+-":
            return f"something is missing before {token.text!r}"
    if token.text == "," and depth == 0:
        return "a comma can only stand inside a function call; decimals are written with a point: 0.5"
    return None


def _opens(token: Token) -> bool:
    return token.kind != "mark" or token.text == "("


def _wants_operand(token: Token) -> bool:
    """Whether a name, number or parenthesis must come next."""
    return token.kind == "mark" and token.text != ")"


def _refusal(mark: str) -> str:
    if mark in _REFUSED:
        return _REFUSED[mark]
    if mark.isprintable():
        return f'{mark!r} is not part of a formula; a column with such a name is written col("…")'
    name = unicodedata.name(mark, "a control character").lower()
    return f"an invisible character ({name}, U+{ord(mark):04X}) is not part of a formula"

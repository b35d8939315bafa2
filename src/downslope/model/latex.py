"""The LaTeX of a formula's tree: greek letters, subscripts, fractions, roots, and no parenthesis that is not needed."""

import re

from downslope.model.tree import Apply, Name, Node, Number, postorder
from downslope.model.vocabulary import FUNCTIONS

_GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi "
        "omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega",
    )
)
_ESCAPES = {letter: f"\\{letter}" for letter in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
# How tightly the outermost operation binds; what stands inside a tighter one needs parentheses.
_COMPARE, _SUM, _SIGN, _PRODUCT, _POWER, _ATOM = range(6)
_RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne", "and": r"\land"}


def latex(tree: Node) -> str:
    r"""LaTeX of a formula, without dollar signs.

    >>> from downslope.model.equation import read_expression
    >>> print(latex(read_expression("a*exp(-(x - mu)**2/(2*sigma1**2))")))
    a \exp\left(-\frac{\left(x - \mu\right)^{2}}{2 \sigma_{1}^{2}}\right)
    """
    stack: list[tuple[str, int]] = []
    for node in postorder(tree):
        if isinstance(node, Number):
            stack.append(_number(node))
        elif isinstance(node, Name):
            stack.append((_quoted(node.name) if node.quoted else name(node.name), _ATOM))
        else:
            first = len(stack) - len(node.args)
            args = stack[first:]
            del stack[first:]
            stack.append(_apply(node, args))
    (answer,) = stack
    return answer[0]


def name(word: str) -> str:
    r"""A column's or parameter's name: Greek letters by their names, digits and what follows _ as a subscript.

    >>> name("x1"), name("lambda_"), name("k_max"), name("theta_0"), name("celsius")
    ('x_{1}', '\\lambda', 'k_{\\mathrm{max}}', '\\theta_{0}', '\\mathrm{celsius}')
    """
    match = re.fullmatch(r"(?P<stem>[^\W\d_]+)_*(?P<digits>[0-9]*)_*(?P<below>\w*)", word)
    if match is None:
        return _quoted(word)
    stem, digits, below = match["stem"], match["digits"], match["below"].strip("_")
    shown = f"\\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    parts = [digits] if digits else []
    if below:
        parts.append(
            f"\\{below}" if below in _GREEK else below if len(below) == 1 else rf"\mathrm{{{_escaped(below)}}}"
        )
    return shown + (f"_{{{','.join(parts)}}}" if parts else "")


def _quoted(word: str) -> str:
    return rf"\text{{{_escaped(word)}}}"


def _escaped(word: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) if letter.isprintable() else " " for letter in word)


def _number(node: Number) -> tuple[str, int]:
    if node.text == "pi":
        return r"\pi", _ATOM
    shown = f"{node.value:.15g}"
    if "e" not in shown:
        return shown, _ATOM
    digits, power = shown.split("e")
    return (rf"{digits} \cdot 10^{{{int(power)}}}" if digits != "1" else rf"10^{{{int(power)}}}"), _PRODUCT


def _inside(part: tuple[str, int], tightness: int) -> str:
    return part[0] if part[1] >= tightness else rf"\left({part[0]}\right)"


def _apply(node: Apply, args: list[tuple[str, int]]) -> tuple[str, int]:
    match node.op:
        case "+":
            return f"{_inside(args[0], _SUM)} + {_inside(args[1], _PRODUCT)}", _SUM
        case "-":
            return f"{_inside(args[0], _SUM)} - {_inside(args[1], _PRODUCT)}", _SUM
        case "negative":
            return f"-{_inside(args[0], _PRODUCT)}", _SIGN
        case "positive":
            return _inside(args[0], _PRODUCT), max(args[0][1], _PRODUCT)
        case "*":
            left, right = _inside(args[0], _SIGN), _inside(args[1], _PRODUCT)
            dot = r"\cdot " if right[0].isdigit() else ""
            return f"{left} {dot}{right}", _PRODUCT
        case "/":
            if args[0][1] == _SIGN:  # the sign before the fraction
                return rf"-\frac{{{args[0][0][1:]}}}{{{args[1][0]}}}", _SIGN
            return rf"\frac{{{args[0][0]}}}{{{args[1][0]}}}", _PRODUCT
        case "**":
            return rf"{_inside(args[0], _ATOM)}^{{{args[1][0]}}}", _POWER
        case relation if relation in _RELATIONS:
            return f"{args[0][0]} {_RELATIONS[relation]} {args[1][0]}", _COMPARE
        case "where":
            return FUNCTIONS["where"].latex.format(
                *(text for text, _ in args)
            ), _SUM  # in a product it needs parentheses
        case function:
            return FUNCTIONS[function].latex.format(*(text for text, _ in args)), _ATOM

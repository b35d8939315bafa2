"""A named choice with options, written like a call: "adam(b1=0.9)", "huber(1.5)", "uniform(0, 1)".

One spelling for Python, the command line, an address and a saved file.
"""

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from downslope.errors import RequestError

Literal = float | int | str | bool | None
REQUIRED = math.nan
"""In the place of a default: there is none."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A name and what stands in its parentheses.

    >>> parse("adam(b1=0.8)", what="optimizer")
    Choice(name='adam', args=(), options={'b1': 0.8})
    >>> str(parse(" uniform( 0,1 ) ", what="x"))
    'uniform(0, 1)'
    """

    name: str
    args: tuple[Literal, ...] = ()
    options: Mapping[str, Literal] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Choice) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        inside = [repr(value) for value in self.args] + [f"{key}={value!r}" for key, value in self.options.items()]
        return f"{self.name}({', '.join(inside)})" if inside else self.name

    def numbers(self, takes: Mapping[str, float], *, what: str) -> dict[str, float]:
        """The options as numbers, in the order and under the names that the choice takes; those left out at their
        defaults.

        Args:   takes: name -> default, or REQUIRED.
        Raises: RequestError for an option too many, an unknown or missing one, or a value that is no number, 0 or more.

        >>> parse("adam(b1=0.8)", what="optimizer").numbers({"b1": 0.9, "b2": 0.999}, what="optimizer")
        {'b1': 0.8, 'b2': 0.999}
        """
        given = {**takes, **dict(zip(takes, self.args, strict=False)), **self.options}
        missing = [name for name, value in given.items() if value is REQUIRED]
        if len(self.args) > len(takes) or set(given) - set(takes) or missing:
            usage = ", ".join(name if value is REQUIRED else f"{name}={value:g}" for name, value in takes.items())
            says = f"write {self.name}({usage})" if usage else f"{self.name} takes no options"
            raise RequestError(f"{what} {str(self)!r}: {says}")
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise RequestError(f"{what} {str(self)!r}: {name} must be a number, 0 or more")
        return {name: float(given[name]) for name in takes}  # type: ignore[arg-type]


def parse(text: str, *, what: str) -> Choice:
    """Read a choice; `what` names it in the error.

    Args:   text: a bare name, or a name with literal arguments (numbers, texts, true and false) in parentheses.
    Raises: RequestError if it is neither. Nothing in the text is run.

    >>> parse("cosine(0.1, to=lr)", what="learning rate")
    Traceback (most recent call last):
        ...
    downslope.errors.RequestError: learning rate 'cosine(0.1, to=lr)' cannot be read: write a name, or ...
    """
    match = _CALL.fullmatch(text.strip()) if len(text) <= 1000 else None
    try:
        inside = ast.parse(f"_({match['inside'] or ''})", mode="eval").body if match else None
        if match is None or not isinstance(inside, ast.Call) or not all(each.arg for each in inside.keywords):
            raise ValueError
        args = tuple(ast.literal_eval(value) for value in inside.args)
        options = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in inside.keywords}
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise RequestError(
            f"{what} {text!r:.80} cannot be read: write a name, or a name with numbers in parentheses, such as "
            "'adam(b1=0.9)'"
        ) from None
    return Choice(match["name"], args, options)


_CALL = re.compile(r"(?P<name>[A-Za-z][\w-]*)\s*(?:\((?P<inside>.*)\))?", re.DOTALL)

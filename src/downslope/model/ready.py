"""Ready models. Each is a formula written out, with starts taken from the data.

    line           w*x + b
    polynomial(3)  c0 + c1*x + c2*x**2 + c3*x**3
    exponential    a*exp(-b*x) + c
    logistic       L/(1 + exp(-k*(x - x0)))     L the ceiling, x0 the middle, k the steepness
    gaussian       a*exp(-(x - mu)**2/(2*sigma**2))
    relu_sum(8)    b + a1*relu(x - k1) + … + a8*relu(x - k8)

Three ways to use one: as the model of a fit (`ds.fit(ds.line, x, y)`), in a formula as the whole right side
("y = polynomial(x, degree=3)", with log(x) or any other expression of columns for x), and as a function of x and
parameters.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from downslope.errors import RequestError, shortened
from downslope.model.equation import Call, read_expression
from downslope.model.evaluate import evaluate
from downslope.model.relu_sum import MOST_HINGES, kernel, suggest, sum_of_hinges, with_sum_sign
from downslope.model.tree import Node, names

Suggest = Callable[[np.ndarray, np.ndarray | None], Mapping[str, float]]
HIGHEST_DEGREE = 30


def _no_suggestion(x: np.ndarray, y: np.ndarray | None) -> Mapping[str, float]:
    return {}


@dataclass(frozen=True)
class Ready:
    """A ready model of one column.

    name:        what it is called, with its option: "polynomial(x, degree=3)".
    expression:  the formula's right side, x for the column.
    suggest:     starts from the column and, when known, the target.
    kernel:      another way to compute the same, (params, x) -> (n,); None: as the expression says.

    >>> float(line(2.0, 0.5, 1.0))
    2.0
    """

    name: str
    expression: str
    suggest: Suggest = field(default=_no_suggestion, compare=False)
    kernel: Callable[[Any, Any], Any] | None = field(default=None, compare=False)
    latex: str | None = field(default=None, compare=False)

    @property
    def tree(self) -> Node:
        """The expression, read."""
        return read_expression(self.expression)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in their order."""
        return tuple(name.name for name in names(self.tree) if name.name != "x")

    def written(self, argument: str) -> str:
        """The expression with something else in the place of x.

        >>> line.written("log(t)")
        'w*log(t) + b'
        """
        whole = re.fullmatch(r'\w+|\w+\([^()]*\)|col\("[^"\\]*"\)', argument)
        return re.sub(r"\bx\b", lambda _: argument if whole else f"({argument})", self.expression)

    def called(self, argument: str) -> str:
        """The model as a call on an argument.

        >>> polynomial(2).called("t")
        'polynomial(t, degree=2)'
        """
        return re.sub(r"\bx\b", lambda _: argument, self.name, count=1)

    def __call__(self, x: Any, *params: Any, **named: Any) -> Any:
        """The model's value at x, as a function of its parameters in order or by name."""
        values = dict(zip(self.parameters, params, strict=False)) | named
        if len(params) > len(self.parameters) or set(values) != set(self.parameters):
            raise RequestError(f"{self.name} needs x and the parameters {shortened(self.parameters)}")
        return evaluate(self.tree, values | {"x": x})


def _start_exponential(x: np.ndarray, y: np.ndarray | None) -> Mapping[str, float]:
    """Falls to its value at the far end within a third of the range."""
    rate = 3.0 / (float(np.ptp(x)) or 1.0)
    if y is None:
        return {"b": rate}
    first, last = float(y[np.argmin(x)]), float(y[np.argmax(x)])
    return {"a": (first - last) * float(np.exp(np.clip(rate * float(x.min()), -50, 50))), "b": rate, "c": last}


def _start_logistic(x: np.ndarray, y: np.ndarray | None) -> Mapping[str, float]:
    """Rises, or falls, across the middle of the range."""
    steepness, middle = 4.0 / (float(np.ptp(x)) or 1.0), float(x.min() + x.max()) / 2
    if y is None:
        return {"k": steepness, "x0": middle}
    falls = y[np.argmin(x)] > y[np.argmax(x)]
    ceiling = float(y[np.argmax(np.abs(y))])
    return {"L": ceiling or 1.0, "k": -steepness if falls != (ceiling < 0) else steepness, "x0": middle}


def _start_gaussian(x: np.ndarray, y: np.ndarray | None) -> Mapping[str, float]:
    """Peaks where the target is farthest from zero."""
    width = (float(np.ptp(x)) or 1.0) / 6
    if y is None:
        return {"mu": float(x.min() + x.max()) / 2, "sigma": width}
    peak = int(np.argmax(np.abs(y)))
    return {"a": float(y[peak]) or 1.0, "mu": float(x[peak]), "sigma": width}


line = Ready("line(x)", "w*x + b")
exponential = Ready("exponential(x)", "a*exp(-b*x) + c", _start_exponential)
logistic = Ready("logistic(x)", "L/(1 + exp(-k*(x - x0)))", _start_logistic)
gaussian = Ready("gaussian(x)", "a*exp(-(x - mu)**2/(2*sigma**2))", _start_gaussian)


def polynomial(degree: int) -> Ready:
    """c0 + c1*x + … up to this degree, 1 to 30. Scale x to about -1..1 first when the degree is above 3 or so.

    >>> polynomial(2).expression
    'c0 + c1*x + c2*x**2'
    """
    degree = _count("polynomial", "degree", degree, HIGHEST_DEGREE)
    powers = [f"c{k}*x**{k}" for k in range(2, degree + 1)]
    return Ready(f"polynomial(x, degree={degree})", " + ".join(["c0", "c1*x", *powers]))


def relu_sum(hinges: int) -> Ready:
    """A sum of this many hinges, 1 to 500: see the module of the same name.

    >>> relu_sum(2).parameters
    ('b', 'a1', 'k1', 'a2', 'k2')
    """
    hinges = _count("relu_sum", "hinges", hinges, MOST_HINGES)
    name, latex = f"relu_sum(x, hinges={hinges})", with_sum_sign(hinges)
    return Ready(name, sum_of_hinges(hinges), partial(suggest, hinges), kernel, latex)


def _count(model: str, option: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= most:
        raise RequestError(f"{model} needs a whole number from 1 to {most} as {option}, here {value!r}")
    return int(value)


PLAIN = {"line": line, "exponential": exponential, "logistic": logistic, "gaussian": gaussian}
WITH_OPTION: dict[str, tuple[str, Callable[[Any], Ready]]] = {
    "polynomial": ("degree", polynomial),
    "relu_sum": ("hinges", relu_sum),
}


def named(call: Call) -> Ready:
    """The ready model that a formula calls.

    Raises: RequestError if its options are not those it has.
    """
    if call.name in PLAIN:
        if call.args or call.options:
            raise RequestError(f"{call.name} takes one column and nothing else: {call.name}(x)")
        return PLAIN[call.name]
    option, build = WITH_OPTION[call.name]
    given = [*call.args, *(call.options[key] for key in call.options if key == option)]
    if len(given) != 1 or set(call.options) - {option}:
        raise RequestError(f"{call.name} takes a column and its {option}: {call.name}(x, {option}=3)")
    return build(given[0])

"""The functions a formula may use: how many arguments, what they do in NumPy and in JAX, how they look in LaTeX.

The two columns of the table must agree; a test evaluates both. JAX's own versions are taken where the plain formula
would have a wrong or infinite derivative (relu at 0, sigmoid and softplus far out).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_elementwise_erf = np.frompyfunc(math.erf, 1, 1)


def _numpy_erf(x: Any) -> Any:
    return np.asarray(_elementwise_erf(x), dtype=np.float64)  # SciPy's takes 0.3 s to import


def _numpy_sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def _jax(path: str) -> Callable[..., Any]:
    """A function of JAX, looked up when it is used: reading a formula must not import JAX."""

    def call(*args: Any) -> Any:
        import jax

        found: Any = jax
        for part in path.split("."):
            found = getattr(found, part)
        return found(*args)

    return call


@dataclass(frozen=True)
class Function:
    """One word of the vocabulary."""

    arguments: int
    in_numpy: Callable[..., Any]
    in_jax: Callable[..., Any]
    latex: str  # with {0}, {1} for the arguments' LaTeX


def _usual(name: str, latex: str | None = None, arguments: int = 1) -> Function:
    return Function(arguments, getattr(np, name), _jax(f"numpy.{name}"), latex or f"\\{name}" + r"\left({0}\right)")


def _named(name: str) -> str:
    return rf"\operatorname{{{{{name}}}}}\left({{0}}\right)"


FUNCTIONS: dict[str, Function] = {
    "exp": _usual("exp"),
    "expm1": _usual("expm1", r"\left(\exp\left({0}\right) - 1\right)"),
    "log": _usual("log"),
    "log10": _usual("log10", r"\log_{{10}}\left({0}\right)"),
    "log2": _usual("log2", r"\log_{{2}}\left({0}\right)"),
    "log1p": _usual("log1p", r"\log\left(1 + {0}\right)"),
    "sqrt": _usual("sqrt", r"\sqrt{{{0}}}"),
    "abs": _usual("abs", r"\left|{0}\right|"),
    "sin": _usual("sin"),
    "cos": _usual("cos"),
    "tan": _usual("tan"),
    "arcsin": _usual("arcsin"),
    "arccos": _usual("arccos"),
    "arctan": _usual("arctan"),
    "sinh": _usual("sinh"),
    "cosh": _usual("cosh"),
    "tanh": _usual("tanh"),
    "sign": _usual("sign", _named("sign")),
    "floor": _usual("floor", r"\left\lfloor {0} \right\rfloor"),
    "minimum": _usual("minimum", r"\min\left({0}, {1}\right)", 2),
    "maximum": _usual("maximum", r"\max\left({0}, {1}\right)", 2),
    "where": _usual("where", r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}", 3),
    "sigmoid": Function(1, _numpy_sigmoid, _jax("nn.sigmoid"), _named("sigmoid")),
    "softplus": Function(1, lambda x: np.logaddexp(x, 0.0), _jax("nn.softplus"), _named("softplus")),
    "relu": Function(1, lambda x: np.maximum(x, 0.0), _jax("nn.relu"), _named("relu")),
    "erf": Function(1, _numpy_erf, _jax("scipy.special.erf"), _named("erf")),
}
SAME = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
CONSTANTS = {"pi": math.pi}

# What people write from habit, and what it is called here.
MEANT = {
    "ln": "log",
    "log_e": "log",
    "fabs": "abs",
    "Abs": "abs",
    "max": "maximum",
    "min": "minimum",
    "fmax": "maximum",
    "fmin": "minimum",
    "logistic": "sigmoid",
    "expit": "sigmoid",
    "heaviside": "where(x > 0, 1, 0)",
    "step": "where(x > 0, 1, 0)",
    "pow": "a**b",
    "power": "a**b",
    "square": "x**2",
    "tg": "tan",
    "arctg": "arctan",
    "sgn": "sign",
    "int": "floor",
    "round": "floor(x + 0.5)",
    "iif": "where",
    "IF": "where",
    "if": "where",
}

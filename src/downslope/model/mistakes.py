"""A user's function went wrong: say where, in their file, and what to write instead. No traceback.

JAX runs a function once with stand-ins for numbers (tracers). What asks for a number then fails, with long messages
about tracers; each of them has one plain cause.
"""

import linecache
import os
import re
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from downslope.errors import DownslopeError, ModelError

_HERE = os.path.dirname(os.path.abspath(__file__))
_STANDARD = sysconfig.get_paths()["stdlib"]
_LONGEST_LINE = 100


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn an exception of the function called inside into a ModelError with its place and a way out."""
    try:
        yield
    except DownslopeError:
        raise
    except Exception as error:
        raise ModelError(_message(name, error)) from error


def _message(name: str, error: Exception) -> str:
    file, number, line = _place(error)
    advice = _advice(error, line) or f"{name} raised {type(error).__name__}: {_first_line(error)}"
    shown = f": {line[:_LONGEST_LINE]}" if line else ""
    return f"{advice}\n  {file}, line {number}{shown}" if file else advice


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:300]


def _place(error: Exception) -> tuple[str, int, str]:
    """File, line number and text of the innermost line that the user wrote."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_HERE)]
    own = [frame for frame in frames if not _is_library(frame.filename)] or frames[:1]
    if not own:
        return "", 0, ""
    frame = own[-1]
    file = os.path.relpath(frame.filename) if os.path.isabs(frame.filename) else frame.filename
    number = frame.lineno or 0
    line = (frame.line or linecache.getline(frame.filename, number)).strip()
    return (file if not file.startswith("..") else frame.filename), number, line


def _is_library(file: str) -> bool:
    parts = file.replace(os.sep, "/")
    return "/site-packages/" in parts or "/dist-packages/" in parts or file.startswith(_STANDARD)


_ADVICE = {  # by the name of JAX's exception, the more special ones first
    "NonConcreteBooleanIndexError": (
        "x[condition] has no fixed length, so it cannot be compiled: use jnp.where(condition, a, b)"
    ),
    "TracerBoolConversionError": (
        "if, while, and, or, min and max need one plain true or false, but this depends on a column or a parameter: "
        "use jnp.where(condition, a, b), jnp.minimum or jnp.maximum"
    ),
    "TracerArrayConversionError": (
        "this needs plain numbers, but a column or a parameter is being differentiated: "
        "use jax.numpy (import jax.numpy as jnp)"
    ),
    "TracerIntegerConversionError": (
        "range(), an index and a shape need a plain number, but this depends on a column or a parameter"
    ),
    "ConcretizationTypeError": (
        "float(), int(), range() and .item() need a plain number, but this depends on a column or a parameter: "
        "leave them out"
    ),
    "UnexpectedTracerError": (
        "a value of an earlier call was kept (in a global or an attribute) and used again: "
        "a model must only use its arguments"
    ),
}
_CONVERSIONS = {"array", "asarray", "asanyarray", "ascontiguousarray"}
_FOREIGN = re.compile(r"\b(np|numpy|math|scipy|special)\.([\w.]*\w)")


def _advice(error: Exception, line: str) -> str | None:
    """What to write instead, for the mistakes that everyone makes once."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "NoTwin" in kinds:
        return str(error)
    foreign = _FOREIGN.search(line)
    asks_for_numbers = kinds & {"ConcretizationTypeError", "TracerIntegerConversionError"}
    if foreign and asks_for_numbers and foreign[1] in ("np", "numpy"):
        foreign = None  # NumPy's functions are answered by JAX: it is float(), int() or an index beside it
    if foreign and (asks_for_numbers or "TracerArrayConversionError" in kinds):
        used, function = foreign.group(), foreign[2].rsplit(".", 1)[-1]
        if function in _CONVERSIONS:
            return (
                f"{used} asks for plain numbers, but a column or a parameter is being differentiated: leave it out, or "
                "join several with np.stack"
            )
        place = "jnp" if not used.startswith("s") else "jax.scipy.special" if "special" in used else "jax.scipy"
        return f"{used} cannot be differentiated: use JAX's own, {place}.{function} (import jax.numpy as jnp)"
    for kind, advice in _ADVICE.items():
        if kind in kinds:
            return advice
    if "integer scalar arrays" in str(error):  # JAX's complaint of range(w) when w is no whole number
        return _ADVICE["TracerIntegerConversionError"]
    if "immutable" in str(error) or "item assignment" in str(error):
        return "an array cannot be changed in place here: write x = x.at[0].set(1.0), or jnp.where(condition, a, b)"
    return None

"""A Python function as a model: its first arguments are columns, the rest are parameters.

    def decay(t, amplitude=1.0, rate=0.5):          SciPy's curve_fit and lmfit have the same convention
        return amplitude * np.exp(-rate * t)

It may be written with NumPy or with jax.numpy: `numpy_calls` sees to that. A number as default is the parameter's
start. Settings, not parameters, are: arguments with any other default (None, a text, True), keyword-only arguments
with a default, and whatever a `functools.partial` has filled in.
"""

import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from numbers import Real
from typing import Any

import numpy as np

from downslope.arrays import double_precision
from downslope.errors import ModelError, RequestError, shortened
from downslope.model.black_box import ATTRIBUTE, black_box, is_black_box
from downslope.model.mistakes import explained
from downslope.model.model import Model
from downslope.model.numpy_calls import call
from downslope.model.prediction import check_prediction
from downslope.model.surroundings import Surroundings

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_EXAMPLE = "def model(x, w, b): return w*x + b"


@dataclass(frozen=True)
class Arguments:
    """How a function is called: names in their order, what is numeric by default, what is left alone."""

    names: tuple[str, ...]
    starts: Mapping[str, float]
    by_keyword: frozenset[str]
    settings: Mapping[str, Any]  # positional arguments between the others, with the default they keep


def arguments(model: object) -> tuple[str, ...]:
    """Names of a function's columns and parameters, in order: the first k are the columns of k arrays.

    Raises: ModelError when they cannot be read.

    >>> arguments(lambda x, w, b=0.5, *, steep=True: w * x + b)
    ('x', 'w', 'b')
    """
    read = _arguments(model)
    return tuple(name for name in read.names if name not in read.settings)


def bind(model: object, available: Sequence[str], claimed: Collection[str] = ()) -> Model:
    """The Model of a Python function. `available`: the columns it may read, without the target.

    Raises: ModelError when no leading argument is a column, nothing is left to fit, or the arguments cannot be read.

    >>> bind(lambda x, w, b=0.5: w * x + b, ["x"]).parameters
    ('w', 'b')
    """
    if not callable(model):
        raise RequestError(
            f"a model is a formula such as 'y = w*x + b', a ready model or a function, not {type(model).__name__}"
        )
    if inspect.isclass(model):
        raise ModelError(f"{model.__name__} is a class; give an instance of it, or a function")
    return _bind(Surroundings.of(model), tuple(available), frozenset(claimed))


def name_of(function: Any) -> str:
    """What messages call a function.

    >>> name_of(partial(np.exp)), name_of(lambda x: x)
    ('exp', 'lambda')
    """
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__)).strip("<>")


@lru_cache(maxsize=128)
def _bind(known: Surroundings, available: tuple[str, ...], claimed: frozenset[str]) -> Model:
    function = known.function
    name = name_of(function)
    args = _arguments(function)
    fitted = [arg for arg in args.names if arg not in args.settings]
    columns = _leading_columns(name, fitted, available, claimed)
    parameters = tuple(fitted[len(columns) :])
    if not parameters:
        raise ModelError(
            f"{name} has nothing to fit: all its arguments are columns ({shortened(columns)}); write {_EXAMPLE}"
        )

    def predict(params: Any, columns_given: Mapping[str, Any]) -> Any:
        jax = sys.modules.get("jax")
        inputs = [columns_given[column] for column in columns]
        if jax is None or not any(isinstance(value, jax.Array) for value in (params, *inputs)):
            return _from_numpy(traced, params, inputs)
        return traced(params, inputs)

    def traced(params: Any, inputs: Sequence[Any]) -> Any:
        import jax

        take = jax.lax.index_in_dim  # one operation; params[k] would be five
        inputs = [jax.numpy.asarray(column) for column in inputs]
        if numeric is not None:
            return numeric(params, *inputs)
        positional, keywords = placed([take(params, k, keepdims=False) for k in range(len(parameters))], inputs)
        with explained(name):
            answer = call(function, positional, keywords)
        return check_prediction(name, answer, rows=inputs[0].shape[0])

    def placed(params: Sequence[Any], inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        values = dict(zip((*columns, *parameters), (*inputs, *params), strict=True)) | dict(args.settings)
        positional = [values[arg] for arg in args.names if arg not in args.by_keyword]
        return positional, {arg: values[arg] for arg in args.names if arg in args.by_keyword}

    def with_numbers(of: Callable[..., Any]) -> Callable[..., Any]:
        def called(params: np.ndarray, *inputs: np.ndarray) -> Any:
            positional, keywords = placed(list(params), inputs)
            return of(*positional, **keywords)

        return called

    numeric = None
    if is_black_box(function):
        jacobian = getattr(function, ATTRIBUTE)
        numeric = black_box(with_numbers(function), jacobian and with_numbers(jacobian))

    return Model(
        predict=predict,
        parameters=parameters,
        columns=tuple(columns),
        target=None,
        target_text=None,
        target_columns=(),
        text=f"{name}({', '.join(fitted)})",
        latex=None,
        start=lambda _: {parameter: args.starts[parameter] for parameter in parameters if parameter in args.starts},
        key=("function", known, tuple(columns), parameters),
        recipe=(bind, (function, available, claimed)),
    )


def _from_numpy(traced: Callable[..., Any], params: Any, inputs: Sequence[Any]) -> np.ndarray:
    """NumPy in, NumPy out, computed as in the fit: by JAX, in double precision."""
    import jax

    with double_precision():
        return np.asarray(jax.jit(traced)(np.asarray(params), [np.asarray(values) for values in inputs]))


def _leading_columns(name: str, fitted: Sequence[str], available: Sequence[str], claimed: Collection[str]) -> list[str]:
    """The leading arguments that are columns."""
    exact = frozenset(available)
    columns: list[str] = []
    for arg in fitted:
        if arg not in exact:
            break
        columns.append(arg)
    for arg in fitted:
        if arg in exact and arg in claimed:
            raise ModelError(
                f"the argument {arg!r} of {name} has a start, so it is a parameter, but it is also a column; rename one"
            )
    if not columns:
        first = f"its first argument is {fitted[0]!r}" if fitted else "it has no argument"
        raise ModelError(
            f"the first arguments of {name} must be columns, named as they are in the data, but {first}. "
            f"Columns: {shortened(available)}. Write for example {_EXAMPLE}"
        )
    for arg in fitted[len(columns) :]:
        if arg in exact:
            problem = (
                f"the argument {arg!r} of {name} is a column but comes after the parameter {fitted[len(columns)]!r}"
            )
            raise ModelError(f"{problem}; columns come first")
    return columns


def _arguments(function: Any) -> Arguments:
    """Read a function's arguments; a partial's own are filled in, whatever follows keeps its meaning."""
    name = name_of(function)
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        raise ModelError(f"the arguments of {name} cannot be read; wrap it in a function: {_EXAMPLE}") from None
    filled: frozenset[str] = frozenset()
    original = signature
    if isinstance(function, partial):
        filled = frozenset(function.keywords)
        original = inspect.signature(function.func)
    names: list[str] = []
    starts: dict[str, float] = {}
    by_keyword: set[str] = set()
    settings: dict[str, Any] = {}
    for arg in signature.parameters.values():
        if arg.kind is inspect.Parameter.VAR_POSITIONAL:
            raise ModelError(f"{name} takes any number of parameters (*{arg.name}); name each of them: {_EXAMPLE}")
        if arg.kind is inspect.Parameter.VAR_KEYWORD or arg.name in filled:
            continue
        has_default = arg.default is not inspect.Parameter.empty
        numeric = isinstance(arg.default, Real) and not isinstance(arg.default, bool)
        only_keyword = original.parameters[arg.name].kind is inspect.Parameter.KEYWORD_ONLY
        if has_default and (only_keyword or not numeric):
            if arg.kind in _POSITIONAL:
                settings[arg.name] = arg.default
                names.append(arg.name)
            continue
        names.append(arg.name)
        if arg.kind not in _POSITIONAL:
            by_keyword.add(arg.name)
        if has_default:
            starts[arg.name] = float(arg.default)
    return Arguments(tuple(names), starts, frozenset(by_keyword), settings)

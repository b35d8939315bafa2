"""Functions written with NumPy, run on JAX's values: `np.exp(-b * x)` becomes differentiable unchanged.

NumPy asks its arguments before it computes: `__array_ufunc__` for np.exp, x + y and SciPy's special functions,
`__array_function__` for np.where, np.stack and their like (NEP 13 and NEP 18). A `Face` answers with the function of
the same name in jax.numpy or jax.scipy.special. What asks for plain numbers (float(), if, np.array of several) still
fails, as it does for JAX's own values.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

OTHER_NAMES = {"psi": "digamma"}
"""Functions of scipy.special that jax.scipy.special has under another name."""

_NEVER_AGAIN = "UnexpectedTracerError"  # the function kept a value of an earlier call: calling it again cannot help


class NoTwin(TypeError):
    """A function of NumPy or SciPy that JAX does not have."""


def call(function: Callable[..., Any], positional: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """The function's answer on JAX's values: on them as they are, or, where it is not written for them, as a NumPy
    function.

    Raises: what the function raises as a NumPy function; as it is, where it needs both kinds at once.

    >>> import jax
    >>> slope = jax.grad(lambda w: call(lambda w: np.exp(2.0 * w), [w], {}))
    >>> float(slope(0.0))
    2.0
    """
    try:
        return function(*positional, **keywords)
    except (TypeError, AttributeError) as error:  # JAX's complaints of plain numbers are TypeErrors
        if _NEVER_AGAIN in {kind.__name__ for kind in type(error).__mro__}:
            raise
        first = error
    import jax

    faces = [_faced(value) for value in positional], {name: _faced(value) for name, value in keywords.items()}
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):  # as NumPy does it
        try:
            return bare(function(*faces[0], **faces[1]))
        except TypeError as second:
            raise (first if Face.__name__ in str(second) else second) from None  # jax.numpy takes no Face


class Face(NDArrayOperatorsMixin):
    """A JAX value that NumPy's functions, operators and methods take for an array; each answers with a Face again.

    x += 1 makes a new value, as it does in JAX; x[0] = 1 is refused.
    """

    __slots__ = ("value",)
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]  # as arrays

    def __init__(self, value: Any) -> None:
        self.value = value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if options.pop("out", None) is not None:
            raise TypeError(
                f"{ufunc.__name__}(out=...) changes an array in place; item assignment is not possible here"
            )
        twin = _twin_of_ufunc(ufunc)
        return _answer(twin if method == "__call__" else getattr(twin, method), inputs, options)

    def __array_function__(self, function: Any, types: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
        return _answer(_twin_of_function(function), inputs, options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # protocols that are not written here are not spoken
            raise AttributeError(name)
        found = getattr(self.value, name)
        if not callable(found):
            return _faced(found)
        return lambda *inputs, **options: _answer(found, inputs, options)

    def __getitem__(self, index: Any) -> Any:
        return Face(self.value[bare(index)])

    def __iter__(self) -> Iterator[Any]:
        return (Face(each) for each in self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __array__(self, *args: Any, **options: Any) -> np.ndarray:
        return self.value.__array__()  # which JAX refuses, and says why

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __complex__(self) -> complex:
        return complex(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __round__(self, digits: int = 0) -> Any:
        return Face(self.value.round(digits))

    def __repr__(self) -> str:
        return repr(self.value)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    setattr(Face, f"__i{_name}__", getattr(NDArrayOperatorsMixin, f"__{_name}__"))  # a new value: see above


def bare(value: Any) -> Any:
    """JAX's values in the place of their Faces, also inside tuples, lists and mappings."""
    if isinstance(value, Face):
        return value.value
    if isinstance(value, tuple | list):
        inside = [bare(each) for each in value]
        return type(value)(inside) if type(value) in (tuple, list) else tuple(inside)
    if isinstance(value, dict):
        return {key: bare(each) for key, each in value.items()}
    return value


def _faced(value: Any) -> Any:
    """Faces in the place of JAX's values; all else as it is."""
    import jax

    if isinstance(value, jax.Array):
        return Face(value)
    if type(value) in (tuple, list):
        return type(value)(_faced(each) for each in value)
    return value


def _answer(twin: Callable[..., Any], inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """What JAX's function gives for these arguments; lists become arrays where it does not take them."""
    given = [_argument(each) for each in inputs]
    options = {name: _argument(each) for name, each in options.items()}
    try:
        return _faced(twin(*given, **options))
    except TypeError:
        arrays = [_array(each) for each in given]
        if all(one is other for one, other in zip(arrays, given, strict=True)):
            raise
        return _faced(twin(*arrays, **options))


def _argument(value: Any) -> Any:
    """An argument as JAX takes it; a function among them (np.piecewise) is called with Faces again."""
    value = bare(value)
    if type(value) in (tuple, list):
        return type(value)(_argument(each) for each in value)
    if callable(value) and not isinstance(value, type | np.ufunc) and not hasattr(value, "shape"):
        return lambda *inputs, **options: bare(value(*map(_faced, inputs), **options))
    if hasattr(value, "__array__") and not hasattr(value, "aval") and not isinstance(value, np.generic):
        return np.asarray(value)  # a pandas Series and the like
    return value


def _array(value: Any) -> Any:
    import jax

    return jax.numpy.asarray(value) if isinstance(value, list | tuple) else value


def _twin_of_ufunc(ufunc: np.ufunc) -> Callable[..., Any]:
    import jax
    import jax.scipy.special

    name = ufunc.__name__
    if getattr(np, name, None) is ufunc:
        return _found(jax.numpy, name, f"np.{name}")
    special = sys.modules.get("scipy.special")
    if special is not None and getattr(special, name, None) is ufunc:
        return _found(jax.scipy.special, OTHER_NAMES.get(name, name), f"scipy.special.{name}")
    raise NoTwin(f"{name} cannot be differentiated: JAX does not have it")


def _twin_of_function(function: Any) -> Callable[..., Any]:
    """The same name in the same part: np.linalg.norm → jax.numpy.linalg.norm."""
    import jax

    room: Any = jax.numpy
    parts = function.__module__.split(".")[1:]
    for part in parts:
        room = getattr(room, part, None)
    return _found(room, function.__name__, ".".join(["np", *parts, function.__name__]))


def _found(room: Any, name: str, called: str) -> Callable[..., Any]:
    twin = getattr(room, name, None)
    if twin is None:
        raise NoTwin(f"{called} cannot be differentiated: JAX does not have it")
    return twin

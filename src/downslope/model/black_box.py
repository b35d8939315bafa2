"""Functions that JAX cannot look into: simulators, loops over rows, SciPy's routines. Called with plain numbers.

A function says so by its attribute `numeric_jacobian`: None, or a function of the same arguments that gives the
derivatives, shape (rows, parameters). Where it is None they are taken by central differences, which keeps about ten of
sixteen digits.

    def simulate(x, drag, mass): ...
    simulate.numeric_jacobian = None
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.arrays import double_precision

ATTRIBUTE = "numeric_jacobian"

FIRST_STEP = float(np.finfo(float).eps ** (1 / 3))
"""Relative step of a central difference of exact values: error h² against rounding eps/h."""
SECOND_STEP = 3e-4
"""The same for values that are central differences themselves, good to eps^(2/3): its cube root."""
SEEN = 0.1
"""Least change of the values, relative to them and to the step, for which a difference keeps its digits."""

Values = Callable[..., Any]


def is_black_box(function: Any) -> bool:
    """Whether a function wants plain numbers.

    >>> is_black_box(np.exp)
    False
    """
    return hasattr(function, ATTRIBUTE)


def black_box(values: Values, jacobian: Values | None) -> Callable[..., Any]:
    """The JAX function, twice differentiable by its parameters, of a function of plain numbers.

    Args:   values: (params (p,), *columns (n,)) -> (n,), all NumPy; jacobian: the same to (n, p).
    """
    import jax

    step = SECOND_STEP if jacobian is None else FIRST_STEP
    slopes = jacobian or (lambda params, *columns: differences(values, params, columns, FIRST_STEP))

    def bends(params: np.ndarray, *columns: np.ndarray) -> np.ndarray:
        return differences(slopes, params, columns, step)

    def link(given: Values, derivative: Callable[..., Any] | None, order: int) -> Callable[..., Any]:
        def outside(params: Any, *columns: Any) -> Any:
            shape = (columns[0].shape[0], *params.shape * order)
            kind = jax.ShapeDtypeStruct((*shape, 2), np.uint32)
            bits = [jax.lax.bitcast_convert_type(each, np.uint32) for each in (params, *columns)]
            answer = jax.pure_callback(_OnBits(given, shape), kind, *bits, vmap_method="sequential")
            return jax.lax.bitcast_convert_type(answer, np.float64)

        if derivative is None:
            return outside
        linked = jax.custom_jvp(outside)

        def push(primals: Any, tangents: Any) -> Any:
            return linked(*primals), derivative(*primals) @ tangents[0]  # by the parameters only

        linked.defjvp(push)
        return linked

    return link(values, link(slopes, link(bends, None, 2), 1), 0)


def differences(values: Values, params: np.ndarray, columns: Any, relative_step: float) -> np.ndarray:
    """Derivatives by each parameter, last axis, by central differences.

    The step is a share of the parameter; where that changes nothing that could be told from rounding (a parameter near
    0, or far below its natural size), it grows until it does, at most to that share of 1.

    >>> differences(lambda p: np.exp(p[0] * np.arange(3.0)), np.array([0.5]), (), FIRST_STEP)[1].round(8)
    array([1.64872127])
    """
    slopes = []
    for place, parameter in enumerate(params):
        largest = relative_step * max(1.0, abs(parameter))
        step = relative_step * abs(parameter) or largest
        while True:
            ahead, behind = params.copy(), params.copy()
            ahead[place] += step
            behind[place] -= step
            above, below = (np.asarray(values(point, *columns), dtype=np.float64) for point in (ahead, behind))
            change = above - below
            if step >= largest or np.max(np.abs(change), initial=0.0) > SEEN * relative_step * np.max(
                np.abs(above), initial=0.0
            ):
                break
            step = min(100.0 * step, largest)
        slopes.append(change / (ahead[place] - behind[place]))
    return np.stack(slopes, axis=-1)


@dataclass(frozen=True)
class _OnBits:
    """A function from and to the bits of its numbers in uint32, two each.

    A callback runs in a thread of its own, in which the scope of double precision does not hold: JAX would round each
    float64 that passes to float32. Equal ones are one program's.
    """

    given: Values
    shape: tuple[int, ...]

    def __call__(self, *bits: Any) -> np.ndarray:
        with double_precision():  # for a function that calls JAX itself
            answer = self.given(*(np.asarray(each).view(np.float64)[..., 0] for each in bits))
        full = np.ascontiguousarray(np.broadcast_to(np.asarray(answer, dtype=np.float64), self.shape))
        return full[..., None].view(np.uint32)

"""One number per row: the only shape a prediction may have.

JAX broadcasts (n, 1) against (n,) to (n, n) without a word, and the loss of that is a number like any other.
"""

from typing import Any

from downslope.errors import ModelError


def check_prediction(name: str, answer: Any, rows: int) -> Any:
    """Refuse a prediction that is not a real array of shape (rows,).

    Raises: ModelError with the shape or type that came, and what usually causes it.

    >>> import numpy as np
    >>> check_prediction("f", np.zeros((3, 1)), rows=3)
    Traceback (most recent call last):
        ...
    downslope.errors.ModelError: f returned shape (3, 1), expected (3,): one number per row. Return prediction[:, 0]
    """
    expected = f"expected ({rows},): one number per row"
    if answer is None:
        raise ModelError(f"{name} returned nothing (None), {expected}. Is the return missing?")
    if isinstance(answer, tuple | list | dict | str):
        what = "a text" if isinstance(answer, str) else f"a {type(answer).__name__} of {len(answer)}"
        advice = "" if isinstance(answer, str) else ". Return one array; jnp.stack or jnp.array makes one of numbers"
        raise ModelError(f"{name} returned {what}, {expected}{advice}")
    shape = () if isinstance(answer, int | float | complex) else getattr(answer, "shape", None)
    if shape is None:
        raise ModelError(f"{name} returned {type(answer).__name__}, {expected}")
    if tuple(shape) != (rows,):
        raise ModelError(f"{name} returned shape {tuple(shape)}, {expected}{_cause(tuple(shape), rows)}")
    kind = getattr(answer.dtype, "kind", "?")
    if kind == "c":
        raise ModelError(f"{name} returned complex numbers; a prediction must be real: jnp.real, or jnp.abs?")
    if kind in "iub":
        raise ModelError(
            f"{name} returned {answer.dtype}: whole numbers or true and false do not change when a parameter "
            "changes a little, so there is no gradient. Return the number before it is rounded or compared"
        )
    if kind not in "fV":  # V: bfloat16 and its like
        raise ModelError(f"{name} returned {answer.dtype}; a prediction must be real numbers")
    return answer


def _cause(shape: tuple[int, ...], rows: int) -> str:
    if shape == ():
        return ". Return the predictions, not their sum, mean or loss; a constant is c + 0*x"
    if shape == (rows, 1):
        return ". Return prediction[:, 0]"
    if shape == (1, rows):
        return ". Return prediction[0]"
    if shape == (rows, rows):
        return f". An array of shape ({rows}, 1) met one of ({rows},): give both the same shape"
    return ""

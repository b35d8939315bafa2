"""Is a Python function fit to be compiled: the same numbers must give the same answer, and printing happens once."""

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import lru_cache
from typing import Any

import numpy as np

from downslope.arrays import double_precision
from downslope.errors import ModelError
from downslope.model.model import Model


@lru_cache(maxsize=128)
def check_model(model: Model, rows: int) -> tuple[str, ...]:
    """Read a Python function through twice for this many rows, computing nothing; formulas pass unread.

    Returns: notes that the user should see.
    Raises: ModelError when the function raises, returns another shape than (rows,), or is not the same the second time.

    >>> from downslope.model import as_model
    >>> check_model(as_model(lambda x, w: w * x, ["x"]), 5)
    ()
    """
    if isinstance(model.key, str):  # a formula's
        return ()
    import jax

    printed = io.StringIO()
    with double_precision(), redirect_stdout(printed):
        params = jax.ShapeDtypeStruct((len(model.parameters),), np.float64)
        columns = {name: jax.ShapeDtypeStruct((rows,), np.float64) for name in model.columns}
        first, second = (jax.make_jaxpr(lambda p, c: model.predict(p, c))(params, columns) for _ in range(2))
    same = str(first.jaxpr) == str(second.jaxpr) and all(
        np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)
        for one, other in zip(first.consts, second.consts, strict=True)
    )
    if not same:
        raise ModelError(
            f"{model.text} is not the same function when it is called again: it draws random numbers, counts "
            "its calls, or reads something that changes. Draw such numbers once, before the fit"
        )
    if printed.getvalue():
        return (f"{model.text} prints; it is compiled, so that it prints only while it is read, not at each step",)
    return ()


SAMPLE = 8
"""Rows of the data on which a function is tried."""


def check_rows_apart(model: Model, params: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
    """Make sure that the prediction of a row depends on that row alone, as everything else here takes for granted.

    Some rows are predicted alone, beside themselves, before others and after others. A function that subtracts the
    mean of its column, say, would be fitted to something else in each batch and block. A formula cannot look at
    other rows, and passes.

    Raises: ModelError.

    >>> from downslope.model import as_model
    >>> rows = {"x": np.arange(6.0)}
    >>> check_rows_apart(as_model(lambda x, w: w * x, ["x"]), np.ones(1), rows)
    >>> check_rows_apart(as_model(lambda x, w: w * (x - x.mean()), ["x"]), np.ones(1), rows)
    Traceback (most recent call last):
        ...
    downslope.errors.ModelError: lambda(x, w) looks at several rows at once, such as for their mean, ...
    """
    count = min((values.size for values in columns.values()), default=0)
    if isinstance(model.key, str) or count < 2:
        return
    half = min(count, SAMPLE) // 2
    spread = np.linspace(0, count - 1, 2 * half).round().astype(int)
    some, others = spread[:half], spread[half:]
    predict = _compiled(model)

    def predicted(*rows: np.ndarray) -> np.ndarray:
        chosen = np.concatenate(rows)
        return np.asarray(predict(params, {name: values[chosen] for name, values in columns.items()}))

    with double_precision():
        alone = predicted(some)
        beside = (predicted(some, some)[:half], predicted(some, others)[:half], predicted(others, some)[half:])
    if not all(np.allclose(alone, each, rtol=1e-9, atol=0.0, equal_nan=True) for each in beside):
        raise ModelError(
            f"{model.text} looks at several rows at once, such as for their mean, so that its prediction for one row "
            "changes with the others. Compute that before the fit, and give it as a column or a number"
        )


@lru_cache(maxsize=64)
def _compiled(model: Model) -> Any:
    import jax

    return jax.jit(model.predict)

"""Is a Python function fit to be compiled: the same numbers must give the same answer, and printing happens once."""

import io
from contextlib import redirect_stdout
from functools import lru_cache

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

"""Borrowing: large arrays of float64 are taken as they are, not copied, and checked in one reading of them all."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from downslope.data.columns import Column
from downslope.data.totals import totals

LARGE = 1_000_000
"""Rows from which on a column is borrowed; below, a copy costs next to nothing, and is our own."""


def borrow(arrays: Mapping[str, Any]) -> dict[str, Column]:
    """Of large one-dimensional arrays of float64 that are all finite, read-only views; of all else, nothing.

    >>> import numpy as np
    >>> x = np.ones(1_000_000)
    >>> column = borrow({"x": x, "few": x[:5], "text": "x"})["x"]
    >>> np.shares_memory(column.values, x), column.values.flags.writeable, x.flags.writeable, column.total
    (True, False, True, 1000000.0)
    """
    large = {name: np.asarray(value) for name, value in arrays.items() if _is_large(value)}
    columns = {}
    for length in {values.size for values in large.values()}:
        same = {name: values for name, values in large.items() if values.size == length}
        for (name, values), total in zip(same.items(), totals(list(same.values())), strict=True):
            if np.isfinite(total):  # and so is every number of it
                view = values.view()
                view.flags.writeable = False
                columns[name] = Column(view, total=float(total))
    return columns


def _is_large(value: Any) -> bool:
    plain = type(value) in (np.ndarray, np.memmap)
    return plain and value.ndim == 1 and value.dtype == np.float64 and value.size >= LARGE and value.dtype.isnative

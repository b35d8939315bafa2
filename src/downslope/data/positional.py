"""Data given by position: x as an array, or several."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from downslope.data.table import Table


def is_positional(data: Any) -> bool:
    """Whether the data are x arrays, rather than something whose columns have names (a mapping, a frame, a file).

    >>> is_positional([1.0, 2.0]), is_positional({"x": [1.0, 2.0]}), is_positional(["a.csv", "b.csv"])
    (True, False, False)
    """
    if isinstance(data, str | PathLike | Mapping | Table):
        return False
    if isinstance(data, Sequence) and len(data) and all(isinstance(part, str | PathLike) for part in data):
        return False
    if isinstance(data, np.ndarray):
        return data.dtype.names is None
    # in this order: to ask a lazy frame for its columns is to compute it
    named = hasattr(data, "collect") or hasattr(data, "columns") or hasattr(data, "column_names")
    return not named


def split(data: Any) -> list[Any]:
    """The x arrays: one, the columns of an (n, k) array, or the members of a tuple or list of arrays.

    >>> len(split([1.0, 2.0, 3.0])), len(split(([1.0, 2.0], [3.0, 4.0])))
    (1, 2)
    """
    if isinstance(data, tuple | list) and data and all(np.ndim(part) >= 1 for part in data):
        return list(data)
    if getattr(data, "ndim", 1) == 2 and 1 not in data.shape:
        return list(np.asarray(data).T)
    return [data]

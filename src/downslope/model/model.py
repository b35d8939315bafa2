"""What is fitted: the Model, the one value that leaves this room."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.arrays import Params, Rows

Columns = Mapping[str, np.ndarray]
Starts = Callable[[Columns], Mapping[str, float]]


def no_starts(columns: Columns) -> Mapping[str, float]:
    """The model has nothing to say about where to begin."""
    return {}


@dataclass(frozen=True, eq=False)
class Model:
    """A pure prediction with named parameters, and what is to be predicted.

    predict:        (params of shape (p,), columns of shape (n,) each) -> (n,). Traceable by JAX; given NumPy arrays, a
                    formula or a ready model answers in NumPy without importing JAX.
    parameters:     names, in the order of `params`.
    columns:        names of the columns that `predict` reads.
    target:         the left side of a formula, from columns, in NumPy; None where there is no left side (Python
                    functions, ready models): the caller says which column it is.
    target_text:    "log(y)", None likewise. `target_columns`: the columns it reads.
    text, latex:    for people; the text of a formula is one that can be read again.
    start:          starts that the model suggests from the data; names it leaves out start at 1.
    smooth:         false if the slope by a parameter jumps somewhere, as that of relu(x - k) by k does. Python
                    functions are not looked into, and count as smooth.
    key:            equal keys, and only they, have the same predict.
    recipe:         a function and its arguments, plain values, that make the same model in another process; None of a
                    model that does not travel by that.
    """

    predict: Callable[[Params, Mapping[str, Rows]], Rows]
    parameters: tuple[str, ...]
    columns: tuple[str, ...]
    target: Callable[[Columns], np.ndarray] | None
    target_text: str | None
    target_columns: tuple[str, ...]
    text: str
    latex: str | None
    start: Starts
    key: Hashable
    smooth: bool = True
    recipe: tuple[Callable[..., "Model"], tuple[Any, ...]] | None = None

    def __reduce__(self) -> Any:
        return super().__reduce__() if self.recipe is None else self.recipe

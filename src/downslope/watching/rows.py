"""Rows: the points of a loop whose parameters come as whole arrays with each gradient (TensorFlow, JAX)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from downslope.watching.naming import names_of_numbers
from downslope.watching.seen import Seen


def numbers(value: Any) -> np.ndarray:
    """An array of a type of number that NumPy has: bfloat16 becomes float32."""
    array = np.asarray(value)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)


class Rows:
    """Writes points into a notebook.

    A gradient at the same parameters as the last one belongs to the same point: parts of one gradient asked for one
    by one are put together, another loss is added.
    """

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._slots: list[tuple[int, int]] = []
        self._shapes: list[tuple[int, ...]] = []

    def __len__(self) -> int:
        return len(self._seen.steps) if self._seen.steps is not None else 0

    def begin(self, named: Callable[[], Sequence[str]], arrays: Sequence[np.ndarray]) -> None:
        """The arrays of the first point."""
        self._shapes = [each.shape for each in arrays]
        ends = np.cumsum([each.size for each in arrays]).tolist()
        self._slots = list(zip([0, *ends[:-1]], ends, strict=True))
        kinds = [each.dtype for each in arrays if each.dtype.kind == "f"]
        epsilon = max((float(np.finfo(kind).eps) for kind in kinds if kind.itemsize > 1), default=2.0**-7)
        names = names_of_numbers(named(), self._shapes)
        self._seen.begin(names, epsilon)

    def add(
        self,
        places: Sequence[int],
        arrays: Sequence[np.ndarray],
        gradients: Sequence[np.ndarray | None],
        loss: float,
        same: bool = False,
    ) -> None:
        """The arrays at these places, and the gradients there; `same`: certainly of the same loss as the last."""
        steps = self._seen.steps
        if steps is None:
            return
        for place, each in zip(places, arrays, strict=True):
            if each.shape != self._shapes[place]:
                self._seen.stop(
                    f"a parameter changed its shape from {self._shapes[place]} to {each.shape} on the way: the history "
                    "ends before that"
                )
                return
        parts = [
            (*self._slots[place], each, slope) for place, each, slope in zip(places, arrays, gradients, strict=True)
        ]
        if not steps.parameters:
            norms = [0.0 if slope is None else float(np.linalg.norm(slope)) for _, _, _, slope in parts]
            row = steps.open()
            steps.loss[row], steps.norm[row] = loss, float(np.hypot.reduce(norms))
            return
        row = steps.row
        stayed = row >= 0 and all(
            np.array_equal(steps.params[row, start:stop], each.reshape(-1), equal_nan=True)
            for start, stop, each, _ in parts
        )
        if not (same and row >= 0) and not stayed:
            row = steps.open()
            steps.params[row] = steps.params[row - 1] if row else np.nan
            steps.gradient[row] = 0.0
            steps.loss[row] = 0.0
            same = False
        if not same:
            steps.loss[row] += loss
        for start, stop, each, slope in parts:
            steps.params[row, start:stop] = each.reshape(-1)
            if slope is not None:
                steps.gradient[row, start:stop] += slope.reshape(-1)

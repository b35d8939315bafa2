"""Rows as a compiled program takes them: blocks of one size, the last one filled up with rows of weight zero."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from downslope.device import on_gpu

BLOCK = 8192
"""Rows in a block of a large set: a few columns of it stay in the cache."""
WIDE_BLOCK = 1 << 20
"""The same on a graphics processor, which has to be given much to do at a time."""


class Rows(NamedTuple):
    """Columns in blocks.

    Shapes: each column, the target and the weight (blocks, block); a constant (1, 1); `spread` is one standard
    deviation a row, or one 1.0 for all, by which prediction and target are divided; `used` counts the blocks that hold
    rows.
    """

    columns: Mapping[str, Any]
    target: Any
    weight: Any
    spread: Any
    used: Any


def capacity(rows: int) -> tuple[int, int]:
    """Blocks and rows a block that hold so many rows: powers of two, so that few sizes are ever compiled.

    >>> capacity(11), capacity(17), capacity(20_000)
    ((1, 16), (1, 32), (4, 8192))
    """
    block = WIDE_BLOCK if on_gpu() else BLOCK
    if rows <= block:
        return 1, max(16, 1 << (rows - 1).bit_length())
    blocks = -(-rows // block)
    return 1 << (blocks - 1).bit_length(), block


def pack(
    columns: Mapping[str, np.ndarray],
    target: np.ndarray,
    weight: np.ndarray | None = None,
    spread: np.ndarray | float = 1.0,
    constants: Mapping[str, np.ndarray] | None = None,
) -> Rows:
    """Blocks of these rows; constants (1,) stand for all rows.

    Filled up with copies of the first row at weight zero: a made-up row, such as zeros, could be outside the model's
    domain.
    """
    rows = target.shape[0]
    blocks, block = capacity(rows)

    def fill(values: np.ndarray | float, filler: float) -> np.ndarray:
        filled = np.full((blocks, block), filler)
        filled.reshape(-1)[:rows] = values
        return filled

    return Rows(
        {name: fill(values, values[0]) for name, values in columns.items()}
        | {name: value.reshape(1, 1) for name, value in (constants or {}).items()},
        fill(target, target[0]),
        fill(1.0 if weight is None else weight, 0.0),
        np.ones((1, 1)) if np.ndim(spread) == 0 and spread == 1.0 else fill(spread, np.ravel(spread)[0]),
        -(-rows // block),
    )

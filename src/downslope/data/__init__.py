"""Data: numbers in, as named, finite columns of equal length. The verb is `read`, the value a `Table`."""

from downslope.data.batches import batches, block, steps_per_epoch
from downslope.data.read import from_arrays, read
from downslope.data.reading import Reading
from downslope.data.samples import SAMPLES, sample
from downslope.data.scaling import Scaling
from downslope.data.stream import Stream, streamed_if_large
from downslope.data.synthetic import DISTRIBUTIONS, add_noise, draw
from downslope.data.table import Table
from downslope.data.writing import write_table

__all__ = [
    "DISTRIBUTIONS",
    "SAMPLES",
    "Reading",
    "Scaling",
    "Stream",
    "Table",
    "add_noise",
    "batches",
    "block",
    "draw",
    "from_arrays",
    "read",
    "sample",
    "steps_per_epoch",
    "streamed_if_large",
    "write_table",
]

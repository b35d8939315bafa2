"""Large clean files, fast: polars parses, and whatever is not plainly clean is left to the slow and exact reader.

Polars turns short rows into nulls without a word, and of long ones it drops what is not asked for. So the last column
is always parsed: where it has no null no row is short, and then the number of all delimiters tells whether one is long.
"""

import numpy as np

from downslope.data.cells import EXACT
from downslope.data.reading import Reading

LARGE = 1_000_000  # below this many characters, importing polars would cost more than it saves
_PIECE = 1 << 18


def bulk(text: str, delimiter: str, width: int, wanted: list[int], reading: Reading) -> list[np.ndarray] | None:
    """The wanted columns of a text without header, or None if the slow reader has to look.

    None means: a quote, a comment, a blank or ragged line, a cell that is missing or not plainly a number, a whole
    number beyond 2**53. The slow reader gives the same numbers for whatever is not None.

    >>> bulk("1,2\\n3,4\\n", ",", 2, [1], Reading())[0].tolist()
    [2.0, 4.0]
    >>> bulk("1,2\\n3\\n", ",", 2, [1], Reading()) is None
    True
    """
    return bulk_bytes(text.encode(), delimiter, width, wanted, reading)


def bulk_bytes(raw: bytes, delimiter: str, width: int, wanted: list[int], reading: Reading) -> list[np.ndarray] | None:
    """The same from the bytes of a text, in any encoding that has ASCII's characters for its own bytes."""
    raw = raw.strip(b"\n")
    simple = delimiter.isascii() and delimiter not in ' "' and b'"' not in raw and b"_" not in raw
    if not simple or not wanted or (reading.comment is not None and reading.comment.encode() in raw):
        return None
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(b"\n")
    if reading.decimal == ",":
        if b"." in raw:
            return None
        raw = raw.replace(b",", b".")
    raw += b"\n"
    return _parsed(raw, delimiter, width, wanted)


def is_regular(raw: bytes, delimiter: int, width: int) -> bool:
    """Whether each line, the last one ended too, holds exactly width - 1 delimiters.

    >>> is_regular(b"1,2\\n3,4\\n", ord(","), 2), is_regular(b"1,2,3\\n4\\n", ord(","), 2)
    (True, False)
    """
    start, view, each = 0, np.frombuffer(raw, np.uint8), width - 1
    while start < len(raw):
        end = raw.rfind(b"\n", start, start + _PIECE) + 1 or raw.find(b"\n", start) + 1
        piece = view[start:end]
        ends = np.flatnonzero(piece == 10)
        marks = np.flatnonzero(piece == delimiter)
        if len(marks) != each * len(ends):
            return False
        if each:
            lattice = marks.reshape(-1, each)
            # As many marks as expected in sum; in each line too if none of them leaves the line it is counted to.
            if (lattice[:, -1] > ends).any() or (lattice[1:, 0] < ends[:-1]).any():
                return False
        start = end
    return True


def _parsed(raw: bytes, delimiter: str, width: int, wanted: list[int]) -> list[np.ndarray] | None:
    import polars

    chosen, last = set(wanted), width - 1
    schema = {str(index): polars.Float64 if index in chosen else polars.String for index in range(width)}
    try:
        frame = polars.read_csv(
            raw, has_header=False, separator=delimiter, quote_char=None, schema=schema, columns=sorted({*wanted, last})
        )
    except polars.exceptions.PolarsError:
        return None
    if frame.height != raw.count(b"\n"):
        return None
    if frame[str(last)].null_count():
        if last in chosen or not is_regular(raw, ord(delimiter), width):
            return None
    elif raw.count(delimiter.encode()) != last * frame.height:
        return None
    arrays = []
    for column in (frame[str(index)] for index in wanted):  # the names are only ours
        if column.null_count():
            return None
        array = column.to_numpy()
        # Not a number, infinite, or so large that a whole number may have been rounded: the slow reader says so.
        if not (array.min() > -EXACT and array.max() < EXACT):
            return None
        arrays.append(array)
    return arrays

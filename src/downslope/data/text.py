"""Bytes to text: one encoding, one kind of line end, nothing replaced in silence."""

import re

from downslope.errors import DataError, RequestError

LONGEST_LINE = 16 * 1024 * 1024

_MARKS = (  # the longer marks first: that of UTF-32 begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def as_text(raw: bytes, encoding: str, source: str) -> str:
    r"""Decode a file; line ends become "\n" and a byte order mark decides over `encoding`.

    Raises: DataError if it is empty, binary, in another encoding, or has an endless line; RequestError for an encoding
            that Python does not know.

    >>> as_text(b"\xef\xbb\xbfx,y\r\n1,2\r3,4", "utf-8", "t.csv")
    'x,y\n1,2\n3,4'
    """
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    try:
        text = raw.decode(marked or encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(raw, error, marked or encoding, source) from None
    except LookupError:
        raise RequestError(f"unknown encoding {encoding!r}. Try utf-8, latin-1, cp1252 or utf-16.") from None
    if not text or text.isspace():
        raise DataError(f"{source} is empty")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    control = _CONTROL.search(text, 0, 65536)
    place = control.start() if control else text.find("\x00")
    if place >= 0:
        raise _binary(text, place, source)
    _refuse_endless_line(text, source)
    return text


def _undecodable(raw: bytes, error: UnicodeDecodeError, encoding: str, source: str) -> DataError:
    if b"\x00" in raw[:4096] and not encoding.startswith(("utf-16", "utf-32")):
        return DataError(f"{source} is not text: a NUL byte at byte {raw.index(0)}. Give a CSV, Parquet or npz file.")
    line = raw.count(b"\n", 0, error.start) + 1
    other = "latin-1" if encoding.replace("_", "-").casefold() in ("utf-8", "utf8", "ascii") else "utf-8"
    return DataError(
        f"{source}, line {line}: byte {error.start} (0x{raw[error.start]:02x}) is not {encoding}."
        f" Try --encoding {other} (encoding={other!r})."
    )


def _binary(text: str, place: int, source: str) -> DataError:
    line = text.count("\n", 0, place) + 1
    code = f"character {ord(text[place]):#04x}" if text[place] != "\x00" else "a NUL character"
    if text[1:2] == "\x00" or text[:1] == "\x00":
        return DataError(f"{source} is not text, or UTF-16 without its mark. Try --encoding utf-16-le or utf-16-be.")
    return DataError(f"{source} is not text: {code} in line {line}. Give a CSV, Parquet or npz file.")


def _refuse_endless_line(text: str, source: str) -> None:
    start = 0
    while len(text) - start > LONGEST_LINE:
        end = text.rfind("\n", start, start + LONGEST_LINE)
        if end < 0:
            line = text.count("\n", 0, start) + 1
            raise DataError(f"{source}, line {line} is longer than {LONGEST_LINE:,} characters. Is it a table?")
        start = end + 1

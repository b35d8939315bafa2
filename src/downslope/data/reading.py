"""Reading: how a file is to be understood, as plain values that are also the flags of the command line."""

from dataclasses import dataclass
from typing import Literal

from downslope.errors import RequestError, UnknownName

_DELIMITERS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}

Drop = Literal["", "missing", "bad"]
"""Rows to leave out: none, those with a missing cell, or all that cannot be used."""


@dataclass(frozen=True)
class Reading:
    """Options for files; what is left out is detected or plain.

    delimiter: a character, or "tab", "space" (any run of blanks), "comma", "semicolon", "pipe"; detected if None.
    decimal:   "." or ",".
    header:    False: line 1 is data and the columns are called column1, column2, …
    comment:   lines that start with this text are skipped.
    encoding:  of text files without a byte order mark.
    missing:   "refuse", or "drop" to leave out rows with a missing cell in a column that is used, or "skip" to leave
               out every row that cannot be used, also for a cell that is no number or a line of another length.

    Raises: RequestError for a value that cannot be meant.

    >>> Reading(delimiter="tab").delimiter
    '\\t'
    """

    delimiter: str | None = None
    decimal: str = "."
    header: bool = True
    comment: str | None = None
    encoding: str = "utf-8"
    missing: str = "refuse"

    def __post_init__(self) -> None:
        delimiter = self.delimiter
        if delimiter is not None:
            delimiter = _DELIMITERS.get(delimiter, delimiter)
            object.__setattr__(self, "delimiter", delimiter)
            if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'+-.\n\r\0":
                raise RequestError(
                    f"delimiter is {delimiter!r}; it must be one character that no number needs, such as ; or tab"
                )
        if self.decimal not in (".", ","):
            raise RequestError(f"decimal is {self.decimal!r}; it must be '.' or ','")
        if delimiter == self.decimal:
            raise RequestError(f"delimiter and decimal are both {delimiter!r}; they must differ")
        if self.comment is not None and not self.comment.strip():
            raise RequestError("comment is empty; give the text that comment lines start with, such as '#'")
        if self.missing not in ("refuse", "drop", "skip"):
            raise UnknownName("treatment of missing cells", str(self.missing), ("refuse", "drop", "skip"))

    @property
    def drops(self) -> Drop:
        """Which rows are left out."""
        return {"refuse": "", "drop": "missing", "skip": "bad"}[self.missing]  # type: ignore[return-value]

"""Refused: an error with the name of the setting that caused it, so that a page can show it where it belongs."""

import re
from typing import Any

from downslope.errors import DataError, DownslopeError, FormulaError, RequestError

_WORDS = re.compile(r"\w+")
_FIRST = 4
"""Words of a message among which it names the setting it is about."""


class Refused(RequestError):
    """A setting that cannot be used; `field` names it, or is None where no single one is to blame.

    >>> Refused("steps", "steps is 0.5; it must be a whole number").field
    'steps'
    """

    def __init__(self, field: str | None, message: str) -> None:
        self.field = field
        super().__init__(message)


def told(error: DownslopeError, known: tuple[str, ...]) -> dict[str, Any]:
    """What a page is told of an error: message, field, and the place in a formula.

    Args:   known: names of settings; one that the message begins with is taken to be at fault.

    >>> told(FormulaError("y = 2x", "write 2*x", 4, 6), ())
    {'message': 'write 2*x', 'field': 'formula', 'start': 4, 'end': 6}
    >>> told(RequestError("batch_size is 200, but there are only 100 rows"), ("steps", "batch_size"))["field"]
    'batch_size'
    """
    place: dict[str, Any] = {"start": None, "end": None}
    field = getattr(error, "field", None)
    message = str(error)
    if isinstance(error, FormulaError):
        message, field = error.problem, field or "formula"
        place = {"start": error.start, "end": error.end if error.end is not None else error.start + 1}
    elif isinstance(error, DataError):
        field = field or "data"
    if field is None:
        began = _WORDS.findall(message)[:_FIRST]
        field = (
            "formula" if began[:2] == ["unknown", "column"] else next((word for word in began if word in known), None)
        )
    return {"message": message, "field": field, **place}

"""Answering: whatever goes wrong while a message is answered becomes an answer, and the session goes on."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from downslope.errors import DownslopeError
from downslope.laboratory.refused import Refused, told
from downslope.laboratory.settings import names
from downslope.laboratory.worker import Superseded

SLOTS = ("a", "b")
Message = Mapping[str, Any]
Send = Callable[[dict[str, Any]], None]


@contextmanager
def answering(send: Send, message: Message) -> Iterator[None]:
    """Send an error as a message, with the slot and the number of the question.

    >>> with answering(print, {"slot": "a", "seq": 7}):
    ...     raise Refused("steps", "steps is 0.5")
    {'kind': 'error', 'slot': 'a', 'seq': 7, 'message': 'steps is 0.5', 'field': 'steps', 'start': None, 'end': None}
    """
    try:
        yield
    except Superseded:
        raise
    except DownslopeError as error:
        send(_error(message, told(error, names())))
    except Exception as error:
        logging.getLogger(__name__).error("a message could not be answered", exc_info=error)
        what = f"{type(error).__name__}: {str(error)[:500]}"
        said = f"this is a bug in downslope, not in what you asked: {what}. Please report it"
        send(_error(message, {"message": said, "field": None, "start": None, "end": None}))


def _error(message: Message, said: dict[str, Any]) -> dict[str, Any]:
    slot, seq = message.get("slot"), message.get("seq")
    whose = {"slot": slot if slot in SLOTS else None, "seq": seq if isinstance(seq, int) else None}
    return {"kind": "error", **whose, **said}


def mapping_of(message: Message, name: str) -> dict[str, Any]:
    """A part of a message that must be a mapping; an empty one if it is left out.

    Raises: Refused.
    """
    given = message.get(name)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise Refused(None, f"{name} are {given!r:.80}; give them by name")
    return dict(given)


def text_of(message: Message, name: str) -> str:
    """A part of a message that must be text.

    Raises: Refused.
    """
    given = message.get(name)
    if not isinstance(given, str):
        raise Refused(name, f"{name} is {given!r:.80}; it must be text")
    return given


def number_of(message: Message, name: str) -> int:
    """A part of a message that must be a whole number.

    Raises: Refused.
    """
    given = message.get(name)
    if isinstance(given, bool) or not isinstance(given, int):
        raise Refused(name, f"{name} is {given!r:.80}; it must be a whole number")
    return given

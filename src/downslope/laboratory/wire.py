"""Wire: messages as JSON text that every browser can read, and texts of strangers as messages."""

import json
import math
from collections.abc import Mapping
from typing import Any

from downslope.laboratory.refused import Refused


def text_of(message: Mapping[str, Any]) -> str:
    """JSON without NaN and infinity, which JavaScript cannot read: they become null.

    >>> text_of({"loss": float("nan"), "step": 3})
    '{"loss":null,"step":3}'
    """
    try:
        return _json(message)
    except ValueError:
        return _json(finite(message))


def message_of(text: str) -> Any:
    """The message in a text.

    Raises: Refused if it is no JSON, or nested too deeply.

    >>> message_of('{"kind": "hello"}')
    {'kind': 'hello'}
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(None, "a message could not be read: it is no JSON, or nested too deeply") from None


def _json(message: Any) -> str:
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def finite(value: Any) -> Any:
    """A value without NaN and infinity: they become None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): finite(each) for name, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value

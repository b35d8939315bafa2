"""Travel: works as bytes, for a process elsewhere. What a compiled program belongs to, an objective or a model, is made
there once from the same bytes, and not anew for each pass: so it is known again, and nothing is compiled twice.
"""

import io
from functools import lru_cache
from typing import Any

from downslope.errors import RequestError
from downslope.model import Model
from downslope.objective.loss import Loss
from downslope.objective.objective import Objective

KEPT = (Objective, Model, Loss)
"""What is made once on the other side."""


def packed(value: Any) -> bytes:
    """A work, or another plain value, as bytes.

    Raises: RequestError if something in it cannot travel, such as an open file that a Python model uses.

    >>> unpacked(packed({"rate": 0.5}))
    {'rate': 0.5}
    """
    return _packed(value, None)


def unpacked(raw: bytes) -> Any:
    """What was packed.

    Raises: RequestError if a module that it needs is not there.
    """
    import pickle

    try:
        return pickle.loads(raw)  # noqa: S301  # our own, by way of the cluster that the user trusts with code
    except ImportError as error:
        raise RequestError(
            f"a worker cannot import {error.name or 'a module'!r}, which the model or the loss needs: install it "
            "there, or define the function in the script that calls fit"
        ) from None


def _packed(value: Any, root: Any) -> bytes:
    from cloudpickle import Pickler  # comes with Dask

    class Packing(Pickler):  # type: ignore[misc]
        def reducer_override(self, each: Any) -> Any:
            if isinstance(each, KEPT) and each is not root:
                return _made, (_once(each),)
            return super().reducer_override(each)

    buffer = io.BytesIO()
    try:
        Packing(buffer).dump(value)
    except RecursionError:
        raise RequestError(
            "the model is nested too deeply to be sent to a cluster; write it as a shorter formula"
        ) from None
    except Exception as error:  # whatever the user's objects raise
        raise RequestError(
            f"the model, the loss or a setting cannot be sent to a cluster ({type(error).__name__}: "
            f"{str(error)[:200]}). Let the function use plain values and arrays"
        ) from error
    return buffer.getvalue()


@lru_cache(maxsize=64)
def _once(kept: Any) -> bytes:
    """The same bytes each time for what is equal."""
    return _packed(kept, kept)


@lru_cache(maxsize=64)
def _made(raw: bytes) -> Any:
    """The same object each time for the same bytes."""
    return unpacked(raw)

"""Store: a Run in one file, and back, to the bit. No code is saved and none is run on loading.

The file is a safetensors file: the arrays, and in its metadata one JSON text ("downslope") with everything else and a
checksum of both ("digest"). Numbers that JSON does not know stand there as {"not finite": "inf"}. Functions, arrays and
transformations in a Plan are not kept: they come back as `Described`, which says so when somebody uses it.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

import numpy as np

from downslope.errors import DataError, RequestError
from downslope.history.history import COLUMNS, History
from downslope.history.readings import Readings
from downslope.history.run import Run, Unfinished
from downslope.history.trust import Certificate, Uncertainty
from downslope.plan import BY_PARAMETER, Plan
from downslope.whole_file import AnyPath, reason, shown, write

FORMAT = 4
"""2: with certificate and uncertainty; 3: with readings; 4: with what it takes to finish a run that was cut short.
Files of earlier formats open without them."""
ARRAYS = ("params", "memory")
APART = ("plan", "history", "columns", "certificate", "uncertainty", "readings", "unfinished", *ARRAYS)
"""Fields of Run that are not written into the JSON as they are."""
READINGS: Mapping[str, Any] = {
    name: kind for name, hint in get_type_hints(Readings).items() for kind in get_args(hint) if is_dataclass(kind)
}
"""Each reading by the name of its field."""

__all__ = ["Described", "load", "save"]


@dataclass(frozen=True)
class Described:
    """Stands in a loaded Plan for what could not be saved: a function, an array, a transformation.

    It can be shown and compared; to be used it must be given again.

    >>> Plan(loss=Described("my_loss")).said()
    {'loss': {'described': 'my_loss'}}
    """

    name: str

    @property
    def __name__(self) -> str:  # the name that Plan.said() gives to a function
        return self.name

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Raises: RequestError, always."""
        raise RequestError(f"{self.name} was not saved with the run, only its name; give it again")


def save(run: Run, path: AnyPath, *, force: bool = False) -> None:
    """Write a run into one file. Whatever happens, the file is the old one or the new one, never a part.

    Args:   path: file to write; refused if it exists, unless `force`.
    Raises: OutputError if it cannot be written; then nothing has changed.
    """
    from safetensors.numpy import save as packed

    arrays = {name: _tidy(values) for name, values in _arrays(run).items()}
    document = _document(run)
    text = json.dumps(document | {"digest": _digest(document, arrays)}, allow_nan=False)
    write(packed(arrays, metadata={"downslope": text}), path, force=force)


def load(path: AnyPath) -> Run:
    """Open a saved run.

    Raises: DataError with the reason: missing, cut short, damaged, another kind of file, or written by a newer version.
    """
    name = shown(path)
    header = _header(path, name)
    if "downslope" not in header:
        raise DataError(f"{name} is not a saved run: a safetensors file, but not written by downslope")
    try:
        document = json.loads(header["downslope"])
        version = document["format"]
        if version > FORMAT:
            raise DataError(
                f"{name}: written by a newer downslope (format {version}; this one reads up to {FORMAT}). "
                "Try: pip install --upgrade downslope"
            )
        arrays = _read_arrays(path)
        if document.pop("digest") != _digest(document, arrays):
            raise DataError(f"{name} is damaged: its content does not match its checksum")
        if version < 2 and "sigma" in document["plan"]:
            document["plan"]["sigma_is"] = "relative"  # the word was not asked for then
        return _run(_from_json(document), arrays)
    except DataError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, RequestError) as problem:
        raise DataError(f"{name} is damaged: {type(problem).__name__} {problem}") from problem


def _header(path: AnyPath, name: str) -> dict[str, str]:
    """The metadata of a safetensors file, after checks that can say what is wrong with it."""
    try:
        if not os.path.isfile(path):
            raise DataError(f"{name} is {'a folder' if os.path.isdir(path) else 'no file'}; give a saved run")
        with open(path, "rb") as file:
            start = file.read(9)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as problem:
        raise DataError(f"cannot read {name}: {reason(problem)}") from None
    if not size:
        raise DataError(f"{name} is empty")
    length = int.from_bytes(start[:8], "little")
    if start[8:9] != b"{" or length > 1 << 30:
        raise DataError(f"{name} is not a saved run: it is another kind of file")
    if size < 8 + length:
        raise DataError(f"{name} is cut short: {size} bytes, at least {8 + length} expected")
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except SafetensorError as problem:
        kind = "cut short (or has grown)" if "not fully covered" in str(problem) else "damaged"
        raise DataError(f"{name} is {kind}: {problem}") from problem


def _read_arrays(path: AnyPath) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(path)


def _arrays(run: Run) -> dict[str, np.ndarray]:
    kept = {name: getattr(run, name) for name in ARRAYS}
    steps = {f"history.{name}": values for name, values in run.history.columns.items()}
    # numbered, not named: the name of a column may be anything
    data = {f"columns.{place}": values for place, values in enumerate((run.columns or {}).values())}
    trust = {} if run.uncertainty is None else {"covariance": run.uncertainty.covariance}
    start = {} if run.unfinished is None else {"start": run.unfinished.start}
    return kept | steps | data | trust | start


def _tidy(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def _document(run: Run) -> dict[str, Any]:
    plain = {entry.name: getattr(run, entry.name) for entry in fields(run) if entry.name not in APART}
    return _to_json(
        {"format": FORMAT, **plain}
        | {"plan": run.plan.said(), "batch_size": run.history.batch_size}
        | {"columns": None if run.columns is None else list(run.columns)}
        | {"certificate": None if run.certificate is None else vars(run.certificate)}
        | {"uncertainty": None if run.uncertainty is None else _beside(run.uncertainty, "covariance")}
        | {"readings": None if run.readings is None else _parts(run.readings)}
        | {"unfinished": None if run.unfinished is None else _beside(run.unfinished, "start")}
    )


def _parts(reading: Any) -> dict[str, Any]:
    """A reading, and the readings in it, by the names of their fields; arrays, which are short, as lists."""
    found = {}
    for entry in fields(reading):
        value = getattr(reading, entry.name)
        found[entry.name] = (
            _parts(value) if is_dataclass(value) else value.tolist() if isinstance(value, np.ndarray) else value
        )
    return found


def _readings(parts: Mapping[str, Any] | None) -> Readings | None:
    """The way back; a reading of a later version, which this one does not know, is left out."""
    if parts is None:
        return None
    made: dict[str, Any] = {
        name: kind(**_tidied(kind, part)) for name, kind in READINGS.items() if (part := parts.get(name)) is not None
    }
    return Readings(**made, silent=tuple(parts["silent"]), tensors=dict(parts["tensors"]))


def _tidied(kind: Any, part: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as what they were: arrays or tuples."""
    types = {entry.name: str(entry.type) for entry in fields(kind)}
    return {
        name: np.array(value) if "ndarray" in types[name] else _frozen(value) if isinstance(value, list) else value
        for name, value in part.items()
    }


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _beside(value: Any, array: str) -> dict[str, Any]:
    """All that a value holds beside its array."""
    return {name: each for name, each in vars(value).items() if name != array}


def _run(document: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    parameters = tuple(document["parameters"])
    history = History(
        parameters, batch_size=document["batch_size"], **{name: arrays[f"history.{name}"] for name in COLUMNS}
    )
    names = document["columns"]
    columns = None if names is None else {name: arrays[f"columns.{place}"] for place, name in enumerate(names)}
    plain = {entry.name: document[entry.name] for entry in fields(Run) if entry.name not in APART}
    texts = {name: tuple(plain[name]) for name in ("parameters", "reasons", "notes")}
    plan = Plan(**{name: _revived(name, value) for name, value in document["plan"].items()})
    kept: dict[str, Any] = {name: arrays[name] for name in ARRAYS}
    kept |= _trust(document, arrays)
    if (open_end := document.get("unfinished")) is not None:
        kept["unfinished"] = Unfinished(start=arrays["start"], **open_end)
    return Run(**(plain | texts | kept), plan=plan, history=history, columns=columns)


def _trust(document: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Certificate and uncertainty, where the file has them."""
    proof, known = document.get("certificate"), document.get("uncertainty")
    if proof is not None:
        proof = Certificate(**(proof | {"digits": tuple(proof["digits"])}))
    if known is not None:
        known = Uncertainty(arrays["covariance"], **(known | {"undetermined": tuple(known["undetermined"])}))
    return {"certificate": proof, "uncertainty": known, "readings": _readings(document.get("readings"))}


def _revived(name: str, value: Any) -> Any:
    """A setting as the Plan had it. Those that are mappings may have a parameter called 'described'."""
    if name not in BY_PARAMETER and isinstance(value, dict) and list(value) == ["described"]:
        return Described(value["described"])
    return value


def _digest(document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    seen = hashlib.sha256(json.dumps(document).encode())
    for name in sorted(arrays):
        seen.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        seen.update(arrays[name].tobytes())
    return seen.hexdigest()


def _to_json(value: Any) -> Any:
    """Legal JSON that says the same; what is neither text nor number is described."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else {"not finite": repr(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _to_json(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_to_json(each) for each in value]
    return {"described": str(getattr(value, "__name__", type(value).__name__))}


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if list(value) == ["not finite"] and value["not finite"] in ("nan", "inf", "-inf"):
            return float(value["not finite"])
        return {key: _from_json(each) for key, each in value.items()}
    return [_from_json(each) for each in value] if isinstance(value, list) else value

"""Stock: the data that a page can ask for by name, and the settings to begin with on them."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import downslope as ds
from downslope.laboratory import samples
from downslope.laboratory.formulas import suggested
from downslope.laboratory.limits import Limits
from downslope.laboratory.refused import Refused
from downslope.laboratory.settings import Asked
from downslope.laboratory.uploads import Shelf, Stored

MOST_DRAWN = 4
"""Tables of samples that are remembered, if they are not too large together."""
STEPS = 200
RULE = ("learning_rate", "steps", "batch_size")
"""Settings that suit one rule only."""
ESSENTIAL = ("data", "formula")


class Stock:
    """Samples, made data and dropped files under one name each; a session has its own, over a shelf that may be shared.

    first: the settings that an empty page begins with.
    """

    def __init__(self, shelf: Shelf, first: Mapping[str, Any], limits: Limits) -> None:
        self.shelf, self._first, self._limits = shelf, dict(first), limits
        self._drawn: dict[tuple, ds.Table] = {}
        self._lock = threading.Lock()

    def table(self, asked: Asked) -> "ds.Table":
        """The table that a question is about.

        Raises: Refused, RequestError.
        """
        if asked.data.startswith("file:"):
            return self.shelf.get(asked.data).table
        with self._lock:
            if asked.source not in self._drawn:
                size, most = samples.numbers(asked.data, asked.made), self._limits.made
                if size > most:
                    raise Refused(
                        "n", f"these would be {size:,} numbers; the lab makes at most {most:,}: take fewer rows"
                    )
                self._drawn[asked.source] = samples.table(asked.data, asked.made)
                while len(self._drawn) > 1 and (len(self._drawn) > MOST_DRAWN or self._held() > most):
                    del self._drawn[next(iter(self._drawn))]
            return self._drawn[asked.source]

    def names(self, data: str, truth: Mapping[str, Any]) -> Sequence[str]:
        """The columns of data, for a formula that is typed.

        Raises: Refused, RequestError.
        """
        return self.shelf.get(data).table.available if data.startswith("file:") else samples.names(data, truth)

    def _held(self) -> int:
        return sum(table.rows * len(table.columns) for table in self._drawn.values())

    def completed(self, flat: Mapping[str, Any]) -> dict[str, Any]:
        """Settings with what suits the data, where they say nothing. An empty one is left out, and stays so.

        A sample's starts go with its own formula only, and its rate with its own rule.
        Raises: Refused for data that are not here.
        """
        given = {name: value for name, value in flat.items() if value is not None and value != ""}
        given = given or dict(self._first)
        data = str(given.get("data") or self._first.get("data") or samples.SAMPLES[0].name)
        begun = self._begun(data)
        if given.get("formula", begun["formula"]) != begun["formula"]:
            begun = {name: value for name, value in begun.items() if not name.startswith("start.")}
        if given.get("optimizer", begun["optimizer"]) != begun["optimizer"]:
            begun = {name: value for name, value in begun.items() if name not in RULE}
        left_out = {name for name, value in flat.items() if value == ""}
        return {name: value for name, value in (begun | given).items() if name not in left_out or name in ESSENTIAL}

    def _begun(self, data: str) -> dict[str, Any]:
        if not data.startswith("file:"):
            return samples.first(data)
        formula = suggested(self.shelf.get(data).table) or ""
        begun = {"data": data, "formula": formula, "optimizer": "gd", "steps": STEPS}
        return begun | (self._first if self._first.get("data") == data else {})

    def known(self) -> list[dict[str, Any]]:
        """The samples, as a page lists them."""
        return [_described(sample) for sample in samples.SAMPLES]

    def file(self, data: Any) -> dict[str, Any] | None:
        """What a page is told of a dropped file; None if it is not here, or no file."""
        if not isinstance(data, str) or not self.shelf.has(data):
            return None
        return of_file(self.shelf.get(data))


def of_file(stored: Stored) -> dict[str, Any]:
    """What a page is told of a file that was dropped: its name, rows, columns and what is wrong in them."""
    table = stored.table
    return {
        "data": stored.key,
        "name": stored.name,
        "rows": table.rows,
        "columns": [name for name in table.available if name not in table.problems],
        "notes": [*table.notices, *map(str, table.problems.values())],
        "formula": suggested(table),
    }


def _described(sample: samples.Sample) -> dict[str, Any]:
    table = samples.table(sample.name, {})
    return {
        "name": sample.name,
        "formula": sample.formula,
        "about": sample.about,
        "columns": list(table.available),
        "rows": table.rows,
        "made": bool(sample.made),
        "numbers": dict(sample.made),
    }

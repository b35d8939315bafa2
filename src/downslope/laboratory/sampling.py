"""Sampling: where a fit of all rows is too slow to follow a slider, some of them, drawn at random, go before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

import downslope as ds

MANY = 20_000
"""Rows up to which every picture is of all of them."""
MOST, FEWEST = 5_000, 2_000
"""Rows of a sample."""
ROW_STEPS = 4_000_000
"""Rows times steps that are descended in about 30 ms; the valley takes about as long again."""
THE_WAY = {"optimizer", "learning_rate", "steps", "tolerance", "start", "seed"}
"""Settings that leave the problem alone, and with it what is known of its rows."""


OF_A_SAMPLE = ("fitted", "predicted", "loss", "valley", "path")
"""Pictures that a sample gives nearly as all rows do."""


class Samples:
    """The sample of a table; of the last one it is kept, so that it is drawn once and fitted again."""

    def __init__(self) -> None:
        self._kept: tuple[ds.Table, int, int] | None = None
        self._drawn: ds.Table | None = None

    def of(self, table: "ds.Table", steps: int, seed: int) -> "ds.Table":
        """Rows drawn by the seed, without replacement, in the order in which they stand; fewer for more steps.

        >>> table = ds.read({"x": list(range(50_000)), "y": list(range(50_000))})
        >>> Samples().of(table, 200, 0).rows, Samples().of(table, 1_000_000, 0).rows
        (5000, 2000)
        """
        size = MOST if steps * MOST <= ROW_STEPS else FEWEST
        if self._drawn is None or self._kept != (table, size, seed):
            rows = np.sort(np.random.default_rng(seed).choice(table.rows, size, replace=False))
            columns = {name: np.ascontiguousarray(column[rows]) for name, column in table.columns.items()}
            self._kept, self._drawn = (table, size, seed), replace(table, columns=columns)
        return self._drawn


def same_problem(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two plans differ at most in the way down.

    >>> same_problem({"learning_rate": 0.1}, {"steps": 5}), same_problem({"loss": "mae"}, {})
    (True, False)
    """
    return {name: one[name] for name in one if name not in THE_WAY} == {
        name: other[name] for name in other if name not in THE_WAY
    }


def said(rows: int, of: int) -> str:
    """What a picture of a sample is.

    >>> said(5_000, 1_000_000)
    'from 5,000 of 1,000,000 rows, drawn at random, while you move the settings; all rows follow'
    """
    return f"from {rows:,} of {of:,} rows, drawn at random, while you move the settings; all rows follow"


def preview(view: Mapping[str, Any], of: int) -> dict[str, Any]:
    """A view of a sample as it may be shown: without judgement, and without errors and bands, which all rows have."""
    what = said(view["rows"], of)
    panels = [panel for panel in view["panels"] if panel["name"] in OF_A_SAMPLE]
    return {
        **view,
        "rows": of,
        "state": "sample",
        "state_text": what,
        "reasons": [],
        "findings": [],
        "panels": [{**panel, "marks": [mark for mark in panel["marks"] if mark["kind"] != "band"]} for panel in panels],
        "parameters": [{**each, "error": None, "text": f"{each['value']:.4g}"} for each in view["parameters"]],
        "verdicts": [{**each, "text": f"on the sample, {each['text']}"} for each in view["verdicts"]],
        "notes": [what, *view["notes"]],
    }

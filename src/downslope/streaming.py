"""Streaming: a model and a stream brought together. What comes out is a Problem of some of its rows, which knows of
all. Part of the conductor.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from downslope.census import DRAWN, FactorWork, Gather, Seen, census
from downslope.data import Stream, Table
from downslope.descent.factor import straightener
from downslope.errors import DataError, RequestError
from downslope.everywhere import Everywhere, Source
from downslope.factoring import Straightened, design_rows
from downslope.inputs import needed
from downslope.kinking import curved, needs_all_rows, numbers_in_memory
from downslope.objective.loss import check_target
from downslope.objective.shards import Piece, Shards, Streamed
from downslope.plan import Plan
from downslope.posing import pose
from downslope.problem import Problem

IN_MEMORY = 125_000_000
"""Numbers up to which rows are read into memory where they are needed at once: a gigabyte."""
TRIED = 8192
"""Rows of the first piece on which the model is bound, to learn whether it is linear."""


def pose_stream(model: Any, stream: Stream, target: Any, plan: Plan, truth: str | None) -> Problem:
    """Read the stream once, bind the model to its columns, and check all of its rows.

    Of a linear model with squared loss that one pass keeps all that there is to know.

    Raises: as `pose`; RequestError for settings that need all rows in memory.
    """
    refuse_arrays(target, plan)
    tables = stream.pieces(needed(model, target, plan))
    first = next(tables, None)
    if first is None:
        raise DataError(f"{stream.source}: there are no rows")
    base = pose(model, head_of(first), target, plan, None, truth)
    gather = Gather(base.model, target, plan, base.objective.loss)
    seen = census(chain([first], tables), gather, gather.wanted, factor_work(base, gather, first), (plan.seed,))
    return posed(model, stream, target, plan, truth, seen, Streamed(lambda: gathered(stream, gather)))


def posed(
    model: Any,
    stream: Source,
    target: Any,
    plan: Plan,
    truth: str | None,
    seen: Seen,
    shards: Shards,
) -> Problem:
    """The problem of the rows that a census has drawn of a stream, all of whose rows are in `shards`."""
    table = Table(seen.columns, stream.source, truth, stream.notices, {}, stream.available)
    problem = pose(model, table, target, plan)
    if seen.rows <= DRAWN:
        return problem  # these are all the rows
    if needs_all_rows(problem, plan) and isinstance(stream, Stream):
        return _read_whole(problem, model, stream, target, plan, truth, seen)
    check_target(problem.objective.loss, np.array([seen.low, seen.high]), problem.target_name)
    triangle = None if seen.found is None else FactorWork.folded(seen.found)
    everywhere = Everywhere(
        shards,
        seen.counted,
        seen.weight,
        triangle if triangle is not None and np.isfinite(triangle).all() else None,
        1 + seen.numbers,
        _fingerprint(seen),
        stream,
    )
    said = f"{seen.rows:,} rows {stream.passed}; {table.rows:,} of them, drawn by the seed, are kept"
    notes = [*problem.notes, said]
    if stream.text and not (problem.objective.loss.least_squares and everywhere.triangle is not None):
        notes.append("text is read again for each pass; a binary copy is several times as fast: downslope copy")
    return replace(problem, everywhere=everywhere, notes=tuple(notes))


def _read_whole(
    problem: Problem, model: Any, stream: Stream, target: Any, plan: Plan, truth: str | None, seen: Seen
) -> Problem:
    """The problem of all rows, read into memory.

    Raises: RequestError if they are too many.
    """
    if numbers_in_memory(problem, seen.rows) > IN_MEMORY:
        raise RequestError(f"{seen.rows:,} rows: {curved(problem)}")
    parts = list(stream.pieces(set(seen.columns)))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in seen.columns}
    whole = pose(model, Table(columns, stream.source, truth, stream.notices, {}, stream.available), target, plan)
    why = f"{problem.objective.loss.text} on a model that is curved in its parameters needs them at once"
    return replace(whole, notes=(*whole.notes, f"{seen.rows:,} rows read into memory: {why}"))


def gathered(stream: Stream, gather: Gather) -> Iterator[Piece]:
    """One pass over a stream, as pieces of the problem."""
    first = 0
    for table in stream.pieces(gather.wanted):
        yield gather(table, first)
        first += table.rows


def refuse_arrays(target: Any, plan: Plan) -> None:
    """What goes with the rows has to be a column of the stream, and be there in each pass."""
    for name, given in (("target", target), ("sigma", plan.sigma), ("weights", plan.weights)):
        if given is not None and not isinstance(given, str) and np.ndim(given):
            raise RequestError(f"{name} is an array, and the data are a stream: give the name of one of its columns")
    if plan.validation is not None:
        raise RequestError(
            "validation holds rows out that are drawn from all, which needs them in memory; give a file of other rows "
            "to fit.predict instead, or read the data with ds.read(path)"
        )


def head_of(table: Table) -> Table:
    """The first rows of a table."""
    columns = {name: values[:TRIED] for name, values in table.columns.items()}
    return replace(table, columns=columns)


def factor_work(base: Problem, gather: Gather, first: Table) -> FactorWork | None:
    """What to sum up of a linear problem with squared loss, or with kinks, in the first pass; None for any other."""
    loss = base.objective.loss
    if not (loss.least_squares or loss.level is not None) or len(base.linear) < len(base.free):
        return None
    straight = Straightened.of(base)
    with np.errstate(all="ignore"):
        rows = design_rows(straight, gather(head_of(first), 0))
    if rows is None or not np.isfinite(rows).all():
        return None
    return FactorWork(straight, straightener(rows))


def _fingerprint(seen: Seen) -> str:
    """Over names, the number of rows, and the sum of each column."""
    digest = hashlib.sha256()
    for name, value in sorted(seen.sums.items()):
        digest.update(f"{len(name)}:{name}:{seen.rows}:{value!r}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()

"""The same loop where the rows are elsewhere: each step is one pass over them, or an epoch of batches is.

The steps are those of the one compiled program: it is handed the sums of a pass in place of the rows.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from downslope.data.batches import steps_per_epoch
from downslope.descent.descend import Block, Descent, check_rates, history_of, rates_ahead, stopped_by
from downslope.descent.program import program, step_of
from downslope.objective import Objective, Rows
from downslope.objective.objective import Curvature, Sums
from downslope.objective.shards import CHUNK, Piece, Shards, SumsWork

MOST_SECONDS = 0.1
"""Between two blocks, where the passes are shorter than that."""


class Elsewhere(NamedTuple):
    """Rows that are not in memory; constants (1,) each; mean_weight: of a row."""

    shards: Shards
    constants: Mapping[str, np.ndarray]
    mean_weight: float = 1.0


def descend_by_passes(descent: Descent, elsewhere: Elsewhere, wanted: Callable[[], bool]) -> Iterator[Block]:
    """The blocks of a descent over rows that are elsewhere; as `descend`."""
    if descent.batch_size is not None:
        yield from _in_batches(descent, elsewhere, descent.batch_size, wanted)
        return
    rule, size = descent.rule, descent.start.size
    bounded = descent.limits is not None or rule.searches
    limits = descent.limits or (np.full(size, -np.inf), np.full(size, np.inf)) if bounded else None
    compiled = program(_given(descent.objective), rule, descent.rates.plateau, size, False, bounded)
    memory = compiled.first(descent.start) if descent.memory is None else compiled.resumed(descent.memory)
    end = step_of(memory) - descent.done + descent.steps

    def seen(params: np.ndarray) -> Sums:
        sums = elsewhere.shards.total(SumsWork(descent.objective, elsewhere.constants, params, rule.curvature))
        return _zeroed(sums)

    def look(memory: np.ndarray, sums: Sums, steps: int, small: float) -> tuple[np.ndarray, np.ndarray, int]:
        rates = rates_ahead(descent, step_of(memory), 2, compiled.capacity)
        return compiled.advance(memory, steps, rates, small, sums, None, limits)

    def first_norm() -> float:
        start = compiled.first(descent.start) if descent.done else memory
        return float(look(start, seen(start[1 : 1 + size]), 0, 0.0)[1][0, 2])

    check_rates(descent.rates.at(step_of(memory), min(end - step_of(memory), compiled.capacity)))
    small = 0.0
    if descent.tolerance is not None:
        small = descent.tolerance * (first_norm() if descent.first_norm is None else descent.first_norm)
    taken: list[np.ndarray] = []
    begun, begun_at = step_of(memory), time.perf_counter()
    while True:
        sums = seen(memory[1 : 1 + size])
        _, rows, halted = look(memory, sums, 0, small)
        stopped = stopped_by(descent, halted, step_of(memory) >= end)
        if not stopped and not wanted():
            stopped = "interrupted"
        if stopped or time.perf_counter() - begun_at > MOST_SECONDS:
            yield Block(history_of(descent, begun, np.array([*taken, rows[0]])), memory, stopped)
            if stopped:
                return
            taken, begun, begun_at = [], step_of(memory), time.perf_counter()
        memory, rows, _ = look(memory, sums, 1, small)
        taken.append(rows[0])


def _zeroed(sums: Sums) -> Sums:
    """Plain numbers of one type, whatever the curvature that was asked for."""
    return Sums(*(None if each is None else np.asarray(each, np.float64) for each in sums))  # type: ignore[arg-type]


def _given(objective: Objective) -> Objective:
    """An objective whose sums are known: they are given in the place of the rows."""
    return _Given(objective.predict, objective.loss, ("given", objective.key))


class _Given(Objective):
    """See `_given`."""

    def sums(self, params: Any, rows: Any, curvature: Curvature = "") -> Sums:
        return rows


def _in_batches(descent: Descent, elsewhere: Elsewhere, batch: int, wanted: Callable[[], bool]) -> Iterator[Block]:
    """Epochs in the order of the rows, which are shuffled within chunks."""
    size = descent.start.size
    bounded = descent.limits is not None
    compiled = program(descent.objective, descent.rule, descent.rates.plateau, size, True, bounded)
    memory = compiled.first(descent.start) if descent.memory is None else compiled.resumed(descent.memory)
    end = step_of(memory) - descent.done + descent.steps
    each = steps_per_epoch(descent.row_count, batch)
    stopped = ""
    while not stopped:
        epoch, behind = divmod(step_of(memory), each)
        for rows, count in _buffers(elsewhere, descent.seed, epoch, batch):
            here = -(-count // batch)
            if behind >= here:  # these steps were taken before the run was cut short
                behind -= here
                continue
            start, behind = behind, 0
            while start < here and not stopped:
                first = step_of(memory)
                # the point behind the last batch is seen with that batch once more, for the want of the next one
                steps = min(here - start, compiled.capacity - 1, MOST_INDEX // batch, end - first)
                places = start * batch + np.arange((steps + 1) * batch)
                index = np.full((min(compiled.capacity, MOST_INDEX // batch + 1), batch), -1, np.int32)
                index[: steps + 1] = np.where(places < count, places, -1).reshape(steps + 1, batch)
                index[steps] = index[steps - 1] if start + steps >= here and steps else index[steps]
                rates = rates_ahead(descent, first, steps + 1, compiled.capacity)
                memory, seen, halted = compiled.advance(memory, steps, rates, 0.0, rows, index, descent.limits)
                start += steps
                stopped = stopped_by(descent, halted, step_of(memory) >= end) or ("" if wanted() else "interrupted")
                yield Block(history_of(descent, first, seen), memory, stopped)
            if stopped:
                break


MOST_INDEX = 1 << 20
"""Row numbers in one call."""


def _buffers(elsewhere: Elsewhere, seed: int, epoch: int, batch: int) -> Iterator[tuple[Rows, int]]:
    """Shuffled rows in arrays of one size, and how many of them are rows; whole batches but for the last."""
    capacity = 1 << (CHUNK + batch - 1).bit_length()
    held: Piece | None = None
    number = 0
    for piece in elsewhere.shards.pieces():
        for start in range(0, piece.target.size, CHUNK):
            some = piece.at(slice(start, start + CHUNK))
            held = some if held is None else _joined(held, some)
            if held.target.size >= CHUNK:
                order = np.random.default_rng([seed, epoch, number]).permutation(held.target.size)
                number += 1
                held = held.at(order)
                whole = held.target.size // batch * batch
                if whole:
                    yield _buffer(held.at(slice(0, whole)), elsewhere, capacity), whole
                held = held.at(slice(whole, None))
    if held is not None and held.target.size:
        order = np.random.default_rng([seed, epoch, number]).permutation(held.target.size)
        yield _buffer(held.at(order), elsewhere, capacity), held.target.size


def _joined(one: Piece, other: Piece) -> Piece:
    def both(first: Any, second: Any) -> Any:
        return np.concatenate([first, second]) if isinstance(first, np.ndarray) else first

    columns = {name: both(one.columns[name], other.columns[name]) for name in one.columns}
    return Piece(
        columns,
        both(one.target, other.target),
        both(one.weight, other.weight),
        both(one.spread, other.spread),
        one.first,
    )


def _buffer(piece: Piece, elsewhere: Elsewhere, capacity: int) -> Rows:
    def fill(values: np.ndarray | float, filler: float) -> np.ndarray:
        filled = np.full((1, capacity), filler)
        filled[0, : piece.target.size] = values
        return filled

    weight = 1.0 if piece.weight is None else piece.weight / elsewhere.mean_weight
    spread = piece.spread
    return Rows(
        {name: fill(values, values[0]) for name, values in piece.columns.items()}
        | {name: value.reshape(1, 1) for name, value in elsewhere.constants.items()},
        fill(piece.target, piece.target[0]),
        fill(weight, 0.0),
        fill(spread, spread[0]) if isinstance(spread, np.ndarray) else np.ones((1, 1)),
        1,
    )

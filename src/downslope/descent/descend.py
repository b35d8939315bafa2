"""The one loop: every rule, every rate, all rows or batches; recorded from inside, run in blocks of at most 0.2
seconds.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from downslope.data.batches import block as batch_block
from downslope.descent.program import Program, fresh, program, step_of
from downslope.descent.rates import Rates
from downslope.descent.rules import Rule
from downslope.descent.stops import STOPPED
from downslope.errors import RequestError
from downslope.history import History
from downslope.objective import Objective, Rows

MOST_SECONDS = 0.1
"""Aim for one compiled block, so that Ctrl-C and progress are never far away."""

MOST_AHEAD = 1 << 20
"""Row numbers that are drawn ahead, at most."""


class Descent(NamedTuple):
    """What is needed to descend.

    Shapes: start (p,); limits, lower and upper bounds (p,) each, or None where there are none. To go on from an
    earlier run, `memory` is its packed state (start is then not used) and `first_norm` the length of its first
    gradient, of which `tolerance` is a share. `done` of the steps lie behind that memory already, where a descent was
    cut short: it then ends as it would have ended.
    """

    objective: Objective
    rows: Rows | None
    row_count: int
    parameters: tuple[str, ...]
    rule: Rule
    rates: Rates
    start: np.ndarray
    steps: int
    batch_size: int | None = None
    seed: int = 0
    tolerance: float | None = None
    first_norm: float | None = None
    memory: np.ndarray | None = None
    limits: tuple[np.ndarray, np.ndarray] | None = None
    done: int = 0


class Block(NamedTuple):
    """Some steps: their history, the packed state in its last row, why the descent stopped there ("" if it goes on),
    and what a solver that ended knows of the minimum. `moves` (m, p) are the steps from the rows, where these do not
    follow one another.
    """

    history: History
    memory: np.ndarray
    stopped: str
    proof: Any = None
    moves: np.ndarray | None = None


def descend(descent: Descent, wanted: Callable[[], bool] = lambda: True) -> Iterator[Block]:
    """Take the steps; each block ends where the descent then stands, and the next one sees that row again with its
    step.

    Goes on until all steps are taken, a stop rule holds, a number is no longer finite, or it is no longer `wanted`
    (asked after each block).
    """
    batch_size = descent.batch_size
    batches = batch_size is not None
    bounded = descent.limits is not None or descent.rule.searches
    compiled = program(descent.objective, descent.rule, descent.rates.plateau, descent.start.size, batches, bounded)
    limits = descent.limits
    if limits is None and descent.rule.searches:
        limits = np.full(descent.start.size, -np.inf), np.full(descent.start.size, np.inf)
    memory = compiled.first(descent.start) if descent.memory is None else compiled.resumed(descent.memory)
    end = step_of(memory) - descent.done + descent.steps
    ahead = compiled.capacity
    if batch_size is not None:
        ahead = min(ahead, max(2, MOST_AHEAD // batch_size))
    check_rates(descent.rates.at(step_of(memory), min(end - step_of(memory), ahead)))
    small_gradient = 0.0
    if descent.tolerance is not None:
        norm = descent.first_norm
        if norm is None:
            norm = _first_norm(descent, compiled, compiled.first(descent.start) if descent.done else memory)
        small_gradient = descent.tolerance * norm
    chunk, stopped = _first_chunk(descent), ""
    while not stopped:
        here = step_of(memory)
        count = min(chunk, ahead - 1, end - here)
        rates, index = _ahead(descent, here, count + 1, compiled.capacity, ahead)
        started = time.perf_counter()
        memory, rows, halted = compiled.advance(memory, count, rates, small_gradient, descent.rows, index, limits)
        seconds = time.perf_counter() - started
        stopped = stopped_by(descent, halted, step_of(memory) >= end) or ("" if wanted() else "interrupted")
        yield Block(history_of(descent, here, rows), memory, stopped)
        aimed_at = int(chunk * MOST_SECONDS / max(seconds, 1e-6))
        chunk = max(1, chunk // 4, min(aimed_at, chunk * 4, ahead))


def stopped_by(descent: Descent, halted: int, at_end: bool) -> str:
    """Why a descent does not go on; "" if it does."""
    if halted in STOPPED:
        return STOPPED[halted]
    more = "" if descent.first_norm is None else "further "
    return f"all {descent.steps:,} {more}steps taken" if at_end else ""


def standing(
    parameters: tuple[str, ...], params: np.ndarray, loss: np.ndarray, gradient: np.ndarray, stopped: str
) -> Block:
    """The points (m, p) of a search that was not recorded by the loop, as a block; a descent may go on from the last.

    loss (m,); gradient (m, p).
    """
    moves = np.diff(params, axis=0)
    with np.errstate(all="ignore"):
        ahead = np.sum(gradient[1:] * moves, axis=1) / np.sum(gradient[:-1] * moves, axis=1)
        slopes, lengths = np.linalg.norm(gradient, axis=1), np.linalg.norm(moves, axis=1)
    nothing = np.full(1, np.nan)
    history = History(
        parameters,
        np.arange(loss.size),
        loss,
        np.full(loss.size, np.nan),
        slopes,
        np.append(lengths, nothing),
        np.append(nothing, ahead),
        params,
        gradient,
        None,
    )
    return Block(history, fresh(params[-1], loss.size - 1), stopped)


def _ahead(descent: Descent, first: int, count: int, capacity: int, ahead: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Rates (capacity,) and row numbers (ahead, batch_size) of the coming `count` steps; what is behind those is
    not used.
    """
    rates = rates_ahead(descent, first, count, capacity)
    if descent.batch_size is None:
        return rates, None
    index = np.full((ahead, descent.batch_size), -1, dtype=np.int32)
    index[:count] = batch_block(descent.row_count, descent.batch_size, descent.seed, first, count)
    return rates, index


def rates_ahead(descent: Descent, first: int, count: int, capacity: int) -> np.ndarray:
    """Rates (capacity,) of the `count` steps from `first` on; what is behind those is not used."""
    rates = np.zeros(capacity)
    rates[:count] = descent.rates.at(first, count)
    return rates


def check_rates(rates: np.ndarray) -> None:
    """Refuse, before the first step, a schedule that gives no usable rate. Where one does so later, the run ends
    there.
    """
    bad = ~(np.isfinite(rates) & (rates >= 0))
    if bad.any():
        step = int(np.argmax(bad))
        raise RequestError(f"the schedule gives {rates[step]:g} at step {step}; a rate must be a number, 0 or more")


def _first_norm(descent: Descent, compiled: Program, memory: np.ndarray) -> float:
    """Length of the gradient at the start, over all rows."""
    rates, _ = _ahead(descent, step_of(memory), 1, compiled.capacity, 1)
    _, rows, _ = compiled.advance(memory, 0, rates, 0.0, descent.rows, None, descent.limits)
    return float(rows[0, 2])


def _first_chunk(descent: Descent) -> int:
    """Steps that surely fit the time aimed at, from the rows that each of them reads."""
    size = descent.start.size
    width = max(1, len(descent.rows.columns) if descent.rows else 0) + (size**2 if descent.rule.curvature else size)
    reads = (descent.batch_size or descent.row_count) * width
    return max(1, int(2e7 / (100 + reads)))


def history_of(descent: Descent, first: int, rows: np.ndarray) -> History:
    """Recorded rows (m, 5 + 2p) as a History; no step has been taken from the last one."""
    columns = np.array(rows.T, order="C")
    loss, rate, gradient_norm, step_norm, landing = columns[:5]
    if descent.rule.own_rate:
        rate[:] = np.nan
    rate[-1] = step_norm[-1] = np.nan
    size = descent.start.size
    return History(
        descent.parameters,
        np.arange(first, first + loss.size),
        loss,
        rate,
        gradient_norm,
        step_norm,
        landing,
        columns[5 : 5 + size].T,
        columns[5 + size :].T,
        descent.batch_size,
    )

"""Running: `fit_many`, from a table and the column of its keys to `Fits`, slab by slab, a thread a core."""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import takewhile
from typing import Any

from downslope.cores import cores
from downslope.data import Reading
from downslope.data.group_files import Known, known_groups
from downslope.data.groups import Groups, check_by
from downslope.descent import until_interrupted
from downslope.errors import RequestError
from downslope.many.elsewhere import crew_of, fitted
from downslope.many.fits import Fits, check_ending
from downslope.many.slab import fit_slab
from downslope.many.spec import Spec, bind, needed, specify
from downslope.many.writing import Collected, collected
from downslope.model import names_in
from downslope.objective.crew import Crew
from downslope.plan import Plan, check_names
from downslope.whole_file import check_writable

SLAB_ROWS, SLAB_GROUPS = 400_000, 8192
"""Of a slab, at most; less where there are fewer, so that every core has some."""
FEW = 1000
"""Groups among which each one that the search is not sure of may be worth a fit of its own."""

Progress = bool | Callable[[int, int], None]


def fit_many(
    model: Any,
    data: Any,
    *,
    by: Any,
    target: str | None = None,
    reading: Reading | None = None,
    save: str | os.PathLike[str] | None = None,
    force: bool = False,
    progress: Progress = False,
    cluster: Any = None,
    **settings: Any,
) -> Fits:
    """Fit a model to each group of a table by itself, many side by side.

    Args:
        model: a formula ("y = a*exp(-b*x) + c"), a ready model or a function, as for `fit`.
        data: a mapping of names to arrays, a data frame, or the path of a CSV, Parquet or npz file.
        by: the column that tells the groups apart, or several; of numbers or texts.
        target: the column to predict, where the model does not say.
        reading: how to read a file: `Reading(delimiter=";", missing="drop")`.
        save: a .parquet or .csv file that the fits are written to as they are made, whole or not at all; with it,
            groups and fits may be more than memory holds. force: whether it may replace one that exists.
        progress: True for a line on standard error, or a function of (groups done, groups in all).
        cluster: "local", the address of a Dask scheduler, or a Dask Client, whose workers fit the groups; the data are
            read here and sent to them. See docs/cluster.md.
        settings: the fields of `Plan`, which hold for each group: loss, start, bounds, fixed, tied, sigma, sigma_is and
            weights (names of columns), seed. Settings of the descent (optimizer, learning_rate, steps, …) are obeyed
            too, one group after the other.
    Returns: one row a group: parameters, errors, loss, state, reason. A group that cannot be fitted is untrusted, with
        the reason; it raises nothing.
    Raises: RequestError (the model, a setting), DataError (the data, rows without a key), before anything is fitted.

    >>> import numpy as np
    >>> x = np.tile(np.linspace(0, 3, 12), 3)
    >>> rate = np.repeat([0.5, 1.0, 2.0], 12)
    >>> data = {"sample": np.repeat([7, 8, 9], 12), "x": x, "y": 2 * np.exp(-rate * x)}
    >>> fits = fit_many("y = a*exp(-b*x)", data, by="sample")
    >>> fits.table["b"].round(6), fits[8].state
    (array([0.5, 1. , 2. ]), 'certified')
    """
    check_names(settings)
    plan, names = Plan(**settings), check_by(by)
    begun = time.perf_counter()
    if save is not None:
        check_ending(save)
        check_writable(save, force=force)
    tell = _teller(progress)
    known = known_groups(data, names, _wanted(model, target, plan), reading or Reading())
    spec, notes = _specified(model, known, names, target, plan)
    with until_interrupted() as wanted, crew_of(cluster) as crew, collected(save, force, known.ordered) as kept:
        stopped = _all(spec, plan, known, kept, tell, wanted, crew)
    bound = bind(spec, plan).model
    seconds = time.perf_counter() - begun
    return Fits(
        names, bound.parameters, bound.text, kept.states, kept.source, (*known.notices(), *notes), stopped, seconds
    )


def _wanted(model: Any, target: str | None, plan: Plan) -> set[str] | None:
    """Columns that may be read, None for all: those that the model names."""
    known = names_in(model)
    if known is None:
        return None
    return {*known, *(name for name in (target, plan.sigma, plan.weights) if isinstance(name, str))}


def _specified(
    model: Any, known: Known, by: tuple[str, ...], target: str | None, plan: Plan
) -> tuple[Spec, tuple[str, ...]]:
    """The Spec of a table, and notes.

    Raises: RequestError; DataError for a column that the model reads and that holds no numbers.
    """
    spec, notes = specify(model, known.available, target, plan)
    predicted = {spec.target, *bind(spec, plan).model.target_columns}
    for name in by:
        if name in predicted:
            raise RequestError(f"{name!r} is what the model predicts, so it cannot tell the groups apart; name another")
    taken = {"rows", "loss", "state", "reason", *by}
    made = bind(spec, plan).model.parameters
    for name in (*made, *(f"{each}_error" for each in made)):
        if name in taken:
            raise RequestError(f"the parameter {name!r} would have the name of another column of the fits; rename it")
    known.check(needed(spec, plan))
    if spec.singly:
        notes = (*notes, f"each group is fitted by itself, one after the other: {spec.singly}")
    return spec, notes


def _all(
    spec: Spec,
    plan: Plan,
    known: Known,
    kept: Collected,
    tell: Callable[[int, int], None],
    wanted: Callable[[], bool],
    crew: Crew | None = None,
) -> str:
    """Fit all groups, keep what came of them, and say why it ended early, if it did."""
    total, done = known.count, 0
    closer = 20 if total <= FEW else 0
    count = crew.threads() if crew else 1 if spec.singly else cores()
    each = 1 if spec.singly else min(SLAB_GROUPS, max(64, -(-total // count)))

    def work(slab: Groups) -> tuple[Groups, Any]:
        return slab, fit_slab(spec, plan, slab, total, closer)

    slabs = known.slabs(SLAB_ROWS, each)
    if crew is None:
        results = _threaded(work, slabs, count, wanted)
    else:
        results = fitted(crew, spec, plan, takewhile(lambda _: wanted(), slabs), total, closer)
    for slab, columns in results:
        kept.add(slab, columns)
        done += len(slab)
        tell(done, total)
    return "" if done == total else f"interrupted after {done:,} of {total:,} groups"


def _threaded(
    work: Callable[[Groups], Any], slabs: Iterable[Groups], count: int, wanted: Callable[[], bool]
) -> Iterator[Any]:
    """Results in order, some slabs at a time; no more of them once they are no longer wanted."""
    if count == 1:
        for slab in slabs:
            if not wanted():
                return
            yield work(slab)
        return
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(count) as threads:
        for slab in slabs:
            if not wanted():
                break
            waiting.append(threads.submit(work, slab))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _teller(progress: Progress) -> Callable[[int, int], None]:
    if callable(progress):
        return progress
    if not isinstance(progress, bool):
        raise RequestError(f"progress is {progress!r:.60}; give True, or a function of (groups done, groups in all)")
    return _line if progress else (lambda done, total: None)


def _line(done: int, total: int) -> None:
    end = "\n" if done == total else "\r"
    sys.stderr.write(f"{done:,} of {total:,} groups{end}")
    sys.stderr.flush()

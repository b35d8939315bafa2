"""Checkpoints: a descent that is written down as it goes on, so that whatever ends it costs a moment of it, not all.

A checkpoint is a saved run that knows that it is unfinished. It takes the place of the one before it in one instant,
so there is always a whole one; and going on from it ends in the same bits as if nothing had happened.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from downslope.descent import as_rates
from downslope.errors import DataError, DownslopeError, OutputError, RequestError
from downslope.history import History, Run, store
from downslope.history.store import Described
from downslope.plan import Plan, asdict_shallow
from downslope.problem import Problem
from downslope.report.numbers import count
from downslope.whole_file import AnyPath, check_writable, shown, sweep

EVERY = 30.0
"""Seconds between checkpoints, where nothing else is said."""
MOST_SHARE = 0.05
"""Share of the time that writing them may take: where it takes long, they come less often."""
MOST_LOOKED_AT = 8
"""Steps at which a schedule is compared."""


class Checkpoints:
    """The file of one run, written as the run goes on.

    A file that cannot be written does not end the run: it is said once, and tried again.
    """

    def __init__(self, path: AnyPath, every: float = EVERY) -> None:
        """Raises: RequestError for an interval that is none; OutputError if the file cannot be written there, or is
        there and is no saved run.
        """
        if isinstance(path, bool) or not isinstance(path, str | os.PathLike):
            raise RequestError(f"checkpoint is {path!r:.80}; give the path of a file: checkpoint='run.ckpt'")
        if isinstance(every, bool) or not isinstance(every, int | float) or not 0 <= every < math.inf:
            raise RequestError(f"checkpoint_every is {every!r:.80}; give seconds, 0 or more")
        self.path, self.every = path, float(every)
        self.notes: tuple[str, ...] = ()
        check_writable(path, force=True)
        sweep(path)
        self._held: int | None = None
        self._due = math.inf
        self._told = False

    @property
    def last(self) -> str:
        """What the file holds, in words."""
        name = shown(self.path)
        if self._held is None:
            return f"{name} holds nothing yet"
        return f"{name} holds step {count(self._held)}, and the same call goes on from there"

    def taken_up(
        self, problem: Problem, plan: Plan, versions: Mapping[str, str], legs: Sequence[Any] = (), began: int = 0
    ) -> Run | None:
        """What the file holds of this very fit: a run to go on with, or a finished one; None where there is nothing.

        Args:   legs: what was asked of the runs that this one goes on from, and `began`, the steps that they took.
        Raises: RequestError with what differs if it is of another fit; DataError if it is damaged or no saved run.
        """
        name = shown(self.path)
        if not Path(self.path).exists():
            return None
        try:
            run = store.load(self.path)
        except DataError as problem_of_it:
            raise DataError(
                f"{problem_of_it}. It is left alone: give the checkpoint another name, or remove it"
            ) from None
        differs = _differing(run, problem, plan, list(legs), began)
        if differs:
            raise RequestError(
                f"{name} is a checkpoint of another fit: {'; '.join(differs)}. Ask for the same fit to go on with it, "
                "give this one another file, or remove the old one"
            )
        if run.stopped == "interrupted" and run.unfinished is None:
            return None  # a search that was cut short: it begins anew
        if run.unfinished is not None and not np.array_equal(run.unfinished.start, problem.start):
            raise RequestError(
                f"{name} is a checkpoint of another fit: it started elsewhere. Give this one another file"
            )
        unsure = _check_code(run, problem, plan, name)
        self._held = run.steps
        said = [] if run.unfinished else [f"{name} holds this run, finished: it was read, and nothing run again"]
        if run.versions != versions:
            were = ", ".join(f"{key} {value}" for key, value in run.versions.items() if versions.get(key) != value)
            said.append(f"{name} was begun with {were}: the last digits may differ")
        said += unsure
        self.notes = (*self.notes, *said)
        return run

    def along(self, blocks: Iterable[History], so_far: Callable[[], Run | None]) -> Iterator[History]:
        """The blocks, unchanged; where a checkpoint is due after one, what `so_far` gives is written, unless that is
        None; also where no next block comes because something broke.
        """
        self._due = time.monotonic() + self.every
        try:
            for block in blocks:
                began = time.monotonic()
                if began >= self._due:
                    self.keep(so_far())
                    ended = time.monotonic()
                    self._due = ended + max(self.every, (ended - began) * (1 / MOST_SHARE - 1))
                yield block
        except Exception:
            with suppress(Exception):  # what broke is what is to be told
                self.keep(so_far())
            raise

    def keep(self, run: Run | None) -> None:
        """Write a run; where that cannot be done, say so once."""
        if run is None:
            return
        try:
            store.save(replace(run, notes=(*run.notes, *self.notes)), self.path, force=True)
            self._held = run.steps
        except (OutputError, MemoryError) as problem:
            self._complain(run, problem)

    def _complain(self, run: Run, problem: Exception) -> None:
        if self._told:
            return
        self._told = True
        holds = "there is none yet" if self._held is None else f"the last good one holds step {count(self._held)}"
        reason = str(problem) if isinstance(problem, DownslopeError) else f"{shown(self.path)}: out of memory"
        said = f"no checkpoint at step {count(run.steps)}: {reason}; {holds}, and the run goes on"
        self.notes = (*self.notes, said)
        logging.getLogger("downslope").warning("downslope: %s", said)


def checkpoints(path: AnyPath | None, every: float | None = None) -> Checkpoints | None:
    """Where a run is written down as it goes on; None where nobody asked for it.

    Raises: as `Checkpoints`; RequestError for an interval without a file.
    """
    if path is None and every is not None:
        raise RequestError("checkpoint_every is given, but no checkpoint: name the file too, checkpoint='run.ckpt'")
    return None if path is None else Checkpoints(path, EVERY if every is None else every)


def _differing(run: Run, problem: Problem, plan: Plan, legs: list[Any], began: int) -> list[str]:
    """In what a checkpoint is not of this fit, in words."""
    found = []
    if run.chosen.get("watched"):
        found.append("it is of a loop that was watched")
    old, new, default = run.plan.said(), plan.said(), Plan()
    for name in sorted(old.keys() | new.keys()):
        was, now = (said.get(name, getattr(default, name)) for said in (old, new))
        if was != now:
            found.append(f"{name} was {_shown(was)} and is {_shown(now)}")
    if run.text != problem.model.text or run.parameters != problem.model.parameters:
        found.append(f"the model was {run.text:.200} and is {problem.model.text:.200}")
    if run.target != problem.target_name:
        found.append(f"the target was {run.target!r} and is {problem.target_name!r}")
    if run.fingerprint != problem.fingerprint:
        found.append(f"the data are not those that it saw ({run.source}, {run.rows:,} rows)")
    if (run.chosen.get("before", []), run.chosen.get("began", 0)) != (legs, began):
        found.append("it goes on from another run" if legs else "it goes on from an earlier run, and this one does not")
    return found


def _check_code(run: Run, problem: Problem, plan: Plan, name: str) -> list[str]:
    """Code and arrays are known to a saved run by their names alone, so that they are the same is seen by what they do:
    by the loss where the run stands, and by the rates of the steps that it took.

    Returns: what cannot be seen like that, to be said.
    """
    given = [key for key, value in asdict_shallow(run.plan).items() if isinstance(value, Described)]
    if not run.is_code and not given:
        return []
    if np.isfinite(run.loss) and np.isfinite(run.params).all():
        loss = problem.losses(problem.inner(run.params[None]))[0]
        if not np.isclose(loss, run.loss, rtol=1e-6, atol=0):
            what = ", ".join([*(["the model"] if run.is_code else []), *given])
            raise RequestError(
                f"{name} is a checkpoint of another fit: where it stands the loss was {run.loss:.6g}, and now is "
                f"{loss:.6g}, so of what is code or arrays ({what}) something has changed. Give this one another file"
            )
    if "learning_rate" in given:
        rates = as_rates(plan.learning_rate, run.steps)  # type: ignore[arg-type]
        seen = np.flatnonzero(np.isfinite(run.history.rate))[:: max(1, len(run.history) // MOST_LOOKED_AT)]
        for row in seen:
            now = rates.at(int(run.history.step[row]), 1)[0]
            if not np.isclose(now, run.history.rate[row], rtol=1e-9, atol=0):
                raise RequestError(
                    f"{name} is a checkpoint of another fit: the schedule gave {run.history.rate[row]:g} at step "
                    f"{count(int(run.history.step[row]))}, and now gives {now:g}. Give this one another file"
                )
    return (
        [f"optimizer: that it is the one with which {name} was begun cannot be checked"] if "optimizer" in given else []
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict) and list(value) == ["described"]:
        return str(value["described"])
    return "not given" if value is None or value == {} else f"{value!r:.80}"

"""The conductor: the only file that knows every room.

data, model ─► problem ─► strategy ─► descent ─► history ─► diagnosis ─► Fit
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from importlib.metadata import version
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from downslope.arrays import double_precision
from downslope.certifying import certify
from downslope.data import Reading
from downslope.descent import SOLVERS, Block, until_interrupted
from downslope.diagnosis import fault
from downslope.errors import RequestError
from downslope.history import History, Recorder, Run
from downslope.judge import judge
from downslope.plan import Plan, check_names
from downslope.posing import check_start, pose, pose_again, pose_changed
from downslope.probe import GradientCheck, check, losses_at
from downslope.problem import Problem
from downslope.report import bar, status_lines
from downslope.result import Fit
from downslope.search import look_around
from downslope.solving import blocks, in_users_units
from downslope.strategy import Strategy, choose

MOST_KEPT = 1_000_000
"""Numbers of data that a Run keeps, so that a saved one can be pictured and resumed without its file."""

Progress = bool | int | Callable[[Iterator[History]], Iterable[History]]


def fit(
    model: Any,
    data: Any,
    target: Any = None,
    *,
    reading: Reading | None = None,
    truth: str | None = None,
    progress: Progress = False,
    **settings: Any,
) -> Fit:
    """Fit a model to data by gradient descent.

    Args:
        model: a formula ("y = w*x + b"), a ready model (`line`, `polynomial(3)`), or a function whose first
            arguments are columns and whose rest are parameters, written with NumPy or jax.numpy.
        data: a mapping of names to arrays, a data frame, a Table, the path of a CSV, TSV, Parquet or npz file
            (several, or a glob), or x as an array (or several), in which case `target` is y.
        target: the column or array to predict, where the model does not say.
        reading: how to read a file: `Reading(delimiter=";", decimal=",")`.
        truth: the formula that made the data, to show true values beside the estimated; made tables know theirs.
        progress: True for a bar, k for a line every k steps, or a function from an iterator of blocks to an iterator.
        settings: the fields of `Plan`: loss, optimizer, learning_rate, steps, epochs, batch_size, start, sigma,
            sigma_is, weights, scale, tolerance, seed, bounds, fixed, tied. What is asked is what runs; what is left
            out is chosen and said in `Fit.notes`.
    Raises: RequestError (the model, a parameter, a setting), DataError (the data); before anything is computed. A
        descent that goes wrong raises nothing: it is a Fit whose state is "untrusted".

    >>> answer = fit("y = w*x + b", {"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
    >>> {name: round(value, 6) for name, value in answer.params.items()}
    {'w': 2.0, 'b': 1.0}
    """
    check_names(settings)
    plan = Plan(**settings)
    with double_precision():
        found = train(pose(model, data, target, plan, reading, truth), plan, progress)
    return _repaired(found) if plan.repair else found


fit.__signature__ = Signature(  # type: ignore[attr-defined]  # the plan's fields, written once there
    [
        Parameter("model", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("data", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("target", Parameter.POSITIONAL_OR_KEYWORD, default=None),
        Parameter("reading", Parameter.KEYWORD_ONLY, default=None),
        Parameter("truth", Parameter.KEYWORD_ONLY, default=None),
        Parameter("progress", Parameter.KEYWORD_ONLY, default=False),
        *(Parameter(each.name, Parameter.KEYWORD_ONLY, default=getattr(Plan(), each.name)) for each in fields(Plan)),
    ],
    return_annotation=Fit,
)


def check_gradient(
    model: Any, gradient: Callable[..., Any], data: Any, target: Any = None, **settings: Any
) -> GradientCheck:
    """Hold a derivative written by hand against automatic differentiation, parameter by parameter.

    Args:
        model, data, target, settings: as for `fit`.
        gradient: a function that takes columns, the target and parameters by their names (any of them) and returns
            either one number for each parameter (the derivative of the mean loss), or one array for each (the
            derivative of the prediction).
    Raises: RequestError, ModelError if it takes an unknown name or returns another shape.

    >>> data = {"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]}
    >>> def slope(x, y, w, b):
    ...     return 2 * ((w * x + b - y) * x).mean(), (w * x + b - y).mean()
    >>> check_gradient("y = w*x + b", slope, data).wrong
    ('b',)
    """
    check_names(settings)
    plan = Plan(**settings).changed(scale="none")
    generator = np.random.default_rng(plan.seed)
    with double_precision():
        problem = pose(model, data, target, plan)
        around = problem.start + generator.uniform(-0.5, 0.5, (3, problem.start.size)) * np.maximum(
            1.0, np.abs(problem.start)
        )
        points = np.vstack([problem.start, around])
        return check(
            gradient,
            problem.objective,
            problem.model.parameters,
            points,
            problem.rows,
            {
                **{name: problem.of_counted(values) for name, values in problem.table.columns.items()},
                problem.target_name: problem.target,
            },
            problem.model.columns,
        )


def train(problem: Problem, plan: Plan, progress: Progress = False, before: Run | None = None) -> Fit:
    """Descend on a problem, on from `before` if it is given, and say what came out."""
    started = time.perf_counter()
    strategy = choose(plan, problem, before.steps if before else 0)
    recorder = Recorder(problem.model.parameters, before.history if before else None)
    with until_interrupted() as wanted:
        found = look_around(problem, strategy, plan) if before is None and strategy.looks_around else None
        seen = _Recorded(
            in_users_units(problem, blocks(problem, strategy, plan, found, before, wanted)), recorder, problem
        )
        for _ in _watched(seen, progress, strategy):
            pass
        latest = seen.latest or seen.first()  # a watcher may end the run, even before it began
    stopped = latest.stopped or "interrupted"
    history = recorder.history()
    row = history.best if strategy.keeps_best else _last_finite(history)
    params, loss = history.params[row], float(history.loss[row])
    began = float(history.loss[0])
    if strategy.batch_size is not None:  # the history has the losses of batches
        ends = problem.inner(np.array([history.params[0], params]))
        began, loss = map(float, losses_at(problem.objective, ends, problem.rows))
    trust = certify(problem, strategy, params, loss, latest, found)
    run = Run(
        plan=plan,
        text=problem.model.text,
        latex=problem.model.latex,
        is_code=problem.model.target is None,
        target=problem.target_name,
        parameters=problem.model.parameters,
        params=trust.params,
        loss=trust.loss,
        rows=problem.target.size,
        state="usable",
        reasons=(),
        notes=(*problem.notes, *strategy.notes, *(found.notes if found else ())),
        stopped=stopped,
        history=history,
        source=problem.table.source,
        fingerprint=problem.table.fingerprint(),
        memory=latest.memory,
        truth=problem.truth,
        truth_text=problem.table.truth,
        columns=problem.table.columns if problem.table.rows * len(problem.table.columns) <= MOST_KEPT else None,
        seconds=time.perf_counter() - started + (before.seconds if before else 0.0),
        versions=VERSIONS,
        chosen={**strategy.chosen, "before": _legs(before)} if before else strategy.chosen,
        certificate=trust.certificate,
        uncertainty=trust.uncertainty,
    )
    diverged = fault(run) is not None
    state, reasons = judge(problem, history, (began, trust.loss), stopped, strategy, trust, diverged=diverged)
    return Fit(replace(run, state=state, reasons=reasons), problem)


def resume(
    fit: Fit,
    budget: Mapping[str, int | None],
    learning_rate: Any,
    data: Any,
    reading: Reading | None,
    progress: Progress,
) -> Fit:
    """`Fit.resume`: the same plan with another budget (steps, epochs) or rate, on from the packed state of its
    last row.
    """
    run = fit.run
    if run.stopped == "not finite":
        raise RequestError(
            "this run ended at numbers that are not finite, and cannot go on from there; fit anew with a smaller "
            "learning rate"
        )
    if run.chosen["optimizer"] in SOLVERS:
        raise RequestError(f"{run.chosen['optimizer']} takes no steps that could go on: its answer is the minimum")
    asked = any(count is not None for count in budget.values())
    settings: dict[str, Any] = dict(budget) if asked else {"steps": run.plan.steps, "epochs": run.plan.epochs}
    if not asked and run.plan.steps is None and run.plan.epochs is None:
        settings["steps"] = run.chosen["steps"]
    if learning_rate is not None:
        settings["learning_rate"] = learning_rate
    if run.plan.optimizer == "auto":
        settings["optimizer"] = run.chosen["optimizer"]  # its memory is that of the rule that ran
    plan = run.plan.changed(**settings)
    with double_precision():
        problem = fit.problem if data is None else None
        problem = problem or pose_again(run, fit.spec, plan, data, reading)
        return train(problem, plan, progress, before=run)


def again(fit: Fit, changes: Mapping[str, Any], progress: Progress) -> Fit:
    """`Fit.again`: the same model and data under a changed plan."""
    plan = fit.plan.changed(**changes)
    with double_precision():
        problem = fit.problem or pose_again(fit.run, fit.spec, fit.plan)
        found = train(pose_changed(problem, fit.plan, plan), plan, progress)
    return _repaired(found) if plan.repair else found


def _legs(run: Run) -> list[dict[str, Any]]:
    """What was asked of each part of a run that is gone on with, as plain values."""
    return [*run.chosen.get("before", []), run.plan.said()]


def _repaired(found: Fit) -> Fit:
    """The fit that its repair gives, which says what it changed."""
    repaired = found.repair()
    repaired.fit.repaired = repaired
    return repaired.fit


VERSIONS = {package: version(package) for package in ("downslope", "jax", "numpy")}


class _Recorded:
    """Records each block, then hands on its history, which is all that a watcher sees."""

    latest: Block | None = None

    def __init__(self, blocks: Iterator[Block], recorder: Recorder, problem: Problem) -> None:
        self._blocks, self._recorder, self._problem = blocks, recorder, problem

    def __iter__(self) -> Iterator[History]:
        for block in self._blocks:
            if self.latest is None:
                check_start(self._problem, block.history)
                _check_same(self._recorder, block.history)
            self._recorder.add(block.history)
            self.latest = block
            yield block.history

    def first(self) -> Block:
        """The first block, taken now."""
        next(iter(self))
        latest = self.latest
        if latest is None:
            raise RuntimeError("a descent gives at least one block")
        return latest


def _check_same(before: Recorder, block: History) -> None:
    """A run that goes on must see what it saw last; a Python function given to `load` may be another one."""
    if not len(before) or block.batch_size is not None:
        return
    last = before.history()
    if last.step[-1] == block.step[0] and not np.isclose(
        last.loss[-1], block.loss[0], rtol=1e-6, atol=0, equal_nan=True
    ):
        raise RequestError(
            f"this is not the model of the run: at its last point it had the loss {last.loss[-1]:.6g}, and now "
            f"{block.loss[0]:.6g}"
        )


def _watched(blocks: Iterable[History], progress: Progress, strategy: Strategy) -> Iterable[History]:
    """The blocks, seen by whoever watches."""
    if callable(progress):
        return progress(iter(blocks)) or ()
    if not isinstance(progress, bool | int):
        raise RequestError(f"progress is {progress!r:.60}; give True, a number of steps, or a function of an iterator")
    if progress is True:
        return bar(strategy.steps)(iter(blocks))
    return status_lines(int(progress))(iter(blocks)) if progress else blocks


def _last_finite(history: History) -> int:
    """The last row where loss and parameters are numbers."""
    finite = np.flatnonzero(history.finite)
    return int(finite[-1]) if finite.size else 0

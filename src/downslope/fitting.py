"""The conductor: the only file that knows every room.

data, model ─► problem ─► strategy ─► descent ─► history ─► diagnosis ─► Fit
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from importlib.metadata import version
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from downslope.arrays import double_precision
from downslope.certifying import certify
from downslope.checkpointing import Checkpoints, checkpoints
from downslope.clustering import on_cluster
from downslope.data import Reading
from downslope.descent import SOLVERS, until_interrupted
from downslope.device import device_name, on_device, on_gpu
from downslope.diagnosis import fault
from downslope.errors import RequestError
from downslope.history import History, Recorder, Run, Unfinished
from downslope.judge import judge
from downslope.plan import Plan, check_names
from downslope.posing import check_unchanged, pose, pose_again, pose_changed
from downslope.probe import GradientCheck, check
from downslope.problem import Problem
from downslope.recording import Progress, Recorded, watched
from downslope.report.numbers import count
from downslope.result import Fit
from downslope.search import look_around
from downslope.solving import blocks, first_norm, in_users_units
from downslope.strategy import Strategy, choose
from downslope.whole_file import AnyPath

MOST_KEPT = 1_000_000
"""Numbers of data that a Run keeps, so that a saved one can be pictured and resumed without its file."""


def fit(
    model: Any,
    data: Any,
    target: Any = None,
    *,
    reading: Reading | None = None,
    truth: str | None = None,
    progress: Progress = False,
    checkpoint: AnyPath | None = None,
    checkpoint_every: float | None = None,
    cluster: Any = None,
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
        checkpoint: a file that holds the run as it goes on; where it holds one already, of this very fit, that is gone
            on with, or given back if it is finished. See docs/checkpoints.md.
        checkpoint_every: seconds between checkpoints, 30 if left out; more where writing one takes long.
        cluster: "local", the address of a Dask scheduler, or a Dask Client, whose workers read the data and add up what
            each step needs; data is then a path, a pattern or a Dask DataFrame. See docs/cluster.md.
        settings: the fields of `Plan`: loss, optimizer, learning_rate, steps, epochs, batch_size, start, sigma,
            sigma_is, weights, scale, tolerance, seed, bounds, fixed, tied. What is asked is what runs; what is left
            out is chosen and said in `Fit.notes`.
    Raises: RequestError (the model, a parameter, a setting), DataError (the data), OutputError (the checkpoint); before
        anything is computed. A descent that goes wrong raises nothing: it is a Fit whose state is "untrusted".

    >>> answer = fit("y = w*x + b", {"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
    >>> {name: round(value, 6) for name, value in answer.params.items()}
    {'w': 2.0, 'b': 1.0}
    """
    check_names(settings)
    plan = Plan(**settings)
    kept = checkpoints(checkpoint, checkpoint_every)
    with double_precision(), on_device(plan.device), on_cluster(cluster, data, reading, kept) as data:
        problem = pose(model, data, target, plan, reading, truth)
        before = kept.taken_up(problem, plan, VERSIONS) if kept else None
        found = _already(before, problem, kept) or train(problem, plan, progress, before, kept)
        return _repaired(found) if plan.repair else found


fit.__signature__ = Signature(  # type: ignore[attr-defined]  # the plan's fields, written once there
    [
        Parameter("model", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("data", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("target", Parameter.POSITIONAL_OR_KEYWORD, default=None),
        Parameter("reading", Parameter.KEYWORD_ONLY, default=None),
        Parameter("truth", Parameter.KEYWORD_ONLY, default=None),
        Parameter("progress", Parameter.KEYWORD_ONLY, default=False),
        Parameter("checkpoint", Parameter.KEYWORD_ONLY, default=None),
        Parameter("checkpoint_every", Parameter.KEYWORD_ONLY, default=None),
        Parameter("cluster", Parameter.KEYWORD_ONLY, default=None),
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


def train(
    problem: Problem,
    plan: Plan,
    progress: Progress = False,
    before: Run | None = None,
    kept: Checkpoints | None = None,
) -> Fit:
    """Descend on a problem and say what came out; on from `before` if it is given, which is finished if it was cut
    short, and gone on from if it had an end. `kept`: where the run is written down as it goes on.
    """
    started = time.perf_counter()
    open_end = before.unfinished if before else None
    began = open_end.began if open_end else before.steps if before else 0
    strategy = choose(plan, problem, began)
    recorder = Recorder(problem.model.parameters, before.history if before else None)
    with until_interrupted() as wanted:
        found = look_around(problem, strategy, plan) if before is None and strategy.looks_around else None
        seen = Recorded(
            in_users_units(problem, blocks(problem, strategy, plan, found, before, wanted, _every(progress))),
            recorder,
            problem,
        )
        rest = None
        # what a search has found out is not in its steps, and what jumps is at its end in a moment
        if strategy.rule is not None and found is None and not strategy.jumps:
            rest = Unfinished(began, strategy.steps, first_norm(problem, before), problem.start)
        known: dict[str, Any] = {
            "plan": plan,
            "text": problem.model.text,
            "latex": problem.model.latex,
            "is_code": problem.model.target is None,
            "target": problem.target_name,
            "parameters": problem.model.parameters,
            "rows": problem.size,
            "notes": (*problem.notes, *strategy.notes, *(found.notes if found else ())),
            "source": problem.table.source,
            "fingerprint": problem.fingerprint,
            "truth": problem.truth,
            "truth_text": problem.table.truth,
            "columns": problem.kept_columns(MOST_KEPT),
            "versions": VERSIONS,
            "chosen": {**strategy.chosen, **_ran_on(plan), **_legs(before)},
        }

        def seconds() -> float:
            return time.perf_counter() - started + (before.seconds if before else 0.0)

        def so_far() -> Run | None:
            """The run as it stands, to be finished later; None at its end, and of a search, which begins anew."""
            last = seen.latest
            if rest is None or last is None or last.stopped not in ("", "interrupted"):
                return None
            history = recorder.history()
            params, loss, _ = _answer(problem, strategy, history)
            taken = f"unfinished: {count(int(history.step[-1]) - began)} of {count(strategy.steps)} steps taken"
            return Run(
                **known,
                params=params,
                loss=loss,
                state="untrusted",
                reasons=(taken,),
                stopped="interrupted",
                history=history,
                memory=last.memory,
                seconds=seconds(),
                unfinished=rest,
            )

        for _ in watched(kept.along(seen, so_far) if kept else seen, progress, strategy):
            pass
        latest = seen.latest or seen.first()  # a watcher may end the run, even before it began
        stopped = latest.stopped or "interrupted"
        if kept and stopped == "interrupted":
            kept.keep(so_far())  # who cannot wait for the certificate has this
    history = recorder.history()
    params, loss, first = _answer(problem, strategy, history)
    trust = certify(problem, strategy, params, loss, latest, found)
    known["notes"] += seen.said(before)
    run = Run(
        **known,
        params=trust.params,
        loss=trust.loss,
        state="usable",
        reasons=(),
        stopped=stopped,
        history=history,
        memory=latest.memory,
        seconds=seconds(),
        certificate=trust.certificate,
        uncertainty=trust.uncertainty,
        unfinished=rest if stopped == "interrupted" else None,
    )
    diverged = fault(run) is not None
    state, reasons = judge(problem, history, (first, trust.loss), stopped, strategy, trust, diverged=diverged)
    run = replace(run, state=state, reasons=reasons)
    if kept:
        kept.keep(run)
        run = replace(run, notes=(*run.notes, *kept.notes))
    return Fit(run, problem)


def _answer(problem: Problem, strategy: Strategy, history: History) -> tuple[np.ndarray, float, float]:
    """What a descent has come to: parameters (p,), and the loss over all rows there and at the start."""
    row = history.best if strategy.keeps_best else _last_finite(history)
    params, loss, first = history.params[row], float(history.loss[row]), float(history.loss[0])
    if strategy.batch_size is not None:  # the history has the losses of batches
        ends = problem.inner(np.array([history.params[0], params]))
        first, loss = map(float, problem.losses(ends))
    return params, loss, first


def _already(run: Run | None, problem: Problem, kept: Checkpoints | None) -> Fit | None:
    """The fit that a checkpoint holds, if it is finished."""
    if run is None or run.unfinished is not None or kept is None:
        return None
    return Fit(
        replace(run, notes=(*run.notes, *kept.notes), truth=problem.truth, truth_text=problem.table.truth), problem
    )


def resume(
    fit: Fit,
    budget: Mapping[str, int | None],
    learning_rate: Any,
    data: Any,
    reading: Reading | None,
    progress: Progress,
    kept: Checkpoints | None = None,
    device: str | None = None,
) -> Fit:
    """`Fit.resume`: the same plan with another budget (steps, epochs) or rate, on from the packed state of its
    last row; or, of a run that was cut short and where neither is given, what is left of its plan.
    """
    run = fit.run if device is None else replace(fit.run, plan=fit.plan.changed(device=device))
    if run.stopped == "not finite":
        raise RequestError(
            "this run ended at numbers that are not finite, and cannot go on from there; fit anew with a smaller "
            "learning rate"
        )
    if run.chosen["optimizer"] in SOLVERS:
        raise RequestError(f"{run.chosen['optimizer']} takes no steps that could go on: its answer is the minimum")
    asked = any(each is not None for each in budget.values())
    plan, before = run.plan, run
    if run.unfinished is None or asked or learning_rate is not None:
        settings: dict[str, Any] = dict(budget) if asked else {"steps": run.plan.steps, "epochs": run.plan.epochs}
        if not asked and run.plan.steps is None and run.plan.epochs is None:
            settings["steps"] = run.chosen["steps"]
        if learning_rate is not None:
            settings["learning_rate"] = learning_rate
        if run.plan.optimizer == "auto":
            settings["optimizer"] = run.chosen["optimizer"]  # its memory is that of the rule that ran
        plan, before = run.plan.changed(**settings), replace(run, unfinished=None)
    with double_precision(), on_device(plan.device):
        problem = fit.problem if data is None else None
        if problem is not None:
            check_unchanged(problem)
        problem = problem or pose_again(run, fit.spec, plan, data, reading)
        if before.unfinished is not None:
            problem = problem.from_start(before.unfinished.start)
        if kept:
            legs = _legs(before)
            held = kept.taken_up(problem, plan, VERSIONS, legs.get("before", ()), legs.get("began", 0))
            if (already := _already(held, problem, kept)) is not None:
                return already
            before = held or before
        return train(problem, plan, progress, before, kept)


def again(fit: Fit, changes: Mapping[str, Any], progress: Progress) -> Fit:
    """`Fit.again`: the same model and data under a changed plan."""
    plan = fit.plan.changed(**changes)
    with double_precision(), on_device(plan.device):
        problem = fit.problem or pose_again(fit.run, fit.spec, fit.plan)
        check_unchanged(problem)
        found = train(pose_changed(problem, fit.plan, plan), plan, progress)
    return _repaired(found) if plan.repair else found


def _ran_on(plan: Plan) -> dict[str, str]:
    """For the record: the device, where it was asked for or is no ordinary one."""
    return {"device": device_name()} if plan.device is not None or on_gpu() else {}


def _legs(before: Run | None) -> dict[str, Any]:
    """For the record: what was asked of each part of a run that is gone on with, as plain values, and where the last
    one began.
    """
    if before is None:
        return {}
    if before.unfinished is not None:  # this is still the same part
        return {name: before.chosen[name] for name in ("before", "began") if name in before.chosen}
    return {"before": [*before.chosen.get("before", []), before.plan.said()], "began": before.steps}


def _repaired(found: Fit) -> Fit:
    """The fit that its repair gives, which says what it changed."""
    repaired = found.repair()
    repaired.fit.repaired = repaired
    return repaired.fit


VERSIONS = {package: version(package) for package in ("downslope", "jax", "numpy")}


def _every(progress: Progress) -> int:
    """Of how many steps somebody sees one; 0 where nobody counts."""
    return int(progress) if isinstance(progress, int) and not isinstance(progress, bool) and progress > 0 else 0


def _last_finite(history: History) -> int:
    """The last row where loss and parameters are numbers."""
    finite = np.flatnonzero(history.finite)
    return int(finite[-1]) if finite.size else 0

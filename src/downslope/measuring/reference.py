"""The lowest loss known: what our own means find of the same problem, whatever was asked of the run."""

from dataclasses import replace

import numpy as np

from downslope.errors import DownslopeError
from downslope.history import Reference, Run
from downslope.plan import Plan
from downslope.problem import Problem


def reference(problem: Problem, run: Run) -> Reference | None:
    """The lowest loss that our own means find; that of the run itself, if it was they that ran or it went lower."""
    own = _of(problem, run)
    if run.plan.optimizer == "auto" and run.chosen.get("searches"):
        return own
    try:
        other = _of(problem, _sought(problem, run.plan))
    except DownslopeError:
        return replace(own, optimizer="this run, as no search could be made") if np.isfinite(run.loss) else None
    if not other.loss < run.loss and np.isfinite(run.loss):
        return replace(own, undetermined=other.undetermined)
    return replace(other, nearby=own.nearby)


def lower(known: Reference, run: Run) -> Reference:
    """What is known, in the light of another run."""
    if run.loss < known.loss:
        known = replace(known, loss=run.loss, params=run.params)
    return replace(known, nearby=_nearby(run))


def _of(problem: Problem, run: Run) -> Reference:
    """The answer of a run."""
    proof, known = run.certificate, run.uncertainty
    return Reference(
        loss=run.loss,
        params=run.params,
        start=run.history.params[0],
        optimizer=str(run.chosen["optimizer"]),
        tried=proof.tried if proof is not None else 1,
        agreed=proof.agreed if proof is not None else 1,
        nearby=_nearby(run),
        level=problem.level,
        floor=problem.floor,
        undetermined=known.undetermined if known is not None else (),
    )


def _nearby(run: Run) -> float:
    """Loss of the minimum next to where a run ended, nan where none was found."""
    return run.loss - run.certificate.gap if run.certificate is not None else float("nan")


def _sought(problem: Problem, asked: Plan) -> Run:
    """What our own means find, with nothing said of the way."""
    from downslope.fitting import train

    plan = asked.changed(
        optimizer="auto", learning_rate=None, steps=None, epochs=None, batch_size=None, scale="none", tolerance=None,
        repair=False, start={},
    )  # fmt: skip
    run = train(replace(problem, rescaling=None, inner_columns=problem.columns), plan).run
    if run.stopped == "interrupted":
        raise KeyboardInterrupt  # a half-finished search is no reference
    return run

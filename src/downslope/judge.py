"""The state of a fit and the reasons for it: how far the answer can be trusted."""

import numpy as np

from downslope.history import History, State
from downslope.probe import undetermined
from downslope.strategy import Strategy

ROUNDING = 1e-12


def judge(
    history: History,
    losses: tuple[float, float],
    stopped: str,
    strategy: Strategy,
    rows: int,
    curvature: np.ndarray | None,
    *,
    diverged: bool,
) -> tuple[State, tuple[str, ...]]:
    """State and reasons.

    Untrusted: it diverged, it ended higher than it began, it was cut off, a rule that was chosen automatically did not
    settle, or the data do not determine the parameters. Usable: all else, with what it does not say.

    Args:   losses: over all rows, at the start and at the answer; curvature: (p, p) there, if it is known; diverged:
                whether the diagnosis found so.
    """
    blurred = undetermined(curvature, history.parameters) if curvature is not None else []
    against = _went_wrong(history, losses, stopped, strategy)
    if blurred and np.isfinite(losses[1]) and stopped != "interrupted":
        against = blurred  # a search that does not settle does so for this reason
    if diverged and not against:
        against = ["the descent was leaving for infinity"]
    if curvature is None:
        against += _flat(history, losses[1])
    if curvature is None and len(history.parameters) > rows:
        against.append(f"{len(history.parameters)} parameters, but only {rows} rows: many other values fit as well")
    if against:
        return "untrusted", tuple(against)
    return "usable", (_caveat(stopped, strategy),)


def _went_wrong(history: History, losses: tuple[float, float], stopped: str, strategy: Strategy) -> list[str]:
    steps, (began, loss) = int(history.step[-1]), losses
    if stopped == "not finite":
        if not np.isfinite(history.loss[-1]):
            return [f"the numbers were no longer finite at step {steps:,}"]
        return [f"the gradient is not a number at step {steps:,}"]
    if stopped == "no step lowers the loss":
        return [
            "the search is stuck: much seems left to gain, but no step lowers the loss; start it nearer to the answer"
        ]
    if stopped == "at an edge of the model":
        return ["the search ended at an edge of the model, beyond which it is no number"]
    if stopped == "interrupted":
        return [f"interrupted after {steps:,} steps"]
    if not loss <= began + ROUNDING * abs(began):
        return [f"the loss rose from {began:.6g} to {loss:.6g}"]
    if strategy.automatic and strategy.rule.searches and stopped.startswith("all"):
        return [f"the search had not settled after {steps:,} iterations"]
    return []


def _flat(history: History, loss: float) -> list[str]:
    """Parameters along which there never was a slope."""
    level = (history.gradient == 0).all(axis=0)
    if level.all():
        return [] if loss == 0 else ["the slope was 0 from the start: this is flat ground, not known to be a minimum"]
    names = [name for name, none in zip(history.parameters, level, strict=True) if none]
    return [f"the slope by {name} was 0 at every step, so it stayed where it started" for name in names]


def _caveat(stopped: str, strategy: Strategy) -> str:
    if stopped == "nothing left to gain":
        return "no gain is left around this minimum; whether a lower one exists elsewhere was not searched"
    if stopped == "gradient below tolerance":
        return "the gradient has shrunk as far as asked; how far the minimum is was not measured"
    if strategy.automatic:
        return "no proof that this is the minimum: first-order steps, ended by their number"
    return f"{stopped}, as asked; how far the minimum is was not measured"

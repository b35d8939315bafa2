"""The state of a fit and the reasons for it: how far the answer can be trusted."""

import numpy as np

from downslope.certifying import Trust
from downslope.history import Certificate, History, State
from downslope.problem import Problem
from downslope.report.numbers import number
from downslope.strategy import Strategy

ROUNDING = 1e-12
PERFECT = 8.0
"""Roundings of the target up to which a residual is none."""
ENOUGH_ROWS = 10_000
"""Rows that tell the size of a target."""
FLAT_GAP = 1e-6
"""Loss left to gain, as a share of it, up to which the loss counts as being at its minimum."""
EXACT_DIGITS, UNSEEN = 6.0, 1e-9
"""Digits of the parameters that such a fit must have, or by what share of the target's spread their errors may move the
predictions."""
CLOSE_ENOUGH, ENOUGH_DIGITS = 1e-4, 9.0
"""A certified answer lies within so many standard errors of the minimum, or has so many correct digits."""


def judge(
    problem: Problem,
    history: History,
    losses: tuple[float, float],
    stopped: str,
    strategy: Strategy,
    trust: Trust,
    *,
    diverged: bool,
) -> tuple[State, tuple[str, ...]]:
    """State and reasons.

    Certified: the certificate holds. Untrusted: it diverged, it ended higher than it began, it was cut off, what was
    chosen automatically did not end at a minimum or ended at one that a single start found, or the data do not
    determine the parameters. Usable: all else, with what it does not say.

    Args:   losses: over all rows, at the start and at the answer; diverged: whether the diagnosis found so.
    """
    proof, best = trust.certificate, trust.minimum
    blurred = list(trust.uncertainty.undetermined) if trust.uncertainty is not None else []
    kinked = not problem.restriction.model.smooth
    against = _went_wrong(history, losses, stopped, strategy, proof, kinked)
    if blurred and np.isfinite(losses[1]) and stopped != "interrupted":
        against = blurred  # a search that does not settle does so for this reason
    if diverged and not against:
        against = ["the descent was leaving for infinity"]
    rows = problem.size
    if proof is None and (best is None or not best.metric.rank):
        against += _flat(history, losses[1], problem)
    if best is None and proof is None and len(problem.free) > rows:
        few = f"{rows} row{'' if rows == 1 else 's'}"
        against.append(f"{len(problem.free)} parameters, but only {few}: many other values fit as well")
    exact = perfect(problem, trust.loss)
    if strategy.automatic and not against and not exact:
        against = _not_found(problem, strategy, trust)
    first = problem.target[:100]
    if strategy.automatic and rows > 1 and not np.ptp(first) and not np.ptp(problem.target):
        against.append(f"{problem.target_name} is {number(problem.target[0])} in every row: there is nothing to fit")
    if against:
        return "untrusted", tuple(against)
    resting = (*_resting(trust), *_unknown_errors(problem, trust))
    if proof is not None and exact and _sure(problem, trust):
        digits = int(max(proof.digits))
        met = f"every row is met to rounding: no fit is better; up to {digits} digits of the parameters are sure"
        return "certified", (met, *resting)
    if proof is not None and good(proof):
        return "certified", (_certified(proof, strategy, problem), *resting)
    return "usable", (_caveat(stopped, strategy, trust, kinked), *resting)


def good(proof: Certificate) -> bool:
    """Whether a certificate says that this is the minimum."""
    digits = min(proof.digits, default=0.0)
    return (proof.distance <= CLOSE_ENOUGH and digits > 0) or digits >= ENOUGH_DIGITS


def perfect(problem: Problem, loss: float) -> bool:
    """Whether nothing but rounding is left of the residuals."""
    if not problem.objective.loss.least_squares:
        return False
    some = slice(None, None, -(-problem.target.size // ENOUGH_ROWS))
    spread = problem.spread[some] if isinstance(problem.spread, np.ndarray) else problem.spread
    scale = float(np.sqrt(np.mean((problem.target[some] / spread) ** 2)))
    return bool(np.sqrt(loss) <= PERFECT * np.finfo(float).eps * scale)


def _sure(problem: Problem, trust: Trust) -> bool:
    """Whether a perfect fit also fixes its parameters: to some digits, or, for one that is 0, so well that the
    predictions do not show what is open.
    """
    proof, best, known = trust.certificate, trust.minimum, trust.uncertainty
    if proof is None or best is None or known is None:
        return False
    place = list(problem.restriction.free)
    spread = float(np.std(problem.target / problem.spread))
    unseen = known.errors[place] * best.metric.width <= UNSEEN * spread
    return bool((unseen | (np.array(proof.digits)[place] >= EXACT_DIGITS)).all())


def _went_wrong(
    history: History,
    losses: tuple[float, float],
    stopped: str,
    strategy: Strategy,
    proof: Certificate | None,
    kinked: bool,
) -> list[str]:
    steps, (began, loss) = int(history.step[-1]), losses
    if stopped == "not finite":
        if not np.isfinite(history.loss[-1]):
            return [f"the numbers were no longer finite at step {steps:,}"]
        return [f"the gradient is not a number at step {steps:,}"]
    if stopped == "interrupted":
        return [f"interrupted after {steps:,} steps"]
    if proof is not None and good(proof) and strategy.automatic and stopped != "at an edge of the model":
        return []  # whatever the search met on its way, it has arrived
    if stopped == "no step lowers the loss" and not (kinked and strategy.automatic):  # on a kink, none may
        return [
            "the search is stuck: much seems left to gain, but no step lowers the loss; start it nearer to the answer"
        ]
    if stopped == "at an edge of the model":
        return ["the search ended at an edge of the model, beyond which it is no number"]
    if not loss <= began + ROUNDING * abs(began):
        return [f"the loss rose from {began:.6g} to {loss:.6g}"]
    if strategy.looks_around and stopped.startswith("all"):
        return [f"the search had not settled after {steps:,} iterations"]
    return []


def _not_found(problem: Problem, strategy: Strategy, trust: Trust) -> list[str]:
    """Why what was found automatically is not known to be the minimum."""
    proof, best = trust.certificate, trust.minimum
    if proof is None and best is not None:
        if np.isnan(best.lowest):
            return ["this is not known to be a minimum: the curvature here is no number"]
        if not best.lowest > 0:
            return [
                "this is not known to be a minimum: the loss falls, or stays level, in some direction from here "
                f"(lowest curvature {best.lowest:.2g} of the usual 1)"
            ]
        return ["the search did not come to rest at the minimum"]
    if proof is None or proof.assumption != "local" or not strategy.looks_around or proof.tried == 1:
        return []
    if proof.second is not None and proof.second < trust.loss - 1e-6 * abs(trust.loss - problem.floor):
        return [f"a lower minimum was met elsewhere, with the loss {number(proof.second)}"]
    if proof.agreed < 2:
        return [f"only one of {proof.tried} starts ended here: a lower minimum may well exist"]
    return []


def _flat(history: History, loss: float, problem: Problem) -> list[str]:
    """Parameters along which there never was a slope."""
    level = (history.gradient == 0).all(axis=0)
    moved = [name in problem.free for name in history.parameters]
    level = level & moved
    if level.any() and level.sum() == sum(moved):
        return [] if loss == 0 else ["the slope was 0 from the start: this is flat ground, not known to be a minimum"]
    names = [name for name, none in zip(history.parameters, level, strict=True) if none]
    return [f"the slope by {name} was 0 at every step, so it stayed where it started" for name in names]


def _resting(trust: Trust) -> tuple[str, ...]:
    if trust.uncertainty is None:
        return ()
    return tuple(
        f"{name} rests on its {side} bound: its error is one-sided" for name, side in trust.uncertainty.resting.items()
    )


def _unknown_errors(problem: Problem, trust: Trust) -> tuple[str, ...]:
    """Why a minimum that was found has no errors."""
    if trust.certificate is None or trust.minimum is None or trust.uncertainty is not None:
        return ()
    if isinstance(problem.objective.loss.key, tuple) and np.isnan(trust.certificate.distance):
        return ("too few rows lie within huber's distance to tell the errors: take a larger one",)
    return ()


def _certified(proof: Certificate, strategy: Strategy, problem: Problem) -> str:
    """The proof in one sentence, with what it assumes."""
    digits = int(min(proof.digits))
    how = (
        f"at most {number(proof.gap, 2)} of loss is left to gain, and the parameters have {digits} correct digits or "
        "more"
    )
    if proof.assumption == "exact":
        return f"the least-squares minimum, the only one: {how}"
    if proof.assumption == "convex":
        return f"the minimum, the only one, as the loss is convex: {how}"
    if strategy.looks_around:
        return f"a minimum that {proof.agreed} of {proof.tried} starts agree on; not proven to be the only one: {how}"
    return f"a minimum near where the descent ended; others were not looked for: {how}"


def _caveat(stopped: str, strategy: Strategy, trust: Trust, kinked: bool) -> str:
    proof = trust.certificate
    if proof is None:
        if kinked and strategy.looks_around:
            return (
                "the lowest end of many starts; the model has kinks, so no curvature tells how far the minimum is, and "
                "a lower one may exist"
            )
        if stopped == "nothing left to gain":
            return "no gain is left around this minimum; whether a lower one exists elsewhere was not searched"
        if stopped == "gradient below tolerance":
            return "the gradient has shrunk as far as asked; how far the minimum is was not measured"
        if strategy.automatic:
            return "no proof that this is the minimum: first-order steps, ended by their number"
        return f"{stopped}, as asked; how far the minimum is could not be measured"
    gap = f"the loss can still fall by {number(proof.gap, 2)} to a minimum nearby"
    if np.isfinite(proof.distance):
        gap += f", {number(proof.distance, 2)} standard errors away"
    flat = proof.gap <= FLAT_GAP * abs(trust.loss) and not any(proof.digits)
    if strategy.name == "linear-programming" and flat:
        return (
            f"the loss is at its minimum (at most {number(proof.gap, 2)} is left to gain), but it is flat there: other "
            "parameters reach it as well"
        )
    if strategy.automatic:
        return f"rounding hides where the minimum is: {int(min(proof.digits))} digits are sure; {gap}"
    return f"{stopped}, as asked; {gap}"

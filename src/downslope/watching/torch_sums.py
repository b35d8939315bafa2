"""Asked of a PyTorch loop once it has ended: its losses without the sum of gradients, and what was not reached."""

from typing import Any

import numpy as np

from downslope.history import History
from downslope.watching.seen import Seen
from downslope.watching.torch_replay import Replay
from downslope.watching.torch_rules import Rules


def unreached(seen: Seen, rules: Rules, arrived: set[int]) -> None:
    """Tensors that an optimiser was given and no gradient reached; `arrived` are the ids of those that one did."""
    names = rules.untracked(arrived)
    if names and seen.steps is not None:
        constants = [name for name in names if name in rules.constants()]
        seen.facts.setdefault("untracked-parameter", {"names": names, "constants": constants, "first step": 1})


def corrected(seen: Seen, torch: Any, rules: Rules, replay: Replay | None) -> None:
    """The losses that the loop would have had with its gradients zeroed, if it summed them."""
    facts = seen.facts.get("summed-gradients")
    if facts is None or seen.steps is None:
        return
    history = seen.steps.history()
    facts["losses"] = [float(loss) for loss in history.loss[:1000]]
    try:
        if replay is None:
            raise ValueError("its forward pass could not be recorded")
        if not seen.steps.parameters:
            raise ValueError("the model is too large for its parameters to be kept")
        if len(history) < 3:
            raise ValueError("the loop ended before its forward pass could be recorded")
        facts["corrected"] = _losses(history, torch, rules, replay, seen.steps.epsilon)
        first, second = (replay.at(history.params[row])[1] for row in (0, 1))
        facts["recomputed sum"] = float(np.linalg.norm(first + second))
    except Exception as problem:
        facts["why not"] = str(problem).partition("\n")[0] or type(problem).__name__


def _losses(history: History, torch: Any, rules: Rules, replay: Replay, epsilon: float) -> list[float]:
    replay.check(history.params, history.loss, history.gradient, epsilon)
    gaps = np.flatnonzero(np.diff(history.step) != 1)
    count = int(gaps[0]) + 1 if gaps.size else len(history)
    rates = history.rate[:count].copy()
    known = np.flatnonzero(np.isfinite(rates))
    if not known.size:
        raise ValueError("the learning rate is unknown")
    # the rate of the last step is not known: as the one before it
    rates = rates[known[np.clip(np.searchsorted(known, np.arange(count), side="right") - 1, 0, None)]]
    optimizer = rules.optimizer
    if rules.several or (optimizer is not None and len(optimizer.param_groups) > 1):
        raise ValueError("several optimisers, or one with several groups, took the steps")

    def rule(leaves: list[Any]) -> Any:
        if optimizer is None:
            return torch.optim.SGD(leaves, lr=1.0)
        return type(optimizer)(leaves, **optimizer.defaults)

    return replay.losses(history.params[0], rates, rule)

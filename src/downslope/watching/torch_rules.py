"""Rules: the optimisers of a PyTorch loop, what they are called here, and the tensors that they were given."""

from typing import Any

from downslope.watching.naming import names_of, rule_of
from downslope.watching.seen import Seen


class Rules:
    """The optimisers that took steps; `optimizer` is the last one that was met."""

    def __init__(self, torch: Any, seen: Seen) -> None:
        self._torch, self._seen = torch, seen
        self.optimizer: Any = None
        self._trained: dict[int, set[int]] = {}
        self._met: list[Any] = []
        self._offered: dict[int, tuple[Any, int, str]] = {}

    def meet(self, optimizer: Any) -> None:
        """An optimiser is about to take a step."""
        if optimizer is self.optimizer or any(optimizer is each for each in self._met):
            return
        self.optimizer = optimizer
        self._met.append(optimizer)
        groups = optimizer.param_groups
        kind = type(optimizer).__name__
        settings = {key: value for key, value in groups[0].items() if isinstance(value, int | float | bool)}
        rule = rule_of(kind, **{name: settings.get(name) for name in ("momentum", "nesterov", "weight_decay")})
        if settings.get("maximize"):
            rule += ", uphill"
        self._seen.rules.append((rule, settings))
        self._seen.searches |= kind == "LBFGS"
        if not same_rates(groups):
            self._seen.note("the optimiser has groups with learning rates of their own: no single rate is recorded")
        offered = [each for group in groups for each in group["params"]]
        named = names_of(offered)
        for place, each in enumerate(offered):
            name = named.get(id(each), f"parameter {place + 1} of the optimiser")
            # a module's parameter without a gradient is frozen on purpose
            if each.requires_grad or not isinstance(each, self._torch.nn.Parameter):
                self._offered[id(each)] = (each, each._version, name)

    @property
    def several(self) -> bool:
        """Whether more than one optimiser took steps."""
        return len(self._met) > 1

    def trains(self, optimizer: Any, tensor: Any) -> bool:
        """Whether this optimiser was given this tensor."""
        if id(optimizer) not in self._trained:
            self._trained[id(optimizer)] = {id(each) for group in optimizer.param_groups for each in group["params"]}
        return id(tensor) in self._trained[id(optimizer)]

    def untracked(self, arrived: set[int]) -> list[str]:
        """Names of tensors that an optimiser was to train and that no gradient reached and no step changed.

        arrived: ids of the tensors that a backward pass reached.
        """
        return [
            name
            for tensor, version, name in self._offered.values()
            if id(tensor) not in arrived and tensor.grad is None and tensor._version == version
        ]

    def constants(self) -> set[str]:
        """Names of those that cannot have a gradient."""
        return {name for tensor, _, name in self._offered.values() if not tensor.requires_grad}


def same_rates(groups: list[dict[str, Any]]) -> bool:
    """Whether all groups of parameters have one learning rate."""
    return len({float(group["lr"]) for group in groups}) == 1

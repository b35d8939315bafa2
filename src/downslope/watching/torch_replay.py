"""The forward pass of one step of a PyTorch loop, recorded, to be run again at other values of its parameters.

So the losses that a loop would have had can be computed without its code. It is proven before it is used: at the
recorded points it must give the recorded losses.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MOST_OPERATIONS = 2000
MOST_STEPS = 1000


class Replay:
    """Records from `start` to `stop`; then `losses` runs it.

    Raises: ValueError from `losses`, with the reason in words, where it cannot be run again or does not agree.
    """

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._operations: list[tuple[Any, tuple, dict, Any]] = []
        self._mode: Any = None
        self._loss: Any = None
        self._leaves: list[Any] = []

    def start(self) -> bool:
        """Begin to record, unless another tool follows the operations already."""
        from_torch = self._torch.utils._python_dispatch
        if from_torch._get_current_dispatch_mode() is not None:
            return False
        operations = self._operations

        class Operations(from_torch.TorchDispatchMode):  # type: ignore[misc, name-defined]
            def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                made = operation(*args, **(kwargs or {}))
                if len(operations) <= MOST_OPERATIONS:
                    operations.append((operation, args, kwargs or {}, made))
                return made

        self._mode = Operations()
        self._mode.__enter__()
        return True

    def stop(self) -> None:
        """Record no more."""
        mode, self._mode = self._mode, None
        if mode is not None:
            mode.__exit__(None, None, None)

    @property
    def is_recording(self) -> bool:
        """Whether it would be stopped by `stop`; not while another tool's mode lies above it."""
        return self._mode is not None

    @property
    def on_top(self) -> bool:
        """Whether no other tool has come on top of it since."""
        return self._torch.utils._python_dispatch._get_current_dispatch_mode() is self._mode

    def end(self, loss: Any, leaves: Sequence[Any]) -> None:
        """What was recorded made this loss of these parameters; only what it needs is kept."""
        self.stop()
        if len(self._operations) > MOST_OPERATIONS:
            self._operations = []
            return
        self._loss, self._leaves = loss.detach(), [leaf.detach() for leaf in leaves]
        own = {_storage(leaf) for leaf in leaves}
        written = [
            {_storage(each) for each in _tensors(args[:1])} if operation._schema.is_mutable else set()
            for operation, args, _kwargs, _made in self._operations
        ]
        # what came before the parameters were last written to is the end of the step before
        first = max((place + 1 for place, stores in enumerate(written) if stores & own), default=0)
        needed, kept = {_storage(loss)}, []
        for place in range(len(self._operations) - 1, first - 1, -1):
            operation, args, kwargs, made = self._operations[place]
            if str(operation) == "aten.detach.default":
                continue  # what autograd keeps for itself; a detach of the user's shows in the gradient
            if ({_storage(each) for each in _tensors(made)} | written[place]) & needed:
                kept.append(self._operations[place])
                needed |= {_storage(each) for each in [*_tensors(args), *_tensors(kwargs)]}
        self._operations = kept[::-1]

    def _run(self, leaves: Sequence[Any]) -> Any:
        torch = self._torch
        known = {_key(old): new for old, new in zip(self._leaves, leaves, strict=True)}
        own = set(known)
        with torch.enable_grad():
            for operation, args, kwargs, made in self._operations:
                if operation._schema.is_mutable and any(_key(each) not in known for each in _tensors(args[:1])):
                    raise ValueError("the loss writes into a tensor that stays from step to step")

                def now(value: Any) -> Any:
                    return known[_key(value)] if _key(value) in known else value.detach()

                remade = operation(*_mapped(args, now), **_mapped(kwargs, now))
                for old, new in zip(_tensors(made), _tensors(remade), strict=True):
                    if _key(old) not in own:
                        known[_key(old)] = new
        if _key(self._loss) not in known:
            raise ValueError("its forward pass could not be recorded")
        return known[_key(self._loss)]

    def _leaves_at(self, params: np.ndarray) -> list[Any]:
        torch, placed, at = self._torch, [], 0
        for leaf in self._leaves:
            size = leaf.numel()
            values = torch.tensor(params[at : at + size]).to(leaf.dtype).reshape(leaf.shape).to(leaf.device)
            placed.append(values.requires_grad_())
            at += size
        return placed

    def at(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss and gradient (p,) at params (p,)."""
        leaves = self._leaves_at(params)
        loss = self._run(leaves)
        given = self._torch.autograd.grad(loss, leaves, allow_unused=True)
        parts = [leaf.detach() * 0 if each is None else each for leaf, each in zip(leaves, given, strict=True)]
        return loss.item(), np.concatenate([part.reshape(-1).double().cpu().numpy() for part in parts])

    def check(self, params: np.ndarray, losses: np.ndarray, gradients: np.ndarray, epsilon: float) -> None:
        """Whether it agrees with what was recorded at a few of the points: params and gradients (m, p), losses (m,)."""
        if not self._operations:
            raise ValueError("its forward pass could not be recorded")
        for place in sorted({*range(min(5, len(losses))), len(losses) - 1}):
            again, slope = self.at(params[place])
            recorded = float(losses[place])
            if not abs(again - recorded) <= 100 * epsilon * (abs(recorded) + abs(again)):
                raise ValueError(
                    f"its forward pass, run again, does not give the recorded loss ({again:.6g}, not {recorded:.6g}): "
                    "batches, or something random"
                )
            if not np.linalg.norm(slope - gradients[place]) <= 1e-3 * np.linalg.norm(slope) + 100 * epsilon:
                raise ValueError("its forward pass, run again, does not give the recorded gradient")

    def losses(self, start: np.ndarray, rates: np.ndarray, rule: Callable[[list[Any]], Any]) -> list[float]:
        """The losses that the loop would have had with the gradient of each step alone, at most 1000.

        start (p,), rates (m,) of its steps; rule: an optimiser for a list of tensors.
        """
        leaves = self._leaves_at(start)
        optimizer, found = rule(leaves), []
        for rate in rates[:MOST_STEPS]:
            optimizer.zero_grad()
            loss = self._run(leaves)
            found.append(loss.item())
            loss.backward()
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
            optimizer.step()
        return found


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [tensor for each in value for tensor in _tensors(each)]
    if isinstance(value, dict):
        return _tensors(list(value.values()))
    return [value] if hasattr(value, "untyped_storage") else []


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_mapped(each, change) for each in value)
    if isinstance(value, dict):
        return {key: _mapped(each, change) for key, each in value.items()}
    return change(value) if hasattr(value, "untyped_storage") else value


def _storage(tensor: Any) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _key(tensor: Any) -> tuple:
    """What stands at one place in memory in one shape is one tensor, however many Python objects it has.

    All that was recorded is held until the end, so that no place is used twice.
    """
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype

"""A loop in PyTorch: what its backward passes and its optimisers do, whichever way it takes its steps.

A row is a point at which the loop computed a gradient: backward passes between which no parameter changed belong to
one step, as when gradients are accumulated on purpose. The hot path is written for small models, whose whole step
takes 0.1 ms.
"""

import threading
import weakref
from importlib import import_module
from typing import Any

import numpy as np

from downslope.watching import torch_graph
from downslope.watching.patches import Patches
from downslope.watching.seen import Seen
from downslope.watching.torch_binding import Binding
from downslope.watching.torch_leaf import Leaf, flat
from downslope.watching.torch_replay import Replay
from downslope.watching.torch_rules import Rules, same_rates
from downslope.watching.torch_sums import corrected, unreached


class TorchLoop:
    """Follows the loops of the thread in which it was made."""

    def __init__(self, torch: Any, patches: Patches) -> None:
        self.torch = torch
        self.seen = Seen(f"torch {torch.__version__.partition('+')[0]}", "a PyTorch loop")
        self.replay: Replay | None = None
        self._thread, self._inside, self._tensor = threading.get_ident(), False, torch.Tensor
        self._roots: tuple = ()
        self._batch: int | None = None
        self._loss = self._scale = 1.0
        self._scaled: Any = None
        self._priors: list[Any] = []
        self._moved, self._still, self._recorded = True, False, False
        self._parts: dict[int, tuple[Any, Any]] = {}
        self._pending: dict[str, float] | None = None
        self.binding = Binding(torch, self.seen)
        self.rules = Rules(torch, self.seen)
        self._patch(patches)

    def _patch(self, patches: Patches) -> None:
        torch = self.torch
        patches.replace(torch.autograd, "backward", self._backward)
        patches.replace(torch.autograd, "grad", self._grad)
        for scaler in {getattr(torch.amp, "GradScaler", None), getattr(torch.cuda.amp, "GradScaler", None)} - {None}:
            if "scale" in vars(scaler):
                patches.replace(scaler, "scale", self._scaler)
        patches.replace(torch.utils.data.DataLoader, "__iter__", self._batches)
        hook = import_module("torch.optim.optimizer").register_optimizer_step_pre_hook(self._step)
        patches.later(hook.remove)
        patches.later(self._unhand)

    def _unhand(self) -> None:
        """Nothing of ours may go on to follow the user's operations."""
        if self.replay is not None and self.replay.is_recording:
            self.replay.stop()

    # what stands in for the functions of PyTorch

    def _backward(self, original: Any) -> Any:
        seen, get_ident, thread = self.seen, threading.get_ident, self._thread

        def backward(tensors: Any, *args: Any, **settings: Any) -> Any:
            if self._inside or seen.over or get_ident() != thread:
                return original(tensors, *args, **settings)
            try:
                self._before(tensors, args[0] if args else settings.get("grad_tensors"))
            except Exception as problem:
                seen.fault(problem)
            self._inside = True
            try:
                made = original(tensors, *args, **settings)
            finally:
                self._inside = False
            try:
                self._after()
            except Exception as problem:
                seen.fault(problem)
            return made

        return backward

    def _grad(self, original: Any) -> Any:
        def grad(outputs: Any, inputs: Any, *args: Any, **settings: Any) -> Any:
            made = original(outputs, inputs, *args, **settings)
            seen = not (self._inside or self.seen.over or settings.get("create_graph"))
            if seen and threading.get_ident() == self._thread:
                self.seen.guarded(self._given, outputs, inputs, made)
            return made

        return grad

    def _batches(self, original: Any) -> Any:
        def begin(loader: Any) -> Any:
            if not self.seen.over and threading.get_ident() == self._thread and self._batch is None:
                self._batch = loader.batch_size
            return original(loader)

        return begin

    def _scaler(self, original: Any) -> Any:
        def scale(scaler: Any, outputs: Any) -> Any:
            made = original(scaler, outputs)
            if hasattr(made, "item") and scaler.is_enabled():
                self._scaled, self._scale = made, float(scaler.get_scale())
                self.seen.note("mixed precision: losses and gradients are shown as they were before they were scaled")
            return made

        return scale

    # what is seen

    def _before(self, tensors: Any, weights: Any) -> None:
        if self.replay is not None and self.replay.is_recording and self.replay.on_top:
            self.replay.end(tensors, [leaf.tensor for leaf in self.binding.leaves])
        self._roots = roots = (tensors,) if isinstance(tensors, self._tensor) else tuple(tensors)
        self._recorded = roots[0].requires_grad or any(root.requires_grad for root in roots)
        if not self._recorded:
            self.seen.facts["untracked-parameter"] = {"loss": True}
            return
        self._loss = self._worth(roots, weights)
        sure = self.binding.is_sure(roots)
        self._look()
        if not sure:
            self._find(roots)

    def _find(self, roots: tuple) -> None:
        """Look at the graph behind this pass."""
        before, binding = self.seen.steps, self.binding
        self._recorded = binding.take(torch_graph.leaves(roots), roots, self._moved) and not self.seen.over
        if before is not None and before is not self.seen.steps and len(self.seen.steps or ()):
            self._look()  # fewer tensors than in the first step, which is kept
        elif before is not None and before is not self.seen.steps:
            self._loss += float(before.loss[0])  # the first step has one more loss, which reaches more parameters
            self._priors, self._moved, self._still = [None] * len(binding.leaves), True, False
        elif len(self._priors) != len(binding.leaves) or any(leaf.written == -1 for leaf in binding.leaves):
            self._look()

    def _look(self) -> None:
        """What stands in the gradients before this pass adds to them, and whether a step was taken since the last.

        A prior is None for nothing or zeros, True for what was there when it was last seen, else the numbers.
        """
        steps = self.seen.steps
        if steps is None:
            return
        priors: list[Any] = []
        self._priors = priors
        moved, self._still = steps.row < 0, False
        for leaf in self.binding.leaves:
            tensor = leaf.tensor
            gradient = tensor.grad
            if gradient is None:
                priors.append(None)
            elif steps.parameters:
                slope = leaf.slope(gradient)
                if not np.count_nonzero(slope):
                    priors.append(None)
                elif leaf.untouched(gradient) and self._same(leaf, slope):
                    priors.append(True)
                    self._still = True
                else:
                    priors.append(slope.copy())
            elif leaf.length and leaf.untouched(gradient) and float(gradient.norm()) == leaf.length:
                priors.append(True)
                self._still = True
            else:
                priors.append(None)
            if not moved:
                moved = tensor._version != leaf.written or self._differs(leaf)
        self._moved = moved
        if self._pending is not None and moved:
            if self._still:
                self._confirm()
            self._pending = None

    def _same(self, leaf: Leaf, slope: np.ndarray) -> bool:
        """Whether these are the numbers that were seen: `p.grad.data.zero_()` leaves no other trace."""
        steps = self.seen.steps
        return steps is not None and np.array_equal(slope / self._scale, steps.used_at(steps.row)[leaf.where])

    def _differs(self, leaf: Leaf) -> bool:
        """Whether its numbers are others than those that were recorded: `p.data -= …` leaves no other trace."""
        steps = self.seen.steps
        if steps is None or not steps.parameters:
            return leaf.moved_away()
        return not np.array_equal(steps.params[steps.row, leaf.where], leaf.values(), equal_nan=True)

    def _worth(self, roots: tuple, weights: Any) -> float:
        """The number that is differentiated."""
        if len(roots) == 1 and weights is None:
            value = roots[0].item()
        else:
            weights = weights if isinstance(weights, list | tuple) else [weights] * len(roots)
            value = sum(
                (root.detach() if weight is None else root.detach() * weight).sum().item()
                for root, weight in zip(roots, weights, strict=True)
            )
        if self._scaled is not None:
            if self._scaled is roots[0]:
                return value / self._scale
            self._scaled, self._scale = None, 1.0
        return value

    def _after(self) -> None:
        steps = self.seen.steps
        if not self._recorded or steps is None:
            return
        for leaf in self.binding.leaves:
            gradient = leaf.tensor.grad
            if gradient is not None and not leaf.untouched(gradient):
                break
        else:
            # none of the tensors that are known got a gradient: the loop trains others by now
            if not self.binding.take(torch_graph.leaves(self._roots), self._roots, moved=True) or self.seen.over:
                return
            self._priors, self._moved = [None] * len(self.binding.leaves), True
            self._still = False
        self._write(steps)

    def _write(self, steps: Any) -> None:
        """The row of this pass: a new one after a step, else the same one, to which it adds."""
        moved = self._moved
        summed = moved and self._still and steps.row >= 0
        if moved:
            row = steps.open()
            steps.loss[row] = self._loss
        else:
            row = steps.row
            steps.loss[row] += self._loss
        if not steps.parameters:
            self._write_large(steps, row)
            if summed:
                self._summed(steps)
            return
        fresh = all(prior is None for prior in self._priors)
        before = None if fresh else self._stood(steps, row - 1 if moved else row)
        stored = steps.gradient[row]
        already = None if moved else stored.copy()
        for leaf in self.binding.leaves:
            tensor, where = leaf.tensor, leaf.where
            gradient = tensor.grad
            if moved:
                steps.params[row, where] = leaf.values()
            if gradient is None:
                stored[where] = 0.0
                leaf.version = -1
            else:
                stored[where] = leaf.slope(gradient)
                leaf.version = gradient._version
            leaf.gradient, leaf.written = gradient, tensor._version
        if self._scale != 1.0:
            stored /= self._scale
        if before is not None:
            steps.used[row] = stored.copy()
            stored -= before
            if already is not None:
                stored += already
        if summed:
            self._summed(steps)

    def _stood(self, steps: Any, row: int) -> np.ndarray:
        """What stood in the gradients before this pass (p,); `row` is that of the last pass."""
        stood, before = np.zeros(len(steps.parameters)), steps.used_at(row)
        for leaf, prior in zip(self.binding.leaves, self._priors, strict=True):
            if prior is not None:
                stood[leaf.where] = before[leaf.where] if prior is True else prior / self._scale
        return stood

    def _write_large(self, steps: Any, row: int) -> None:
        squared = 0.0
        for leaf in self.binding.leaves:
            gradient = leaf.tensor.grad
            leaf.shadow = None if gradient is None else weakref.ref(gradient)
            leaf.version = -1 if gradient is None else gradient._version
            leaf.written = leaf.tensor._version
            leaf.length = 0.0 if gradient is None else float(gradient.norm())
            squared += leaf.length**2
        steps.norm[row] = squared**0.5 / self._scale

    def _given(self, outputs: Any, inputs: Any, made: Any) -> None:
        """Gradients that torch.autograd.grad handed to the loop."""
        found = [inputs] if hasattr(inputs, "grad_fn") else list(inputs)
        roots = (outputs,) if hasattr(outputs, "grad_fn") else tuple(outputs)
        if not all(each.is_leaf for each in found) or any(root.numel() != 1 for root in roots):
            return  # of something within the loss, such as a penalty on the slope
        before, binding = self.seen.steps, self.binding
        again = bool(self._roots) and roots[0] is self._roots[0]  # asked for one by one
        moved = before is None or any(map(self._differs, binding.leaves))
        self._parts = self._parts if again else {}
        self._parts |= {id(each): (each, gradient) for each, gradient in zip(found, made, strict=True)}
        self._roots, self._loss = roots, self._worth(roots, None)
        trained = [each for each, _ in self._parts.values()]
        if not binding.take(trained, roots, moved and not again) or self.seen.steps is None:
            return
        steps = self.seen.steps
        row = steps.row if again and steps is before else steps.open()
        steps.loss[row], steps.norm[row], steps.gradient[row] = self._loss, 0.0, 0.0
        for leaf in binding.leaves:
            _, gradient = self._parts.get(id(leaf.tensor), (None, None))
            if not steps.parameters:
                length = 0.0 if gradient is None else float(gradient.norm())
                steps.norm[row] = np.hypot(steps.norm[row], length)
                continue
            steps.params[row, leaf.where] = leaf.values()
            if gradient is not None:
                steps.gradient[row, leaf.where] = flat(gradient)
            leaf.written = leaf.tensor._version

    def _summed(self, steps: Any) -> None:
        """What is stored is a sum; a fault if it is used, not if it is zeroed before the next step, as in turns."""
        row = steps.row
        self._pending = {"first step": len(steps)}
        if steps.parameters and row > 0:
            before = steps.used_at(row - 1)
            self._pending |= {
                "stored": float(np.linalg.norm(steps.used_at(row))),
                "alone": float(np.linalg.norm(steps.gradient[row])),
                "before": float(np.linalg.norm(before)),
                "left over": float(np.linalg.norm(before - steps.gradient[row - 1])),
            }
        if self.replay is None and not torch_graph.is_compiled(self._roots):
            self.replay = Replay(self.torch)
            self.replay.start()

    def _confirm(self) -> None:
        """A step was taken along the sum."""
        pending, self._pending = self._pending, None
        if pending is not None:
            facts: dict[str, Any] = self.seen.facts.setdefault("summed-gradients", {**pending, "steps": 0})
            facts["steps"] += 1

    # optimisers

    def _step(self, optimizer: Any, args: Any, settings: Any) -> None:
        """Before each step of any optimiser."""
        if self.seen.over or threading.get_ident() != self._thread:
            return
        self.seen.guarded(self._stepping, optimizer)

    def _stepping(self, optimizer: Any) -> None:
        groups, steps = optimizer.param_groups, self.seen.steps
        self.rules.meet(optimizer)
        if steps is None or steps.row < 0:
            return
        if self._pending is not None and any(
            leaf.tensor.grad is not None
            and leaf.untouched(leaf.tensor.grad)
            and self.rules.trains(optimizer, leaf.tensor)
            for leaf in self.binding.leaves
        ):
            self._confirm()
        steps.rate[steps.row] = groups[0]["lr"] if len(groups) == 1 or same_rates(groups) else np.nan
        for leaf in self.binding.leaves:  # clipped, or brought back from its scale, since the backward pass
            gradient = leaf.tensor.grad
            if gradient is None or leaf.untouched(gradient):
                continue
            if steps.parameters:
                used = steps.used.setdefault(steps.row, steps.gradient[steps.row].copy())
                used[leaf.where] = leaf.slope(gradient)
                leaf.gradient = gradient
            else:
                leaf.shadow = weakref.ref(gradient)
            leaf.version = gradient._version

    def finish(self) -> None:
        """What can be told only at the end."""
        leaves = self.binding.leaves
        summed = any(leaf.tensor.grad is not None and leaf.untouched(leaf.tensor.grad) for leaf in leaves)
        if self._pending is not None and summed and any(map(self._differs, leaves)):
            self._confirm()
        unreached(self.seen, self.rules, self.binding.arrived)
        corrected(self.seen, self.torch, self.rules, self.replay)
        steps = self.seen.steps
        if steps is not None and len(steps.history()) and not steps.one_function:
            self.seen.batch_size = self._batch

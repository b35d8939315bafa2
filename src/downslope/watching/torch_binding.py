"""Binding: which tensors a backward pass of a PyTorch loop trains, from the first pass to the last."""

from typing import Any

from downslope.watching import torch_graph
from downslope.watching.naming import elements, names_of, names_of_numbers
from downslope.watching.seen import Seen
from downslope.watching.torch_leaf import Leaf

LOOKED_AT = 4
"""Passes in which the whole graph is looked at; later ones train the same tensors, or are found not to."""


class Binding:
    """The leaves of the loss that is recorded.

    They may be made anew in each step (`p = (p - rate*p.grad).detach()`): then they are found at the same places of
    the graph. A pass that trains others is of another loss, and is left out.
    """

    def __init__(self, torch: Any, seen: Seen) -> None:
        self._torch, self._seen = torch, seen
        self.leaves: list[Leaf] = []
        self.names: list[str] = []
        self.arrived: set[int] = set()
        """Ids of all tensors that a pass reached."""
        self._order: list[int] = []
        self._paths: list[tuple[int, ...]] = []
        self._passes, self._several, self._inputs = 0, False, False

    def is_sure(self, roots: tuple) -> bool:
        """Whether the graph behind this pass need not be looked at as a whole."""
        self._passes += 1
        if self._passes <= LOOKED_AT or self._several:
            return False
        if not self._paths:
            return True
        found = [torch_graph.at(roots[0], turns) for turns in self._paths]
        for each, leaf in zip(found, self.leaves, strict=True):
            if each is None or each.shape != leaf.tensor.shape:
                return False
        self._hold(found)
        return True

    def take(self, found: list[Any], roots: tuple, moved: bool) -> bool:
        """These tensors are trained by this pass: new, known, or the old ones made anew."""
        held, ids = {id(leaf.tensor) for leaf in self.leaves}, {id(each) for each in found}
        self.arrived |= ids
        if held and (ids <= held or (self._inputs and held <= ids)):
            return True
        rows = 0 if self._seen.steps is None else len(self._seen.steps)
        if not held or (rows <= 1 and held < ids and not moved):  # a second loss of the first step, that reaches more
            self._begin(found, roots)
            return True
        if rows == 1 and held & ids and held - ids and ids - held:
            self._leave_out_inputs(held & ids)
            return True
        ordered = [found[place] for place in self._order] if len(found) == len(self._order) else []
        if not held & ids and [each.shape for each in ordered] == [leaf.tensor.shape for leaf in self.leaves]:
            paths = torch_graph.paths(roots) if len(roots) == 1 else {}
            self._paths = [paths[id(each)] for each in ordered if id(each) in paths]
            if len(self._paths) < len(ordered):
                self._paths, self._several = [], True
            self._hold(ordered)
            return True
        self._other(found, held, ids)
        return False

    def _leave_out_inputs(self, trained: set[int]) -> None:
        """Some leaves of the first pass were its inputs, with a gradient of their own, and are others by now."""
        steps = self._seen.steps
        if steps is None:
            return
        kept = [place for place, leaf in enumerate(self.leaves) if id(leaf.tensor) in trained]
        shapes = [tuple(self.leaves[place].tensor.shape) for place in kept]
        numbers = [each for place in kept for each in range(*self.leaves[place].where.indices(1 << 62))]
        self.names, self._inputs = [self.names[place] for place in kept], True
        fewer = self._seen.begin(elements(self.names, shapes), steps.epsilon)
        row = fewer.open()
        fewer.loss[row], fewer.rate[row], fewer.norm[row] = steps.loss[0], steps.rate[0], steps.norm[0]
        if steps.parameters and fewer.parameters:
            fewer.params[row], fewer.gradient[row] = steps.params[0, numbers], steps.gradient[0, numbers]
        self.leaves, at = [self.leaves[place] for place in kept], 0
        for leaf in self.leaves:
            size = leaf.where.stop - leaf.where.start
            leaf.where, at = slice(at, at + size), at + size

    def _hold(self, found: list[Any]) -> None:
        for leaf, each in zip(self.leaves, found, strict=True):
            if each is not leaf.tensor:
                leaf.hold(each)
                leaf.gradient, leaf.version, leaf.written = None, -1, -1

    def _begin(self, found: list[Any], roots: tuple) -> None:
        if any(each.is_complex() for each in found):
            self._seen.stop("the parameters are complex numbers, which are not recorded")
            return
        named = names_of(found)
        rank = {each: place for place, each in enumerate(named)}
        self._order = sorted(range(len(found)), key=lambda place: (rank.get(id(found[place]), len(found)), place))
        ordered = [found[place] for place in self._order]
        self.names = [named.get(id(each), f"parameter {place + 1}") for place, each in enumerate(ordered)]
        self.leaves, at = [], 0
        for each in ordered:
            self.leaves.append(Leaf(each, at))
            at = self.leaves[-1].where.stop
        epsilon = max(self._torch.finfo(each.dtype).eps for each in ordered)
        shapes = [tuple(each.shape) for each in ordered]
        self._seen.begin(names_of_numbers(self.names, shapes), epsilon)
        spread = torch_graph.spread(roots)
        if spread is not None:
            self._seen.facts["broadcast-loss"] = spread

    def _other(self, found: list[Any], held: set[int], ids: set[int]) -> None:
        """A pass that trains something else."""
        named = names_of(found)
        again = [each for each in found if named.get(id(each)) in self.names]
        if again and not held & ids:
            name, shape = named[id(again[0])], tuple(again[0].shape)
            # tensors that came new cannot have been summed before
            self._seen.facts.pop("summed-gradients", None)
            self._seen.stop(f"{name} changed its shape to {shape} on the way: the history ends before that")
            return
        self._several = True
        self._seen.note("the loop has several losses, over different parameters: only the first one is recorded")

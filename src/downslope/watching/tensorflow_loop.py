"""A loop in TensorFlow: what `GradientTape.gradient` is asked and what it answers, outside of tf.function."""

import threading
from importlib import import_module
from typing import Any

import numpy as np

from downslope.watching.naming import names_of
from downslope.watching.patches import Patches
from downslope.watching.rows import Rows, numbers
from downslope.watching.seen import Seen

RESIDUALS = ("Sub", "SquaredDifference")
LOOKED_AT = 2
"""Steps whose shapes are looked at."""


class TensorFlowLoop:
    """Follows the loops of the thread in which it was made."""

    def __init__(self, tensorflow: Any, patches: Patches, uncompiled: bool) -> None:
        self.tf = tensorflow
        self.seen = Seen(f"tensorflow {tensorflow.__version__}", "a TensorFlow loop")
        self.compiled = 0
        self._thread = threading.get_ident()
        self._rows = Rows(self.seen)
        self._places: dict[int, int] = {}
        self._held: list[Any] = []
        self._target: Any = None
        self._callbacks: Any = None
        patches.replace(tensorflow.GradientTape, "gradient", self._gradient)
        patches.later(self._stop_looking)
        self.seen.guarded(self._start_looking)
        if uncompiled:
            before = tensorflow.config.functions_run_eagerly()
            tensorflow.config.run_functions_eagerly(True)
            patches.later(lambda: tensorflow.config.run_functions_eagerly(before))

    def _gradient(self, original: Any) -> Any:
        def gradient(tape: Any, target: Any, sources: Any, *args: Any, **settings: Any) -> Any:
            made = original(tape, target, sources, *args, **settings)
            if not self.seen.over and threading.get_ident() == self._thread:
                self.seen.guarded(self._record, target, sources, made)
            return made

        return gradient

    def _record(self, target: Any, sources: Any, made: Any) -> None:
        tf = self.tf
        targets, sources = self._flat(target), self._flat(sources)
        if not tf.executing_eagerly() or not all(hasattr(each, "numpy") for each in targets):
            self.compiled += 1
            return
        gradients = self._flat(made)
        silent = [place for place, slope in enumerate(gradients) if slope is None]
        if silent:
            self._untracked(sources, silent)
        loss = float(sum(each.numpy().sum() for each in targets))
        arrays = [self._value(each) for each in sources]
        slopes = [None if each is None else self._slope(each) for each in gradients]
        ids = [id(each) for each in sources]
        same = self._target is not None and targets[0] is self._target
        self._target = targets[0]
        if not self._places or (same and len(self._rows) == 1 and not set(ids) <= set(self._places)):
            self._begin(sources, slopes)
            return
        if not set(ids) <= set(self._places):
            shapes = [tuple(each.shape) for each in self._held]
            if [each.shape for each in arrays] != shapes and not self._made_anew(sources):
                self.seen.note("the loop has several losses, over different parameters: only the first one is recorded")
                return
            self._places, self._held = {each: place for place, each in enumerate(ids)}, list(sources)
        self._rows.add([self._places[each] for each in ids], arrays, slopes, loss, same=same)
        if len(self._rows) >= LOOKED_AT:
            self._stop_looking()

    def _flat(self, value: Any) -> list[Any]:
        """A tensor, or tensors in lists and dicts, as one list."""
        if hasattr(value, "numpy"):
            return [value]
        if isinstance(value, list | tuple) and not any(isinstance(each, list | tuple | dict) for each in value):
            return list(value)
        return self.tf.nest.flatten(value)

    def _value(self, tensor: Any) -> np.ndarray:
        """The numbers of a variable, read four times as fast as by its `numpy`, or of a constant."""
        handle = getattr(tensor, "handle", None)
        if handle is None or not hasattr(tensor, "dtype"):
            return numbers(tensor.numpy())
        return numbers(self.tf.raw_ops.ReadVariableOp(resource=handle, dtype=tensor.dtype).numpy())

    def _slope(self, gradient: Any) -> np.ndarray:
        """Its numbers; the gradient of a lookup comes as slices."""
        return numbers((gradient if hasattr(gradient, "numpy") else self.tf.convert_to_tensor(gradient)).numpy())

    def _begin(self, sources: list[Any], slopes: list[np.ndarray | None]) -> None:
        """The first point, or more of its parameters."""
        earlier = self.seen.steps
        known, place = list(self._held), len(self._held)
        self._held += [each for each in sources if id(each) not in self._places]
        self._places = {id(each): place for place, each in enumerate(self._held)}
        loss = float(np.sum(self._target.numpy()))
        arrays = [self._value(each) for each in self._held]
        by_place: list[np.ndarray | None] = [None] * len(self._held)
        if earlier is not None and known and earlier.parameters:
            at = 0
            for spot, each in enumerate(arrays[:place]):
                by_place[spot] = earlier.gradient[earlier.row, at : at + each.size].copy()
                at += each.size
        for each, slope in zip(sources, slopes, strict=True):
            by_place[self._places[id(each)]] = slope
        named = names_of(self._held)
        names = [
            named.get(id(each), str(getattr(each, "name", "") or f"parameter {spot + 1}").partition(":")[0])
            if hasattr(each, "assign")
            else named.get(id(each), f"parameter {spot + 1}")
            for spot, each in enumerate(self._held)
        ]
        self._rows.begin(lambda: names, arrays)
        self._rows.add(list(range(len(arrays))), arrays, by_place, loss)

    def _made_anew(self, sources: list[Any]) -> bool:
        """Whether these stand for the first ones, in another shape: constants that the loop makes in each step."""
        return len(sources) == len(self._held) and not any(hasattr(each, "assign") for each in sources)

    def _untracked(self, sources: list[Any], silent: list[int]) -> None:
        named = names_of([sources[place] for place in silent])
        names = [named.get(id(sources[place]), f"source {place + 1} of {len(sources)}") for place in silent]
        constants = [name for name, place in zip(names, silent, strict=True) if not hasattr(sources[place], "assign")]
        self.seen.facts.setdefault(
            "untracked-parameter", {"names": names, "constants": constants, "first step": len(self._rows) + 1}
        )

    def finish(self) -> None:
        """Nothing is left to be asked."""

    # shapes, in the first steps only

    def _start_looking(self) -> None:
        self._callbacks = import_module("tensorflow.python.framework.op_callbacks")
        self._callbacks.add_op_callback(self._operation)

    def _stop_looking(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        if callbacks is not None:
            callbacks.remove_op_callback(self._operation)

    def _operation(self, kind: Any, inputs: Any, attributes: Any, outputs: Any, *_: Any, **__: Any) -> None:
        if kind in RESIDUALS and "broadcast-loss" not in self.seen.facts:
            self.seen.guarded(self._spread, inputs, outputs)

    def _spread(self, inputs: Any, outputs: Any) -> None:
        if outputs[0].shape.rank != 2 or not outputs[0].shape.is_fully_defined():
            return  # of a number of rows that is open, in a function that is being compiled
        rows, across = tuple(outputs[0].shape)
        if rows == across > 1:
            given = [tuple(each.shape) for each in inputs]
            if sorted(given, key=len) == [(rows,), (rows, 1)]:
                self.seen.facts["broadcast-loss"] = {"rows": rows, "one": list(given[0]), "other": list(given[1])}

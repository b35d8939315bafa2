"""Keras `fit`, on whichever backend: what a callback sees between the batches.

A compiled step shows its loss and its parameters, not its gradient. Of plain descent the gradient is deduced from the
step that was taken; of other rules it stays unknown.
"""

import threading
from typing import Any

import numpy as np

from downslope.watching.naming import names_of_numbers, rule_of
from downslope.watching.patches import Patches
from downslope.watching.seen import Seen


class KerasLoop:
    """Gives each `fit` of the thread in which it was made one more callback."""

    def __init__(self, keras: Any, patches: Patches) -> None:
        self.keras = keras
        self.seen = Seen(f"keras {keras.__version__} on {keras.backend.backend()}", "Keras fit")
        self._thread = threading.get_ident()
        self._model: Any = None
        self._totals = (0.0, 0.0)
        self._per_epoch: int | None = None
        patches.replace(keras.Model, "fit", self._fit)

    def _fit(self, original: Any) -> Any:
        def fit(model: Any, *args: Any, **settings: Any) -> Any:
            if not self.seen.over and threading.get_ident() == self._thread:
                settings = self.seen.guarded(self._with_callback, model, args, dict(settings)) or settings
            return original(model, *args, **settings)

        return fit

    def _with_callback(self, model: Any, args: tuple, settings: dict[str, Any]) -> dict[str, Any] | None:
        """The settings of fit with our callback after the user's."""
        if len(args) > 5:  # x, y, batch_size, epochs, verbose, callbacks
            self.seen.stop("the callbacks of fit were given by place, not by name: it could not be watched")
            return None
        if self._model is not None and self._model is not model:
            self.seen.note("several models were fitted: only the first one is recorded")
            return None
        self._model = model
        if getattr(model, "steps_per_execution", 1) not in (1, None):
            self.seen.note("steps_per_execution is above 1: a row is several steps, and no gradient is deduced")
        given = settings.get("callbacks")
        ours = self._callback()
        append = getattr(given, "append", None)
        if append is not None and not isinstance(given, list):
            append(ours)
            return settings
        given = list(given) if isinstance(given, list | tuple) else [given] if given is not None else []
        return settings | {"callbacks": [*given, ours]}

    def _callback(self) -> Any:
        watcher = self

        class Watching(self.keras.callbacks.Callback):  # type: ignore[misc, name-defined]
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                watcher._totals = (0.0, 0.0)
                watcher._per_epoch = self.params.get("steps")

            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                watcher.seen.guarded(watcher._before)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                watcher.seen.guarded(watcher._after, logs or {})

        return Watching()

    def _sync(self) -> None:
        """On JAX the variables stand elsewhere while fit runs."""
        getattr(self._model, "jax_state_sync", lambda: None)()

    def _values(self) -> np.ndarray:
        parts = [_numbers(each) for each in self._model.trainable_variables]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _before(self) -> None:
        seen = self.seen
        self._sync()
        if seen.steps is None:
            self._begin()
        steps = seen.steps
        if steps is None:
            return
        values = self._values() if steps.parameters else None
        row = steps.open()
        steps.loss[row] = np.nan
        if values is not None:
            if values.size != len(steps.parameters):
                seen.stop("the model changed the number of its parameters on the way: the history ends before that")
                steps.row -= 1
                return
            steps.params[row] = values
        steps.rate[row] = self._rate()

    def _begin(self) -> None:
        variables = self._model.trainable_variables
        names = [str(getattr(each, "path", "") or each.name) for each in variables]
        tops = {name.partition("/")[0] for name in names}
        if len(tops) == 1 and all("/" in name for name in names):
            names = [name.partition("/")[2] for name in names]
        shapes = [tuple(each.shape) for each in variables]
        flat = names_of_numbers(names, shapes)
        kinds = [str(each.dtype) for each in variables]
        self.seen.begin(flat, 2.0**-52 if all(kind == "float64" for kind in kinds) else 2.0**-23)
        optimizer = self._model.optimizer
        kind = type(optimizer).__name__
        settings = {name: getattr(optimizer, name, None) for name in ("momentum", "nesterov", "weight_decay")}
        rule = rule_of(kind, **settings)
        if any(getattr(optimizer, name, None) for name in ("clipnorm", "clipvalue", "global_clipnorm")):
            rule += " with clipping"
        self.seen.rules.append((rule, {}))
        steps = self.seen.steps
        if steps is not None:
            steps.gradient_from_steps = rule == "gd" and getattr(self._model, "steps_per_execution", 1) in (1, None)
            if not steps.gradient_from_steps:
                self.seen.note("Keras fit does not show its gradients; they are deduced only if plain SGD runs")

    def _rate(self) -> float:
        return float(_numbers(self._model.optimizer.learning_rate)[0])

    def _after(self, logs: dict[str, Any]) -> None:
        """The loss of the batch: what Keras shows is the mean since the epoch began."""
        steps, tracker = self.seen.steps, getattr(self._model, "_loss_tracker", None)
        if steps is None or steps.row < 0:
            return
        if tracker is None:
            steps.loss[steps.row] = float(logs.get("loss", np.nan))
            return
        self._sync()
        total, count = float(_numbers(tracker.total)[0]), float(_numbers(tracker.count)[0])
        rows = count - self._totals[1]
        if rows > 0:
            steps.loss[steps.row] = (total - self._totals[0]) / rows
            if self._per_epoch != 1:
                self.seen.batch_size = max(self.seen.batch_size or 0, round(rows))
        self._totals = (total, count)

    def finish(self) -> None:
        """The history ends with a point whose loss is known."""
        steps = self.seen.steps
        if steps is None or steps.row < 0:
            return
        if not np.isfinite(steps.loss[steps.row]) and steps.row > 0 and np.isfinite(steps.loss[steps.row - 1]):
            steps.row -= 1  # begun and not ended


def _numbers(variable: Any) -> np.ndarray:
    """The numbers of a variable of Keras or of its backend, flat."""
    value = getattr(variable, "value", None)
    value = variable if value is None or callable(value) else value
    value = value.detach().cpu() if hasattr(value, "detach") else value
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value).astype(float).reshape(-1)

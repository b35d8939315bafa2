"""Watch: around a loop that somebody wrote in PyTorch, TensorFlow, Keras or JAX, and which is not changed for it."""

import sys
import time
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Any

from downslope.diagnosis import Finding, examine
from downslope.errors import RequestError
from downslope.history import History, Run, save
from downslope.report import story, summary
from downslope.result import Fit
from downslope.watching import Patches, Seen, as_run
from downslope.whole_file import AnyPath

FRAMEWORKS = ("torch", "tensorflow", "keras", "jax")


class Watch:
    """What `with ds.watch() as run:` gives: all that was seen of the loop inside.

    Attributes:
        findings    what is wrong with the loop, as of a fit; none for a healthy one
        history     loss, parameters, gradients, rates and steps
        run         all of it as one value, the same that a fit leaves
        notes       what the user should know of how it was watched
        fit         the same as `ds.load` gives of a saved run, which is drawn and reported
    """

    def __init__(self, *, uncompiled: bool = False) -> None:
        self._uncompiled = uncompiled
        self._patches = Patches()
        self._watchers: dict[str, Any] = {}
        self._state = "new"
        self._ended = ""
        self._notes: list[str] = []
        self._absent: set[str] = set()
        self._began = self._seconds = 0.0

    def __enter__(self) -> "Watch":
        if self._state != "new":
            state = "is running already" if self._state == "on" else "has seen its loop"
            raise RequestError(f"this watch {state}; begin another one: with ds.watch() as run:")
        self._state, self._began = "on", time.perf_counter()
        self._absent = {name for name in FRAMEWORKS if name not in sys.modules}
        for name in FRAMEWORKS:
            if name not in self._absent:
                self._follow(name)
        return self

    def _follow(self, name: str) -> None:
        """Begin to watch a framework; one that cannot be watched is told of, and the loop runs."""
        module = sys.modules[name]
        try:
            if name == "torch":
                from downslope.watching.torch_loop import TorchLoop

                self._watchers[name] = TorchLoop(module, self._patches)
            elif name == "tensorflow":
                from downslope.watching.tensorflow_loop import TensorFlowLoop

                self._watchers[name] = TensorFlowLoop(module, self._patches, self._uncompiled)
            elif name == "keras":
                from downslope.watching.keras_loop import KerasLoop

                self._watchers[name] = KerasLoop(module, self._patches)
            else:
                from downslope.watching.jax_loop import JaxLoop

                self._watchers[name] = JaxLoop(module, self._patches, self._uncompiled)
        except Exception as problem:
            self._notes.append(f"{name} could not be watched: {type(problem).__name__}: {problem}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._notes += self._patches.restore()
        self._seconds = time.perf_counter() - self._began
        if kind is not None:
            self._ended = "interrupted" if issubclass(kind, KeyboardInterrupt) else f"the loop raised {kind.__name__}"
            if self._ended != "interrupted":
                said = str(error).partition("\n")[0][:200]
                self._notes.append(f"the loop ended with {kind.__name__}" + (f": {said}" if said else ""))
        for watcher in self._watchers.values():
            seen: Seen = watcher.seen
            seen.over = False  # what was seen until then is finished all the same
            seen.guarded(watcher.finish)
            seen.over = True  # what was made inside and lives on outside is no longer recorded
        self._state = "done"

    @property
    def _seen(self) -> Seen:
        """Of the framework that did most; of Keras fit where it ran, which names what the others only pass on."""
        notebooks = [watcher.seen for watcher in self._watchers.values()]
        ran = [seen for seen in notebooks if seen.steps is not None]
        fits = [seen for seen in ran if seen.loop == "Keras fit"]
        if not ran:
            told = [seen for seen in notebooks if seen.facts]
            compiled = [watcher.seen for watcher in self._watchers.values() if getattr(watcher, "compiled", 0)]
            return (told or compiled or notebooks or [Seen("no framework", "a loop")])[0]
        return fits[0] if fits else max(ran, key=lambda seen: len(seen.steps or ()))

    def _unseen(self) -> list[str]:
        """Why nothing was seen, as far as that can be told."""
        if any(watcher.seen.steps is not None for watcher in self._watchers.values()):
            others = [w.seen.framework for w in self._watchers.values() if w.seen.steps is not None]
            if len(others) > 1 and self._seen.loop != "Keras fit":
                return [f"loops of {' and '.join(others)} were seen; the longer one is kept"]
            return []
        late = sorted(name for name in self._absent if name in sys.modules)
        told = [
            f"{' and '.join(late)} {'was' if len(late) == 1 else 'were'} imported inside the block; import before it, "
            "so that it can be watched"
        ] if late else []  # fmt: skip
        compiled = [name for name, watcher in self._watchers.items() if getattr(watcher, "compiled", 0)]
        for name in compiled:
            told.append(
                f"the step was compiled by {'jax.jit' if name == 'jax' else 'tf.function'}, and runs where nobody can "
                "look. ds.watch(uncompiled=True) lets it run operation by operation, slowly, and be seen"
            )
        if not self._watchers:
            told.append("none of torch, tensorflow, keras and jax is imported: import the framework before the block")
        elif not told:
            names = " and ".join(self._watchers)
            told.append(f"{names} was watched, and no gradient was computed on numbers inside the block")
            if "jax" in self._watchers:
                told.append(
                    "of JAX only gradient functions are seen that jax.grad or jax.value_and_grad makes inside the "
                    "block and that are called outside of jax.jit; ds.watch(uncompiled=True) also sees what is inside"
                )
        return told

    @property
    def run(self) -> Run:
        """All that was seen, as one value; while the loop runs, all so far."""
        return self._run if self._state == "done" else self._made()

    @cached_property
    def _run(self) -> Run:
        return self._made()

    def _made(self) -> Run:
        if self._state == "new":
            raise RequestError("nothing was watched yet; write: with ds.watch() as run: and the loop inside")
        seconds = self._seconds or time.perf_counter() - self._began
        return as_run(self._seen, self._ended, seconds, (*self._notes, *self._unseen()))

    @property
    def history(self) -> History:
        """The points at which the loop computed its loss, row by row."""
        return self.fit.history

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the loop, faults first; nothing for a healthy one."""
        return examine(self.run)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how the loop was watched."""
        return self.run.notes

    @property
    def fit(self) -> Fit:
        """What was seen, as `ds.load` gives it of a saved run."""
        return Fit(self.run)

    def plot(
        self, which: str | Sequence[str] | None = None, *, ax: Any = None, path: Any = None, force: bool = False
    ) -> Any:
        """Draw with Matplotlib, as `Fit.plot`: the pictures that need no model."""
        return self.fit.plot(which, ax=ax, path=path, force=force)

    def replay(self, path: AnyPath, *, panels: str | Sequence[str] | None = None, force: bool = False) -> None:
        """Write a file that plays the loop step by step, .html or .gif, as `Fit.replay`."""
        self.fit.replay(path, panels=panels, force=force)

    def report(self, path: AnyPath, *, force: bool = False) -> None:
        """Write all that was seen as a page, .html, as `Fit.report`."""
        self.fit.report(path, force=force)

    def view(self) -> Any:
        """The replay as a widget, as `Fit.view`."""
        return self.fit.view()

    def save(self, path: AnyPath, *, force: bool = False) -> None:
        """Write what was seen into one file, which `ds.load` opens.

        Raises: OutputError if it cannot be written, or if it exists and not `force`.
        """
        save(self.run, path, force=force)

    def summary(self, *, width: int = 80) -> str:
        """What was seen, on one screen."""
        return summary(self.run, findings=self.findings, width=width)

    def explain(self, *, width: int = 100) -> str:
        """The story of the loop in at most 15 lines: what was seen, what happened when, what to change."""
        return story(self.run, self.findings, width=width)

    def __str__(self) -> str:
        return self.summary() if self._state != "new" else "a watch that has not begun"

    def __repr__(self) -> str:
        return f"<Watch: {self._state}>"


def watch(*, uncompiled: bool = False) -> Watch:
    """Watch a training loop of PyTorch, TensorFlow, Keras or JAX, without a change to it: `with ds.watch() as run:`.

    It acts only on frameworks that are imported before the block begins, follows the thread that it is in, and puts
    everything back at its end, also after an exception, which goes on as it was.

    Args:   uncompiled: JAX and TensorFlow run what is compiled by jax.jit and tf.function operation by operation
            inside the block, so that it can be seen: the same numbers, to rounding, and many times slower.
    Returns: a Watch: run.findings, run.history, run.run, run.notes, run.summary(), run.plot(),
            run.replay(path), run.report(path), run.save(path).
    Raises: RequestError if one watch is used for two blocks.
    """
    return Watch(uncompiled=uncompiled)

"""Seen: what a watcher of one framework saw of a loop, in one notebook that all watchers share the form of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from downslope.watching.steps import MOST_PARAMETERS, Steps


@dataclass(eq=False)
class Seen:
    """The notebook of one watcher; written while the loop runs.

    framework  "torch 2.13.0"; loop: "a PyTorch loop"
    rules      the optimisers that took steps, in their order: ("adam", its settings)
    notes      what the user should know, each once
    facts      by symptom, what was seen of tensors that no history holds
    over       nothing more can be recorded, for a reason that stands in the notes
    parameters how many numbers are trained
    """

    framework: str
    loop: str
    steps: Steps | None = None
    rules: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    batch_size: int | None = None
    searches: bool = False
    over: bool = False
    parameters: int = 0

    def note(self, text: str) -> None:
        """Something that the user should know, said once."""
        if text not in self.notes:
            self.notes.append(text)

    def stop(self, text: str) -> None:
        """Record no more, and say why."""
        self.over = True
        self.note(text)

    def begin(self, names: tuple[str, ...], epsilon: float = 2.0**-52) -> Steps:
        """The first point is about to be written."""
        self.parameters = len(names)
        if len(names) > MOST_PARAMETERS:
            self.note(
                f"the loop trains {len(names)} numbers; of more than {MOST_PARAMETERS} only the loss, the rate and the "
                "length of the gradient are kept"
            )
            names = ()
        self.steps = Steps(names, epsilon)
        return self.steps

    def guarded(self, record: Callable[..., Any], *args: Any) -> Any:
        """Record; a fault of ours ends the recording, never the user's loop."""
        if self.over:
            return None
        try:
            return record(*args)
        except Exception as problem:
            self.fault(problem)
            return None

    def fault(self, problem: Exception) -> None:
        """We cannot go on."""
        self.stop(
            "downslope could not follow the loop any further, which is its fault, not yours: "
            f"{type(problem).__name__}: {problem}"
        )

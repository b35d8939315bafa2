"""Fit: what a fit, or a saved run, gives back. Opens, predicts and explains itself without JAX."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.data import Reading, from_arrays, read
from downslope.data.positional import is_positional, split
from downslope.diagnosis import Finding, examine
from downslope.errors import RequestError
from downslope.history import History, Run, State, store
from downslope.model import Model, arguments, as_model, names_in
from downslope.plan import Plan
from downslope.report import as_json, summary

if TYPE_CHECKING:
    from downslope.problem import Problem


class Fit:
    """The answer, how far to trust it, and how it was found.

    Attributes:
        params      parameter -> value, in the units of the data
        loss        the objective there, over all rows
        state       "usable" or "untrusted", and `reasons`, sentences that say why
        notes       what was chosen where the plan left it open, and what was done to the data
        stopped     why the descent ended
        findings    symptoms of a descent that went wrong; none if it is healthy
        history     every kept step
        plan        what was asked
        truth       the parameters that made the data, where they are known
        run         all of this as one plain value

    >>> import downslope as ds
    >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.0]}, optimizer="gd", learning_rate=0.1, steps=3)
    >>> len(fit.history), fit.state
    (4, 'usable')
    """

    def __init__(self, run: Run, problem: "Problem | None" = None, model: Any = None) -> None:
        self.run = run
        self.problem = problem
        self._model = model

    @property
    def params(self) -> Mapping[str, float]:
        """Parameter -> value."""
        return self.run.values

    @property
    def loss(self) -> float:
        """The objective at `params`, over all rows."""
        return self.run.loss

    @property
    def state(self) -> State:
        """How far the answer can be trusted."""
        return self.run.state

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it has that state."""
        return self.run.reasons

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen, and why; what was done to the data."""
        return self.run.notes

    @property
    def stopped(self) -> str:
        """Why the descent ended."""
        return self.run.stopped

    @property
    def history(self) -> History:
        """Every kept step."""
        return self.run.history

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return self.run.plan

    @property
    def truth(self) -> Mapping[str, float] | None:
        """The parameters that made the data, where they are known."""
        return self.run.truth

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Symptoms of a descent that went wrong."""
        return examine(self.run.history, self.run.chosen)

    @property
    def spec(self) -> Any:
        """The model as it was given: a formula's text or a Python function.

        Raises: RequestError for a saved run of a Python function: code is not saved, so load it with `load(path,
            model=...)`.
        """
        if self.problem is not None:
            return self.problem.spec
        if self.run.is_code and self._model is None:
            raise RequestError(
                f"the model {self.run.text} is Python code and was not saved; give it: load(path, model=...)"
            )
        return self._model if self.run.is_code else self.run.text

    @property
    def model(self) -> Model:
        """The model, bound to its columns."""
        if self.problem is not None:
            return self.problem.model
        return as_model(self.spec, self._columns(), self.run.parameters)

    def _columns(self) -> list[str]:
        """Names of the columns that the model reads, in the order of its arguments."""
        if self.run.is_code:
            return [name for name in arguments(self.spec) if name not in self.run.parameters]
        return sorted((names_in(self.spec) or frozenset()) - set(self.run.parameters))

    def predict(self, data: Any, *, reading: Reading | None = None) -> np.ndarray:
        """Predictions for new rows, (n,), in the units of the target.

        Args:   data: as for `fit`, without the target; x arrays are taken in the order of the model's columns.
                reading: how to read a file.
        Raises: RequestError, DataError.
        """
        model = self.model
        if is_positional(data):
            arrays = split(data)
            if len(arrays) != len(model.columns):
                raise RequestError(
                    f"the model reads {len(model.columns)} columns ({', '.join(model.columns)}); "
                    f"{len(arrays)} arrays were given"
                )
            table = from_arrays(model.columns, arrays)
        else:
            table = read(data, only=set(model.columns), reading=reading or Reading())
        columns = {name: table[name] for name in model.columns}
        return np.asarray(model.predict(self.run.params, columns), dtype=np.float64)

    def resume(
        self,
        *,
        steps: int | None = None,
        epochs: int | None = None,
        learning_rate: Any = None,
        data: Any = None,
        reading: Any = None,
        progress: Any = False,
    ) -> "Fit":
        """Go on from where the descent stood, with its memory and its history.

        Args:
            steps, epochs: how many more; as many as before, if neither is given.
            learning_rate: another one, or the same.
            data: needed for a loaded run whose data were too large to keep; it must be the same data.
            reading: how to read them from a file.
            progress: as for `fit`.
        Raises: RequestError.
        """
        from downslope.fitting import resume

        return resume(self, {"steps": steps, "epochs": epochs}, learning_rate, data, reading, progress)

    def plot(
        self, which: str | Sequence[str] | None = None, *, ax: Any = None, path: Any = None, force: bool = False
    ) -> Any:
        """Draw with Matplotlib: "fitted", "loss", "valley" (loss against one parameter; "valley:w" says which) or
        "path".

        Args:
            which: one name, several, or none for all that apply.
            ax: axes to draw a single picture on.
            path: a png, pdf or svg file to write; `force` replaces one that exists.
        Returns: the axes of one picture, or the Figure of several.
        Raises: MissingExtra without Matplotlib; RequestError for an unknown name or a picture that does not apply;
            OutputError.
        """
        from downslope.pictures import matplotlib_renderer as renderer
        from downslope.scenes import scene, that_apply

        names = that_apply(self) if which is None else [which] if isinstance(which, str) else list(which)
        scenes = [scene(self, name) for name in names]
        if path is not None:
            return renderer.save(scenes, path, force=force)
        return renderer.draw(scenes[0], ax) if len(scenes) == 1 else renderer.figure(scenes)

    def sketch(
        self, which: str | None = None, *, width: int = 76, height: int = 16, color: bool = False, unicode: bool = True
    ) -> str:
        """A picture for the terminal: `which` as for `plot`; data and fitted curve if left out and there is one
        column, else the loss.

        Raises: RequestError as `plot`.
        """
        from downslope.pictures import terminal
        from downslope.scenes import scene, that_apply

        name = which or that_apply(self)[0]
        return terminal.text(scene(self, name), width, height, color=color, unicode=unicode)

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write the run to one file: safetensors with JSON, no code in it.

        Raises: OutputError if it exists (unless `force`) or cannot be written; an older file is then untouched.
        """
        store.save(self.run, path, force=force)

    def summary(self, *, width: int = 80, color: bool = False) -> str:
        """The answer in words and numbers, at most one screen."""
        return summary(self.run, findings=self.findings, width=width, color=color)

    def as_json(self, *, files: Sequence[str] = ()) -> str:
        """The answer as JSON text; `files` are listed in it."""
        return as_json(self.run, self.findings, files=files)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value:.6g}" for name, value in list(self.params.items())[:8])
        return f"<Fit {self.run.text!r}: {values}; {self.state}>"


def load(path: str | PathLike[str], *, model: Any = None) -> Fit:
    """Open a saved run.

    Args:   model: the Python function, for a run of one: code is not saved.
    Raises: DataError if it cannot be read, is damaged or was written by a newer version.
    """
    return Fit(store.load(path), model=model)

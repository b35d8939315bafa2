"""Fit: what a fit, or a saved run, gives back: an Answer that predicts, explains itself and goes on."""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.answer import Answer
from downslope.data import Reading, Table, from_arrays, read
from downslope.data.positional import is_positional, split
from downslope.errors import RequestError
from downslope.history import store
from downslope.intervals import Intervals, intervals
from downslope.model import Model, arguments, as_model, names_in
from downslope.report import as_json, run_table, story, summary

if TYPE_CHECKING:
    from downslope.bootstrapping import Bootstrap
    from downslope.probe.band import Band
    from downslope.repair import Repair


class Fit(Answer):
    """The answer, how far to trust it, and how it was found.

    Attributes:
        params      parameter -> value, in the units of the data
        errors      parameter -> standard error; `covariance` and `correlation` (p, p)
        loss        the objective there, over all rows
        state       "certified", "usable" or "untrusted", and `reasons`, sentences that say why
        certificate how far the minimum is, None where that could not be measured
        notes       what was chosen where the plan left it open, and what was done to the data
        stopped     why the descent ended
        findings    symptoms of a descent that went wrong; none if it is healthy
        history     every kept step
        plan        what was asked
        truth       the parameters that made the data, where they are known
        repaired    what a repair that was asked for by `repair=True` changed, None if none was asked for
        run         all of this as one plain value

    >>> import downslope as ds
    >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.0]}, optimizer="gd", learning_rate=0.1, steps=3)
    >>> len(fit.history), fit.state
    (4, 'usable')
    """

    @property
    def spec(self) -> Any:
        """The model as it was given: a formula's text or a Python function.

        Raises: RequestError for a saved run of a Python function: code is not saved, so load it with `load(path,
            model=...)`.
        """
        if self.problem is not None:
            return self.problem.spec
        if self.run.chosen.get("watched"):
            raise RequestError(
                f"this was {self.run.text}, watched from outside: there is no model here that could predict, be drawn "
                "or be repaired; change the loop itself"
            )
        if self.run.is_code and self._model is None:
            raise RequestError(
                f"the model {self.run.text} is Python code and was not saved; give it: load(path, model=...)"
            )
        return self._model if self.run.is_code else self.run.text

    @property
    def has_model(self) -> bool:
        """Whether there is a model that could predict: not in a watched loop, nor in a saved run of a Python function
        that was loaded without it.
        """
        return self.problem is not None or not self.run.is_code or self._model is not None

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
        model, table = self.model, self._new_rows(data, reading)
        columns = {name: table[name] for name in model.columns}
        return np.asarray(model.predict(self.run.params, columns), dtype=np.float64)

    def _new_rows(self, data: Any, reading: Reading | None, more: Sequence[str] = ()) -> Table:
        """The model's columns, and some more, of new rows."""
        model = self.model
        if not is_positional(data):
            return read(data, only={*model.columns, *more}, reading=reading or Reading())
        arrays = split(data)
        if len(arrays) != len(model.columns):
            raise RequestError(
                f"the model reads {len(model.columns)} columns ({', '.join(model.columns)}); "
                f"{len(arrays)} arrays were given"
            )
        return from_arrays(model.columns, arrays)

    def intervals(
        self, level: float = 0.95, method: str = "covariance", *, repeats: int = 1000, seed: int = 0
    ) -> Intervals:
        """Between what limits each parameter lies: a mapping to (low, high), with `notes`.

        Args:
            level: the share of such intervals that hold the true value.
            method: "covariance" (value ± quantile · error), "profile" (where the loss, the other parameters following,
                has risen by what the level says; names in `disagree` those of which the covariance is off by more than
                20 %) or "bootstrap" (percentiles of fits of rows drawn anew).
            repeats, seed: of the bootstrap.
        Raises: RequestError with the reason if the answer has no errors, or if data are needed that were not kept.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x + b", {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.1, 4.9, 7.0]})
        >>> print(fit.intervals(0.9))
        90 % intervals from the covariance
          w   1.86 to 2.10
          b   0.80 to 1.26
        """
        return intervals(self, level, method, repeats, seed)

    def bootstrap(self, repeats: int = 1000, *, seed: int = 0) -> "Bootstrap":
        """Fit rows that are drawn anew, with replacement, so many times, side by side, each from the answer.

        Returns: `samples` (r, p), how many `failed`, `errors`, and `intervals(level)`. The same seed gives the same.
        Raises: RequestError if the answer has no errors, or the data were not kept, or it would take too long.
        """
        from downslope.bootstrapping import bootstrap

        return bootstrap(self, repeats, seed)

    def band(
        self, data: Any, level: float = 0.95, kind: str = "confidence", *, reading: Reading | None = None
    ) -> "Band":
        """How certain the predictions for new rows are: prediction, lower and upper, (n,) each.

        Args:
            data, reading: as for `predict`; a prediction band of a fit with a column sigma needs that column too.
            kind: "confidence", for the curve, or "prediction", for single new rows about it: with the noise of the
                residuals, or that given by sigma.
        Raises: RequestError with the reason if there is no covariance, or nothing is known of the noise of new rows.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x + b", {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.1, 4.9, 7.0]})
        >>> fit.band([1.5], kind="prediction").upper.round(3)
        array([4.456])
        """
        from downslope.banding import banded, sigma_column

        sigma = sigma_column(self.run) if kind == "prediction" else None
        if sigma is not None and is_positional(data):
            raise RequestError(f"a prediction band needs the column {sigma!r} too; pass a mapping of names to arrays")
        return banded(self, self._new_rows(data, reading, [sigma] if sigma else []), level, kind)

    def resume(
        self,
        *,
        steps: int | None = None,
        epochs: int | None = None,
        learning_rate: Any = None,
        data: Any = None,
        reading: Any = None,
        progress: Any = False,
        checkpoint: "str | PathLike[str] | None" = None,
        checkpoint_every: float | None = None,
        device: str | None = None,
    ) -> "Fit":
        """Go on from where the descent stood, with its memory and its history.

        A run that was cut short (by Ctrl-C, or in a checkpoint) is finished if nothing is asked of it: it ends as it
        would have ended, to the bit.

        Args:
            steps, epochs: how many more; as many as before, if neither is given.
            learning_rate: another one, or the same.
            data: needed for a loaded run whose data were too large to keep; it must be the same data.
            reading: how to read them from a file.
            progress, checkpoint, checkpoint_every: as for `fit`.
            device: another one, "cpu" or "gpu", or the same.
        Raises: RequestError.
        """
        from downslope.checkpointing import checkpoints
        from downslope.fitting import resume

        kept = checkpoints(checkpoint, checkpoint_every)
        return resume(self, {"steps": steps, "epochs": epochs}, learning_rate, data, reading, progress, kept, device)

    def again(self, *, progress: Any = False, **changes: Any) -> "Fit":
        """The same model and data under a plan with some changes; the data are not read again, and where only the way
        down changes (rate, steps, rule, start, batches), nothing else that is known of them is found anew.

        Args:   changes: fields of `Plan`; progress: as for `fit`.
        Raises: RequestError; for a saved run also if its data were too large to keep.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.1]}, optimizer="gd", learning_rate=0.5, steps=50)
        >>> fit.state, fit.again(learning_rate=0.2).state
        ('untrusted', 'certified')
        """
        from downslope.fitting import again

        return again(self, changes, progress)

    def repair(self) -> "Repair":
        """Find the smallest change of the plan that cures what `findings` name: rate, schedule, scaling, start, rule.

        Each is tried on the same number of steps, but for the last resort, a search, which takes those that it needs;
        and kept only if it is better. A healthy run is left as it is, and of
        a fault in the data it is said that no training cures it.

        Returns: a `Repair`: `fit`, `changes` (field of the plan -> before, after), `tried`, `reason`, `python`.
        Raises: RequestError if the data of a saved run were too large to keep.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.1]}, optimizer="gd", learning_rate=0.5, steps=50)
        >>> fit.repair().changes
        {'learning_rate': (0.5, 0.2)}
        """
        from downslope.repairing import repair

        return repair(self)

    def plot(
        self, which: str | Sequence[str] | None = None, *, ax: Any = None, path: Any = None, force: bool = False
    ) -> Any:
        """Draw with Matplotlib: "fitted", "loss", "valley" (loss against one parameter; "valley:w" says which),
        "path" ("path:w,b"), "residuals", "predicted", "hinges", "units", "steps" or "gauge".

        Args:
            which: one name, several, or none for those of the first four that apply.
            ax: axes to draw a single picture on.
            path: a png, pdf or svg file to write; `force` replaces one that exists.
        Returns: the axes of one picture, or the Figure of several.
        Raises: MissingExtra without Matplotlib; RequestError for an unknown name or a picture that does not apply;
            OutputError.
        """
        from downslope.pictures import matplotlib_renderer as renderer
        from downslope.scenes import USUAL, scene, that_apply

        usual = [name for name in that_apply(self) if name in USUAL]
        names = usual if which is None else [which] if isinstance(which, str) else list(which)
        scenes = [scene(self, name) for name in names]
        if path is not None:
            return renderer.save(scenes, path, force=force)
        return renderer.draw(scenes[0], ax) if len(scenes) == 1 else renderer.figure(scenes)

    def replay(
        self, path: str | PathLike[str], *, panels: str | Sequence[str] | None = None, force: bool = False
    ) -> None:
        """Write the run as a file that plays it, every picture following the step: .html, which needs nothing outside
        of itself, or .gif.

        Args:   panels: names of pictures, as for `plot`; left out, those that say something, at most six.
                force: whether a file that exists may be replaced.
        Raises: RequestError for another ending or a picture that does not apply; OutputError; MissingExtra for a .gif
            without Matplotlib and Pillow.
        """
        from downslope.viewing import write_replay

        write_replay(self, path, panels, force=force)

    def report(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write all that is known of the run as a page (.html) to be read, mailed and printed: formula, parameters with
        errors, state, findings with remedies, pictures, and the line of Python that gives it again.

        Raises: RequestError for another ending; OutputError if it exists (unless `force`) or cannot be written.
        """
        from downslope.viewing import write_report

        write_report(self, path, force=force)

    def values(
        self, *, panels: str | Sequence[str] | None = None, frames: int = 200, quick: bool = False
    ) -> dict[str, Any]:
        """What replay, report, lab and widget draw, as plain values that JSON can hold: arrays are base64.

        Args:   panels: names of pictures, as for `plot`; frames: at so many steps, at most, a curve that moves is
                drawn; quick: nothing is measured for it that is not known already.
        Raises: RequestError for a picture that does not apply.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.1]}, optimizer="gd", learning_rate=0.1, steps=50)
        >>> values = fit.values(panels="loss")
        >>> values["state"], values["last"], values["verdicts"][0]["text"]
        ('certified', 50, 'the start')
        """
        from downslope.viewing import view_of

        return view_of(self, panels, frames=frames, quick=quick)

    def view(self, *, panels: str | Sequence[str] | None = None) -> Any:
        """The replay as a widget, for JupyterLab and marimo.

        Raises: MissingExtra without anywidget; RequestError for a picture that does not apply.
        """
        from downslope.notebook import view_widget

        return view_widget(self, panels)

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
        store.save(self.measured, path, force=force)

    def summary(self, *, width: int = 80, color: bool = False) -> str:
        """The answer in words and numbers, at most one screen."""
        return summary(self.measured, findings=self.findings, width=width, color=color)

    def explain(self, *, width: int = 100) -> str:
        """The story of the run in at most 15 lines: what was asked, what happened when, what it cost, what to change.

        >>> import downslope as ds
        >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.1]}, optimizer="gd", learning_rate=0.5, steps=50)
        >>> print(fit.explain().partition('found')[2][6:29])
        diverging: the loss was
        """
        return story(self.measured, self.findings, self.repaired, width)

    def as_json(self, *, files: Sequence[str] = (), intervals: Intervals | None = None) -> str:
        """The answer as JSON text; `files` are listed in it, and `intervals` if they are given."""
        return as_json(self.run, self.findings, files=files, intervals=intervals.said() if intervals else None)

    def _repr_html_(self) -> str:
        """The answer as a table, for notebooks; findings that were not asked for are not measured for it."""
        return run_table(self.run, self.told)

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

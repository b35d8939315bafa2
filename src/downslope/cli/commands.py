"""The commands. Each reads its words, calls the public names, and returns an exit code."""

import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from cyclopts import Parameter

import downslope as ds
from downslope.cli import lessons
from downslope.cli.copying import copy
from downslope.cli.explain import explain
from downslope.cli.lab import lab
from downslope.cli.many import many
from downslope.cli.options import (
    Checkpoint,
    CheckpointFlags,
    FileFlags,
    Files,
    Output,
    OutputFlags,
    PlanFlags,
    asked,
    checked_level,
)
from downslope.cli.outcome import (
    STANDARD_INPUT,
    exit_code,
    kept_as,
    load_what_computes,
    probe_writing,
    show,
    spare,
    watch,
)
from downslope.cli.scan import scan
from downslope.cli.show import replay, report

Number = Annotated[float | None, Parameter(show_default=False)]


def fit(
    *words: Annotated[str, Parameter(show=False)],
    target: str | None = None,
    truth: str | None = None,
    cluster: str | None = None,
    plan: PlanFlags = None,
    files: Files = None,
    checkpoint: Checkpoint = None,
    output: Output = None,
) -> int:
    """Fit a formula to the data of a file: downslope fit DATA "y = w*x + b"

    DATA is a CSV, TSV, Parquet or npz file, several of them, or - for standard input. What is asked is what runs:
    --optimizer gd --learning-rate 0.1 --steps 200 takes exactly those steps. What is left out is chosen, and said.

    Parameters
    ----------
    target
        the column to predict, where the model does not say
    truth
        the formula that made the data, to show true values beside the estimated: "y = 0.1*x + 0.5"
    cluster
        local, or the address of a Dask scheduler, whose workers read the data
    """
    *paths, model = words if len(words) >= 2 else _usage('fit DATA "y = w*x + b"', words)
    output, written = output or OutputFlags(), (checkpoint or CheckpointFlags()).asked()
    settings = asked(plan)
    place = kept_as(output, paths[0])
    probe_writing(output, place, paths, written["checkpoint"])
    load_what_computes()
    data = [_path(word) for word in paths] if len(paths) > 1 else _path(paths[0])
    reading = (files or FileFlags()).reading()
    how = {"reading": reading, "truth": truth, "progress": watch(output), "cluster": cluster, **written}
    answer = ds.fit(model, data, target, **how, **settings)
    return show(answer, output, place)


def resume(
    run: str,
    data: str | None = None,
    *,
    steps: Number = None,
    epochs: Number = None,
    learning_rate: Annotated[str | None, Parameter(show_default=False)] = None,
    device: Literal["cpu", "gpu"] | None = None,
    files: Files = None,
    checkpoint: Checkpoint = None,
    output: Output = None,
) -> int:
    """Go on with a saved run from where it stood: downslope resume run.downslope --steps 200

    A run that was cut short, and a checkpoint, is finished: downslope resume run.ckpt

    Parameters
    ----------
    run
        a file that fit or resume has saved
    data
        the data again, for a run whose data were too large to keep
    steps
        how many more; if left out, as many as before, or what is left of a run that was cut short
    epochs
        the same in passes over the data
    learning_rate
        another rate, or the same
    device
        another one, or the same
    """
    output, written = output or OutputFlags(), (checkpoint or CheckpointFlags()).asked()
    before = ds.load(run)
    place = kept_as(output, run)
    probe_writing(output, place, [run, *([data] if data else [])])
    spare(written["checkpoint"], [data] if data else [])
    load_what_computes()
    answer = before.resume(
        steps=steps,
        epochs=epochs,
        learning_rate=learning_rate,
        data=None if data is None else _path(data),
        reading=(files or FileFlags()).reading(),
        progress=watch(output),
        device=device,
        **written,
    )
    return show(answer, output, place)


def predict(
    run: str,
    data: str,
    *,
    band: Literal["confidence", "prediction"] | None = None,
    level: Number = None,
    out: Annotated[str | None, Parameter(name=("--out", "-o"))] = None,
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    files: Files = None,
) -> int:
    """Predictions of a saved run for new rows, as CSV: downslope predict run.downslope new.csv -o predicted.csv

    Parameters
    ----------
    run
        a file that fit or resume has saved
    data
        a file with the model's columns
    band
        two more columns, lower and upper: confidence, of the curve, or prediction, of single new rows about it
    level
        with --band: the share of such bands that hold the true value; 0.95 if left out
    out
        where to write; left out, the terminal
    force
        replace a file that exists
    """
    answer = ds.load(run)
    out = None if out == STANDARD_INPUT else out  # "-o -" is the terminal
    if out is not None:
        spare(out, [run, data])
        ds.check_writable(out, force=force)
    if level is not None and band is None:
        raise ds.RequestError("--level goes with --band confidence or prediction")
    share = checked_level(level)
    sigma = answer.plan.sigma if band == "prediction" else None
    columns = {*answer.model.columns, *([sigma] if isinstance(sigma, str) and not _is_number(sigma) else [])}
    table = ds.read(_path(data), only=columns, reading=(files or FileFlags()).reading())
    name = answer.run.target if answer.run.target not in table.columns else f"predicted {answer.run.target}"
    found = {name: answer.predict(table)}
    if band is not None:
        load_what_computes()
        _, found[f"{name} lower"], found[f"{name} upper"] = answer.band(table, share, band)
    predicted = ds.Table({**table.columns, **found}, source="predictions")
    ds.write_table(predicted, out or sys.stdout, force=force)
    if out is not None:
        print(f"wrote {out}: {predicted.rows} rows")
    return exit_code(answer)


def make(
    formula: str,
    *,
    n: float = 100,
    noise: float = 0.0,
    relative_noise: float = 0.0,
    seed: float = 0,
    out: Annotated[str | None, Parameter(name=("--out", "-o"))] = None,
    force: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    **columns: Annotated[str, Parameter(help='how a column is drawn: --x "uniform(0, 1)", normal, linspace, integers')],
) -> int:
    """Make noisy data with a known truth: downslope make "y = 0.1*x + 0.5" --x "uniform(0, 1)" --noise 0.01 -o line.csv

    Parameters
    ----------
    formula
        the truth, with its numbers
    n
        rows
    noise
        standard deviation of the noise added to y
    relative_noise
        standard deviation of the noise that y is multiplied with, around 1
    seed
        of the random numbers
    out
        where to write (csv or parquet); left out, the terminal
    force
        replace a file that exists
    """
    out = None if out == STANDARD_INPUT else out
    if out is not None:
        ds.check_writable(out, force=force)
    table = ds.make(formula, n=n, noise=noise, relative_noise=relative_noise, seed=seed, **columns)
    ds.write_table(table, out or sys.stdout, force=force)
    if out is not None:
        print(f"wrote {out}: {table.rows} rows of {formula}, seed {int(seed)}")
        print(f'now fit it: downslope fit {out} "{_guess(formula)}" --truth "{formula}"')
    return 0


def demo(lesson: str = "line", *, every: int = 20) -> int:
    """A lesson, run before your eyes: downslope demo [line|thermometer|hinges]

    Parameters
    ----------
    lesson
        which one
    every
        print a line every so many steps
    """
    return lessons.run(lesson, every)


USAGE = {
    "copy": "copy DATA FILE.parquet [--columns NAMES] [OPTIONS]",
    "explain": "explain RUN [--repair]",
    "fit": "fit DATA... FORMULA [OPTIONS]",
    "lab": "lab [DATA [FORMULA]] [OPTIONS]",
    "many": "many DATA... FORMULA --by COLUMN [OPTIONS]",
    "make": "make FORMULA [--COLUMN DISTRIBUTION]... [OPTIONS]",
    "predict": "predict RUN DATA [OPTIONS]",
    "replay": "replay RUN [-o FILE] [--panels NAMES]",
    "report": "report RUN [-o FILE]",
    "resume": "resume RUN [DATA] [OPTIONS]",
    "scan": "scan DATA... FORMULA [OPTIONS]",
    "demo": "demo [LESSON] [--every STEPS]",
}
ALL: Sequence[Callable[..., Any]] = (fit, copy, explain, lab, make, many, predict, replay, report, resume, scan, demo)


def _path(word: str) -> str:
    return "-" if word == STANDARD_INPUT else word


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _guess(formula: str) -> str:
    """The formula with parameters in the place of its numbers: what a user would fit to the data made from it."""
    taken = set(re.findall(r"[^\W\d]\w*", formula))
    free = (letter for letter in "abcdghkmpqruvw" if letter not in taken)

    def name(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith("*") else next(free, match[0])

    return re.sub(r"\*\*\s*[\d.]+|(?<![\w.])(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", name, formula, flags=re.IGNORECASE)


def _usage(wanted: str, words: Sequence[str]) -> Any:
    given = " ".join(map(repr, words)) or "nothing"
    raise ds.RequestError(f"fit needs data and a formula, and got {given}. Write: downslope {wanted}")

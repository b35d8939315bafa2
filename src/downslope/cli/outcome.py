"""What a command leaves behind: what is printed, which files are written, the exit code."""

import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import downslope as ds
from downslope.cli.options import OutputFlags

STANDARD_INPUT = "standard input"
INTERRUPTED = 130
GOOD_ENOUGH = {"usable": ("usable", "certified"), "certified": ("certified",)}


def load_what_computes() -> None:
    """Import JAX and all that needs it, and keep compiled programs on disk.

    Ctrl-C ends the process at once meanwhile: a KeyboardInterrupt that strikes while JAX is imported can be
    swallowed there.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    ds.compile_cache()
    _ = ds.fit
    signal.signal(signal.SIGINT, before)


def kept_as(output: OutputFlags, source: str) -> Path | None:
    """Where the run is kept: as asked, or a new file in the current folder, named after the data."""
    if output.no_save:
        return None
    if output.save is not None:
        return Path(output.save)
    stem = (
        "run"
        if source == STANDARD_INPUT
        else Path(source).name.split(".")[0].replace("*", "").replace("?", "") or "run"
    )
    if source.endswith(".downslope"):
        stem = re.sub(r"-\d+$", "", stem)
    place, number = Path(f"{stem}.downslope"), 2
    while place.exists():
        place, number = Path(f"{stem}-{number}.downslope"), number + 1
    return place


def probe_writing(output: OutputFlags, place: Path | None, read: Sequence[str], checkpoint: str | None = None) -> None:
    """Make sure, before anything is computed, that what is asked for can be given, and written, and not onto what was
    `read`.
    """
    output.share()
    for path in (place, output.plot, checkpoint):
        spare(path, read)
    if checkpoint is not None and place is not None and Path(checkpoint).resolve() == place.resolve():
        raise ds.RequestError(f"the run is saved as {place}, and --checkpoint names it too; give each its own file")
    if place is not None:
        ds.check_writable(place, force=output.force)
    if output.plot is not None:
        ds.check_picture(output.plot, force=output.force)
        if place is not None and place.resolve() == Path(output.plot).resolve():
            raise ds.RequestError(f"--save and --plot both name {output.plot}; give each its own file")


def spare(path: Any, read: Sequence[str]) -> None:
    """Refuse, even when forced, to write onto a file that is read."""
    if path is not None and any(Path(path).resolve() == Path(source).resolve() for source in read):
        raise ds.OutputError(f"{path} is read by this command; write to another file")


def watch(output: OutputFlags) -> Any:
    """What shows the progress: lines if asked for, else a bar where somebody looks."""
    if output.every is not None:
        if output.quiet:
            return False
        if output.every < 1:
            raise ds.RequestError(f"--every is {output.every}; it must be a positive whole number")
        return ds.status_lines(output.every, sys.stderr if output.json else sys.stdout, gradients=output.verbose)
    return sys.stderr.isatty() and not output.quiet


def show(answer: "ds.Fit", output: OutputFlags, place: Path | None) -> int:
    """Write the files, print the answer, and say how it ended."""
    files = []
    if place is not None:
        answer.save(place, force=output.force)
        files.append(str(place))
    if output.plot is not None:
        answer.plot(path=output.plot, force=output.force)
        files.append(output.plot)
    refused = ""
    if output.json:
        limits, refused = _intervals(answer, output)
        print(answer.as_json(files=files, intervals=limits))
        if refused:
            print(refused, file=sys.stderr)
    elif not output.quiet:
        width, color = terminal()
        print(answer.summary(width=width, color=color))
        sys.stdout.flush()  # what is known by now is not lost if the intervals are not waited for
        limits, refused = _intervals(answer, output)
        if refused or limits is not None:
            print(f"{refused or limits}\n")
        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        print(answer.sketch(width=width - 2, height=14, color=color, unicode=unicode))
        print("wrote " + ", ".join(files) if files else "wrote no file (--save PATH keeps the run)")
    if answer.stopped == "interrupted" or (answer.repaired is not None and answer.repaired.interrupted):
        return INTERRUPTED
    return exit_code(answer, output.require) or (ds.RequestError.exit_code if refused else 0)


def _intervals(answer: "ds.Fit", output: OutputFlags) -> tuple[Any, str]:
    """The intervals that were asked for, or why there are none: the answer itself is printed all the same.

    Ctrl-C ends the process at once meanwhile: what was fitted is saved, and a KeyboardInterrupt that strikes inside a
    compiled program can crash it.
    """
    if output.intervals is None:
        return None, ""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return answer.intervals(output.share(), output.intervals, seed=answer.plan.seed), ""
    except ds.RequestError as reason:
        return None, f"no intervals: {reason}"
    finally:
        signal.signal(signal.SIGINT, before)


def exit_code(answer: "ds.Fit", require: str = "usable") -> int:
    """0 if the answer is good enough, else 1."""
    return 0 if answer.state in GOOD_ENOUGH[require] else 1


def terminal() -> tuple[int, bool]:
    """Columns to use, and whether colours are welcome."""
    if not sys.stdout.isatty():
        return 80, False
    return max(60, min(100, os.get_terminal_size().columns)), "NO_COLOR" not in os.environ

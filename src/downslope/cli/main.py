"""`downslope ...`: reads the words, runs the command, and turns what happens into an exit code.

0 usable or certified · 1 finished, but untrusted or less than required · 2 bad request · 3 bad data or file ·
4 cannot write · 130 interrupted, result kept · 70 our own bug
"""

import os
import signal
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from downslope import errors
from downslope.cli import commands
from downslope.cli.outcome import INTERRUPTED, STANDARD_INPUT

OUR_BUG = 70


def app() -> App:
    """The application with its commands; nothing heavy is imported."""
    from importlib.metadata import version

    line = App(
        name="downslope",
        help="Fit a formula to data by gradient descent, obey exactly, and say how far to trust the answer.",
        version=version("downslope"),
        help_format="plaintext",
        suppress_keyboard_interrupt=False,  # or it would leave without a word, before we can say it
    )
    for command in commands.ALL:
        line.command(command, usage=f"Usage: downslope {commands.USAGE[command.__name__]}")
    return line


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    debug = "--debug" in given
    given = [word for word in given if word != "--debug"]
    try:
        return _run(given, debug)
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        _complain(
            f"this is a bug in downslope, not in what you asked: {type(error).__name__}: {error}\n"
            "Please report it with the command and the output of the same command with --debug."
        )
        return OUR_BUG


def run() -> None:
    """Run the command line and leave at once.

    Taking JAX apart at the end of a process costs a quarter of a second; all that is written is written by then.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as with Ctrl-C: the result is kept
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may know few letters
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(words: list[str], debug: bool) -> int:
    try:
        # a lone hyphen is standard input here, and an option without a name to the parser
        words = [STANDARD_INPUT if word == "-" else word for word in words]
        code = app()(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CycloptsError as error:
        _complain(f"{str(error).strip()}\nTry: downslope {_command(words)}--help")
        return errors.RequestError.exit_code
    except errors.DownslopeError as error:
        if debug:
            raise
        _complain(str(error))
        return error.exit_code


def _command(words: Sequence[str]) -> str:
    known = {command.__name__ for command in commands.ALL}
    return f"{words[0]} " if words and words[0] in known else ""


def _complain(text: str) -> None:
    print(f"downslope: {text}", file=sys.stderr)

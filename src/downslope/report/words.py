"""Words: what states, stops and findings are called, the same wherever they are said."""

from typing import Any

from downslope.diagnosis import Finding
from downslope.history import Run
from downslope.report.numbers import count, number

STATES = {
    "certified": "certified",
    "usable": "usable",
    "untrusted": "untrusted: do not rely on these values",
}
STOPS = {
    "not finite": "stopped when the numbers were no longer finite; the last finite values are kept",
    "interrupted": "interrupted; what was reached is kept",
}


def state(run: Run) -> str:
    """The state as a sentence without its reasons."""
    return STATES[run.state]


def stopped(run: Run) -> str:
    """Why the descent ended."""
    return STOPS.get(run.stopped, run.stopped)


def errors(run: Run) -> str:
    """What the errors are, in one line; nothing where there are none."""
    known = run.uncertainty
    if known is None:
        return ""
    return f"{known.kind}, {count(known.freedom)} degree{'' if known.freedom == 1 else 's'} of freedom"


def remark(run: Run, name: str) -> str:
    """What is special about a parameter: fixed, tied to others, on a bound; nothing if it is not."""
    if name in run.plan.fixed:
        return "fixed"
    if name in run.plan.tied:
        return f"tied: {run.plan.tied[name]}"
    side = run.uncertainty.resting.get(name) if run.uncertainty is not None else None
    return f"on its {side} bound" if side else ""


def finding(found: Finding) -> str:
    """A finding as one line: what, the numbers, and what to try.

    >>> finding(Finding("diverging", "fault", 1, {}, "the loss was 4 at the start", {"learning_rate": 0.25}))
    'diverging: the loss was 4 at the start. Try learning_rate=0.25'
    """
    said = seen(found)
    settings = " ".join(f"{name}={_setting(value)}" for name, value in found.remedy.items())
    return f"{said}. Try {settings}" if settings else said


def seen(found: Finding) -> str:
    """What a finding has seen, without its remedy."""
    return f"{found.symptom}: {found.message}"


def did(run: Run) -> str:
    """What ran, in one line: rule, rate, steps, time."""
    parts = [called(run.chosen.get("optimizer", run.plan.optimizer))]
    rate = run.chosen.get("learning_rate", run.plan.learning_rate)
    if rate is not None:
        parts.append(f"learning rate {_setting(rate)}")
    if run.history.batch_size is not None:
        parts.append(f"{count(run.history.batch_size)} rows a step")
    parts.append(f"{count(run.steps)} step{'' if run.steps == 1 else 's'} in {duration(run.seconds)}")
    return ", ".join(parts)


def duration(seconds: float | int) -> str:
    """A time as people say it.

    >>> duration(0.0123), duration(3.21), duration(100), duration(7300)
    ('12 ms', '3.2 s', '1 min 40 s', '2 h 1 min')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def called(choice: Any) -> str:
    """The name of something that was chosen: a text, a function, or what a saved run knows of one.

    >>> called("adam(b1=0.8)"), called(len)
    ('adam(b1=0.8)', 'len')
    """
    return choice if isinstance(choice, str) else str(getattr(choice, "__name__", type(choice).__name__))


def _setting(value: Any) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else called(value)

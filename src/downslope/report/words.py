"""Words: what states, stops and findings are called, the same wherever they are said."""

import math
from typing import Any

from downslope.diagnosis import Finding
from downslope.history import Run
from downslope.report.numbers import count, number

ADVICE = {"certified": "", "usable": "", "untrusted": "do not rely on these values"}
"""What each state means to whoever uses the values."""
KINDS_OF_MINIMUM = {
    "exact": "least squares of a model that is linear in its parameters: there is one minimum",
    "convex": "the loss is convex: no other minimum exists",
    "local": "the minimum nearby: others may exist",
}
STOPS = {
    "not finite": "stopped when the numbers were no longer finite; the last finite values are kept",
    "interrupted": "interrupted; what was reached is kept",
}


def state(run: Run) -> str:
    """The state as a sentence without its reasons."""
    advice = ADVICE[run.state]
    return f"{run.state}: {advice}" if advice else run.state


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


def remedy(found: Finding) -> str:
    """The change of plan that cures a finding, as keywords of Python; nothing where none is known.

    >>> remedy(Finding("diverging", "fault", 1, {}, "", {"learning_rate": 0.25, "steps": 9}))
    'learning_rate=0.25, steps=9'
    """
    return ", ".join(f"{name}={value!r}" for name, value in found.remedy.items())


def certificate(run: Run) -> tuple[str, ...]:
    """How far the answer is from a minimum, a sentence each; what was not measured is left out."""
    known = run.certificate
    if known is None:
        return ("how far the minimum is was not measured",)
    said = [KINDS_OF_MINIMUM[known.assumption]]
    if known.gap >= 0:
        most = "about" if known.assumption == "local" else "at most"
        said.append(f"the loss can still fall by {most} {number(known.gap, 2)}")
    if math.isfinite(known.distance):
        said.append(f"the minimum is {number(known.distance, 2)} standard errors away")
    digits = known.sure
    if digits >= 1:
        said.append(f"every parameter has at least {digits} correct digit{'' if digits == 1 else 's'}")
    if known.lowest <= 0:
        said.append("the loss curves downwards along some direction, so this is no minimum")
    if known.tried > 1:
        said.append(f"{count(known.agreed)} of {count(known.tried)} starts led here")
    if known.second is not None:
        said.append(f"the second-best minimum that was met has the loss {number(known.second)}")
    return tuple(said)


def loss(run: Run) -> str:
    """What the loss is called; of a loop that was watched, only that."""
    return "loss" if run.chosen.get("watched") else called(run.plan.loss)


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


def sentence(text: str) -> str:
    """A remark as a sentence of its own.

    >>> sentence("the loss fell")
    'The loss fell.'
    """
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "…")) else ".")


def _setting(value: Any) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else called(value)

"""The lessons of `downslope demo`: each makes its data, descends before your eyes, and says what was seen."""

import sys
from collections.abc import Callable, Mapping

import downslope as ds
from downslope.cli.outcome import load_what_computes


def run(lesson: str, every: int) -> int:
    """Run one lesson by name.

    Raises: UnknownName.
    """
    if lesson not in LESSONS:
        raise ds.UnknownName("lesson", lesson, tuple(LESSONS))
    if every < 1:
        raise ds.RequestError(f"--every is {every}; it must be a positive whole number")
    load_what_computes()
    LESSONS[lesson](every)
    return 0


def _line(every: int) -> None:
    """A line, 200 steps, then 200 more."""
    _say("100 noisy rows of y = 0.1*x + 0.5. We guess w = 0, b = -1 and take 200 steps downhill at rate 0.1.")
    watch = ds.status_lines(every, sys.stdout)
    start = {"w": 0.0, "b": -1.0}
    data = ds.sample("line")
    fit = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.1, steps=200, start=start, progress=watch)
    _show(fit)
    _say("The line is not there yet: along one direction the valley is flat and the steps are short. 200 more steps:")
    _show(fit.resume(steps=200, progress=watch))


def _thermometer(every: int) -> None:
    """The same steps on raw and on scaled columns."""
    formula, start = "celsius = w*unknown + b", {"w": 1.0, "b": 0.0}
    data = ds.sample("thermometer")
    _say("Eleven readings of a thermometer with unknown units. Plain descent at rate 0.01:")
    _show(ds.fit(formula, data, optimizer="gd", learning_rate=0.01, steps=5000, start=start))
    _say("Too large a rate for such large numbers. The same rule with the column brought to about -1..1:")
    scaled = {"optimizer": "gd", "learning_rate": 0.1, "steps": 400, "scale": "columns"}
    _show(ds.fit(formula, data, start=start, progress=ds.status_lines(every, sys.stdout), **scaled))


def _hinges(every: int) -> None:
    """ReLUs added up until they follow a parabola."""
    data = ds.make("y = x**2", x="linspace(-2, 2)", n=200)
    _say("A parabola, followed by 2, 4, 8 and 16 hinges: b plus a sum of a*relu(x - k).")
    for hinges in (2, 4, 8, 16):
        fit = ds.fit(f"y = relu_sum(x, {hinges})", data, optimizer="adam", learning_rate="cosine(0.05)", steps=4000)
        _say(f"{hinges:>3} hinges: mse {fit.loss:.2e}")
    print(fit.sketch())


LESSONS: Mapping[str, Callable[[int], None]] = {"line": _line, "thermometer": _thermometer, "hinges": _hinges}


def _say(text: str) -> None:
    print(f"\n{text}\n")


def _show(fit: "ds.Fit") -> None:
    print(f"\n{fit.summary()}\n{fit.sketch()}")

"""Learning rates: one number, a decay by name, or any Optax schedule.

A schedule is evaluated for a block of steps ahead and handed to the loop as numbers, so that no schedule is ever
compiled into it. `plateau`, which makes the steps smaller as the minimum nears, needs the losses and so lives in the
loop.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from downslope.arrays import double_precision
from downslope.choice import REQUIRED, Choice, parse
from downslope.errors import RequestError, UnknownName

if TYPE_CHECKING:
    import optax

DECAYS = {
    "step": {"rate": REQUIRED, "every": 1000, "factor": 0.5},
    "exponential": {"rate": REQUIRED, "every": 1000, "factor": 0.5},
    "cosine": {"rate": REQUIRED},
    "plateau": {"rate": REQUIRED, "patience": 10, "factor": 0.5, "over": 1},
}
"""What each decay takes.

step         the rate times `factor` after each `every` steps
exponential  the same, smoothly
cosine       the rate along half a cosine, to 0 at the last step
plateau      the rate times `factor` each time the mean loss over `over` steps has not fallen `patience` times in a row
"""


class Rates(NamedTuple):
    """Rates for any stretch of steps, and the plateau rule if one was asked for.

    text: as it was asked for; a number stays one
    at: (first step, how many) -> (how many,) float64
    """

    text: str | float
    at: Callable[[int, int], np.ndarray]
    plateau: Choice | None = None


def as_rates(asked: float | str | Callable[[Any], Any], steps: int) -> Rates:
    """The rates that were asked for, over a run of so many steps.

    Raises: UnknownName, RequestError.

    >>> as_rates("step(0.1, every=2, factor=0.5)", steps=4).at(0, 4).tolist()
    [0.1, 0.1, 0.05, 0.05]
    """
    if isinstance(asked, str):
        return _decay(parse(asked, what="learning_rate"), steps)
    if callable(asked):
        return Rates("your schedule", _scheduled(asked))
    rate = float(asked)
    return Rates(rate, lambda first, count: np.full(count, rate))


def plateau_rule(choice: Choice) -> "optax.GradientTransformationExtraArgs":
    """Optax's reduce_on_plateau: its state's `scale` multiplies the rate."""
    import optax.contrib

    options = _options(choice)
    return optax.contrib.reduce_on_plateau(
        factor=options["factor"],
        patience=int(options["patience"]),
        accumulation_size=int(options["over"]),
        rtol=1e-12,
        atol=0.0,
    )


def _options(choice: Choice) -> dict[str, float]:
    options = choice.numbers(DECAYS[choice.name], what="learning_rate")
    for name, value in options.items():
        if value == 0 or (name in ("patience", "over") and value != int(value)):
            whole = " whole" if name in ("patience", "over") else ""
            raise RequestError(f"learning_rate {str(choice)!r}: {name} must be a positive{whole} number")
    if options.get("factor", 0.5) >= 1:
        raise RequestError(f"learning_rate {str(choice)!r}: factor must be below 1, or the rate would never fall")
    return options


def _decay(choice: Choice, steps: int) -> Rates:
    if choice.name not in DECAYS:
        raise UnknownName("decay", choice.name, tuple(DECAYS))
    options = _options(choice)
    import optax  # as late as in rules.py

    rate = options["rate"]
    if choice.name == "plateau":
        return Rates(str(choice), lambda first, count: np.full(count, rate), choice)
    if choice.name == "cosine":
        schedule = optax.cosine_decay_schedule(rate, max(1, steps))
    else:
        staircase = choice.name == "step"
        schedule = optax.exponential_decay(rate, options["every"], options["factor"], staircase=staircase)
    return Rates(str(choice), _scheduled(schedule))


def _scheduled(schedule: Callable[[Any], Any]) -> Callable[[int, int], np.ndarray]:
    """An Optax schedule as rates for a stretch of steps."""
    compiled = jax.jit(jax.vmap(schedule))

    def at(first: int, count: int) -> np.ndarray:
        with double_precision():
            rates = np.asarray(compiled(np.arange(first, first + count)), dtype=np.float64)
        if not np.isfinite(rates).all():
            raise RequestError(
                f"the schedule gives a rate that is not a number between steps {first} and {first + count}"
            )
        return rates

    return at

"""Learning rates: one number, a decay by name, or any Optax schedule.

A rate is evaluated for a block of steps ahead and handed to the loop as numbers, so that none is ever compiled into it.
The named decays are those of Optax, written in NumPy: each is a line, and compiling Optax's costs 70 ms. `plateau`,
which makes the steps smaller as the minimum nears, needs the losses and so lives in the loop.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from downslope.arrays import double_precision
from downslope.choice import REQUIRED, Choice, parse
from downslope.errors import RequestError, UnknownName

if TYPE_CHECKING:
    import optax

STRETCH = 1024
"""Steps for which a user's schedule is evaluated at a time."""
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
    rate, every, factor = options["rate"], options.get("every", 1.0), options.get("factor", 1.0)

    def at(first: int, count: int) -> np.ndarray:
        step = np.arange(first, first + count, dtype=np.float64)
        if choice.name == "cosine":
            return rate * 0.5 * (1 + np.cos(np.pi * np.minimum(step / max(1, steps), 1.0)))
        if choice.name == "plateau":
            return np.full(count, rate)
        return rate * factor ** (step // every if choice.name == "step" else step / every)

    return Rates(str(choice), at, choice if choice.name == "plateau" else None)


def _scheduled(schedule: Callable[[Any], Any]) -> Callable[[int, int], np.ndarray]:
    """A user's schedule as rates for a stretch of steps."""

    def at(first: int, count: int) -> np.ndarray:
        # always of one length, so that it is compiled once
        begins = range(first, first + count, STRETCH)
        try:
            with double_precision():
                parts = [np.asarray(_compiled(schedule)(np.arange(begin, begin + STRETCH))) for begin in begins]
            return np.concatenate(parts).astype(np.float64).reshape(-1)[:count] if parts else np.empty(0)
        except Exception as error:
            raise RequestError(
                f"the schedule cannot be evaluated ({type(error).__name__}): it must give one number for a step, "
                "written with jax.numpy, and jnp.where for `if`"
            ) from error

    return at


@lru_cache(maxsize=16)
def _compiled(schedule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return jax.jit(jax.vmap(schedule))

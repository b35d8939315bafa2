"""Losses: what one row costs, given its prediction and its target.

What to use when: `mse` for noise of one size; `mae`, `quantile` and `huber` when some rows are far off; `log-cosh` as a
smooth mean between mse and mae; `poisson` for counts, where the prediction is the expected count; `logistic` for yes or
no, where the prediction is the log-odds.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from downslope.arrays import double_precision
from downslope.choice import parse
from downslope.errors import DataError, RequestError, UnknownName
from downslope.model.surroundings import Surroundings

RowLoss = Callable[[jax.Array, jax.Array], jax.Array]


@dataclass(frozen=True)
class Loss:
    """A loss by row.

    by_row:   (prediction (n,), target (n,)) -> (n,); differentiable in the prediction.
    curved:   whether its second derivative says where the minimum is; false for mae and quantile, whose minimum sits on
              a kink, and unknown, hence false, for a user's own function.
    by_spread: whether dividing prediction and target by a standard deviation makes sense (not for counts).
    convex:  whether it is known to be convex in the prediction.
    """

    text: str
    by_row: RowLoss
    key: Hashable
    curved: bool = False
    by_spread: bool = True
    convex: bool = False

    lowest: Callable[[np.ndarray], np.ndarray] | None = None
    """target (n,) -> the smallest loss (n,) that a prediction of it can have; None if that is 0."""

    def of(self, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
        """What each row costs, (n,), in NumPy's arrays."""
        return np.asarray(self.by_row(jnp.asarray(prediction), jnp.asarray(target)))

    def __reduce__(self) -> Any:
        if isinstance(self.key, Surroundings):
            return as_loss, (self.by_row,)
        name, *options = [self.key] if isinstance(self.key, str) else self.key  # type: ignore[misc]
        return as_loss, (f"{name}({', '.join(map(repr, options))})" if options else name,)

    @property
    def level(self) -> float | None:
        """The quantile that a loss with kinks goes for, 0.5 for mae; None for a smooth loss."""
        if self.key == "mae":
            return 0.5
        return float(self.key[1]) if isinstance(self.key, tuple) and self.key[0] == "quantile" else None

    @property
    def least_squares(self) -> bool:
        """Whether it is the squared difference."""
        return self.key == "mse"


def squared(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """Squared difference; its mean is the mse."""
    difference = prediction - target
    return difference * difference


def absolute(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """Absolute difference; its mean is the mae."""
    return jnp.abs(prediction - target)


def huber(delta: float) -> RowLoss:
    """r²/2 within delta of the target, delta (|r| - delta/2) beyond (Huber 1964)."""

    def by_row(prediction: jax.Array, target: jax.Array) -> jax.Array:
        difference = prediction - target
        distance = jnp.abs(difference)
        # each part by itself: written as one, the slope of a small residual would cancel against delta
        return jnp.where(distance <= delta, 0.5 * difference * difference, delta * (distance - 0.5 * delta))

    return by_row


def log_cosh(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """log(cosh(r)): log(1 + 2 sinh²(r/2)) near 0, where nothing cancels, and r + log(1 + e^(-2r)) - log 2 beyond, where
    nothing overflows.
    """
    difference = prediction - target
    near = jnp.clip(difference, -1.0, 1.0)
    close = jnp.log1p(2.0 * jnp.sinh(0.5 * near) ** 2)
    far = difference + jax.nn.softplus(-2.0 * difference) - jnp.log(2.0)
    return jnp.where(jnp.abs(difference) < 1.0, close, far)


def quantile(level: float) -> RowLoss:
    """Pinball loss: minimised by the `level` quantile of the target (Koenker and Bassett 1978)."""

    def by_row(prediction: jax.Array, target: jax.Array) -> jax.Array:
        under = target - prediction
        return jnp.maximum(level * under, (level - 1.0) * under)

    return by_row


def poisson(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """Negative log likelihood of a count whose mean is the prediction, up to a constant: mean - count log(mean)."""
    return prediction - target * jnp.log(prediction)


def logistic(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """Negative log likelihood of a target of 0 or 1 (or a share) whose log-odds are the prediction f:
    log(1 + e^f) - target · f.
    """
    return jax.nn.softplus(prediction) - target * prediction


def as_loss(asked: str | Loss | RowLoss) -> Loss:
    """The loss that was asked for: by name, or any function of prediction and target that gives one number a row.

    Raises: UnknownName, RequestError.

    >>> as_loss("huber(2)").text
    'huber(2)'
    """
    if isinstance(asked, Loss):
        return asked
    if not isinstance(asked, str):
        if not callable(asked):
            raise RequestError(
                f"loss is {asked!r:.80}; give a name ({', '.join(NAMES)}) or a function of prediction and target"
            )
        return Loss(getattr(asked, "__name__", "your loss"), asked, Surroundings.of(asked))
    return _named(asked)


@lru_cache(maxsize=64)
def _named(text: str) -> Loss:
    """A loss by name; remembered, so that a warm fit spends no time on it."""
    choice = parse(text, what="loss")
    if choice.name not in NAMES:
        raise UnknownName("loss", choice.name, NAMES)
    options = choice.numbers(_OPTIONS.get(choice.name, {}), what="loss")
    for name, value in options.items():
        if value == 0 or (name == "level" and value >= 1):
            below = " below 1" if name == "level" else ""
            raise RequestError(f"loss {text!r}: {name} must be a positive number{below}")
    if choice.name == "huber":
        delta = options["delta"]
        return Loss(f"huber({delta:g})", huber(delta), ("huber", delta), curved=True, convex=True)
    if choice.name == "quantile":
        return Loss(f"quantile({options['level']:g})", quantile(**options), ("quantile", options["level"]), convex=True)
    by_row, by_spread = _PLAIN[choice.name]
    lowest = _LOWEST.get(choice.name)
    curved = choice.name != "mae"
    return Loss(choice.name, by_row, choice.name, curved=curved, by_spread=by_spread, convex=True, lowest=lowest)


_PLAIN: Mapping[str, tuple[RowLoss, bool]] = {
    "mse": (squared, True),
    "mae": (absolute, True),
    "log-cosh": (log_cosh, True),
    "poisson": (poisson, False),
    "logistic": (logistic, False),
}
"""Losses without options, and whether they are by spread."""


def _entropy(share: np.ndarray) -> np.ndarray:
    """x log x, 0 at 0."""
    return share * np.log(np.where(share > 0, share, 1.0))


_LOWEST: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "poisson": lambda target: target - _entropy(target),
    "logistic": lambda target: -_entropy(target) - _entropy(1.0 - target),
}
_OPTIONS = {"huber": {"delta": 1.0}, "quantile": {"level": 0.5}}
SMALLEST, LARGEST = 1e-140, 1e140
"""Targets between these have squares, and sums of squares, with all their digits."""
NAMES = ("mse", "mae", "huber", "log-cosh", "quantile", "poisson", "logistic")


def check_loss(loss: Loss) -> None:
    """Ask a user's loss about a few rows.

    Raises: RequestError if it does not return one real number a row, looks at several rows at once, or is not written
            for JAX.
    """
    if not isinstance(loss.key, Surroundings):
        return
    with double_precision():
        row = jax.ShapeDtypeStruct((20,), jnp.float64)
        try:
            returned = jax.eval_shape(loss.by_row, row, row)
        except jax.errors.JAXTypeError as error:
            raise RequestError(
                f"the loss {loss.text!r} cannot be differentiated ({type(error).__name__}): use jax.numpy, and "
                "jnp.where for `if`"
            ) from error
        except Exception as error:
            raise RequestError(f"the loss {loss.text!r} raised {type(error).__name__}: {error}") from error
    shape, kind = getattr(returned, "shape", None), getattr(returned, "dtype", None)
    if shape != (20,) or kind is None or not jnp.issubdtype(kind, jnp.floating):
        seen = f"{kind} of shape {shape}" if kind is not None else type(returned).__name__
        mean = " Return one number a row; the mean is taken for you." if shape == () else ""
        raise RequestError(f"the loss {loss.text!r} returned {seen} for 20 rows; expected 20 real numbers.{mean}")
    some, others = np.array([[0.3, -1.2, 2.5], [1.1, 0.4, -0.7]]), np.array([[4.0, 0.9, -3.1], [-2.2, 5.0, 1.7]])
    with double_precision():
        alone = np.asarray(loss.by_row(*jnp.asarray(some)))
        together = np.asarray(loss.by_row(*jnp.asarray(np.hstack([others, some]))))[3:]
    if not np.allclose(alone, together, rtol=1e-9, atol=0.0, equal_nan=True):
        raise RequestError(
            f"the loss {loss.text!r} looks at several rows at once: what one row costs changes with the others. "
            "Compute what it needs of them before the fit"
        )


def check_target(loss: Loss, target: np.ndarray, name: str, first: int = 0) -> None:
    """Refuse targets that a loss cannot judge: `poisson` takes counts, `logistic` 0 to 1, and a square must be a
    number other than 0. `first` rows stand before these.

    Raises: DataError with the row.
    """
    size = max(float(np.max(target)), -float(np.min(target)))  # without a copy of as many numbers
    if loss.key == "mse" and size > 0 and not SMALLEST < size < LARGEST:
        row = int(np.argmax(np.abs(target)))
        raise DataError(
            f"{name} is {target[row]:g} in row {first + row + 1}, and its square is no number that {loss.text} could "
            "use. Give the column in other units"
        )
    if loss.key == "logistic" and ((target < 0) | (target > 1)).any():
        row = int(np.argmax((target < 0) | (target > 1)))
        raise DataError(
            f"logistic targets lie between 0 (no) and 1 (yes): {name} is {target[row]:g} in row {first + row + 1}"
        )
    if loss.key == "poisson" and (target < 0).any():
        row = int(np.argmax(target < 0))
        raise DataError(f"poisson counts cannot be negative: {name} is {target[row]:g} in row {first + row + 1}")

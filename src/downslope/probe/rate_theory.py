"""What theory says of learning rates on a parabola: the limit, the factor of the error per step, steps needed, and the
noise floor of batches.

Along a direction of curvature c everything depends on s = rate · c alone. With the momentum β a step is, in x and in
the remembered slope m over c,

    m' = x + β m,    x' = x - s m'                 (heavy ball, Polyak 1964; plain descent: β = 0)
                     x' = x - s (x + β m')         (Nesterov's, as Optax and PyTorch write it: Sutskever 2013)

a matrix with the trace T = 1 + β - s, the determinant D = β for the first and T = (1 + β)(1 - s), D = β(1 - s) for the
second. Both roots lie within the unit circle just when |D| < 1 and |T| < 1 + D, which gives s < 2(1 + β) and
s < 2(1 + β)/(1 + 2β).

Adam divides each slope by P = √v + ε, and is stable while the largest eigenvalue of P⁻¹H is below
(2 + 2 b1)/((1 - b1) rate), 38/rate with the usual b1 (Cohen et al. 2022, "Adaptive gradient methods at the edge of
stability"); RMSprop while it is below 2/rate.
"""

from typing import NamedTuple

import numpy as np

from downslope.choice import parse
from downslope.descent.rules import options_of

PLAIN = ("gd", "sgd", "momentum", "nesterov")
MOST_STEPS = 1 << 40
"""Steps beyond which nobody waits for an arrival."""
AT_ONCE = 1 << 20
"""Numbers of powers that are held at once."""
PLACES = 512
"""Places within an epoch at which the noise is averaged, at most."""


class Law(NamedTuple):
    """How a rule moves along one direction of a parabola.

    momentum: β; nesterov: whether the slope is looked at ahead
    """

    momentum: float = 0.0
    nesterov: bool = False

    @property
    def reach(self) -> float:
        """Largest s = rate · curvature at which the error does not grow.

        >>> Law().reach, Law(0.5).reach, Law(0.5, True).reach
        (2.0, 3.0, 1.5)
        """
        return 2 * (1 + self.momentum) / (1 + 2 * self.momentum if self.nesterov else 1)

    def matrix(self, s: np.ndarray) -> np.ndarray:
        """One step, (..., 2, 2), of (x, m / c)."""
        beta, one = self.momentum, np.ones_like(s)
        if self.nesterov:
            return _matrices(1 - s * (1 + beta), -s * beta**2, one, beta * one)
        return _matrices(1 - s, -s * beta, one, beta * one)

    def radius(self, s: np.ndarray) -> np.ndarray:
        """Factor by which the error shrinks in a step, in the long run: the largest root's size, (...).

        >>> Law().radius(np.array([0.5, 1.5, 3.0])).tolist()
        [0.5, 0.5, 2.0]
        """
        beta = self.momentum
        trace = (1 + beta) * (1 - s) if self.nesterov else 1 + beta - s
        product = beta * (1 - s) if self.nesterov else beta * np.ones_like(s)
        root = np.sqrt(np.maximum(trace**2 - 4 * product, 0.0))
        turning = trace**2 < 4 * product
        return np.where(turning, np.sqrt(np.maximum(product, 0.0)), 0.5 * (np.abs(trace) + root))


def law(optimizer: str) -> Law | None:
    """The law of a rule by its name; None where each step depends on more than the slope: Adam and its kin.

    >>> law("momentum(0.8)"), law("adam")
    (Law(momentum=0.8, nesterov=False), None)
    """
    choice = parse(optimizer, what="optimizer")
    if choice.name not in PLAIN:
        return None
    return Law(options_of(optimizer).get("momentum", 0.0), choice.name == "nesterov")


def edge(optimizer: str) -> float:
    """What rate times preconditioned sharpness must stay below: 38 for Adam, 2 for RMSprop; nan for a rule without
    such an edge, such as Adagrad, whose steps only ever shrink.

    >>> round(edge("adam"), 9), edge("rmsprop")
    (38.0, 2.0)
    """
    choice = parse(optimizer, what="optimizer")
    if choice.name in ("adam", "adamw"):
        b1 = options_of(optimizer)["b1"]
        return (2 + 2 * b1) / (1 - b1)
    return 2.0 if choice.name == "rmsprop" else float("nan")


def determined(spectrum: np.ndarray) -> np.ndarray:
    """Which eigenvalues (..., q) are more than rounding, (..., q) bool."""
    size = np.max(np.abs(spectrum), axis=-1, keepdims=True, initial=0.0)
    return np.abs(spectrum) > 8 * np.finfo(float).eps * spectrum.shape[-1] * size


def limit(rule: Law, spectrum: np.ndarray) -> float:
    """Largest rate at which no direction diverges; nan if none is curved upwards.

    >>> limit(Law(), np.array([0.5, 4.0]))
    0.5
    """
    steepest = float(np.max(spectrum, initial=0.0))
    return rule.reach / steepest if steepest > 0 else float("nan")


def factors(rule: Law, rates: np.ndarray, spectrum: np.ndarray) -> np.ndarray:
    """Predicted factor of the error per step at rates (k,), the worst over the determined spectrum (q,): (k,)."""
    seen = spectrum[determined(spectrum)]
    if not seen.size:
        return np.full(rates.size, np.nan)
    with np.errstate(all="ignore"):  # a user's rate may be near the end of the floats
        return np.max(rule.radius(rates[:, None] * seen), axis=1)


def fastest(rule: Law, spectrum: np.ndarray) -> float:
    """The rate with the smallest factor; of a stretch of equal ones its middle. nan unless all that is determined
    curves upwards.

    The factor falls and then rises with rate · curvature, so that the two ends of the spectrum decide.

    >>> fastest(Law(), np.array([1.0, 3.0]))
    0.5
    """
    seen = spectrum[determined(spectrum)]
    if not seen.size or seen.min() <= 0:
        return float("nan")
    low, high = float(seen.min()), float(seen.max())
    if rule.momentum == 0:
        return 2 / (low + high)
    ends = np.array([low, high])
    most = rule.reach / high
    grid = np.geomspace(1e-3 * min(1.0, low / high) * most, most, 4001)
    for _ in range(4):
        worst = factors(rule, grid, ends)
        best = np.flatnonzero(worst <= worst.min() * (1 + 1e-12))
        before, after = max(0, best[0] - 1), min(grid.size - 1, best[-1] + 1)
        if best.size > 2:  # a stretch of equal ones
            return float(np.sqrt(grid[best[0]] * grid[best[-1]]))
        grid = np.linspace(grid[before], grid[after], 4001)
    return float(grid[int(np.argmin(factors(rule, grid, ends)))])


def steps_needed(
    rule: Law, rates: np.ndarray, spectrum: np.ndarray, away: np.ndarray, margin: float, most: int = MOST_STEPS
) -> np.ndarray:
    """Steps until the loss ½ Σ c x² that is left comes down to `margin`, (k,); inf where it never does. Exact on a
    parabola for plain descent, and for the others wherever the loss falls evenly.

    Args:   spectrum (q,) and away (q,): curvature, and the start's distance from the minimum, along each direction.

    >>> steps_needed(Law(), np.array([0.5, 2.5]), np.array([1.0]), np.array([1.0]), margin=1e-3).tolist()
    [5.0, inf]
    """
    seen = determined(spectrum) & (spectrum > 0)
    curve, off = spectrum[seen], away[seen]
    needed = np.full(rates.size, np.inf)
    if not 0.5 * np.sum(curve * off**2) > margin:
        return np.zeros(rates.size)
    falls = np.flatnonzero(factors(rule, rates, spectrum) < 1)
    levels = int(most).bit_length()
    width = max(1, AT_ONCE // (4 * levels * max(1, curve.size)))
    for first in range(0, falls.size, width):
        some = falls[first : first + width]
        needed[some] = _arrivals(rule, rates[some], curve, off, margin, levels)
    return needed


def _arrivals(
    rule: Law, rates: np.ndarray, curve: np.ndarray, off: np.ndarray, margin: float, levels: int
) -> np.ndarray:
    """By halving: the largest number of steps after which it has not arrived, and one more."""
    powers = [rule.matrix(rates[:, None] * curve)]
    for _ in range(levels - 1):
        powers.append(powers[-1] @ powers[-1])
    state = np.zeros((rates.size, curve.size, 2, 1))
    state[..., 0, 0] = off
    taken = np.zeros(rates.size)
    for level in range(levels - 1, -1, -1):
        after = powers[level] @ state
        left = 0.5 * np.sum(curve * after[..., 0, 0] ** 2, axis=1) > margin
        state = np.where(left[:, None, None, None], after, state)
        taken += np.where(left, 2.0**level, 0.0)
    return np.where(taken >= 2.0**levels - 1, np.inf, taken + 1)


def floor(rates: np.ndarray, spectrum: np.ndarray, scatter: np.ndarray, rows: int, batch_size: int) -> np.ndarray:
    """Excess of the loss that the noise of batches keeps up, in the long run, at rates (k,): (k,); inf where it grows.
    For plain descent.

    Along one direction x' = a x - r ξ with a = 1 - r c. Within an epoch of m = rows/batch_size batches, drawn without
    replacement, the noises ξ have the variance σ² = scatter/batch_size · (rows - batch_size)/(rows - 1) and add up to
    0, so that any two of them have the covariance -σ²/(m - 1). From the start of an epoch, t steps on,

        V_t = a^(2t) V_0 + r² σ² (m S2 - S1²)/(m - 1),   S1 = Σ a^k, S2 = Σ a^(2k), k < t,   and V_m = V_0;

    the excess is ½ c V_t, averaged over the epoch, summed over directions. For long epochs it is r scatter/(2 B (2 - r
    c)) each; in short ones the batches make up for each other. What noise adds to itself, by the difference of the
    batches' curvatures, is left out: it holds while rate · (steepest row's curvature) / batch_size is well below 1.

    Args:   scatter: mean square of the rows' gradients at the minimum along each direction, (q,).
    """
    per_epoch = max(1, -(-rows // batch_size))
    if per_epoch == 1:
        return np.zeros(rates.size)
    seen = determined(spectrum) & (spectrum > 0)
    curve, noise = spectrum[seen], scatter[seen]
    sigma = noise / batch_size * (rows - batch_size) / (rows - 1)
    step = rates[:, None] * curve
    with np.errstate(all="ignore"):
        log = np.log1p(np.where(step < 1, -step, step - 2))  # of |1 - step|
        begun = _noise_after(step, log, per_epoch, per_epoch) / -np.expm1(2 * per_epoch * log)
        places = np.unique(np.linspace(0, per_epoch - 1, min(per_epoch, PLACES)).astype(int))
        variance = begun.copy()
        for place in places[1:]:
            variance += np.exp(2 * place * log) * begun + _noise_after(step, log, int(place), per_epoch)
        excess = 0.5 * np.sum(curve * sigma * rates[:, None] ** 2 * variance / places.size, axis=1)
    return np.where((step < 2).all(axis=1), excess, np.inf)


def _noise_after(step: np.ndarray, log: np.ndarray, taken: int, per_epoch: int) -> np.ndarray:
    """(m S2 - S1²)/(m - 1) after so many steps of an epoch, 1 or more."""
    power = np.where(step > 1, (-1.0) ** taken * np.exp(log * taken) - 1, np.expm1(log * taken))
    second = -np.expm1(2 * taken * log) / (step * (2 - step))
    return np.maximum(per_epoch * second - (power / step) ** 2, 0.0) / (per_epoch - 1)


def _matrices(one: np.ndarray, two: np.ndarray, three: np.ndarray, four: np.ndarray) -> np.ndarray:
    """(..., 2, 2) from its four entries."""
    return np.stack([np.stack([one, two], axis=-1), np.stack([three, four], axis=-1)], axis=-2)

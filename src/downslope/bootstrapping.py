"""Bootstrapping: answers for rows drawn anew, in the names that the user gave."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from downslope.arrays import double_precision
from downslope.errors import RequestError
from downslope.intervals import Intervals, by_name, check_level, errors_known, posed, searching_for
from downslope.probe.bootstrap import searched, solved

if TYPE_CHECKING:
    from downslope.result import Fit

MOST_NUMBERS = 10**9
"""Repeats times rows of a bootstrap: minutes, not hours."""


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Answers for rows drawn anew.

    samples (r, p), of all parameters in their order; failed: draws whose search did not settle, which are left out.
    """

    parameters: tuple[str, ...]
    samples: np.ndarray
    failed: int
    seed: int

    @property
    def errors(self) -> dict[str, float]:
        """The spread of each parameter over the samples."""
        return dict(zip(self.parameters, map(float, np.std(self.samples, axis=0, ddof=1)), strict=True))

    def intervals(self, level: float = 0.95) -> Intervals:
        """Between the samples' percentiles (1 - level)/2 and (1 + level)/2.

        Raises: RequestError for a level that is not between 0 and 1.
        """
        check_level(level)
        ends = np.quantile(self.samples, [0.5 - level / 2, 0.5 + level / 2], axis=0).T
        of = len(self.samples) + self.failed
        notes = (f"{self.failed} of {of} repeats did not settle and are left out",) if self.failed else ()
        return Intervals(by_name(self.parameters, ends), level, "bootstrap", notes)

    def __repr__(self) -> str:
        return f"<Bootstrap of {len(self.samples)} samples, {self.failed} failed, seed {self.seed}>"


def bootstrap(fit: "Fit", repeats: int, seed: int) -> Bootstrap:
    """`Fit.bootstrap`."""
    for name, value, least in (("repeats", repeats, 2), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise RequestError(f"{name} is {value!r:.40}; it must be a whole number, {least} or more")
    run, known = fit.run, errors_known(fit.run)
    if known.undetermined:
        raise RequestError(f"a bootstrap would repeat what is no answer: {known.undetermined[0]}")
    if repeats * run.rows > MOST_NUMBERS:
        most = MOST_NUMBERS // run.rows
        instead = f"Ask for {most} repeats at most, or for" if most >= 100 else "Ask for"
        raise RequestError(
            f"{repeats:,} repeats of {run.rows:,} rows would take too long. {instead} method='profile': with so many "
            "rows it says the same"
        )
    problem = posed(fit, "a bootstrap")
    rows, parameters = problem.target.size, len(problem.free)
    if rows < 2 * parameters + 2:
        raise RequestError(
            f"a bootstrap of {rows} rows would draw too few different ones for {parameters} parameters; ask for "
            "method='profile'"
        )
    with double_precision():
        if problem.by_row is not None and not problem.bounded:
            found = solved(problem.by_row, problem.weights, int(repeats), int(seed))
        else:
            answer, rule = run.params[list(problem.restriction.free)], searching_for(problem)
            limits = problem.lower, problem.upper
            found = searched(problem.objective, rule, answer, problem.users_rows, *limits, int(repeats), int(seed))
        samples = problem.restriction.full(found)
    sound = np.isfinite(samples).all(axis=1)
    if sound.sum() < 2:
        raise RequestError(f"none of {repeats} repeats settled: the answer hangs on single rows. See method='profile'")
    return Bootstrap(run.parameters, samples[sound], int((~sound).sum()), int(seed))

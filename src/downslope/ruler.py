"""Scan: what a scan of learning rates gives back, as numbers, words, picture and JSON."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.diagnosis.directions import in_words
from downslope.history import Curvature
from downslope.pictures import Scene
from downslope.pictures.rates import rates as rates_picture
from downslope.probe.rate_theory import edge
from downslope.report.json_text import plain_json
from downslope.report.numbers import count, number
from downslope.report.rate_scan import Told, rate_scan

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class Scan:
    """What each learning rate leads to; k rates, ascending.

    Attributes:
        rule, formula  what was scanned; `rows` of `source`; `steps` of each real run
        limit       above it the error grows: 2/λmax for plain descent. Of adaptive rules, the rate from which on the
                    real runs came to the edge of stability within the steps; nan where nothing is known
        fastest     the rate of the fewest steps in the long run: 2/(λmin + λmax) for plain descent. Where theory has
                    none, the rate whose real run arrived first; nan if none did
        rates       (k,) those tried
        outcomes    k words: "stalls", "learns", "overshoots", "bounces", "diverges"; from theory where it is exact (a
                    parabola), else from the real runs; `zones`, the stretches of rates with one outcome each
        foretold, seen  the same by theory alone (empty without one), and by the real runs
        agree       share of the rates at which the two are the same; nan without a theory
        factors     (k,) predicted factor of the error per step; nan without a theory
        steps_needed  (k,) predicted steps until the loss is within 1 % of the lowest known; inf for never
        arrived     (k,) steps after which the real run was there to stay; nan where it was not, or with batches
        losses      (k,) over all rows, where the real runs ended
        best        of the rates whose runs arrived, the one that did so first; else the one that reached lowest; nan
                    if none got below the start
        floor       (k,) with batches: excess of the loss that their noise keeps up; else zeros
        start_loss, lowest  loss at the start, and the lowest known
        curvature   at the start and at the minimum, None where there is none (kinks)
        words       the steepest and the flattest direction
        condition   largest by smallest curvature of what the data determine
        asked       the rate that was given, to be judged; nan if none was
        notes       what was left out, or should be known

    >>> import downslope as ds
    >>> scan = ds.scan("celsius = w*unknown + b", ds.sample("thermometer"), scale="columns")
    >>> round(scan.limit, 4), round(scan.fastest, 4), scan.outcomes[0], scan.outcomes[-1]
    (0.9816, 0.7901, 'stalls', 'diverges')
    """

    rule: str
    formula: str
    source: str
    rows: int
    steps: int
    limit: float
    fastest: float
    rates: np.ndarray
    outcomes: tuple[str, ...]
    foretold: tuple[str, ...]
    seen: tuple[str, ...]
    factors: np.ndarray
    steps_needed: np.ndarray
    arrived: np.ndarray
    losses: np.ndarray
    best: float
    floor: np.ndarray
    start_loss: float
    lowest: float
    curvature: Curvature | None
    asked: float = float("nan")
    notes: tuple[str, ...] = ()

    @property
    def zones(self) -> tuple[tuple[float, float, str], ...]:
        """Stretches of rates with one outcome each: from, to, outcome. They meet at the limit, where it lies between
        two rates that differ, else half way, in powers.

        >>> import downslope as ds
        >>> scan = ds.scan("celsius = w*unknown + b", ds.sample("thermometer"), scale="columns")
        >>> [(outcome, round(high, 4)) for _, high, outcome in scan.zones][-2]
        ('overshoots', 0.9816)
        """
        changes = [place for place in range(1, len(self.outcomes)) if self.outcomes[place] != self.outcomes[place - 1]]
        pairs = [(float(self.rates[place - 1]), float(self.rates[place])) for place in changes]
        met = [self.limit if low <= self.limit <= high else float(np.sqrt(low) * np.sqrt(high)) for low, high in pairs]
        edges = [float(self.rates[0]), *met, float(self.rates[-1])]
        words = [self.outcomes[place] for place in (0, *changes)]
        return tuple(zip(edges[:-1], edges[1:], words, strict=True))

    @property
    def agree(self) -> float:
        """Share of the rates at which the real runs went as foretold."""
        if not self.foretold:
            return float("nan")
        return float(np.mean([told == was for told, was in zip(self.foretold, self.seen, strict=True)]))

    @property
    def differing(self) -> np.ndarray:
        """The rates at which the real runs did not go as foretold."""
        pairs = zip(self.foretold, self.seen, strict=True) if self.foretold else ()
        return self.rates[: len(self.foretold)][[told != was for told, was in pairs]]

    @property
    def words(self) -> tuple[str, str]:
        """The steepest and the flattest direction; "" where there is none."""
        known = self.curvature
        return (
            ("", "")
            if known is None
            else (in_words(known.steepest, known.names), in_words(known.flattest, known.names))
        )

    @property
    def condition(self) -> float:
        """Largest by smallest curvature; nan unless all that is determined curves upwards."""
        known = self.curvature
        if known is None or not known.lowest[-1] > 0:
            return float("nan")
        return float(known.highest[-1] / known.lowest[-1])

    def outcome(self, rate: float) -> str:
        """What became of the tried rate that is nearest to this one."""
        with np.errstate(divide="ignore"):
            return self.outcomes[int(np.argmin(np.abs(np.log(self.rates / rate))))]

    def summary(self, *, width: int = 80) -> str:
        """A ruler of the outcomes and some ten lines."""
        return rate_scan(_told(self), width)

    def sketch(self, *, width: int = 76, height: int = 16, color: bool = False, unicode: bool = True) -> str:
        """The picture for the terminal."""
        from downslope.pictures import terminal

        return terminal.text(self.scene(), width, height, color=color, unicode=unicode)

    def plot(self, ax: "Axes | None" = None, *, path: Any = None, force: bool = False) -> Any:
        """Draw with Matplotlib: the loss reached against the rate.

        Args:   ax: axes to draw on; path: a png, pdf or svg file to write in place of that, `force` replaces one.
        Raises: MissingExtra without Matplotlib; RequestError, OutputError for a file that cannot be written.
        """
        from downslope.pictures import matplotlib_renderer as renderer

        return renderer.draw(self.scene(), ax) if path is None else renderer.save(self.scene(), path, force=force)

    def scene(self) -> Scene:
        """The picture as a value."""
        return rates_picture(
            self.rates,
            self.losses,
            self.outcomes,
            zones=self.zones,
            start_loss=self.start_loss,
            steps=self.steps,
            lines={"limit": self.limit, "fastest": self.fastest, "yours": self.asked},
            title=f"{self.rule} on {self.formula}",
        )

    def as_json(self) -> str:
        """All of it as JSON text."""
        names = [name for name in self.__dataclass_fields__ if name != "curvature"]
        values = {name: getattr(self, name) for name in names}
        known = None if self.curvature is None else vars(self.curvature)
        return plain_json(
            values | {"agree": self.agree, "words": self.words, "condition": self.condition, "curvature": known}
        )

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"<Scan of {self.rule} on {self.formula!r}: {self.rates.size} rates, limit {self.limit:.4g}>"


def _told(scan: Scan) -> Told:
    """The scan in words and plain values."""
    known = scan.curvature
    theory = bool(np.isfinite(scan.factors).any())
    limit_is = "where the error begins to grow"
    if theory and known is not None:
        steepest = number(float(known.highest[-1]), 4)
        ratio = number(scan.limit * float(known.highest[-1]), 3)
        limit_is = f"{ratio}/λmax with λmax = {steepest}: above it the error grows"
    elif scan.limit == 0:
        limit_is = f"all runs came to their edge of stability: it is below {number(float(scan.rates[0]), 3)}"
    elif np.isfinite(scan.limit):
        limit_is = f"from here on it came to its edge of stability within {count(scan.steps)} steps"
    elif np.isfinite(edge(scan.rule)) and known is not None:
        limit_is = f"no run came to its edge of stability, {edge(scan.rule):.3g}/rate, in {count(scan.steps)} steps"
    else:
        limit_is = "none known in theory; see the real runs"
    fast_is = "the first to arrive among the real runs"
    if theory and np.isfinite(scan.fastest):
        near = int(np.argmin(np.abs(np.log(scan.rates / scan.fastest))))
        steps = scan.steps_needed[near]
        took = f", {count(int(steps))} step{'' if steps == 1 else 's'} from your start" if np.isfinite(steps) else ""
        fast_is = f"the error shrinks to {number(float(scan.factors[near]), 4)} of itself a step{took}"
    place = int(np.argmin(np.abs(scan.rates - scan.best))) if np.isfinite(scan.best) else 0
    checked = f"{count(scan.rates.size)} rates run side by side, {count(scan.steps)} steps each"
    if scan.foretold:
        checked += f": {100 * scan.agree:.0f} % went as foretold"
    batches = ""
    if scan.floor.any() and np.isfinite(scan.floor[place]):
        batches = (
            f"at the rate to take their noise keeps the loss {number(float(scan.floor[place]), 3)} above the lowest"
        )
    return Told(
        f"{scan.rule}: {scan.formula}   {scan.source}, {count(scan.rows)} rows",
        scan.rates, scan.outcomes, scan.limit, limit_is, scan.fastest, fast_is, scan.best,
        float(scan.losses[place]), float(scan.arrived[place]),
        scan.seen[place] in ("learns", "overshoots"), scan.lowest, scan.steps, scan.asked,
        scan.outcome(scan.asked) if np.isfinite(scan.asked) else "", *scan.words,
        float(known.highest[-1]) if known is not None else float("nan"),
        float(known.lowest[-1]) if known is not None else float("nan"),
        scan.condition, checked, batches, scan.notes,
    )  # fmt: skip

"""Gauge: how much loss is left to gain, and whether that is little enough."""

from collections.abc import Sequence

import numpy as np

from downslope.history import Certificate, State
from downslope.pictures.scene import Axis, Mark, Note, Role, Rule, Scene, Zone, plain

SURE, NEAR = 1e-4, 1.0
"""Standard errors from the minimum at which the zones are cut."""
ROOM = 2.0
"""Powers of ten beside what is to be seen."""


def gauge(proof: Certificate, state: State, loss: float, *, freedom: int = 1, reasons: Sequence[str] = ()) -> Scene:
    """The loss still to gain on a log axis, with the zones of so many standard errors from the minimum.

    The zones are cut where the parameters lie 1e-4 and 1 standard errors from it; near the minimum, the loss rises with
    the square of that distance. Where no errors are known, one standard error is taken to raise the loss by its share
    for one row. The state is told beside: it depends on more than the distance.

    Args:   loss: reached; freedom: rows less parameters; reasons: of the state.

    >>> proof = Certificate(gap=1e-10, distance=1e-5, digits=(9.0, 8.5), assumption="convex", lowest=1.0)
    >>> gauge(proof, "certified", 2.0).named("this fit").x
    1e-10
    """
    tiny = max(np.finfo(float).eps * abs(loss) if np.isfinite(loss) else 0.0, 1e-290)
    gap = float(np.clip(proof.gap if np.isfinite(proof.gap) else 1e290, tiny, 1e290))
    if np.isfinite(proof.distance) and proof.distance > 1e-12 and proof.gap > tiny:
        unit = gap / min(proof.distance, 1e100) ** 2
    else:
        unit = abs(loss) / max(1, freedom) if np.isfinite(loss) else 1.0
    unit = float(np.clip(unit, 1e4 * tiny, 1e280))
    sure, near = unit * SURE**2, unit * NEAR**2
    low = 10 ** np.floor(np.log10(min(gap, sure)) - ROOM)
    high = 10 ** np.ceil(np.log10(max(gap, near)) + ROOM)
    zones: tuple[tuple[float, float, Role, str], ...] = (
        (low, sure, "good", f"within {SURE:g} standard errors"),
        (sure, near, "overshoots", f"within {NEAR:g}"),
        (near, high, "diverges", "farther"),
    )
    marks: list[Mark] = [Zone(float(start), float(end), role, name) for start, end, role, name in zones]
    marks.append(Rule(gap, "end", "this fit"))
    digits = f"{proof.sure} digit{'' if proof.sure == 1 else 's'} of every parameter"
    digits += (
        f" {'is' if proof.sure == 1 else 'are'} sure" if proof.assumption != "local" else " agree with the minimum"
    )
    away = f", {proof.distance:.2g} standard errors from the minimum" if np.isfinite(proof.distance) else ""
    marks.append(Note(f"{digits}{away}"))
    marks.append(Note(": ".join([state, *(plain(reason, 200) for reason in reasons[:1])])))
    most = "about" if proof.assumption == "local" else "at most"
    across = Axis(f"loss left to gain, {most}", float(low), float(high), "log")
    return Scene("How far from the minimum", across, Axis("", 0.0, 1.0, ticks=((0.5, " "),)), tuple(marks))

"""Units: which ReLU units are switched on by some row at the end, layer by layer, and which are dead."""

from collections.abc import Sequence

import numpy as np

from downslope.history import Units
from downslope.pictures.scene import Axis, Bars, Mark, Note, Scene, plain

NAMED = 5
WIDTH = 0.6


def units(seen: Units, layers: Sequence[int]) -> Scene:
    """Bars of the units of each layer: those that some row switches on, and on top of them those that none does.

    Args:   layers: of each unit the number of its layer, from 1.

    >>> seen = Units((("relu(a*x)", 3, 3), ("relu(b*x)", 3, 0)), rows=3)
    >>> units(seen, [1, 1]).named("dead").high
    array([2.])
    """
    numbers = sorted(set(layers))
    dead = np.array([rows == 0 for _, _, rows in seen.on], dtype=bool)
    layer = np.array(layers, dtype=int)
    total = np.array([float(np.sum(layer == number)) for number in numbers])
    off = np.array([float(np.sum(dead & (layer == number))) for number in numbers])
    at = np.arange(1.0, len(numbers) + 1)
    marks: list[Mark] = [Bars(at, np.zeros(at.size), total - off, WIDTH, "good", "switched on by some row")]
    if dead.any():
        marks.append(Bars(at, total - off, total, WIDTH, "dead", "dead"))
        texts = [plain(text, 40) for (text, _, _), gone in zip(seen.on, dead, strict=True) if gone]
        more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
        marks.append(Note(f"switched on by none of {seen.rows:,} rows: {', '.join(texts[:NAMED])}{more}"))
    since = [step for step in seen.since if step >= 0]
    if since and max(since) > 0:
        marks.append(
            Note(f"the first went off at step {min(since):,}" if min(since) else "some were off from the start")
        )
    ticks = tuple((float(place), f"layer {number}") for place, number in zip(at, numbers, strict=True))
    across = Axis("", 0.4, max(1.6, at.size + 0.6), ticks=ticks)
    return Scene(
        "Units of each layer", across, Axis("units", 0.0, 1.1 * max(1.0, total.max(initial=1.0))), tuple(marks)
    )

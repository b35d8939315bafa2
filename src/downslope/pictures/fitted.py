"""Fitted: the data and the line that was fitted through them, moving as it did while the steps were taken."""

import numpy as np

from downslope.pictures.scene import Axis, Band, Curves, Line, Mark, Note, Points, Role, Scene, plain
from downslope.pictures.window import axis, clipped, cut, inside

MOST_POINTS = 2000
Curve = tuple[np.ndarray, np.ndarray]
Frames = tuple[np.ndarray, np.ndarray]
"""Steps (k,), rising, and the curve at each of them (k, m)."""


def fitted(
    x: np.ndarray,
    y: np.ndarray,
    *,
    x_name: str,
    y_name: str,
    curve: Curve,
    truth: Curve | None = None,
    start: Curve | None = None,
    band: Curve | None = None,
    frames: Frames | None = None,
    of: int = 0,
) -> Scene:
    """Data against the fitted curve, with the true one where it is known and the one that the descent started from.

    The window is that of the data: a curve that leaves it far (a diverged fit) is cut at the edge, and a note says so.

    Args:   x, y: (n,) data; curve, truth, start: pairs of (m,) arrays, x rising; band: lower and upper edge of what is
            certain of the curve, (m,) each; frames: the curve on its way, the last one `curve` itself; of: how many
            rows there are, if these are a sample.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    lines: tuple[tuple[Curve | None, Role, str], ...] = (
        (start, "guess", "start"),
        (truth, "truth", "true"),
        (curve, "fit", "fitted"),
    )
    across = axis(plain(x_name), x)
    up = _height(plain(y_name), y, [line for line, role, _ in lines if line is not None and role != "guess"])
    kept = sample(x.size)
    marks: list[Mark] = [] if band is None else [Band(curve[0], *_between(*band, up), "band", "95 % confidence")]
    marks.append(Points(x[kept], y[kept], "data", "data"))
    notes = (
        [Note(f"{kept.size:,} of {max(x.size, of):,} rows drawn, chosen at random")]
        if kept.size < max(x.size, of)
        else []
    )
    for line, role, name in lines:
        if line is None:
            continue
        drawn = Line(*clipped(*line, across, up), role, name)
        if role == "fit" and frames is not None:
            marks.append(Curves(curve[0], cut(frames[1], up), frames[0], "fit", name))
        elif drawn.x.size or role != "guess":
            marks.append(drawn)
        else:
            continue
        if not inside(*line, across, up)[(line[0] >= across.low) & (line[0] <= across.high)].all():
            since = _gone_since(frames, up) if role == "fit" and not drawn.x.size else ""
            notes.append(
                Note(f"the line '{name}' {'leaves the picture' if drawn.x.size else f'is out of view{since}'}")
            )
    return Scene(f"{up.label} against {across.label}", across, up, (*marks, *notes))


def _gone_since(frames: Frames | None, up: Axis) -> str:
    """From when on nothing of a moving curve is seen."""
    if frames is None:
        return ""
    seen = np.flatnonzero(np.isfinite(cut(frames[1], up)).any(axis=1))
    first = int(seen[-1]) + 1 if seen.size else 0
    return f" from step {int(frames[0][first]):,} on" if first < len(frames[0]) else ""


def _between(low: np.ndarray, high: np.ndarray, up: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Both edges of a band, as far as they are in the window: together nan where none of it is."""
    with np.errstate(invalid="ignore"):
        seen = (high >= up.low) & (low <= up.high) & np.isfinite(low) & np.isfinite(high)
    return np.where(seen, np.clip(low, up.low, up.high), np.nan), np.where(seen, np.clip(high, up.low, up.high), np.nan)


def sample(rows: int, most: int = MOST_POINTS) -> np.ndarray:
    """Which rows to draw: all, or so many of them at random, the same ones each time."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, size=most, replace=False))


def _height(label: str, y: np.ndarray, curves: list[Curve]) -> Axis:
    """The window of the data, and of the curves that stay near it."""
    data = axis(label, y)
    size = data.high - data.low
    near = [line[1] for line in curves if np.all(np.abs(line[1] - data.low / 2 - data.high / 2) <= 2 * size)]
    return axis(label, y, *near)

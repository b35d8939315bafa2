"""Draw Scenes with Matplotlib, for papers: PNG, SVG, PDF. No pyplot, so no window opens and no state is left behind."""

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.errors import MissingExtra, RequestError
from downslope.pictures.matplotlib_styles import AREA, AREAS, DOT, LINES, OLDEST, PLAIN, POINTS
from downslope.pictures.scene import Axis, Band, Bars, Contours, Curves, Line, Note, Points, Rule, Scene, Zone
from downslope.pictures.scene import still as standing
from downslope.pictures.window import exponent, shrunk
from downslope.whole_file import AnyPath, check_writable, write

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (6.4, 4.6)
KINDS = ("png", "svg", "pdf")


def draw(scene: Scene, ax: "Axes | None" = None) -> "Axes":
    """Draw a Scene, as it stood at the end, on Axes, or on those of a new figure (`draw(scene).figure`).

    Raises: MissingExtra without Matplotlib.
    """
    need_matplotlib()
    if ax is None:
        ax = empty(1, 1).subplots()
    set_up(scene, ax)
    for place, mark in enumerate(scene.marks):
        draw_mark(ax, scene, place, mark, scene.last)
    add_legend(scene, ax)
    return ax


def set_up(scene: Scene, ax: "Axes") -> None:
    """Window, ticks, labels, title and notes of a Scene, without its marks."""
    powers = exponent(scene.x), exponent(scene.y)
    # the window is set first: Matplotlib's own choice of one overflows near 1e308
    for name, axis, power in (("x", scene.x, powers[0]), ("y", scene.y, powers[1])):
        ax.set(**{f"{name}scale": axis.scale, f"{name}lim": shrunk(np.array([axis.low, axis.high]), power)})
        drawn = getattr(ax, f"{name}axis")
        if axis.ticks:
            named = [(place, text.replace("$", r"\$")) for place, text in axis.ticks if text.strip()]
            drawn.set_ticks(shrunk(np.array([place for place, _ in named]), power), labels=[text for _, text in named])
        elif axis.scale == "log":
            _set_log_ticks(drawn, axis)
        getattr(ax, f"set_{name}label")(_label(axis, power), parse_math=False)
    ax.set_title(textwrap.fill(scene.title, 60), parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    if scene.notes:
        text = "\n".join(line for note in scene.notes for line in textwrap.wrap(note, 80))
        ax.annotate(
            text, (0.5, 0), (0, -4), xycoords=ax.xaxis.label, textcoords="offset points", ha="center", va="top",
            fontsize="small", color="#555555", parse_math=False,
        )  # fmt: skip


def add_legend(scene: Scene, ax: "Axes") -> None:
    """What the lines mean, if there are several or one stands upright."""
    labels = ax.get_legend_handles_labels()[1]
    if len(labels) > 1 or any(isinstance(mark, Rule) and mark.name for mark in scene.marks):
        legend = ax.legend(
            frameon=False, ncols=2 if len(labels) > 6 else 1, fontsize="small" if len(labels) > 6 else None
        )
        for text in legend.get_texts():
            text.set_parse_math(False)


def figure(scenes: Sequence[Scene]) -> "Figure":
    """One figure with a Scene in each of its axes, two side by side.

    Raises: MissingExtra without Matplotlib.
    """
    need_matplotlib()
    across = 2 if len(scenes) > 1 else 1
    down = max(1, -(-len(scenes) // across))
    drawn = empty(across, down)
    axes = drawn.subplots(down, across, squeeze=False).ravel()
    for scene, ax in zip(scenes, axes, strict=False):
        draw(scene, ax)
    for ax in axes[len(scenes) :]:
        ax.set_axis_off()
    return drawn


def save(scenes: Scene | Sequence[Scene], path: AnyPath, *, force: bool = False) -> None:
    """Write Scenes into one picture file; its ending says which kind.

    Raises: MissingExtra without Matplotlib; RequestError for an ending that is none; OutputError if the file exists
            (unless `force`) or cannot be written.
    """
    check_picture(path, force=force)
    every = figure([scenes] if isinstance(scenes, Scene) else scenes)
    drawn = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in letters that the font lacks
        every.savefig(drawn, format=_kind(path), dpi=150)
    write(drawn.getvalue(), path, force=force)


def check_picture(path: AnyPath, *, force: bool = False) -> None:
    """Find out whether a picture could be written, before anything is computed.

    Args:   path: its ending says which kind: png, svg or pdf; force: whether a file that exists may be replaced.
    Raises: as `save`.
    """
    need_matplotlib()
    if _kind(path) not in KINDS:
        raise RequestError(f"a picture cannot be written as {Path(path).name!r}; end the name in .png, .svg or .pdf")
    check_writable(path, force=force)


def _kind(path: AnyPath) -> str:
    return Path(path).suffix[1:].lower()


def draw_mark(ax: "Axes", scene: Scene, place: int, mark: object, step: int) -> "list[Artist]":
    """One mark of a Scene as it stood after so many steps, over those before it; the artists that it became."""
    from matplotlib import colormaps

    across, up = exponent(scene.x), exponent(scene.y)
    over: dict[str, Any] = {"zorder": 2 + place / 100}
    match mark:
        case Line(x, y, "path", name, steps) if steps is not None:
            return _faded(
                ax, shrunk(x, across), shrunk(y, up), int(np.searchsorted(steps, step, side="right")), name, over
            )
        case Line() | Points() | Curves():
            still: Any = standing(mark, step)
            x, y = shrunk(still.x, across), shrunk(still.y, up)
            label = still.name if still.name and np.isfinite(x + y).any() else "_"
            style = (
                POINTS.get(still.role, DOT) | {"ls": ""} if isinstance(still, Points) else LINES.get(still.role, PLAIN)
            )
            return list(ax.plot(x, y, label=label, **style, **over))
        case Band(x, low, high, role, name):
            seen, label = np.isfinite(low + high), name or "_"
            bottom, top = shrunk(low, up), shrunk(high, up)
            style = AREAS.get(role, AREA) | {"lw": 0, "label": label} | over
            return [ax.fill_between(shrunk(x, across), bottom, top, where=seen.tolist(), **style)]
        case Bars(x, low, high, width, role, name):
            bottom, size = shrunk(low, up), shrunk(high, up) - shrunk(low, up)
            wide, style = float(shrunk(np.array(width), across)), AREAS.get(role, AREA)
            return list(ax.bar(shrunk(x, across), size, wide, bottom, label=name or "_", **style, **over))
        case Zone(low, high, role, name):
            ends = [float(end) for end in shrunk(np.array([low, high]), across)]
            shaded = ax.axvspan(*ends, lw=0, **AREAS.get(role, AREA) | {"zorder": 0.5})
            middle = float(np.sqrt(ends[0]) * np.sqrt(ends[1])) if scene.x.scale == "log" else sum(ends) / 2
            where: dict[str, Any] = {
                "transform": ax.get_xaxis_transform(),
                "ha": "center",
                "va": "top",
                "fontsize": "small",
            }
            return [shaded, ax.text(middle, 0.97, name, parse_math=False, clip_on=True, **where)]
        case Rule(x, role, name):
            # over the edge of the picture, where most findings begin
            style = LINES.get(role, PLAIN) | {"zorder": 2.6}
            return [ax.axvline(float(shrunk(np.array(x), across)), label=name or "_", clip_on=False, **style)]
        case Contours(x, y, z, levels) if levels.size:
            size = float(levels[-1] - levels[0]) or 1.0
            drawn = ax.contour(
                shrunk(x, across), shrunk(y, up), np.ma.masked_invalid(z / size), levels=levels / size,
                colors=colormaps["cividis"](np.linspace(0.2, 0.95, levels.size)), linewidths=0.8, **over,
            )  # fmt: skip
            return [drawn]
        case Contours() | Note():
            return []
        case _:
            raise TypeError(f"no mark that can be drawn: {mark!r:.80}")


def _faded(ax: "Axes", x: np.ndarray, y: np.ndarray, seen: int, name: str, over: Mapping[str, Any]) -> "list[Artist]":
    """A path up to where it has come, paler the older a segment is."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb

    style = LINES["path"]
    x, y = x[:seen], y[:seen]
    ends = np.stack([x, y], axis=1)
    pieces = np.stack([ends[:-1], ends[1:]], axis=1)
    whole = np.isfinite(pieces).all(axis=(1, 2))
    strength = np.linspace(1.0, OLDEST, len(pieces))[::-1, None]
    paler = 1 - strength * (1 - np.array([to_rgb(style["color"])]))
    drawn = LineCollection(pieces[whole].tolist(), colors=paler[whole], linewidths=style["lw"], **over)
    ax.add_collection(drawn, autolim=False)
    # the legend shows the path as it is at its end
    return [drawn, *ax.plot([], [], label=name if name and whole.any() else "_", **style)]


def _set_log_ticks(drawn: Any, axis: Axis) -> None:
    """Plain numbers on a short axis; few powers near the end of the floats, beyond which Matplotlib would look."""
    from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

    low, high = int(np.ceil(np.log10(axis.low))), int(np.floor(np.log10(axis.high)))
    if axis.high > 1e290 or axis.low < 1e-290:
        spacing = max(1, (high - low) // 5)
        powers = range(-(-low // spacing) * spacing, high + 1, spacing)
        drawn.set_major_locator(FixedLocator([10.0**power for power in powers]))
        drawn.set_minor_locator(NullLocator())
    elif high - low < 3:
        drawn.set_major_locator(LogLocator(subs=(1, 2, 5)))
        drawn.set_major_formatter(lambda value, _: f"{value:g}")
        drawn.set_minor_locator(NullLocator())


def empty(across: int, down: int) -> "Figure":
    """A figure without axes, with room for so many."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    empty = Figure(figsize=(SIZE[0] * across, SIZE[1] * down), layout="constrained")
    FigureCanvasAgg(empty)
    return empty


def _label(axis: Axis, power: int) -> str:
    return f"{axis.label}  (in units of 1e{power})" if power else axis.label


def need_matplotlib() -> None:
    """Raises: MissingExtra without Matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtra("fit.plot", "matplotlib", "plot") from None

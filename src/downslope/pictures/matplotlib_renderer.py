"""Draw Scenes with Matplotlib, for papers: PNG, SVG, PDF. No pyplot, so no window opens and no state is left behind."""

import textwrap
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.errors import MissingExtra, RequestError
from downslope.pictures.scene import Axis, Contours, Line, Note, Points, Rule, Scene
from downslope.pictures.window import exponent, shrunk
from downslope.whole_file import AnyPath, check_writable, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours of Okabe and Ito (2008), told apart by people who see fewer colours; lines differ in dashes as well.
LINES: dict[str, dict[str, Any]] = {
    "fit": {"color": "#D55E00", "lw": 2},
    "truth": {"color": "#009E73", "lw": 1.5, "ls": "--"},
    "guess": {"color": "#999999", "lw": 1.5, "ls": ":"},
    "valley": {"color": "#999999", "lw": 1.5},
    "path": {"color": "#0072B2", "lw": 1.2},
    "finding": {"color": "#CC79A7", "lw": 1.5, "ls": "-."},
}
POINTS: dict[str, dict[str, Any]] = {
    "data": {"color": "#444444", "marker": "o", "ms": 4, "alpha": 0.6, "mew": 0},
    "path": {"color": "#0072B2", "marker": "o", "ms": 3.5},
    "start": {"color": "#E69F00", "marker": "s", "ms": 8, "mec": "black"},
    "end": {"color": "#D55E00", "marker": "*", "ms": 14, "mec": "black"},
}
SIZE = (6.4, 4.6)
KINDS = ("png", "svg", "pdf")


def draw(scene: Scene, ax: "Axes | None" = None) -> "Axes":
    """Draw a Scene on Axes, or on those of a new figure (`draw(scene).figure`).

    Raises: MissingExtra without Matplotlib.
    """
    _need_matplotlib()
    if ax is None:
        ax = _empty(1, 1).subplots()
    powers = exponent(scene.x), exponent(scene.y)
    for name, axis, power in (("x", scene.x, powers[0]), ("y", scene.y, powers[1])):
        ax.set(**{f"{name}scale": axis.scale, f"{name}lim": shrunk(np.array([axis.low, axis.high]), power)})
        if axis.scale == "log":
            _set_log_ticks(getattr(ax, f"{name}axis"), axis)
        getattr(ax, f"set_{name}label")(_label(axis, power), parse_math=False)
    for mark in scene.marks:  # after the window is set: Matplotlib's own choice of one overflows near 1e308
        _draw_mark(ax, mark, powers)
    ax.set_title(textwrap.fill(scene.title, 60), parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    if len(ax.get_legend_handles_labels()[1]) > 1:
        ax.legend(frameon=False)
    if scene.notes:
        text = "\n".join(line for note in scene.notes for line in textwrap.wrap(note, 80))
        ax.annotate(
            text, (0.5, 0), (0, -4), xycoords=ax.xaxis.label, textcoords="offset points", ha="center", va="top",
            fontsize="small", color="#555555", parse_math=False,
        )  # fmt: skip
    return ax


def figure(scenes: Sequence[Scene]) -> "Figure":
    """One figure with a Scene in each of its axes, two side by side.

    Raises: MissingExtra without Matplotlib.
    """
    _need_matplotlib()
    across = 2 if len(scenes) > 1 else 1
    down = max(1, -(-len(scenes) // across))
    drawn = _empty(across, down)
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
    _need_matplotlib()
    if _kind(path) not in KINDS:
        raise RequestError(f"a picture cannot be written as {Path(path).name!r}; end the name in .png, .svg or .pdf")
    check_writable(path, force=force)


def _kind(path: AnyPath) -> str:
    return Path(path).suffix[1:].lower()


def _draw_mark(ax: "Axes", mark: object, powers: tuple[int, int]) -> None:
    from matplotlib import colormaps

    match mark:
        case Line(x, y, role, name):
            ax.plot(shrunk(x, powers[0]), shrunk(y, powers[1]), label=name if name and x.size else "_", **LINES[role])
        case Points(x, y, role, name):
            ax.plot(
                shrunk(x, powers[0]),
                shrunk(y, powers[1]),
                ls="",
                label=name if name and x.size else "_",
                **POINTS[role],
            )
        case Rule(x, role, name):
            ax.axvline(float(shrunk(np.array(x), powers[0])), label=name or "_", **LINES[role])
        case Contours(x, y, z, levels) if levels.size:
            size = float(levels[-1] - levels[0]) or 1.0
            ax.contour(
                shrunk(x, powers[0]), shrunk(y, powers[1]), np.ma.masked_invalid(z / size), levels=levels / size,
                colors=colormaps["cividis"](np.linspace(0.2, 0.95, levels.size)), linewidths=0.8,
            )  # fmt: skip
        case Contours() | Note():
            pass
        case _:
            raise TypeError(f"no mark that can be drawn: {mark!r:.80}")


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


def _empty(across: int, down: int) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    empty = Figure(figsize=(SIZE[0] * across, SIZE[1] * down), layout="constrained")
    FigureCanvasAgg(empty)
    return empty


def _label(axis: Axis, power: int) -> str:
    return f"{axis.label}  (in units of 1e{power})" if power else axis.label


def _need_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtra("fit.plot", "matplotlib", "plot") from None

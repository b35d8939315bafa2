"""Animation: Scenes that move with the steps, as a GIF. Drawn by Matplotlib, written by Pillow."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope.errors import MissingExtra, RequestError
from downslope.pictures import matplotlib_renderer as renderer
from downslope.pictures.matplotlib_styles import LINES, POINTS
from downslope.pictures.scene import Curves, Line, Points, Scene
from downslope.pictures.thinning import frames
from downslope.whole_file import AnyPath, check_writable, write

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_FRAMES = 120
DOTS = 80
"""Dots per inch."""
COLORS = 200
"""Those that cover most, beside the colours of the marks themselves, which must not be lost where a mark is small."""
FRAME, HOLD = 80, 1500
"""Milliseconds that a frame is seen, and that the first and the last are."""


def save_gif(
    scenes: Scene | Sequence[Scene],
    path: AnyPath,
    steps: Sequence[int] | np.ndarray | None = None,
    *,
    force: bool = False,
) -> None:
    """Write Scenes side by side as an animation, one frame for each step; what stands still is drawn once.

    Args:   steps: rising, at most 120 of which are taken; all at which something changes, if left out.
    Raises: MissingExtra without Matplotlib or Pillow; RequestError without a Scene; OutputError if the file exists
            (unless `force`) or cannot be written.
    """
    image = _pillow()
    renderer.need_matplotlib()
    check_writable(path, force=force)
    every = [scenes] if isinstance(scenes, Scene) else list(scenes)
    if not every:
        raise RequestError("an animation needs a picture")
    moments = np.unique(np.concatenate([each.steps for each in every])) if steps is None else np.unique(steps)
    moments = moments if moments.size else np.zeros(1, dtype=np.int64)
    chosen = moments[frames(moments.size, MOST_FRAMES)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in letters that the font lacks
        drawn = _drawn(every, [int(step) for step in chosen], image)
    file = BytesIO()
    times = [HOLD, *[FRAME] * (len(drawn) - 2), HOLD][: len(drawn)]
    drawn[0].save(file, "GIF", save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=False)
    write(file.getvalue(), path, force=force)


def _drawn(scenes: list[Scene], steps: list[int], image: Any) -> "list[Image]":
    """The frames, all in the same colours."""
    figure = renderer.empty(2 if len(scenes) > 1 else 1, -(-len(scenes) // 2))
    figure.set_dpi(DOTS)
    axes = figure.subplots(-(-len(scenes) // 2), 2 if len(scenes) > 1 else 1, squeeze=False).ravel()
    for ax in axes[len(scenes) :]:
        ax.set_axis_off()
    moving: list[Any] = []
    for scene, ax in zip(scenes, axes, strict=False):
        renderer.set_up(scene, ax)
        for place, mark in enumerate(scene.marks):
            drawn = renderer.draw_mark(ax, scene, place, mark, scene.last)
            moving += drawn if _moves(mark) else []
        renderer.add_legend(scene, ax)
    said = figure.suptitle(f"step {steps[-1]:,}", fontsize="medium")
    figure.canvas.draw()
    figure.set_layout_engine("none")  # the room that the whole picture takes is what each frame has
    said.set_visible(False)
    for artist in moving:
        artist.remove()
    figure.canvas.draw()
    canvas: Any = figure.canvas
    behind = canvas.copy_from_bbox(figure.bbox)
    said.set_visible(True)
    found = []
    for step in steps:
        canvas.restore_region(behind)
        said.set_text(f"step {step:,}")
        figure.draw_artist(said)
        for scene, ax in zip(scenes, axes, strict=False):
            for place, mark in enumerate(scene.marks):
                for artist in renderer.draw_mark(ax, scene, place, mark, step) if _moves(mark) else ():
                    ax.draw_artist(artist)
                    artist.remove()
        found.append(image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy()))
    palette = _palette([found[0], found[len(found) // 2], found[-1]], image)
    return [each.quantize(palette=palette, dither=image.Dither.NONE) for each in found]


def _palette(seen: "list[Image]", image: Any) -> "Image":
    """The colours of marks, then those that cover most of some frames."""
    from matplotlib.colors import to_rgb

    marks = {style["color"] for styles in (LINES, POINTS) for style in styles.values()}
    own = np.array([[round(255 * part) for part in to_rgb(color)] for color in sorted(marks)])
    parts, counts = np.unique(
        np.concatenate([np.asarray(each).reshape(-1, 3) for each in seen]), axis=0, return_counts=True
    )
    most = parts[np.argsort(-counts, kind="stable")[:COLORS]]
    found = image.new("P", (1, 1))
    found.putpalette(np.concatenate([own, most]).astype(np.uint8).tobytes())
    return found


def _moves(mark: object) -> bool:
    return isinstance(mark, Line | Points | Curves) and mark.step is not None


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtra("fit.replay to a GIF", "pillow", "plot") from None
    return Image

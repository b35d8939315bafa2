"""Draw a Scene as lines of text, for a terminal. plotille sets the dots; ticks, labels and colours are put around."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from downslope.pictures.scene import Axis, Bars, Contours, Line, Mark, Points, Rule, Scene, Zone, plain
from downslope.pictures.window import clipped, exponent, shrunk

BLANK = "\u2800"
"""The braille letter without dots; the others follow it, one bit a dot."""
COLORS: dict[str, str] = {
    "fit": "31", "truth": "32", "guess": "90", "valley": "90", "path": "36", "finding": "35", "start": "33",
    "end": "31", "stalls": "90", "learns": "32", "overshoots": "36", "bounces": "35", "diverges": "31",
    "good": "32", "dead": "90",
}  # fmt: skip
LETTERS: dict[str, str] = {"data": "•", "start": "S", "end": "E", "minimum": "M", "finding": "o"}
DASHES: dict[str, tuple[int, int]] = {
    "truth": (4, 2), "guess": (3, 1), "finding": (2, 1), "stalls": (3, 1), "overshoots": (4, 2), "bounces": (2, 1),
    "dead": (2, 1),
}  # fmt: skip
"""Of so many letters along a line so many are drawn: lines differ where there is no colour."""
SIGNS: dict[str, str] = {
    "truth": "╌╌", "guess": "┈┈", "finding": "┆", "stalls": "┈┈", "overshoots": "╌╌", "bounces": "┆", "dead": "╌╌"
}  # fmt: skip
FEW = 100
"""Up to so many points stand as letters, which a line through them does not hide; more stand as dots."""
LEAST_WIDTH = 30
UNIT = Axis("", 0.0, 1.0)
Cells = list[list[tuple[str, str]]]


def text(scene: Scene, width: int = 80, height: int = 20, *, color: bool = False, unicode: bool = True) -> str:
    """A Scene in letters, as it stood at the end. What is shaded is left out.

    Args:   width: columns, at least 30; height: lines, besides the notes under the picture; color: put colour codes
            in; unicode: False for terminals that know ASCII only (coarser).
    Returns: lines, each at most `width` wide and ending in a line break.
    """
    width, scene = max(LEAST_WIDTH, width), _coarse(scene)
    ticks = _ticks(scene.y)
    margin = max(map(len, ticks)) + 1
    across, down = width - margin - 1, max(4, height - 5)
    rows = _cells(scene, across, down)
    places = {0: ticks[2], (down - 1) // 2: ticks[1], down - 1: ticks[0]}
    lines = [plain(scene.title, width).center(width), plain(_label(scene.y), width)]
    for place, row in enumerate(rows):
        edge = "┤" if place in places else "│"
        lines.append(f"{places.get(place, ''):>{margin}}{edge}{_colored(row, color)}")
    lines.append(" " * margin + "└" + "─" * across)
    under = _named(scene.x, across) if scene.x.ticks else _under(_ticks(scene.x), across + 1, _label(scene.x))
    lines.append(" " * margin + under)
    lines.append(_legend(scene, color, width))
    for note in (*_zones(scene), *scene.notes):
        lines += textwrap.wrap(note, width, initial_indent="  ", subsequent_indent="  ")
    drawn = "\n".join(line.replace(BLANK, " ").rstrip() for line in lines) + "\n"
    return drawn if unicode else _ascii(drawn)


def _coarse(scene: Scene) -> Scene:
    """What letters have room for: the end of what moves, without the curve that a fit started from."""
    still = scene.at(scene.last)
    marks = (mark for mark in still.marks if not (isinstance(mark, Line) and mark.name == "start"))
    return replace(still, marks=tuple(marks))


def _cells(scene: Scene, across: int, down: int) -> Cells:
    """For each place its letter and its colour: the marks one over the other, dots of braille letters united."""
    cells = [[(BLANK, "")] * across for _ in range(down)]
    for mark in scene.marks:
        role = getattr(mark, "role", "valley")
        color, (period, drawn) = COLORS.get(role, ""), DASHES.get(role, (1, 1))
        for row, line in enumerate(_layer(mark, scene, across, down)):
            for column, letter in enumerate(line):
                under = cells[row][column][0]
                if (
                    letter == BLANK
                    or (row + column) % period >= drawn
                    or (under in LETTERS.values() and letter not in LETTERS.values())
                ):
                    continue
                if letter not in LETTERS.values() and under not in LETTERS.values():
                    letter = chr(ord(letter) | ord(under))
                cells[row][column] = (letter, color)
    return cells


def _layer(mark: Mark, scene: Scene, across: int, down: int) -> list[str]:
    """One mark alone, as plotille draws it on the unit square."""
    from plotille import Canvas

    canvas = Canvas(across, down, 0.0, 0.0, 1.0 + 1e-9, 1.0 + 1e-9)
    match mark:
        case Line(x, y):
            x, y = clipped(_unit(x, scene.x), _unit(y, scene.y), UNIT, UNIT)
            for place in np.flatnonzero(np.isfinite(x[:-1] + x[1:])):
                canvas.line(float(x[place]), float(y[place]), float(x[place + 1]), float(y[place + 1]))
        case Points(x, y, role):
            x, y = _unit(x, scene.x), _unit(y, scene.y)
            letter = LETTERS.get(role) if x.size <= FEW else None
            for place in np.flatnonzero((x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)):
                canvas.point(float(x[place]), float(y[place]), marker=letter)
        case Bars(x, low, high, width):
            left, right = _unit(x - width / 2, scene.x), _unit(x + width / 2, scene.x)
            bottom, top = (np.clip(_unit(edge, scene.y), 0, 1) for edge in (low, high))
            for bar in np.flatnonzero(np.isfinite(bottom + top) & (top > bottom)):
                for at in np.linspace(max(0.0, left[bar]), min(1.0, right[bar]), 4 * across):
                    canvas.line(float(at), float(bottom[bar]), float(at), float(top[bar]))
        case Zone(low, _, _, name) if name:
            at = float(_unit(np.array([low]), scene.x)[0])
            for dot in range(0, 4 * down, 2) if 0 < at <= 1 else ():
                canvas.point(at, (dot + 0.5) / (4 * down))
        case Rule(x):
            at = float(_unit(np.array([x]), scene.x)[0])
            if 0 <= at <= 1:
                canvas.line(at, 0.0, at, 1.0)
        case Contours():
            for column, row in _edges(mark, scene, 2 * across, 4 * down):
                canvas.point((column + 0.5) / (2 * across), (row + 0.5) / (4 * down))
    return str(canvas.plot(linesep="\n")).split("\n")


def _edges(contours: Contours, scene: Scene, across: int, up: int) -> Iterator[tuple[int, int]]:
    """The dots where the height passes a level: those whose right or upper neighbour lies between other levels."""
    x = scene.x.low + (np.arange(across) + 0.5) / across * (scene.x.high - scene.x.low)
    y = scene.y.low + (np.arange(up) + 0.5) / up * (scene.y.high - scene.y.low)
    rows = np.array([np.interp(x, contours.x, row) for row in contours.z])
    height = np.array([np.interp(y, contours.y, column) for column in rows.T]).T
    band = np.where(np.isfinite(height), np.searchsorted(contours.levels, np.nan_to_num(height)), -1)
    edge = np.zeros(band.shape, dtype=bool)
    edge[:, :-1] |= band[:, :-1] != band[:, 1:]
    edge[:-1] |= band[:-1] != band[1:]
    for row, column in zip(*np.nonzero(edge), strict=True):
        if (3 * column + 5 * row) % 7 < 3:  # dotted whatever its direction, so that a path across it is seen
            yield int(column), int(row)


def _unit(values: np.ndarray, axis: Axis) -> np.ndarray:
    """Values as parts of the window: 0 at its low end, 1 at its high end."""
    values, low, high = np.asarray(values, dtype=float), axis.low, axis.high
    with np.errstate(all="ignore"):
        if axis.scale == "log":
            values, low, high = np.log10(values), np.log10(low), np.log10(high)
        return np.asarray((values - low) / (high - low))


def _ticks(axis: Axis) -> tuple[str, str, str]:
    """The numbers at the low end, the middle and the high end of an axis; none if it names places instead."""
    if axis.ticks:
        return "", "", ""
    if axis.scale == "log":
        logs = np.log10([axis.low, axis.high])
        low, middle, high = (_rough(10.0**power) for power in (logs[0], logs.mean(), logs[1]))
        return low, middle, high
    ends = shrunk(np.array([axis.low, axis.low / 2 + axis.high / 2, axis.high]), exponent(axis))
    places = max(0, 2 - int(np.floor(np.log10(ends[2] - ends[0]))))
    low, middle, high = (f"{end:.{places}f}" for end in ends)
    return low, middle, high


def _rough(value: float) -> str:
    """A tick of a log axis: 95.3, 1.2e-7."""
    if 1e-3 <= value < 1e5:
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}e{int(power)}"


def _label(axis: Axis) -> str:
    power = exponent(axis)
    return axis.label + (" (log scale)" if axis.scale == "log" else f" (in units of 1e{power})" if power else "")


def _under(ticks: tuple[str, str, str], width: int, label: str) -> str:
    """The line under the picture: both ends, and between them the label."""
    room = width - len(ticks[0]) - len(ticks[2]) - 2
    return f"{ticks[0]} {label[: max(0, room)]:^{max(0, room)}} {ticks[2]}"


def _named(axis: Axis, across: int) -> str:
    """The line under a picture whose axis names places, as far as they have room."""
    line = ""
    for place, name in sorted(axis.ticks):
        at = 1 + float(_unit(np.array(place), axis)) * across - len(name) / 2
        begin = max(len(line) + (2 if line else 0), round(at))
        if begin + len(name) <= across + 1 and begin - at < len(name):
            line = line.ljust(begin) + plain(name)
    return line


def _zones(scene: Scene) -> list[str]:
    """The names of shaded stretches, whose edges alone are drawn."""
    names = [mark.name for mark in scene.marks if isinstance(mark, Zone) and mark.name]
    return [f"from left to right: {', '.join(names)}"] if names else []


def _colored(row: list[tuple[str, str]], color: bool) -> str:
    if not color:
        return "".join(letter for letter, _ in row)
    runs = ((code, "".join(letter for letter, _ in run)) for code, run in groupby(row, key=lambda cell: cell[1]))
    return "".join(f"\x1b[{code}m{run}\x1b[0m" if code else run for code, run in runs)


def _legend(scene: Scene, color: bool, width: int) -> str:
    """What each sign or line means, as far as one line holds it."""
    named = [
        mark
        for mark in scene.marks
        if isinstance(mark, Line | Points | Rule | Bars) and mark.name and np.isfinite(mark.x).any()
    ]
    if len(named) < 2:
        return ""
    parts, used = [], 0
    for mark in named:
        many = isinstance(mark, Points) and mark.x.size > FEW
        dots = many or (isinstance(mark, Bars) and mark.role != "dead")
        sign = "⠿" if dots else LETTERS.get(mark.role, "•") if isinstance(mark, Points) else SIGNS.get(mark.role, "──")
        if used + len(sign) + len(mark.name) + 4 <= width:
            used += len(sign) + len(mark.name) + 4
            parts.append(f"{_colored([(sign, COLORS.get(mark.role, ''))], color)} {mark.name}")
    return " " * ((width - used) // 2) + "   ".join(parts)


def _ascii(drawn: str) -> str:
    """The same with ASCII letters: a braille letter becomes one of four, by the number of its dots."""
    letters: dict[str, str | int | None] = dict(zip("│┤└─•…╌┈┆", "|++-o~=.:", strict=True))
    letters |= {chr(0x2800 + dots): " .:*#"[min(4, -(-dots.bit_count() // 2))] for dots in range(256)}
    return drawn.translate(str.maketrans(letters)).encode("ascii", "replace").decode("ascii")

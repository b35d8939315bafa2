"""Scenes as plain values for a browser, and the programs and styles that draw them there (their sources: view/)."""

from base64 import b64encode
from importlib.resources import files
from typing import Any

import numpy as np

from downslope.pictures.scene import Axis, Band, Bars, Contours, Curves, Line, Mark, Note, Points, Rule, Scene, Zone
from downslope.pictures.window import exponent

LARGEST_F4 = 3.4e38
SMALLEST_F4 = 1.2e-38
WHOLE_F4 = 2**24
"""Below it every whole number is itself in 32 bits."""
Values = dict[str, Any]


def values(scene: Scene, name: str) -> Values:
    """A Scene as JSON can hold it, for view/src/draw.js; arrays are base64, so that nan and inf stay what they are.

    Args:   name: by which a page finds the picture, such as "loss".

    >>> marks = (Rule(0.5, "finding", "here"), Note("a note"))
    >>> scene = Scene("A line", Axis("x", 0.0, 1.0), Axis("y", 0.0, 2e12), marks)
    >>> drawn = values(scene, "line")
    >>> drawn["marks"], drawn["notes"], drawn["y"]["power"]
    ([{'kind': 'rule', 'role': 'finding', 'name': 'here', 'x': 0.5}], ['a note'], 12)
    """
    return {
        "name": name,
        "title": scene.title,
        "x": _axis(scene.x),
        "y": _axis(scene.y),
        "marks": [_mark(mark) for mark in scene.marks if not isinstance(mark, Note)],
        "notes": list(scene.notes),
    }


def array(numbers: np.ndarray, *, exact: bool = False) -> Values:
    """Numbers as base64, little-endian: {"f4": …}, or {"f8": …} where 32 bits cannot hold their size.

    A picture needs no more than 32 bits. Where a window is narrow against its numbers, such as years, ask for `exact`.

    Args:   numbers: of any shape; of more than one dimension, "shape" is told too. exact: 64 bits in any case.

    >>> array(np.array([1.0, 2.0]))
    {'f4': 'AACAPwAAAEA='}
    >>> list(array(np.array([[1e300]])))
    ['f8', 'shape']
    """
    wide = np.asarray(numbers, dtype=float)
    kind = "f8" if exact or not _fits(wide) else "f4"
    packed: Values = {kind: b64encode(np.ascontiguousarray(wide, dtype=f"<{kind}").tobytes()).decode("ascii")}
    return packed if wide.ndim == 1 else {**packed, "shape": list(wide.shape)}


def bundle(name: str) -> str:
    """A program for pages as text, "replay" or "lab": one module without imports, and no "</script" in it."""
    return _asset(f"{name}.js")


def style(name: str = "view") -> str:
    """A style sheet for pages as text, "view" or "lab"."""
    return _asset(f"{name}.css")


def _asset(name: str) -> str:
    return (files("downslope.pictures") / "assets" / name).read_text(encoding="utf-8")


def _axis(axis: Axis) -> Values:
    return {
        "label": axis.label,
        "low": float(axis.low),
        "high": float(axis.high),
        "scale": axis.scale,
        "ticks": [[float(value), text] for value, text in axis.ticks],
        "power": exponent(axis),
    }


def _mark(mark: Mark) -> Values:
    match mark:
        case Line(x, y, role, name, step) | Points(x, y, role, name, step):
            told = {"kind": "line" if isinstance(mark, Line) else "points", "role": role, "name": name}
            return {**told, **_placed(x=x, y=y), **_steps(step)}
        case Curves(x, y, step, role, name):
            return {"kind": "curves", "role": role, "name": name, **_placed(x=x, y=y), **_steps(step)}
        case Band(x, low, high, role, name):
            return {"kind": "band", "role": role, "name": name, **_placed(x=x, low=low, high=high)}
        case Bars(x, low, high, width, role, name):
            bars = _placed(x=x, low=low, high=high)
            return {"kind": "bars", "role": role, "name": name, "width": float(width), **bars}
        case Zone(low, high, role, name):
            return {"kind": "zone", "role": role, "name": name, "low": float(low), "high": float(high)}
        case Contours(x, y, z, levels):
            return {"kind": "contours", "role": "valley", "name": "", **_heights(x, y, z, levels)}
        case Rule(x, role, name):
            return {"kind": "rule", "role": role, "name": name, "x": float(x)}
        case _:
            raise TypeError(f"no mark that can be drawn: {mark!r:.80}")


def _placed(**coordinates: np.ndarray) -> Values:
    """Coordinates; in 64 bits where 32 would move a point by a thousandth of what is drawn."""
    return {name: array(numbers, exact=_narrow(numbers)) for name, numbers in coordinates.items()}


def _steps(step: np.ndarray | None) -> Values:
    return {} if step is None else {"step": array(step, exact=bool(np.max(step, initial=0) > WHOLE_F4))}


def _heights(x: np.ndarray, y: np.ndarray, z: np.ndarray, levels: np.ndarray) -> Values:
    """Contours with their heights as shares of the lowest level to the highest, in 32 bits whatever their size."""
    low, high = (float(levels[0]), float(levels[-1])) if levels.size else (0.0, 1.0)
    size = high / 2 - low / 2 or 0.5 * abs(high) or 0.5
    with np.errstate(over="ignore", invalid="ignore"):
        shares = [np.clip((np.asarray(part) / 2 - low / 2) / size, -1e30, 1e30) for part in (z, levels)]
    return {**_placed(x=x, y=y), "z": array(shares[0]), "levels": array(shares[1])}


def _narrow(numbers: np.ndarray) -> bool:
    finite = np.asarray(numbers, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return False
    low, high = float(finite.min()), float(finite.max())
    return high / 2 - low / 2 < max(abs(low), abs(high)) * 1e-4


def _fits(numbers: np.ndarray) -> bool:
    size = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    return not size.size or bool(size.max() < LARGEST_F4 and size.min() > SMALLEST_F4)

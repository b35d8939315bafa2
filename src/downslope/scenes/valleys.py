"""Pictures of the loss around the way down: the valley along one parameter, the path seen from above."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from downslope.diagnosis.directions import in_words
from downslope.errors import RequestError
from downslope.pictures import Scene, loss_against, path, plane
from downslope.pictures.scene import Note
from downslope.pictures.thinning import thinned
from downslope.scenes.landscape import Landscape
from downslope.scenes.request import Request

VALLEY_POINTS = 150
SIDE, QUICK_SIDE, LEAST_SIDE = 101, 45, 33
"""Points along each side of a grid of losses."""
MOST_READS, QUICK_READS = 3e8, 2e6
"""Row evaluations spent on a grid: about a second, or some milliseconds."""
MOST_NUMBERS = 4e6
"""Numbers in the points of a grid, for models of many parameters."""
LEAST_SHARE = 0.5
"""Of the way, that the steepest and the flattest direction must show; else those are taken in which it went."""
MOST_OF_PATH = 200
"""Points of the path from which its main directions are taken."""


def draw_valley(request: Request) -> Scene:
    """The loss against one parameter, and the steps hopping on it."""
    parameter = request.asked[0] if request.asked else _widest(request, 1)[0]
    land, place = Landscape(request), request.run.parameters.index(parameter)
    values = land.around(request.history.path(parameter), float(land.floor[place]), VALLEY_POINTS)
    if land.problem is None:
        return loss_against(request.history, parameter, values)
    points = np.tile(land.floor, (values.size, 1))
    points[:, place] = values
    losses, said = land.losses(points)
    return _with(loss_against(request.history, parameter, values, losses), said)


def draw_path(request: Request) -> Scene:
    """The way down on the contours of two parameters, or of two directions if there are more and none were named."""
    if not request.asked and len(request.run.parameters) > 2:
        return _in_directions(request)
    first, second = request.asked or _widest(request, 2)
    land, history = Landscape(request), request.history
    one, two = (request.run.parameters.index(name) for name in (first, second))
    side = _side(request)
    across = land.around(history.path(first), float(land.floor[one]), side)
    up = land.around(history.path(second), float(land.floor[two]), side)
    if land.problem is None:
        return path(history, first, second, (across, up, None))
    points = np.tile(land.floor, (side * side, 1))
    points[:, one], points[:, two] = np.tile(across, side), np.repeat(up, side)
    losses, said = land.losses(points)
    lowest = land.minimum
    minimum = None if lowest is None else (float(lowest[one]), float(lowest[two]))
    return _with(path(history, first, second, (across, up, losses.reshape(side, side)), minimum=minimum), said)


class Plane(NamedTuple):
    """Two directions (p, 2) of length 1 at right angles in what the parameters are measured in, which `unit` (p,) says;
    what they are called, and what is to be known of them.
    """

    turn: np.ndarray
    unit: np.ndarray
    names: tuple[str, str]
    said: tuple[str, ...]


def _in_directions(request: Request) -> Scene:
    """The path over the plane through the floor that two directions span."""
    land, history = Landscape(request), request.history
    away = history.params - land.floor
    found, share = _steepest(request, land), 0.0
    if found is not None:
        share = _shown(found, away[land.near])
    if found is None or share < LEAST_SHARE:
        found = _principal(request, away[land.near])
        share = _shown(found, away[land.near])
    with np.errstate(all="ignore"):
        along = (away / found.unit) @ found.turn
    side = _side(request)
    across, up = (land.around(along[:, place], 0.0, side) for place in (0, 1))
    told = [*found.said]
    if len(history) > 1:
        told.insert(0, f"these two directions show {100 * share:.0f} % of the way from the floor, by squares")
    losses = None
    if land.problem is not None:
        # along the directions from the floor, in the user's units
        plain = found.turn * found.unit[:, None]
        points = land.floor + np.tile(across, side)[:, None] * plain[:, 0] + np.repeat(up, side)[:, None] * plain[:, 1]
        heights, said = land.losses(points)
        losses, told = heights.reshape(side, side), [*told, *said]
    lowest = land.minimum if land.problem is not None else None
    minimum = None
    if lowest is not None:
        there = ((lowest - land.floor) / found.unit) @ found.turn
        minimum = (float(there[0]), float(there[1]))
    way = along[:, 0], along[:, 1]
    return plane(history.step, way, found.names, (across, up, losses), minimum=minimum, said=told)


def _shown(found: Plane, away: np.ndarray) -> float:
    """The share, 0 to 1, of the squared distances from the floor (k, p) that a plane shows."""
    moved = away / found.unit
    whole = float(np.sum(moved**2))
    return min(1.0, float(np.sum((moved @ found.turn) ** 2)) / whole) if whole > 0 else 1.0


def _steepest(request: Request, land: Landscape) -> Plane | None:
    """The steepest and the flattest direction at the end, where they were measured in the user's own parameters."""
    known, problem = request.measured.taken.curvature, land.problem
    if known is None or problem is None or problem.rescaling is not None or known.names != request.run.parameters:
        return None
    turn, _ = np.linalg.qr(np.stack([known.steepest, known.flattest], axis=1))
    if not np.isfinite(turn).all() or turn.shape[1] < 2:
        return None
    said = tuple(
        f"{word}: {in_words(direction, known.names)}"
        for word, direction in (("steepest", known.steepest), ("flattest", known.flattest))
    )
    return Plane(turn, np.ones(len(known.names)), ("steepest direction", "flattest direction"), said)


def _principal(request: Request, away: np.ndarray) -> Plane:
    """The two directions in which the path moved most, each parameter measured by how far it moved."""
    count = len(request.run.parameters)
    kept = away[thinned(*away.T[:1], most=MOST_OF_PATH)] if len(away) else np.zeros((1, count))
    size = np.abs(kept).max(axis=0)
    unit = np.where(size > 1e-12 * size.max(initial=0.0), size, 1.0) if size.any() else np.ones(count)
    spread = kept / unit
    if len(spread) < count:  # by the smaller of the two products
        turn = spread.T @ np.linalg.eigh(spread @ spread.T)[1][:, ::-1][:, :2]
    else:
        turn = np.linalg.eigh(spread.T @ spread)[1][:, ::-1][:, :2]
    # where the path is one line, or a point, the second direction is any other
    basis = np.column_stack([turn, np.eye(count)[:, :3]])
    directions: list[np.ndarray] = []
    for column in basis.T:
        rest = column - sum((column @ found) * found for found in directions)
        length = float(np.linalg.norm(rest))
        if length > 1e-9 * max(1e-300, float(np.linalg.norm(column))):
            directions.append(rest / length)
    said = f"main: {in_words(directions[0] * unit, request.run.parameters)}"
    names = "main direction", "second direction"
    return Plane(np.stack(directions[:2], axis=1), unit, names, (said, "parameters measured by how far they moved"))


def _side(request: Request) -> int:
    """Points along a side of the grid."""
    most, reads = (QUICK_SIDE, QUICK_READS) if request.quick else (SIDE, MOST_READS)
    by_rows = np.sqrt(reads / max(1, request.run.rows))
    by_size = np.sqrt(MOST_NUMBERS / max(1, len(request.run.parameters)))
    return int(np.clip(min(by_rows, by_size), LEAST_SIDE, most))


def _widest(request: Request, count: int) -> tuple[str, ...]:
    """The parameters that moved most, relative to their size, in their own order."""
    names, history = request.run.parameters, request.history
    if len(names) < count:
        raise RequestError(f"this picture needs {count} parameters; the model has {len(names)}")
    seen = history.params[history.finite]
    with np.errstate(all="ignore"):
        moved = (
            np.ptp(seen, axis=0) / np.maximum(1e-300, np.abs(seen).max(axis=0)) if len(seen) else np.zeros(len(names))
        )
    moved = np.nan_to_num(moved, nan=np.inf)
    return tuple(names[index] for index in sorted(np.argsort(-moved, kind="stable")[:count]))


def _with(scene: Scene, said: tuple[str, ...]) -> Scene:
    """A picture and what else is to be known of it."""
    return replace(scene, marks=(*scene.marks, *map(Note, said))) if said else scene

"""The pictures of a fit: what each needs is computed here, and given to the room that draws."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from downslope.errors import RequestError, UnknownName
from downslope.model import evaluate, read_formula
from downslope.pictures import Scene, fitted, loss_against, loss_curve, path, predicted

if TYPE_CHECKING:
    from downslope.result import Fit

CURVE_POINTS = 400
FINEST, COARSEST = 150, 40
"""Points along each side of a grid of losses."""
MOST_READS = 3e8
"""Row evaluations spent on a grid: about a second."""
MARGIN = 0.3
RUN_OFF, FIRST_STEPS = 1e3, 4
"""A descent has run off where its loss is so many times that of the start; so many steps of it are shown at least."""


def that_apply(fit: "Fit") -> list[str]:
    """Names of the pictures that say something about this fit."""
    names = ["fitted", "loss", "valley"] if len(fit.run.parameters) else ["fitted", "loss"]
    if fit.run.columns is None and fit.problem is None:
        names.remove("fitted")
    return [*names, "path"] if len(fit.run.parameters) >= 2 else names


def scene(fit: "Fit", name: str) -> Scene:
    """One picture by name; "valley:w" and "path:w,b" say which parameters.

    Raises: UnknownName, RequestError.
    """
    kind, _, which = name.partition(":")
    if kind not in PICTURES:
        raise UnknownName("picture", kind, tuple(PICTURES))
    asked = tuple(part.strip() for part in which.split(",")) if which else ()
    takes = {"valley": 1, "path": 2}.get(kind, 0)
    if asked and len(asked) != takes:
        raise RequestError(f"the picture {kind!r} takes {takes or 'no'} parameters, and {name!r} names {len(asked)}")
    for parameter in asked:
        if parameter not in fit.run.parameters:
            raise UnknownName("parameter", parameter, fit.run.parameters)
    return PICTURES[kind](fit, asked)


def _fitted(fit: "Fit", asked: tuple[str, ...]) -> Scene:
    model = fit.model
    table = fit.problem.table.columns if fit.problem is not None else fit.run.columns
    if table is None:
        raise RequestError("the data of this run were too large to keep; the picture needs them")
    target = _target(fit, table)
    columns = {name: table[name] for name in model.columns}
    if len(columns) != 1:
        values = np.asarray(model.predict(fit.run.params, columns))
        return predicted(target, values, name=fit.run.target)
    ((x_name, x),) = columns.items()
    xs = np.linspace(x.min(), x.max(), CURVE_POINTS)
    ys = np.asarray(model.predict(fit.run.params, {x_name: xs}))
    return fitted(x, target, x_name=x_name, y_name=fit.run.target, curve=(xs, ys), truth=_truth(fit, x_name, xs))


def _target(fit: "Fit", table: Mapping[str, np.ndarray]) -> np.ndarray:
    model = fit.model
    return model.target(table) if model.target is not None else table[fit.run.target]


def _truth(fit: "Fit", x_name: str, xs: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The curve that made the data, where it is known and speaks of the same target."""
    if fit.run.truth_text is None:
        return None
    formula = read_formula(fit.run.truth_text)
    if set(formula.names) != {x_name, fit.run.target}:
        return None
    return xs, np.broadcast_to(evaluate(formula.right, {x_name: xs}), xs.shape)


def _loss(fit: "Fit", asked: tuple[str, ...]) -> Scene:
    return loss_curve(fit.history, fit.findings)


def _valley(fit: "Fit", asked: tuple[str, ...]) -> Scene:
    parameter = asked[0] if asked else _widest(fit, 1)[0]
    values = _around(fit, parameter, FINEST)
    points = np.tile(_floor(fit)[0], (values.size, 1))
    points[:, fit.run.parameters.index(parameter)] = values
    return loss_against(fit.history, parameter, values, _losses(fit, points))


def _path(fit: "Fit", asked: tuple[str, ...]) -> Scene:
    first, second = asked if len(asked) == 2 else _widest(fit, 2)
    side = int(np.clip(np.sqrt(MOST_READS / fit.run.rows), COARSEST, FINEST))
    across, up = _around(fit, first, side), _around(fit, second, side)
    points = np.tile(_floor(fit)[0], (side * side, 1))
    points[:, fit.run.parameters.index(first)] = np.tile(across, side)
    points[:, fit.run.parameters.index(second)] = np.repeat(up, side)
    return path(fit.history, first, second, (across, up, _losses(fit, points).reshape(side, side)))


PICTURES: dict[str, Callable[["Fit", tuple[str, ...]], Scene]] = {
    "fitted": _fitted,
    "loss": _loss,
    "valley": _valley,
    "path": _path,
}


def _widest(fit: "Fit", count: int) -> tuple[str, ...]:
    """The parameters that moved most, relative to their size, in their own order."""
    if len(fit.run.parameters) < count:
        raise RequestError(f"this picture needs {count} parameters; the model has {len(fit.run.parameters)}")
    seen = fit.history.params[fit.history.finite]
    moved = (
        np.ptp(seen, axis=0) / np.maximum(1e-300, np.abs(seen).max(axis=0))
        if len(seen)
        else np.zeros(len(fit.run.parameters))
    )
    return tuple(fit.run.parameters[index] for index in sorted(np.argsort(-moved, kind="stable")[:count]))


def _floor(fit: "Fit") -> tuple[np.ndarray, np.ndarray]:
    """The point (p,) through which a valley is cut, and the rows (k, p) of the path that its picture is to hold.

    That is the answer and the way to it. Of a descent that ran off, it is the best point and the first few steps: seen
    from where it ended, all that could be understood would be a dot.
    """
    history = fit.history
    finite = np.flatnonzero(history.finite)
    if not finite.size or fit.loss <= history.loss[0]:
        return fit.run.params, history.params[finite]
    near = finite[history.loss[finite] <= RUN_OFF * history.loss[0]]
    return history.params[history.best], history.params[near if near.size >= FIRST_STEPS else finite[:FIRST_STEPS]]


def _around(fit: "Fit", parameter: str, count: int) -> np.ndarray:
    """Values of a parameter around the floor, wide enough for the steps that lie within reach of the start."""
    floor, rows = _floor(fit)
    place = fit.run.parameters.index(parameter)
    here, seen = floor[place], rows[:, place]
    begin = seen[0] if seen.size else here
    reach = 4 * max(abs(begin - here), 1e-3 * abs(here), 1e-12)
    if fit.loss > fit.history.loss[0]:
        reach = max(reach, np.ptp(seen))
    near = seen[np.abs(seen - here) <= reach]
    low, high = min(near.min(initial=here), begin), max(near.max(initial=here), begin)
    margin = MARGIN * max(high - low, reach / 4)
    return np.linspace(low - margin, high + margin, count)


def _losses(fit: "Fit", points: np.ndarray) -> np.ndarray:
    """The objective at points (m, p) of the user's parameters."""
    # the only picture that needs the workshop: a saved run shows its data and its curve without JAX
    from downslope.arrays import double_precision
    from downslope.posing import pose_again
    from downslope.probe import losses_at

    with double_precision():
        problem = fit.problem or pose_again(fit.run, fit.spec, fit.plan)
        return losses_at(problem.objective, problem.inner(points), problem.rows)

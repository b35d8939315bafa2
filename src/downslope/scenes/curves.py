"""Pictures of the data and of what the model says of them: fitted, predicted, residuals, hinges."""

import numpy as np

from downslope.errors import RequestError
from downslope.model import evaluate, read_formula
from downslope.model.tree import Apply, Node, constant, names, postorder
from downslope.pictures import Scene, fitted, hinges, predicted, residuals
from downslope.pictures.fitted import MOST_POINTS, Curve
from downslope.scenes.predictions import predictions
from downslope.scenes.request import Request

MANY_ROWS = 200_000
"""Rows beyond which the pictures that draw single rows predict only those that are drawn."""
KINKS = ("relu", "maximum", "minimum")
"""Functions of which hinges and units are made."""


def draw_fitted(request: Request) -> Scene:
    """Data and curve; of several columns, prediction against measurement."""
    x_name = request.only_column
    if x_name is None:
        return draw_predicted(request)
    x, history = request.columns[x_name], request.history
    xs = _along(x, request.curve_points)
    rows = request.shown_rows
    moving = predictions(request.model, np.vstack([history.params[rows], request.run.params[None]]), {x_name: xs})
    way, last = moving[:-1], moving[-1]
    # where a search begins is nobody's guess
    stepped = not request.run.chosen.get("searches")
    start = (xs, way[0]) if stepped and rows.size > 1 and rows[0] == 0 else None
    steps = history.step[rows]
    if rows.size and np.isfinite(last).all():  # a search, or a mean over steps, answers with what was no step
        way = np.vstack([way[:-1], last[None]]) if rows[-1] == len(history) - 1 else way
    return fitted(
        x,
        request.target,
        x_name=x_name,
        y_name=request.run.target,
        curve=(xs, last),
        truth=_truth(request, x_name, xs),
        start=start,
        band=_band(request, x_name, xs),
        frames=(steps, way) if rows.size > 1 else None,
        of=request.run.rows,
    )


def draw_predicted(request: Request) -> Scene:
    """Prediction against measurement."""
    rows = _drawn(request)
    columns = {name: values[rows] for name, values in request.columns.items()}
    said = np.asarray(request.model.predict(request.run.params, columns), dtype=np.float64)
    return predicted(request.target[rows], said, name=request.run.target, of=request.run.rows)


def draw_residuals(request: Request) -> Scene:
    """Measurement less prediction, against the column or the prediction."""
    rows = _drawn(request)
    columns = {name: values[rows] for name, values in request.columns.items()}
    said = np.asarray(request.model.predict(request.run.params, columns), dtype=np.float64)
    name, x_name = request.run.target, request.only_column
    at, at_name = (columns[x_name], x_name) if x_name is not None else (said, f"{name}, predicted")
    seen = request.measured.taken.outlying
    standing = seen.rows if seen is not None and any(each.symptom == "outliers" for each in request.findings) else ()
    with np.errstate(all="ignore"):
        left = request.target[rows] - said
    if left.size < request.run.rows:  # a sample is drawn, and its rows have other numbers
        return residuals(at, left, at_name=at_name, name=name, of=request.run.rows)
    return residuals(at, left, at_name=at_name, name=name, standing_out=standing)


def draw_hinges(request: Request) -> Scene:
    """The parts of a sum of ReLUs.

    Raises: RequestError if the model is none, or reads several columns.
    """
    found = hinge_terms(request)
    if not found or request.only_column is None:
        raise RequestError("this picture is of a sum of ReLUs of one column, such as b + a1*relu(x - k1)")
    x_name = request.only_column
    x, rows = request.columns[x_name], request.shown_rows
    xs = _along(x, request.curve_points)
    points = request.history.params[rows] if rows.size else request.run.params[None]
    steps = request.history.step[rows] if rows.size else np.zeros(1, dtype=np.int64)
    values = {name: points[:, place, None] for place, name in enumerate(request.model.parameters)}
    parts = []
    for text, sign, term in found:
        named = {name.name: values.get(name.name, xs) for name in names(term)}
        parts.append((text, sign * np.broadcast_to(evaluate(term, named), (len(points), xs.size))))
    total = steps, predictions(request.model, points, {x_name: xs})
    return hinges(x, request.target, x_name=x_name, y_name=request.run.target, curve_x=xs, total=total, parts=parts)


def hinge_terms(request: Request) -> list[tuple[str, float, Node]]:
    """The terms of a formula that have a kink at a parameter, with text and sign; none if it is no sum of them."""
    if request.run.is_code or request.run.chosen.get("watched"):
        return []
    try:
        formula = read_formula(request.run.text)
    except RequestError:  # a ready model, given without a left side
        return []
    parameters = set(request.run.parameters)
    waiting: list[tuple[Node, float]] = [(formula.right, 1.0)]
    found = []
    while waiting:
        term, sign = waiting.pop()
        if isinstance(term, Apply) and term.constant is None and term.op in ("+", "-", "negative", "positive"):
            last = -sign if term.op in ("-", "negative") else sign
            waiting.append((term.args[-1], last))
            waiting += [(first, sign) for first in term.args[:-1]]
        elif any(isinstance(node, Apply) and _kinked(node, parameters) for node in postorder(term)):
            text = formula.source[term.start : term.end] if term.end > term.start else ""
            found.append((f"-{text}" if sign < 0 else text, sign, term))
    return found


def _kinked(node: Apply, parameters: set[str]) -> bool:
    zero = node.op == "relu" or any(constant(each) == 0 for each in node.args)
    return node.op in KINKS and zero and any(name.name in parameters for name in names(node))


def _along(x: np.ndarray, points: int) -> np.ndarray:
    """From the smallest to the largest."""
    return np.linspace(x.min(), x.max(), points)


def _drawn(request: Request) -> slice | np.ndarray:
    """All rows, or, of very many, more of them than a picture draws."""
    rows = request.target.size
    if rows <= MANY_ROWS:
        return slice(None)
    return np.sort(np.random.default_rng(0).choice(rows, size=10 * MOST_POINTS, replace=False))


def _truth(request: Request, x_name: str, xs: np.ndarray) -> Curve | None:
    """The curve that made the data, where it is known and speaks of the same target."""
    if request.run.truth_text is None:
        return None
    formula = read_formula(request.run.truth_text)
    if set(formula.names) != {x_name, request.run.target}:
        return None
    return xs, np.broadcast_to(evaluate(formula.right, {x_name: xs}), xs.shape)


def _band(request: Request, x_name: str, xs: np.ndarray) -> Curve | None:
    """How certain the curve is, where that is known."""
    known = request.run.uncertainty
    if known is None or known.undetermined or not np.isfinite(known.covariance).all() or known.freedom < 1:
        return None
    from downslope.banding import banded  # imports JAX, which a saved run without errors can be drawn without
    from downslope.data import from_arrays

    found = banded(request.fit, from_arrays([x_name], [xs]), 0.95, "confidence")
    return found.lower, found.upper

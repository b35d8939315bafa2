"""Candidates for a start, judged: their losses, with the linear parameters at their best for the others."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from downslope.descent.compiling import QUICK
from downslope.model import Formula
from downslope.model.evaluate import evaluate
from downslope.objective import Objective

Many = Callable[[np.ndarray], np.ndarray]
"""Points (k, q) -> predictions (k, n)."""
DAMPING = 1e-12


def by_formula(
    formula: Formula, names: tuple[str, ...], full: Many, columns: Mapping[str, np.ndarray], rows: int
) -> Many:
    """Predictions of a formula at many points at once, in NumPy; `full` gives all its parameters, by `names`, from the
    free ones.
    """

    def many(points: np.ndarray) -> np.ndarray:
        values = full(points)
        named = {name: values[:, place, None] for place, name in enumerate(names)}
        return np.broadcast_to(evaluate(formula.right, {**columns, **named}), (len(points), rows))

    return many


def by_program(objective: Objective, columns: Mapping[str, np.ndarray], rows: int) -> Many:
    """The same of a Python function, which only JAX can ask about many points at once."""

    def many(points: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(_compiled(objective)(points, dict(columns))), (len(points), rows))

    return many


@lru_cache(maxsize=32)
def _compiled(objective: Objective) -> Any:
    return jax.jit(jax.vmap(objective.predict, (0, None)), compiler_options=QUICK)


def projected(
    many: Many, points: np.ndarray, linear: tuple[int, ...], target: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The points (k, q) with their linear parameters at their best for the others, and the mean squared loss (k,)
    there; inf where it is no number, and those points as they were.

    root: (n,), root of the rows' weight, divided by their spread. To choose by, not to believe: normal equations with a
    little damping.
    """
    places, moved = list(linear), points.copy()
    with np.errstate(all="ignore"):
        moved[:, places] = 0.0
        offset = (many(moved) - target) * root
        columns = []
        for place in places:
            moved[:, place] = 1.0
            columns.append((many(moved) - target) * root - offset)
            moved[:, place] = 0.0
        if places:
            design = np.stack(columns, axis=1)
            width = np.linalg.norm(design, axis=2)
            width = np.where((width > 0) & np.isfinite(width), width, 1.0)
            design = design / width[:, :, None]
            gram = design @ design.transpose(0, 2, 1) + DAMPING * np.eye(len(places))
            sound = np.isfinite(gram).all(axis=(1, 2)) & np.isfinite(offset).all(axis=1)
            gram[~sound] = np.eye(len(places))
            right = np.where(sound[:, None], -np.einsum("kmn,kn->km", design, offset), 0.0)
            inner = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
            offset = offset + np.einsum("km,kmn->kn", inner, design)
            moved[:, places] = inner / width
        losses = np.mean(offset * offset, axis=1)
    sound = np.isfinite(losses) & np.isfinite(moved).all(axis=1)
    return np.where(sound[:, None], moved, points), np.where(sound, losses, np.inf)


def plain(many: Many, points: np.ndarray, objective: Objective, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The mean loss (k,) at the points as they are; inf where it is no number."""
    with np.errstate(all="ignore"):
        predictions = many(points)
        rows = np.asarray(objective.loss.by_row(jnp.asarray(predictions.reshape(-1)), jnp.tile(target, len(points))))
        losses = np.mean(weight * rows.reshape(predictions.shape), axis=1)
    return np.where(np.isfinite(losses), losses, np.inf)

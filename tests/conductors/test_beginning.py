"""With nothing said, mae and quantile are found whatever the units: held against linear programming."""

import numpy as np
import pytest
from scipy.optimize import linprog

import downslope as ds

X = np.linspace(0, 10, 50)
NOISE = np.random.default_rng(0).standard_t(2, 50)
PROBLEMS = {
    "plain": (X, 3 * X + 1 + 0.1 * NOISE),
    "far up": (X, 3 * X + 1e6 + 0.1 * NOISE),
    "years": (np.linspace(1950, 2020, 50), 0.02 * np.linspace(0, 70, 50) + 14 + 0.1 * NOISE),
    "tiny": (X, 1e-12 * (2 * X + 1 + 0.1 * NOISE)),
}


def least(x, y, level):
    """The lowest mean pinball loss of a line, exactly."""
    rows = x.size
    cost = np.concatenate([np.zeros(4), np.full(rows, level), np.full(rows, 1 - level)]) / rows
    y = y - np.median(y)  # the tolerance of the linear program is absolute
    scale = np.abs(y).max()
    line = np.column_stack([x - x.mean(), np.ones(rows)])
    equal = np.hstack([line, -line, np.eye(rows), -np.eye(rows)])
    return linprog(cost, A_eq=equal, b_eq=y / scale, bounds=(0, None)).fun * scale


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize(("loss", "level", "factor"), [("mae", 0.5, 2), ("quantile(0.8)", 0.8, 1)])
def test_a_loss_with_kinks_comes_near_its_minimum(name, loss, level, factor):
    """Near, not to it: along the ravine of `years` Adam is 3 % above when its steps end."""
    x, y = PROBLEMS[name]
    fit = ds.fit("y = w*x + b", {"x": x, "y": y}, loss=loss)
    assert fit.loss <= 1.05 * factor * least(x, y, level)
    assert any("least-squares" in note for note in fit.notes)


def test_a_search_by_curvature_is_refused_for_a_loss_without():
    with pytest.raises(ds.RequestError, match="needs a loss with curvature"):
        ds.fit("y = w*x + b", {"x": X, "y": X}, loss="mae", optimizer="levenberg-marquardt")

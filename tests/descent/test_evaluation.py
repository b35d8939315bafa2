"""One evaluation: where it is asked for, or, for a rule that projects, at the best linear parameters."""

import jax
import numpy as np
import pytest

from downslope.descent import searching
from downslope.descent.evaluation import evaluate
from downslope.model import as_model
from downslope.objective import as_loss, build, pack

X = np.linspace(0, 3, 20)
Y = 2 * np.exp(-X) + 0.5 + 0.1 * np.cos(5 * X)
OBJECTIVE = build(as_model("y = a*exp(-b*x) + c", ["x", "y"]), as_loss("mse"))
HERE = np.array([7.0, 0.6, -4.0])


def seen(rule, begun=True):
    with jax.enable_x64(True):
        rows = pack({"x": X}, Y)
        params, sums = jax.jit(lambda at: evaluate(OBJECTIVE, rule, at, rows, begun))(HERE)
        return np.asarray(params), sums


def test_a_rule_that_does_not_project_is_evaluated_where_it_stands():
    params, sums = seen(searching("levenberg-marquardt", True))
    assert params.tolist() == HERE.tolist()
    assert float(sums.loss) == pytest.approx(np.mean((7 * np.exp(-0.6 * X) - 4 - Y) ** 2))


def test_a_rule_that_projects_is_evaluated_at_the_best_linear_parameters():
    params, sums = seen(searching("variable-projection", True, (0, 2)))
    columns = np.column_stack([np.exp(-0.6 * X), np.ones(20)])
    (a, c), rest, *_ = np.linalg.lstsq(columns, Y, rcond=None)
    assert params == pytest.approx([a, 0.6, c], rel=1e-12)
    assert float(sums.loss) == pytest.approx(rest[0] / 20)
    assert np.asarray(sums.gradient)[[0, 2]] == pytest.approx([0, 0], abs=1e-13)


def test_the_start_is_evaluated_where_it_is():
    params, sums = seen(searching("variable-projection", True, (0, 2)), begun=False)
    assert params.tolist() == HERE.tolist()
    assert float(sums.loss) == pytest.approx(np.mean((7 * np.exp(-0.6 * X) - 4 - Y) ** 2))

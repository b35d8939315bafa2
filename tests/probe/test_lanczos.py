import jax
import jax.numpy as jnp
import numpy as np
import pytest

from downslope.objective import Objective, as_loss, pack
from downslope.probe import hessian
from downslope.probe.lanczos import extremes


def waves(size: int) -> Objective:
    """A model of many parameters, linear in them, whose features are of very different size."""

    def predict(params, columns):
        scale = jnp.exp(-jnp.arange(float(size)) / (size / 3.0))
        return jnp.cos(columns["x"][:, None] * jnp.arange(1.0, size + 1)[None, :]) @ (params * scale)

    return Objective(predict, as_loss("mse"), ("waves", size))


@pytest.mark.parametrize("size", [3, 50, 400])
def test_both_ends_of_the_spectrum_and_their_directions(size):
    x = np.linspace(0.0, 3.0, 600)
    with jax.enable_x64(True):
        rows, objective, point = pack({"x": x}, np.sin(5 * x)), waves(size), np.full(size, 0.1)
        found = extremes(objective, point, rows)
        matrix = hessian(objective, point, rows)
    values, vectors = np.linalg.eigh(matrix)
    assert found.sure and max(found.errors) <= 1e-3 * values[-1]
    assert found.highest == pytest.approx(values[-1], rel=1e-6)
    assert found.lowest == pytest.approx(values[0], abs=1e-3 * values[-1])
    assert abs(found.steepest @ vectors[:, -1]) == pytest.approx(1.0, abs=1e-3)
    assert np.linalg.norm(matrix @ found.flattest - found.lowest * found.flattest) <= 1e-3 * values[-1]


def test_rows_in_several_blocks_are_all_seen():
    x = np.linspace(0.0, 3.0, 20_000)
    with jax.enable_x64(True):
        rows, objective, point = pack({"x": x}, np.sin(5 * x)), waves(12), np.zeros(12)
        found, matrix = extremes(objective, point, rows), hessian(objective, point, rows)
    assert found.highest == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-9)


def test_a_point_without_curvature_says_so():
    with jax.enable_x64(True):
        found = extremes(waves(5), np.zeros(5), pack({"x": np.full(20, np.nan)}, np.ones(20)))
    assert not found.sure and np.isnan(found.highest)

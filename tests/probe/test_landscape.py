import jax
import numpy as np
import pytest

from downslope.model import as_model
from downslope.objective import as_loss, build, pack
from downslope.probe import losses_at


@pytest.mark.parametrize("rows", [5, 9000])
def test_losses_are_those_of_numpy(rows):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, rows))
    points = generator.normal(size=(7, 2))
    model = as_model("y = w*x + b", ["x", "y"])
    with jax.enable_x64(True):
        losses = losses_at(build(model, as_loss("mse")), points, pack({"x": x}, y))
    expected = [((w * x + b - y) ** 2).mean() for w, b in points]
    assert losses == pytest.approx(expected, rel=1e-12)

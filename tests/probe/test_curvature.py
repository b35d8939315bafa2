import jax
import numpy as np
import pytest

import downslope as ds
from downslope.model import as_model
from downslope.objective import as_loss, build, pack
from downslope.probe import hessian


@pytest.mark.parametrize("which", ["normalised", "unnormalised"])
def test_the_curvature_of_the_thermometer_is_the_one_listed(seeds, which):
    golden = seeds["thermometer"]
    x = np.array(golden["t_un" if which == "normalised" else "t_u"])
    model = as_model("y = w*x + b", ["x", "y"])
    with jax.enable_x64(True):
        rows = pack({"x": x}, np.array(golden["t_c"]))
        matrix = hessian(build(model, as_loss("mse")), np.array([1.0, 0.0]), rows)
    assert np.linalg.eigvalsh(matrix) == pytest.approx(golden[which]["hessian_eigenvalues"], rel=1e-9)


def test_a_rate_that_nobody_gave_comes_from_the_curvature_and_is_said(seeds):
    golden = seeds["thermometer"]
    data = {"t_u": golden["t_u"], "t_c": golden["t_c"]}
    fit = ds.fit("t_c = w*t_u + b", data, optimizer="gd", steps=100)
    limit = golden["unnormalised"]["largest_stable_rate"]
    assert fit.history.rate[0] == pytest.approx(limit / 2, rel=1e-6)
    assert any("1 over the steepest curvature" in note for note in fit.notes)
    assert fit.state == "usable"

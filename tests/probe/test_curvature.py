import jax
import numpy as np
import pytest

import downslope as ds
from downslope.model import as_model
from downslope.objective import as_loss, build, pack
from downslope.probe import hessian
from downslope.probe.curvature import _along, spectra, summed_up


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


def test_spectra_along_a_way_are_those_of_each_point():
    x = np.linspace(0.0, 2.0, 40)
    model = as_model("y = a*exp(-b*x)", ["x", "y"])
    points = np.array([[1.0, 1.0], [2.0, 0.5], [0.5, 3.0]])
    with jax.enable_x64(True):
        objective, rows = build(model, as_loss("mse")), pack({"x": x}, 2 * np.exp(-x))
        values, vectors = spectra(objective, points, rows)
        matrices = [hessian(objective, point, rows) for point in points]
    for matrix, some, directions in zip(matrices, values, vectors, strict=True):
        assert some == pytest.approx(np.linalg.eigvalsh(matrix), rel=1e-9, abs=1e-12)
        assert matrix @ directions == pytest.approx(directions * some, abs=1e-9)


def test_spectra_of_another_number_of_points_compile_nothing_new():
    x = np.linspace(0.0, 2.0, 40)
    model = as_model("y = a*exp(-b*x) + c", ["x", "y"])
    with jax.enable_x64(True):
        objective, rows = build(model, as_loss("mse")), pack({"x": x}, 2 * np.exp(-x))
        spectra(objective, np.ones((5, 3)), rows)
        compiled = _along(objective)._cache_size()
        for count in (6, 8):
            spectra(objective, np.ones((count, 3)), rows)
        assert _along(objective)._cache_size() == compiled


def test_a_point_that_is_no_number_is_nan_and_leaves_the_others():
    model = as_model("y = a*log(b*x)", ["x", "y"])
    x = np.linspace(1.0, 2.0, 20)
    with jax.enable_x64(True):
        rows = pack({"x": x}, np.log(x))
        values, _ = spectra(build(model, as_loss("mse")), np.array([[1.0, 1.0], [1.0, -1.0]]), rows)
    assert np.isfinite(values[0]).all() and np.isnan(values[1]).all()


def test_the_flattest_direction_is_one_that_the_data_determine():
    values = np.array([[1e-18, 1.0, 4.0], [2e-18, 2.0, 8.0]])
    known = summed_up(("a", "b", "c"), np.array([0, 9]), values, np.stack([np.eye(3), np.eye(3)]))
    assert known.highest.tolist() == [4.0, 8.0] and known.lowest.tolist() == [1.0, 2.0]
    assert known.spectrum.tolist() == [2.0, 8.0]
    assert known.flattest.tolist() == [0.0, 1.0, 0.0] and known.steepest.tolist() == [0.0, 0.0, 1.0]

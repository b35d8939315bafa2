"""The bootstrap, held against the same draws solved one by one."""

import numpy as np
import pytest

import downslope as ds

X = np.linspace(0.0, 4.0, 12)
Y = 2 * X - 1 + np.random.default_rng(3).normal(0.0, 0.5, 12)


@pytest.fixture(autouse=True)
def strict_dtypes():
    """The lanes are descent's, where dtypes may mix."""


@pytest.mark.parametrize("bounds", [{}, {"a": (-100, 100)}], ids=["solved", "searched"])
def test_each_sample_is_the_fit_of_its_draw(bounds):
    weight = np.array([1.0, 2.0, 0.0, 3.0] * 3)
    fit = ds.fit("y = a*x + b", {"x": X, "y": Y, "k": weight}, weights="k", bounds=bounds)
    found = fit.bootstrap(40, seed=7)
    generator, drawn_from = np.random.default_rng(7), np.flatnonzero(weight)
    for sample in found.samples:
        rows = drawn_from[generator.integers(0, drawn_from.size, drawn_from.size)]
        root = np.sqrt(weight[rows])
        expected = np.linalg.lstsq(np.column_stack([X[rows], np.ones(rows.size)]) * root[:, None], Y[rows] * root)[0]
        assert sample == pytest.approx(expected, rel=1e-7)
    assert (found.failed, found.samples.shape) == (0, (40, 2))


def test_the_seed_alone_decides_not_how_many_run_at_once(monkeypatch):
    fit = ds.fit("y = a*x + b", {"x": X, "y": Y}, bounds={"a": (-100, 100)})
    first = fit.bootstrap(50, seed=1).samples
    monkeypatch.setattr("downslope.probe.profile.AT_ONCE", 0)
    assert fit.bootstrap(50, seed=1).samples == pytest.approx(first, rel=1e-12)
    assert not np.allclose(fit.bootstrap(50, seed=2).samples, first)


def test_spread_of_the_samples_is_that_of_the_answer():
    """1,200 rows, where theory and bootstrap agree; 400 draws tell a spread to 4 %."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 4, 1200)
    y = 3 * np.exp(-0.8 * x) + 1 + generator.normal(0, 0.1, 1200)
    fit = ds.fit("y = a*exp(-b*x) + c", {"x": x, "y": y})
    found = fit.bootstrap(400)
    for name, error in fit.errors.items():
        assert found.errors[name] == pytest.approx(error, rel=0.15)
    assert found.failed == 0
    within = found.intervals(0.68)
    for name, (low, high) in within.items():
        assert high - low == pytest.approx(2 * fit.errors[name], rel=0.2)


@pytest.mark.parametrize("bounds", [{}, {"a": (-100, 100)}], ids=["solved", "searched"])
def test_a_draw_that_determines_nothing_has_failed(bounds):
    fit = ds.fit("y = a*x + b", {"x": [0.0, 0, 0, 0, 0, 1], "y": [1.0, 1.2, 0.9, 1.1, 0.8, 3]}, bounds=bounds)
    found = fit.bootstrap(200)
    assert 40 < found.failed < 95, "one draw in three is without the row that tells the slope"
    assert len(found.samples) == 200 - found.failed
    assert f"{found.failed} of 200 repeats" in found.intervals().notes[0]

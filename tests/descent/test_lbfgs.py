"""L-BFGS, alone and as it is chosen for many parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), units=st.sampled_from([1.0, 1e3]))
def test_a_line_by_a_smooth_loss_ends_where_newton_does(seed, units):
    generator = np.random.default_rng(seed)
    x = units * generator.uniform(-1, 1, 40)
    data = {"x": x, "y": 2 * x / units + 1 + generator.standard_t(2, 40)}
    first = ds.fit("y = w*x + b", data, loss="log-cosh", optimizer="lbfgs")
    second = ds.fit("y = w*x + b", data, loss="log-cosh", optimizer="newton", start={"w": 0.0, "b": 0.0})
    assert first.loss == pytest.approx(second.loss, rel=1e-12)
    assert first.params == pytest.approx(second.params, rel=1e-4, abs=1e-6)
    assert first.loss == pytest.approx(first.history.loss.min(), rel=1e-14), (
        "the best point is the answer, not the last one tried"
    )


def test_rosenbrocks_valley_is_gone_down_to_its_end():
    """(1 - a)² + 100 (b - a²)² as a sum over two rows."""
    data = {"k": [0.0, 1.0], "y": [0.0, 0.0]}
    start = {"a": -1.2, "b": 1.0}
    fit = ds.fit("y = (1 - k)*(1 - a) + k*10*(b - a**2)", data, optimizer="lbfgs", start=start)
    assert fit.params == pytest.approx({"a": 1, "b": 1}, rel=1e-6)
    assert fit.stopped == "nothing left to gain" and len(fit.history) < 120


def test_it_is_chosen_for_many_parameters_and_finds_the_minimum(monkeypatch):
    """Many are more than 300; a formula of so many terms would compile for minutes."""
    monkeypatch.setattr("downslope.strategy.FEW_PARAMETERS", 10)
    generator = np.random.default_rng(0)
    size = 12
    columns = {f"u{i}": generator.normal(size=400) for i in range(size)}
    truth = generator.normal(size=size)
    y = sum(value * column for value, column in zip(truth, columns.values(), strict=True))
    formula = "y = " + " + ".join(f"p{i}*u{i}" for i in range(size))
    fit = ds.fit(formula, {**columns, "y": y}, loss="log-cosh")
    assert any("lbfgs, because the parameters are many" in note for note in fit.notes)
    assert np.array(list(fit.params.values())) == pytest.approx(truth, abs=1e-5)


def test_bounds_are_refused():
    with pytest.raises(ds.RequestError, match="lbfgs knows no bounds"):
        ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, optimizer="lbfgs", bounds={"w": (0, 1)})


def test_a_step_out_of_the_domain_is_taken_back():
    x = np.linspace(1, 3, 20)
    data = {"x": x, "y": np.sqrt(x - 0.9)}
    fit = ds.fit("y = sqrt(x - k)", data, optimizer="lbfgs", start={"k": -30.0})
    assert fit.params["k"] == pytest.approx(0.9, rel=1e-5)
